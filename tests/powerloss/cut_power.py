#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cuts the power after every change that a gateway makes, and starts the next one.

    cut_power.py [--seed N] [--budget N] BUILD    a sample: so many states of the disk
    cut_power.py --all BUILD                      every state
    cut_power.py --case CASE BUILD                one, as a failure names it

BUILD is the folder of a build, such as build/release.  Lives of the gateway are played
and recorded (plays.py).  A file system may keep, of what was not flushed when the power
went, one part or another (filesystem.py): each such state is laid out as a spool, and a
gateway started on it as after a boot, with the shop as it was then.  It has to wait, then
to deliver all (judgement.py), and a second start to find nothing to do.  A case is

    PLAY:LINE:SHOP:NAMES/BYTES

what was played, the last line of its record, what the shop does meanwhile, and what is
left.  Records differ a little from play to play, so a case may need a few tries, or the
record that --records FOLDER has kept.  TAP, one test for each play.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "shop"), str(ROOT / "tests" / "fault")]
sys.dont_write_bytecode = True

import judge
from filesystem import FileSystem, Survival
from judgement import Facts, Tree, judge_end, judge_moment, must_be_quiet
from plays import PLAYS, perform
from stage import UNKNOWN_WAIT, Gateway, Memory, Shop, is_done, lay_out

PROGRAM = "tests/recording-gateway"
BOOT = "the-boot-after"
DRAWS, DRAWS_OF_ALL = 2, 4  # by chance, at each line of a record
AS_IT_WAS = "as-it-was"
FINISHES = "finishes"  # what it was at work on when the power went
HAS_ALL = "has-all-orders"  # those too that it refused before


# --- a record ---


class Record:
    def __init__(self, path: pathlib.Path):
        with open(path, encoding="utf-8") as file:
            self.lines = [line.rstrip("\n").split("\t", 1) for line in file]

    def walk(self) -> Iterator[tuple[int, FileSystem, Facts]]:
        """The same two all along, after each line."""
        fs, facts = FileSystem(int(self.lines[0][1])), Facts()
        for number, (word, *rest) in enumerate(self.lines[1:], 1):
            if word == "mark":
                facts.take(json.loads(rest[0]), fs)
            else:
                fs.take(number, [word, *"".join(rest).split("\t")] if rest else [word])
            yield number, fs, facts

    def at(self, line: int) -> tuple[FileSystem, Facts]:
        for number, fs, facts in self.walk():
            if number == line:
                return fs, facts
        raise ValueError(f"the record has no line {line}")


@functools.lru_cache(maxsize=None)
def read_record(path: pathlib.Path) -> Record:
    return Record(path)


@dataclasses.dataclass(frozen=True)
class Case:
    play: str
    line: int
    shop: str
    left: Survival

    def __str__(self) -> str:
        return f"{self.play}:{self.line}:{self.shop}:{self.left}"

    @staticmethod
    def parse(text: str) -> "Case":
        play, line, shop, left = text.split(":")
        return Case(play, int(line), shop, Survival.parse(left))


def shops_of(facts: Facts) -> Iterator[str]:
    yield AS_IT_WAS
    if facts.working:
        yield FINISHES
    if facts.refused:
        yield HAS_ALL


def key_of(tree: Tree, facts: Facts) -> bytes:
    known = (
        sorted(tree.items()), facts.stored, facts.working, sorted(facts.refused),
        sorted(facts.flushed), sorted(facts.drops), sorted(facts.settled), facts.was_asked,
    )
    return hashlib.sha256(repr(known).encode()).digest()


def list_cases(play: str, path: pathlib.Path, seed: int, draws: int) -> list[Case]:
    """One for each state of disk and shop that differs from all others."""
    seen: set[tuple[bytes, str]] = set()
    cases = []
    for line, fs, facts in read_record(path).walk():
        if not facts.has_begun:
            continue
        chance = random.Random(f"{seed} {play} {line}")
        for left in fs.survivals(chance, draws):
            key = key_of(fs.tree(left), facts)
            for shop in shops_of(facts):
                if (key, shop) not in seen:
                    seen.add((key, shop))
                    cases.append(Case(play, line, shop, left))
    return cases


# --- the start after it ---


def write_tree(tree: Tree, facts: Facts, spool: pathlib.Path) -> None:
    """A file that is what it was must be so for the journal too: another inode would make
    it another file."""
    spool.mkdir()
    renamed: dict[bytes, bytes] = {}
    for path, content in sorted(tree.items(), key=lambda item: item[0].startswith("audit/")):
        target = spool / path
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        for old, new in renamed.items():
            content = content.replace(old, new)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        if content in facts.versions and path.startswith(("incoming/", "sending/")):
            old = facts.versions[content]
            size, modified, _ = old.split("-")
            os.utime(target, ns=(int(modified), int(modified)))
            new = f"{size}-{modified}-{target.stat().st_ino}"
            renamed[f'"{old}"'.encode()] = f'"{new}"'.encode()


class Replay:
    def __init__(self, case: Case, record: pathlib.Path, build: pathlib.Path, shop: Shop):
        self.case = case
        self.fs, self.facts = read_record(record).at(case.line)
        self.tree = {
            path: content for path, content in self.fs.tree(case.left).items()
            if not path.startswith("incoming/.")  # an exporter's, not finished
        }
        self.build = build
        self.shop = shop
        self.problems: list[str] = []
        self.asked: list[tuple[float, list[str]]] = []
        self.working = self.facts.working if case.shop == FINISHES else []

    def play(self, folder: pathlib.Path) -> None:
        self.spool = folder / "spool"
        self.problems += judge_moment(self.tree, self.facts)
        write_tree(self.tree, self.facts, self.spool)
        config = lay_out(folder, self.shop.port)
        self.command = [str(self.build / PROGRAM), "-c", str(config)]
        self.memory = Memory(self.facts.stored)
        refused = set() if self.case.shop == HAS_ALL else self.facts.refused
        self.memory.follow([], refused)
        self.shop.open_anew(self.memory, self.see)
        self.deliver()
        self.finish()
        self.problems += judge_end(judge.Spool(self.spool), self.facts, self.memory.table)
        self.rest_in_peace()

    def see(self, event: str, fields: dict) -> None:
        if event == "request" and fields["comments"]:
            self.asked.append((time.time(), [c["id"] for c in fields["comments"]]))
            self.finish()

    def finish(self) -> None:
        """The shop ends what it was at work on at the last moment that it may."""
        self.memory.finish(self.working)
        self.working = []

    def deliver(self) -> None:
        torn = judge.read_journal(self.spool)[1]
        with Gateway(self.command, {"RECORDER_BOOT": BOOT}) as gateway:
            gateway.wait_until(lambda: gateway.count("started") > 0 and is_done(self.spool))
            self.expect_end(gateway.stop(), gateway.said)
        early = [n for t, numbers in self.asked if t < gateway.started + UNKNOWN_WAIT
                 for n in numbers]
        if early and must_be_quiet(self.tree, self.facts):
            self.problems.append(f"comments {early} were sent before unknown_wait was over")
        if len(judge.read_journal(self.spool)[1]) > len(torn):
            self.problems.append("it wrote lines that are no records")

    def rest_in_peace(self) -> None:
        shape, asked = judge.Spool(self.spool).shape(), len(self.asked)
        with Gateway([*self.command, "--once"], {"RECORDER_BOOT": BOOT}) as gateway:
            self.expect_end(gateway.wait(), gateway.said)
        if judge.Spool(self.spool).shape() != shape:
            self.problems.append("a second start moved files")
        if len(self.asked) > asked:
            self.problems.append("a second start sent comments")

    def expect_end(self, status: int, said: str) -> None:
        if status or "Sanitizer" in said or "runtime error" in said:
            self.problems.append(f"the gateway ended with {status}:\n{said}")

    def clue(self) -> str:
        """What was left when the power went, and what became of it."""
        kept = dict(self.case.left.bytes)
        lines = [
            f"{'kept' if c.line in self.case.left.names else 'lost'}: {c.what} (line {c.line})"
            for c in self.fs.pending
        ]
        lines += [
            f"file {n.number}: {kept.get(n.number, 'all')} of {n.unflushed()} bytes"
            for n in self.fs.unflushed()
        ]
        lines.append(f"stored: {self.facts.stored}, at work on: {self.facts.working}")
        lines += ["the spool then:", *sorted(self.tree), "the spool now:"]
        lines += sorted(judge.Spool(self.spool).files)
        records, torn = judge.read_journal(self.spool)
        lines += ["the journal now:", *(json.dumps(r) for r in records), *torn]
        return "\n".join(lines)


# --- in a process of its own ---

shop_of_process: Shop | None = None


def open_shop() -> None:
    global shop_of_process
    shop_of_process = Shop()


def record_play(play: str, folder: pathlib.Path, build: pathlib.Path) -> pathlib.Path:
    place = folder / play
    if place.exists():
        return place / "record"
    place.mkdir(parents=True)
    return perform(play, place, str(build / PROGRAM), shop_of_process)


@dataclasses.dataclass
class Verdict:
    case: Case
    problems: list[str]
    clue: str = ""


def replay(case: Case, record: pathlib.Path, build: pathlib.Path) -> Verdict:
    played = Replay(case, record, build, shop_of_process)
    with tempfile.TemporaryDirectory() as folder:
        try:
            played.play(pathlib.Path(folder))
        except (TimeoutError, subprocess.TimeoutExpired, OSError, ValueError):
            played.problems.append(traceback.format_exc())
        clue = played.clue() if played.problems else ""
    return Verdict(case, played.problems, clue)


# --- the report ---


def tell(verdict: Verdict, options: argparse.Namespace) -> None:
    print(f"# case {verdict.case}, seed {options.seed}")
    for problem in verdict.problems:
        print("#   " + problem.strip().replace("\n", "\n#   "))
    print("# " + verdict.clue.replace("\n", "\n# "))
    again = [sys.argv[0], "--case", str(verdict.case), str(options.build)]
    print(f"# again: {shlex.join(again)}", flush=True)


def report(verdicts: list[Verdict], plays: list[str], known: int) -> bool:
    """One test for each play; True if all is well."""
    tried = collections.Counter(v.case.play for v in verdicts)
    failed = collections.Counter(v.case.play for v in verdicts if v.problems)
    print(f"1..{len(plays)}")
    for number, play in enumerate(plays, 1):
        word = "not ok" if failed[play] or not tried[play] else "ok"
        print(f"{word} {number} - {play}: {tried[play]} crash states, {failed[play]} failed")
    print(f"# {len(verdicts)} crash states tried of {known}")
    return not failed and all(tried[play] for play in plays)


def choose(cases: list[list[Case]], options: argparse.Namespace) -> list[Case]:
    """The same share of each play."""
    if options.all:
        return [case for of_play in cases for case in of_play]
    chance = random.Random(options.seed)
    share = max(1, options.budget // len(cases))
    return [
        case for of_play in cases
        for case in chance.sample(of_play, min(share, len(of_play)))
    ]


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--all", action="store_true", help="every state")
    parser.add_argument("--play", action="append", choices=PLAYS, help="only this one")
    parser.add_argument("--case", action="append", help="this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=int, default=200, help="states in all")
    parser.add_argument("--records", type=pathlib.Path, help="a folder for them, kept")
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 1))
    return parser.parse_args()


class Workers:
    """Processes with a shop each."""

    def __init__(self, pool: concurrent.futures.Executor):
        self.pool = pool

    def each(self, work: Callable, items: Iterable[tuple], *same) -> list:
        jobs = [self.pool.submit(work, *item, *same) for item in items]
        return [job.result() for job in jobs]

    def replay(
        self, cases: list[Case], records: dict[str, pathlib.Path], options: argparse.Namespace
    ) -> list[Verdict]:
        """Failures are told as they come."""
        jobs = [
            self.pool.submit(replay, case, records[case.play], options.build) for case in cases
        ]
        verdicts = []
        for job in concurrent.futures.as_completed(jobs):
            verdicts.append(job.result())
            if verdicts[-1].problems:
                tell(verdicts[-1], options)
        return verdicts


def run(options: argparse.Namespace, folder: pathlib.Path) -> bool:
    wanted = [Case.parse(text) for text in options.case or []]
    plays = sorted({case.play for case in wanted}) or options.play or list(PLAYS)
    draws = DRAWS_OF_ALL if options.all else DRAWS
    with concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=open_shop) as pool:
        workers = Workers(pool)
        paths = workers.each(record_play, ((play,) for play in plays), folder, options.build)
        records = dict(zip(plays, paths))
        known = [wanted]
        if not wanted:
            known = workers.each(list_cases, records.items(), options.seed, draws)
        verdicts = workers.replay(wanted or choose(known, options), records, options)
    return report(verdicts, plays, sum(map(len, known)))


def main() -> int:
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if run(options, options.records or pathlib.Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
