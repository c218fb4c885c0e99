# SPDX-License-Identifier: MIT
"""What the figures were measured on."""
import os
import platform
import subprocess
import tempfile
from pathlib import Path

PYTHON = ["/usr/bin/python3", "-c"]
VERSIONS = {
    "libxml2": ["pkg-config", "--modversion", "libxml-2.0"],
    "libcurl": ["pkg-config", "--modversion", "libcurl"],
    "gcc": ["gcc", "-dumpfullversion"],
    "PHP": ["/usr/bin/php", "-r", "echo PHP_VERSION;"],
    "Python": [*PYTHON, "import platform; print(platform.python_version())"],
    "lxml": [*PYTHON, "import lxml.etree; print(lxml.etree.__version__)"],
    "requests": [*PYTHON, "import requests; print(requests.__version__)"],
    "valgrind": ["valgrind", "--version"],
}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: str) -> str:
    """Type and options of the mount that holds the folder: the longest one that fits."""
    best = ("", "unknown", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        fits = place == "/" or folder == place or folder.startswith(place + "/")
        if fits and len(place) >= len(best[0]):
            best = (place, kind, options)
    return f"{best[1]} ({best[2]})"


def describe() -> dict[str, str]:
    def said(command: list[str]) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{minutes:.2f}" for minutes in os.getloadavg())
    return {
        "processor": f"{os.cpu_count()} x {_processor()}",
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "file system": _file_system(os.path.realpath(tempfile.gettempdir())),
        "load at the start": load,
    } | {name: said(command).strip() for name, command in VERSIONS.items()}
