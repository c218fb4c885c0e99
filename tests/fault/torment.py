#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills the gateway, and fails the machine under it, at every step; then looks.

    torment.py [--seed N] [--budget N] BUILD     a sample: so many cases of each kind
    torment.py --all BUILD                       every step
    torment.py --case NAME BUILD                 one case, as a failure names it

BUILD is the folder of a build, such as build/release.  A case is the name of a scenario
and what happens in its faulty run, joined by colons:

    partial:die-before:57        killed instead of the 57th call of io.h
    partial:die-after:57:12      and the run that recovers at its 12th
    partial:fail-from:9:ENOSPC   from the 9th call on the disk is full
    partial:half:31:ENOSPC       half of a write, then no space
    partial:line-die:31          all of a write but its last line, then killed
    partial:kill:renameat2:2     from outside: killed at its 2nd renameat2
    partial:interrupt:openat:40  from outside: its 40th openat says EINTR

After each, plain runs heal the spool until nothing waits, and the spool, the journal and
the shop's own record must agree.  TAP, one test for each kind and scenario.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import errno
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "shop"))
sys.dont_write_bytecode = True

import judge
import stub_shop
from scenarios import SCENARIOS, Scenario, document

BY_NAME = {s.name: s for s in SCENARIOS}
UNKNOWN_WAIT = 0.150
PATIENCE = 30.0
HEALING_RUNS = 60
# A run that spins makes thousands; a sound one in trouble gives up at once.
CALLS_AT_MOST = 2000
CPU_AT_MOST = 8.0
DONE, FAILED, NO_SPOOL, WAITS = 0, 1, 73, 75
NO_FAULT = "none 0"
ALWAYS = "untouched"  # in a sample too: it is where every scenario begins
CONFIG = """website_code = "WEB1";
url = "http://127.0.0.1:{port}/opensi-connect";
key_file = "shop.key";
spool = "spool";
schema = "{root}/xsd/comments.xsd";
settle = "100ms";
unknown_wait = "{wait}ms";
retry_min = "100ms";
retry_max = "100ms";
request_target = "1s";
connect_timeout = "5s";
request_timeout = "10s";
min_free = "1M";
{user}
"""

# Which errors each call may give, by what the kernel's manual says and real disks do.
ERRORS = {
    "io_open": ["EIO", "EMFILE", "EACCES"],
    "io_create": ["EIO", "ENOSPC", "EDQUOT", "EMFILE", "EROFS", "EACCES"],
    "io_read": ["EIO"],
    "io_write": ["EIO", "ENOSPC", "EDQUOT"],
    "io_truncate": ["EIO"],
    "io_sync": ["EIO", "ENOSPC", "EDQUOT"],
    "io_sync_data": ["EIO", "ENOSPC", "EDQUOT"],
    "io_sync_system": ["EIO", "ENOSPC", "EDQUOT"],
    "io_stat": ["EIO"],
    "io_stat_at": ["EIO", "EACCES"],
    "io_rename": ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EACCES"],
    "io_touch": ["EIO", "EROFS", "EACCES"],
    "io_remove": ["EIO", "EROFS", "EACCES"],
    "io_make_folder": ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EACCES"],
}
CHANGES = set(ERRORS) - {"io_open", "io_read", "io_stat", "io_stat_at"}
KILLED_CALLS = (
    "openat", "write", "renameat", "renameat2", "unlinkat", "fsync", "fdatasync",
    "ftruncate", "mkdirat", "sendto", "recvfrom",
)
INTERRUPTED_CALLS = (*KILLED_CALLS[:9], "syncfs")
INTERRUPTED = ("partial", "retry", "resumed")


# --- the shop ---


class Memory(stub_shop.Script):
    """Stores what it does not refuse, and says 2001 to what it has."""

    def __init__(self, rules: list):
        super().__init__({"rules": rules, "remember": True})

    def follow(self, rules: list) -> None:
        self.replace({"rules": rules, "remember": True})

    def store(self, comments: list[dict]) -> list[str]:
        refused = {order for rule in self.rules for order in rule.get("orders", {})}
        return super().store([c for c in comments if c["order"] not in refused])


@dataclasses.dataclass
class Arrived:
    """A client that is at the door already."""

    pair: tuple

    def accept(self) -> tuple:
        return self.pair


class Shop:
    """One listener for all the cases of a process; each case has its own memory."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open_anew([])
        threading.Thread(target=self.serve, daemon=True).start()

    def open_anew(self, rules: list) -> None:
        self.memory = Memory(rules)
        self.log = stub_shop.Log(None)
        self.shop = stub_shop.Shop(self.memory, self.log, None, None)

    def serve(self) -> None:
        while True:
            arrived = self.listener.accept()
            # Asked now: the case may be another one than when we began to wait.
            self.shop.accept(Arrived(arrived))


# --- a case ---


@dataclasses.dataclass(frozen=True)
class Case:
    scenario: str
    manner: str
    what: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.scenario, self.manner, *self.what))

    def kind(self) -> str:
        if self.manner == "none":
            return ALWAYS
        if self.manner in ("kill", "interrupt"):
            return "from outside"
        if "die" in self.manner:
            return "killed twice" if len(self.what) > 1 else "killed"
        return "errors for ever" if self.manner.endswith("-from") else "errors once"

    @staticmethod
    def parse(text: str) -> "Case":
        scenario, manner, *what = text.split(":")
        return Case(scenario, manner, tuple(what))


@dataclasses.dataclass
class Verdict:
    case: Case
    problems: list[str]
    touched: bool = True
    clue: str = ""


@dataclasses.dataclass
class Ended:
    status: int
    said: str
    calls: list[judge.Call]
    cpu: float

    def died(self) -> bool:
        return self.status in (-9, 137)


class Player:
    """Plays one case in a folder of its own."""

    def __init__(self, case: Case, build: pathlib.Path, shop: Shop, folder: pathlib.Path):
        self.case = case
        self.scenario = BY_NAME[case.scenario]
        self.build = build
        self.shop = shop
        self.folder = folder
        self.spool = folder / "spool"
        self.problems: list[str] = []
        self.has_grown = False
        self.may_overtake = False  # a file that cannot be read stops no other

    def prepare(self) -> None:
        (self.spool / "incoming").mkdir(parents=True)
        key = self.folder / "shop.key"
        key.touch(0o600)
        key.write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
        text = CONFIG.format(
            port=self.shop.port, root=ROOT, wait=int(UNKNOWN_WAIT * 1000),
            user='user = "root";' if os.getuid() == 0 else "",
        )
        (self.folder / "gateway.conf").write_text(text, encoding="ascii")
        self.shop.open_anew(self.scenario.rules)
        self.scenario.lay_out(self.spool)
        if self.scenario.prelude is not None:
            self.shop.memory.follow(self.scenario.prelude)
            self.run()
            self.shop.memory.follow(self.scenario.rules)
        if self.scenario.hand:
            self.scenario.hand(self.spool)

    # --- runs ---

    def command(self, by: Iterable[str] = (), faulty: bool = False) -> list[str]:
        program = "tests/faulty-gateway" if faulty else "opensi-gateway"
        return [*by, str(self.build / program), "-c", str(self.folder / "gateway.conf")]

    def run(
        self, faults: str = "", by: Iterable[str] = (), only: str = "", midnight: int = 0
    ) -> Ended:
        """A run by --once, or of the daemon where a file grows: the gateway as it is, or
        the faulty one."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        environment = {
            **os.environ, "FAULTS": faults or NO_FAULT, "FAULTS_CALLS": str(calls),
            "FAULTS_MIDNIGHT": str(midnight),
        }
        if only:
            environment["FAULTS_ONLY"] = only
        if by:
            environment["ASAN_OPTIONS"] = "detect_leaks=0"  # it traces by itself
        command = self.command(by, bool(faults))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        if self.scenario.grows and not self.has_grown:
            self.has_grown = True
            status, said = self.run_daemon(command, environment)
        else:
            status, said = run_once(command, environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        made = judge.read_calls(calls) if calls.exists() else []
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        ended = Ended(status, said, made, cpu)
        self.look_for_crash(ended)
        return ended

    def run_daemon(self, command: list[str], environment: dict) -> tuple[int, str]:
        """A file is renamed into place and written on once it was given back."""
        path = self.spool / self.scenario.grows
        text = self.scenario.files[self.scenario.grows]
        with (
            Daemon(command, environment, "-from" in self.case.manner) as daemon,
            open(path.with_name(".aside"), "wb", buffering=0) as file,
        ):
            daemon.wait_for("started")
            whole = document(text).encode()
            file.write(whole[: len(whole) // 2])
            path.with_name(".aside").rename(path)
            # A file that takes too long is settled as it is.
            daemon.wait_for("returned", "settled")
            file.write(whole[len(whole) // 2 :])
            file.close()
            daemon.wait_for("settled")
            return daemon.stop()

    def look_for_crash(self, ended: Ended) -> None:
        if ended.status < 0 and not ended.died():
            self.problems.append(f"it crashed with signal {-ended.status}")
        words = re.search("Sanitizer|runtime error|Assertion|faults: ", ended.said)
        if words or ended.status == 99:
            self.problems.append(f"it said: {ended.said}")

    # --- healing ---

    def heal(self) -> None:
        if self.scenario.after:
            self.scenario.after(self.spool)
        if self.scenario.later is not None:
            self.shop.memory.follow(self.scenario.later)
        for _ in range(HEALING_RUNS):
            ended = self.run()
            if ended.status in (DONE, FAILED):
                return
            if ended.status != WAITS:
                break
            time.sleep(UNKNOWN_WAIT / 4)
        self.problems.append(f"it does not heal: status {ended.status}: {ended.said}")

    def rest_in_peace(self) -> None:
        """One run more changes nothing and asks for nothing."""
        shape = judge.Spool(self.spool).shape()
        asked = self.record().asked
        ended = self.run()
        if ended.status != DONE:
            self.problems.append(f"when all is quiet a run ends with {ended.status}")
        if judge.Spool(self.spool).shape() != shape:
            self.problems.append("a run moved files when all was quiet")
        if self.record().asked != asked:
            self.problems.append("a run sent comments when all was quiet")

    def record(self) -> judge.Requests:
        return judge.shop_record(self.shop.log.select(None))

    # --- the acts ---

    def play(self) -> bool:
        self.prepare()
        touched = self.suffer()
        self.problems += judge.find_lost(
            self.scenario, judge.Spool(self.spool), self.record()
        )
        self.heal()
        self.rest_in_peace()
        self.check()
        return touched

    def check(self) -> None:
        # What could not be read may have been set aside for a person to look at.
        may_fail = "EACCES" in self.case.what
        spool, record = judge.Spool(self.spool), self.record()
        records, torn = judge.read_journal(self.spool)
        may_be_torn = int(self.case.manner in ("half-die", "half-from"))
        self.problems += judge.check_comments(self.scenario, spool, record, may_fail)
        self.problems += judge.check_files(spool)
        self.problems += judge.check_requests(records, record, UNKNOWN_WAIT - 0.005)
        if not self.may_overtake:
            self.problems += judge.check_order(self.scenario, records, record)
        self.problems += judge.check_rests(spool, records)
        self.problems += judge.check_journal(records, torn, may_be_torn)

    def suffer(self) -> bool:
        """The faulty run; False if nothing happened to it."""
        if self.case.manner == "none":
            ended = self.run(NO_FAULT)
            self.problems += judge.check_flushes(ended.calls, is_whole=True)
            return bool(ended.calls)
        if self.case.manner in ("kill", "interrupt"):
            return self.suffer_from_outside()
        number = int(self.case.what[0])
        if "die" in self.case.manner:
            return self.suffer_death(number)
        return self.suffer_errors(number)

    def midnight(self, number: int) -> int:
        return number * 2 // 3 if self.scenario.midnight else 0

    def suffer_death(self, number: int) -> bool:
        ended = self.run(f"{self.case.manner} {number}", midnight=self.midnight(number))
        self.problems += judge.check_flushes(ended.calls, is_whole=False)
        if ended.died() and len(self.case.what) > 1:
            ended = self.run(f"die-before {self.case.what[1]}")
        return ended.died()

    def suffer_errors(self, number: int) -> bool:
        """For ever only where that error makes sense: a full disk can still be read."""
        name = self.case.what[1]
        only = [c for c, names in ERRORS.items() if name in names]
        ended = self.run(
            f"{self.case.manner} {number} {getattr(errno, name)}",
            only=f" {' '.join(only)} " if self.case.manner.endswith("-from") else "",
            midnight=self.midnight(number),
        )
        self.check_ending(ended, name)
        return len(ended.calls) >= number

    def check_ending(self, ended: Ended, name: str) -> None:
        """It says what is wrong and gives up, or has done its work."""
        self.may_overtake = "event=unreadable" in ended.said
        drops = [n for n in judge.Spool(self.spool).waiting() if n.endswith(".xml")]
        if ended.status not in (DONE, FAILED, WAITS, NO_SPOOL):
            self.problems.append(f"it ended with status {ended.status}: {ended.said}")
        if ended.status in (DONE, FAILED) and drops and not self.scenario.grows:
            self.problems.append(f"it ended with {ended.status}, and {drops} wait")
        words = os.strerror(getattr(errno, name))
        is_told = re.search(f"{words}|event=(unreadable|returned)", ended.said)
        if ended.status in (WAITS, NO_SPOOL) and not is_told and not self.scenario.may_wait():
            self.problems.append(f"it does not say {words}: {ended.said}")
        if len(ended.calls) > CALLS_AT_MOST or ended.cpu > CPU_AT_MOST:
            self.problems.append(f"it spins: {len(ended.calls)} calls, {ended.cpu:.1f} s")

    def suffer_from_outside(self) -> bool:
        call, number = self.case.what
        does = "signal=KILL:error=EIO" if self.case.manner == "kill" else "error=EINTR"
        ended = self.run(by=tracer(f"{call}:{does}:when={number}", "/dev/null", call))
        if self.case.manner == "kill":
            return ended.died()
        if "trouble" in ended.said:
            self.problems.append(f"an interrupted call was taken for trouble: {ended.said}")
        return True

    def clue(self) -> str:
        parts = ["--- the spool", *judge.Spool(self.spool).files, "--- the journal"]
        for path in sorted((self.spool / "audit").glob("*.jsonl")):
            parts += [path.name, path.read_text(encoding="utf-8", errors="replace")]
        parts.append("--- the shop")
        for event in self.shop.log.select(None):
            if event["event"] in ("request", "stored"):
                ids = [c["id"] for c in event.get("comments", [])]
                parts.append(f"{event['t']} {event['event']} {event.get('comment', ids)}")
        return "\n".join(parts)


def run_once(command: list[str], environment: dict) -> tuple[int, str]:
    done = subprocess.run(
        [*command, "--once"], env=environment, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
        errors="replace",
    )
    return done.returncode, done.stderr


def tracer(inject: str, output: str, trace: str) -> list[str]:
    return ["strace", "-f", "-qq", "-o", output, "-e", f"trace={trace}"] + (
        ["-e", f"inject={inject}"] if inject else []
    )


class Daemon:
    """A gateway that stays, and what it has said so far."""

    def __init__(self, command: list[str], environment: dict, is_doomed: bool):
        self.is_doomed = is_doomed  # trouble is for ever
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, errors="replace",
        )
        self.said = ""
        self.timer = threading.Timer(PATIENCE, self.process.kill)

    def __enter__(self) -> "Daemon":
        self.timer.start()
        return self

    def __exit__(self, *_trouble: object) -> None:
        self.timer.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def wait_for(self, *events: str) -> None:
        """Until one of them is said, or nothing more will be: it is dead, or in trouble for
        ever, or what it cannot read waits for a scan, as the healing runs make it."""
        words = [f"event={event}" for event in (*events, "unreadable")]
        while not (self.is_doomed and "event=trouble " in self.said):
            if any(word in self.said for word in words):
                return
            line = self.process.stderr.readline()
            self.said += line
            if not line:
                return

    def stop(self) -> tuple[int, str]:
        self.process.terminate()
        self.said += self.process.stderr.read()
        return self.process.wait(), self.said


# --- cases in processes of their own ---

_shop: Shop | None = None


def open_shop() -> None:
    global _shop
    _shop = Shop()


def play(case: Case, build: pathlib.Path) -> Verdict:
    assert _shop
    with tempfile.TemporaryDirectory(prefix="torment.") as folder:
        player = Player(case, build, _shop, pathlib.Path(folder))
        try:
            touched = player.play()
        except subprocess.TimeoutExpired as trouble:
            player.problems.append(f"it hangs: {trouble}")
            touched = True
        clue = player.clue() if player.problems else ""
        return Verdict(case, player.problems, touched, clue)


def count_calls(scenario: Scenario, build: pathlib.Path) -> list[judge.Call]:
    """The calls of a run to which nothing happens."""
    assert _shop
    with tempfile.TemporaryDirectory(prefix="torment.") as folder:
        player = Player(Case(scenario.name, "none"), build, _shop, pathlib.Path(folder))
        player.prepare()
        return player.run(NO_FAULT).calls


def count_traced(scenario: Scenario, build: pathlib.Path) -> dict[str, range]:
    """The numbers of each system call from the first that touches the spool on."""
    assert _shop
    names = sorted({*KILLED_CALLS, *INTERRUPTED_CALLS})
    with tempfile.TemporaryDirectory(prefix="torment.") as folder:
        trace = pathlib.Path(folder) / "trace"
        player = Player(Case(scenario.name, "none"), build, _shop, pathlib.Path(folder))
        player.prepare()
        player.run(by=tracer("", str(trace), ",".join(names)))
        return count_in_trace(trace.read_text(encoding="utf-8", errors="replace"))


def count_in_trace(text: str) -> dict[str, range]:
    seen: collections.Counter[str] = collections.Counter()
    first: dict[str, int] = {}
    is_begun = False
    for line in text.splitlines():
        found = re.match(r"\d+ +([a-z0-9]+)\(", line)
        if not found:
            continue
        is_begun = is_begun or '/spool"' in line
        seen[found[1]] += 1
        if is_begun:
            first.setdefault(found[1], seen[found[1]])
    return {name: range(first[name], seen[name] + 1) for name in first}


# --- which cases ---


def beyond(scenario: Scenario, calls: list[judge.Call]) -> Iterator[Case]:
    """A run may make more calls than the one that was counted: a few deaths more, the last
    of which must not come about."""
    for number in range(len(calls) + 1, len(calls) * 3 // 2 + 10, 5):
        yield Case(scenario.name, "die-before", (str(number),))


def cases_of(scenario: Scenario, calls: list[judge.Call]) -> Iterator[Case]:
    for number, name in enumerate((call.name for call in calls), 1):
        at = str(number)
        errors = ERRORS[name]
        yield Case(scenario.name, "die-before", (at,))
        # After a look it is as before the next call.
        if name in CHANGES:
            yield Case(scenario.name, "die-after", (at,))
        for error in sorted({errors[0], errors[number % len(errors)]}):
            yield Case(scenario.name, "fail", (at, error))
        # What fails for ever begins with a call that can fail so.
        yield Case(scenario.name, "fail-from", (at, errors[number % len(errors)]))
        if name == "io_write":
            yield Case(scenario.name, "half-die", (at,))
            yield Case(scenario.name, "line-die", (at,))
            yield Case(scenario.name, "half", (at, "ENOSPC"))
            yield Case(scenario.name, "half-from", (at, "ENOSPC"))


def lost_alarm(scenario: Scenario, calls: list[judge.Call]) -> list[Case]:
    """The look at a file that inotify told of, and will not tell of again."""
    looks = [
        Case(scenario.name, "fail", (str(number), "EIO"))
        for number, call in enumerate(calls, 1)
        if (call.name, call.path) == ("io_stat_at", scenario.grows)
    ]
    return looks[:1]


def double_kills(scenario: Scenario, calls: list[judge.Call]) -> Iterator[Case]:
    """The second run is about as long as the first."""
    for first in range(1, len(calls) + 1):
        for second in range(1, len(calls) + 1):
            yield Case(scenario.name, "die-before", (str(first), str(second)))


def outside_cases(scenario: Scenario, counts: dict[str, range]) -> Iterator[Case]:
    interrupted = INTERRUPTED_CALLS if scenario.name in INTERRUPTED else ()
    for manner, calls in (("kill", KILLED_CALLS), ("interrupt", interrupted)):
        for call in calls:
            for number in counts.get(call, []):
                yield Case(scenario.name, manner, (call, str(number)))


def may_trace() -> bool:
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


class Choice:
    """All cases, or a seeded sample of so many of each kind."""

    def __init__(self, options: argparse.Namespace, pool: concurrent.futures.Executor):
        self.options = options
        self.pool = pool
        self.chance = random.Random(options.seed)

    def reference(self) -> dict[str, list[judge.Call]]:
        build = self.options.build
        jobs = {s.name: self.pool.submit(count_calls, s, build) for s in SCENARIOS}
        return {name: job.result() for name, job in jobs.items()}

    def traced(self) -> dict[str, dict[str, range]]:
        jobs = {
            s.name: self.pool.submit(count_traced, s, self.options.build)
            for s in SCENARIOS if not s.grows
        }
        return {name: job.result() for name, job in jobs.items()}

    def kinds(self) -> dict[str, list[Case]]:
        kinds: dict[str, list[Case]] = collections.defaultdict(list)
        for name, calls in self.reference().items():
            kinds[ALWAYS] += [Case(name, "none"), *lost_alarm(BY_NAME[name], calls)]
            for case in cases_of(BY_NAME[name], calls):
                kinds[case.kind()].append(case)
            if self.options.all:
                kinds["killed"] += beyond(BY_NAME[name], calls)
            doubles = list(double_kills(BY_NAME[name], calls))
            kinds["killed twice"] += self.chance.sample(doubles, self.options.doubles)
        if may_trace():
            for name, counts in self.traced().items():
                kinds["from outside"] += outside_cases(BY_NAME[name], counts)
        return kinds

    def cases(self) -> list[Case]:
        chosen = []
        for kind, cases in self.kinds().items():
            if self.options.kind not in (None, kind):
                continue
            few = self.chance.sample(cases, min(len(cases), self.options.budget))
            chosen += cases if self.options.all or kind == ALWAYS else few
        return sorted(set(chosen), key=str)


# --- the report ---


def tell(verdict: Verdict, options: argparse.Namespace) -> None:
    print(f"# case {verdict.case}, seed {options.seed}")
    for problem in verdict.problems:
        print("#   " + problem.strip().replace("\n", "\n#   "))
    print("# " + verdict.clue.replace("\n", "\n# "))
    again = [sys.argv[0], "--case", str(verdict.case), str(options.build)]
    print(f"# again: {shlex.join(again)}", flush=True)


def play_all(
    cases: list[Case], options: argparse.Namespace, pool: concurrent.futures.Executor
) -> list[Verdict]:
    jobs = [pool.submit(play, case, options.build) for case in cases]
    verdicts = []
    for job in concurrent.futures.as_completed(jobs):
        verdict = job.result()
        if verdict.problems:
            tell(verdict, options)
        verdicts.append(verdict)
    return verdicts


def check_reach(verdicts: list[Verdict]) -> list[str]:
    """Scenarios in which even the last death came about: there are more steps."""
    last: dict[str, Verdict] = {}
    for verdict in verdicts:
        if verdict.case.kind() == "killed" and verdict.case.manner == "die-before":
            known = last.setdefault(verdict.case.scenario, verdict)
            if int(verdict.case.what[0]) > int(known.case.what[0]):
                last[verdict.case.scenario] = verdict
    return sorted(name for name, verdict in last.items() if verdict.touched)


def report(verdicts: list[Verdict]) -> bool:
    """One test for each kind and scenario; True if all is well."""
    groups: dict[tuple[str, str], list[Verdict]] = collections.defaultdict(list)
    for verdict in verdicts:
        groups[verdict.case.kind(), verdict.case.scenario].append(verdict)
    print(f"1..{len(groups)}")
    for number, ((kind, scenario), group) in enumerate(sorted(groups.items()), 1):
        failures = sum(bool(v.problems) for v in group)
        touched = sum(v.touched for v in group)
        word = "not ok" if failures else "ok"
        print(f"{word} {number} - {scenario}, {kind}: {touched} of {len(group)} came about")
    kinds = collections.Counter(v.case.kind() for v in verdicts if v.touched)
    print("# " + ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())))
    return not any(v.problems for v in verdicts)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--all", action="store_true", help="every case")
    parser.add_argument("--kind", help='only one: "killed twice", "errors once" ...')
    parser.add_argument("--case", action="append", help="this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=int, default=40, help="cases of each kind")
    parser.add_argument("--doubles", type=int, default=60, help="double kills of a scenario")
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 1))
    return parser.parse_args()


def main() -> int:
    options = read_options()
    with concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=open_shop) as pool:
        if options.case:
            cases = [Case.parse(text) for text in options.case]
        else:
            cases = Choice(options, pool).cases()
        verdicts = play_all(cases, options, pool)
    unfinished = check_reach(verdicts) if options.all else []
    for name in unfinished:
        print(f"# {name} has more steps than were tried")
    return 0 if report(verdicts) and not unfinished else 1


if __name__ == "__main__":
    sys.exit(main())
