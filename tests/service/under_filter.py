#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command under the system-call filter of a unit file, where no systemd runs.

    under_filter.py UNIT COMMAND [ARGUMENT...]

SystemCallFilter= is read as systemd.exec(5) says, its groups are those of the installed
systemd-analyze, and numbers come from the C compiler's <sys/syscall.h>. One thing is
harder than in the unit: what is not allowed kills, whatever SystemCallErrorNumber= says.
"""

import ctypes
import os
import platform
import re
import struct
import subprocess
import sys
from pathlib import Path

PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
ALLOW, KILL = 0x7FFF0000, 0x80000000
NUMBER_AT, ARCH_AT = 0, 4  # in struct seccomp_data
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "riscv64": 0xC00000F3}


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def output_of(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, check=True, text=True, capture_output=True)
    return done.stdout


def calls_of(group: str) -> set[str]:
    """A name is itself; a group is what systemd-analyze lists, groups in it included."""
    if not group.startswith("@"):
        return {group}
    listed = output_of("systemd-analyze", "--no-pager", "syscall-filter", group)
    names = [line.strip() for line in listed.splitlines()[1:]]
    return set().union(*(calls_of(n) for n in names if n and not n.startswith("#")))


def allowed_calls(unit: Path) -> set[str]:
    allowed = calls_of("@default")
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(), re.MULTILINE):
        named = set().union(*(calls_of(word) for word in line.lstrip("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def numbers_of(calls: set[str]) -> list[int]:
    """Groups name calls of other machines too: these have no number here."""
    header = output_of("cc", "-E", "-dM", "-", text="#include <sys/syscall.h>\n")
    known = dict(re.findall(r"^#define __NR_(\w+) (\d+)$", header, re.MULTILINE))
    return sorted(int(known[name]) for name in calls if name in known)


def filter_of(numbers: list[int]) -> bytes:
    steps = [(LOAD, 0, 0, ARCH_AT), (EQUAL, 1, 0, ARCHES[platform.machine()])]
    steps += [(RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER_AT)]
    for number in numbers:
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    steps += [(RETURN, 0, 0, KILL)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def confine(code: bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(code) // 8, code)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "no filter can be set")


def main() -> None:
    code = filter_of(numbers_of(allowed_calls(Path(sys.argv[1]))))
    confine(code)
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
