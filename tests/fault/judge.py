# SPDX-License-Identifier: MIT
"""What has to be true of a spool, of the journal in it and of the shop's own record."""

import collections
import dataclasses
import json
import pathlib
import xml.etree.ElementTree as ElementTree

from scenarios import Scenario

XSD = "{http://www.opensi.fr/xsd}"
REASON = ".reason.txt"
FINAL = ("delivered", "already")
FOLDERS = ("incoming", "sending", "failed", "sent")


ASIDE = ".being-written.tmp"
# Snapshots for eyes, written aside, and the trial at start: a power loss may take them.
PASSING = (".state.json.tmp", ".status.html.tmp", ".rename-test.tmp")


@dataclasses.dataclass(frozen=True)
class Call:
    """A call by io.h, as the faulty gateway told it, with the paths within the spool."""

    name: str
    path: str
    to: str = ""

    def folder(self) -> str:
        return self.path.rpartition("/")[0]


def read_calls(path: pathlib.Path) -> list[Call]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [Call(*(within_spool(word) for word in line.split("\t"))) for line in lines]


def within_spool(word: str) -> str:
    """The spool itself is the empty path."""
    return f"{word}/".rpartition("/spool/")[2].removesuffix("/")


@dataclasses.dataclass
class Requests:
    """The shop's record: who was asked for when, and what was stored, in order."""

    asked: dict[str, list[float]]
    stored: list[str]
    stored_by: dict[str, float]  # when the request came that did it


def shop_record(events: list[dict]) -> Requests:
    record = Requests(collections.defaultdict(list), [], {})
    for event in events:
        if event["event"] == "request":
            for comment in event["comments"]:
                record.asked[comment["id"]].append(event["t"])
        if event["event"] == "stored":
            record.stored.append(event["comment"])
            record.stored_by[event["comment"]] = record.asked[event["comment"]][-1]
    return record


def numbers_in(path: pathlib.Path) -> list[str]:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        return []
    return [item.text or "" for item in root.iter(XSD + "CommentId")]


class Spool:
    """The drops of a spool as they lie there now."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.files = {
            str(p.relative_to(path)): p for p in sorted(path.rglob("*")) if p.is_file()
        }
        self.where: dict[str, list[str]] = collections.defaultdict(list)
        for name, file in self.files.items():
            if name.endswith(".xml") and name.startswith(FOLDERS):
                for number in numbers_in(file):
                    self.where[number].append(name)

    def outside_sent(self, number: str) -> list[str]:
        return [name for name in self.where[number] if not name.startswith("sent/")]

    def waiting(self) -> list[str]:
        return [n for n in self.files if n.startswith(("incoming/", "sending/"))]

    def shape(self) -> dict[str, tuple[int, int, int]]:
        """Of the drops and reasons: names, and whether they are still the same files."""
        return {
            name: (file.stat().st_ino, file.stat().st_mtime_ns, file.stat().st_size)
            for name, file in self.files.items()
            if name.startswith(FOLDERS)
        }


def read_journal(spool: pathlib.Path) -> tuple[list[dict], list[str]]:
    """Its records, and the lines that are none."""
    records, torn = [], []
    for path in sorted((spool / "audit").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                torn.append(line)
    return records, torn


def open_claims(records: list[dict]) -> set[str]:
    """The claims that the last complete checkpoint names."""
    named: set[str] = set()
    last: set[str] = set()
    for record in records:
        if record["ev"] == "checkpoint" and "claim" in record:
            named.add(record["claim"])
        elif record["ev"] == "checkpoint-end":
            named, last = set(), named
    return last


def find_lost(scenario: Scenario, spool: Spool, record: Requests) -> list[str]:
    """At any instant: what the shop does not have lies in some file."""
    gone = scenario.numbers() - scenario.withdrawn - set(spool.where) - set(record.stored)
    return [f"comment {number} is lost" for number in sorted(gone)]


def check_comments(
    scenario: Scenario, spool: Spool, record: Requests, may_fail: bool
) -> list[str]:
    problems = []
    for number in sorted(scenario.numbers() - scenario.withdrawn):
        places = spool.outside_sent(number)
        is_stored = number in record.stored
        if not is_stored and len(places) != 1:
            problems.append(f"comment {number} was not delivered, and lies in {places}")
        if is_stored and places and not may_fail:
            problems.append(f"comment {number} was delivered, and lies in {places}")
        is_open = may_fail or number in scenario.either
        if is_stored == (number in scenario.failed) and not is_open:
            problems.append(f"comment {number}: stored is {is_stored}")
    for number in sorted(scenario.older()):
        if len(spool.where[number]) != 1:
            problems.append(f"comment {number} of an older file lies in {spool.where[number]}")
    return problems


def check_files(spool: Spool) -> list[str]:
    problems = [f"{name} still waits" for name in spool.waiting()]
    names = set(spool.files)
    for name in names:
        if name.endswith(REASON) and name.removesuffix(REASON) not in names:
            problems.append(f"{name} has no file")
        if name.startswith("failed/") and name.endswith(".xml") and name + REASON not in names:
            problems.append(f"{name} has no reason")
        if pathlib.Path(name).name.startswith(".") or name.endswith(".tmp"):
            problems.append(f"{name} was left over")
    return sorted(problems)


def check_requests(records: list[dict], record: Requests, unknown_wait: float) -> list[str]:
    """Nothing is asked for that was not announced, nothing after it was delivered, and
    what was stored without an answer not before its time."""
    problems = []
    postings = collections.Counter(r["comment"] for r in records if r["ev"] == "posting")
    for number, times in record.asked.items():
        if len(times) > postings[number]:
            problems.append(f"comment {number}: {len(times)} requests, not all announced")
        early = [t for t in times if 0 < t - record.stored_by.get(number, t) < unknown_wait]
        if early:
            problems.append(f"comment {number} was repeated before unknown_wait was over")
    delivered: set[str] = set()
    for line in records:
        number = line.get("comment", "")
        if line["ev"] == "posting" and number in delivered:
            problems.append(f"comment {number} was sent again after it was delivered")
        if line["ev"] == "outcome" and line["result"] in FINAL:
            delivered.add(number)
        if line["ev"] == "outcome" and line["result"] == "already":
            problems.append(f"comment {number}: it was forgotten that it had been sent")
    return problems


def check_order(scenario: Scenario, records: list[dict], record: Requests) -> list[str]:
    """The comments of an order reach the shop as their files were claimed."""
    places: dict[str, set[tuple[str, int]]] = collections.defaultdict(set)
    for line in records:
        if line["ev"] == "posting":
            places[line["comment"]].add((line["claim"], line["n"]))
    problems = []
    last: dict[str, tuple[str, int]] = {}
    orders = scenario.orders()
    for number in record.stored:
        if len(places[number]) != 1:
            continue  # moved back meanwhile: it arrived anew
        place = min(places[number])
        if place < last.get(orders[number], place):
            problems.append(f"comment {number} of {orders[number]} was overtaken")
        last[orders[number]] = place
    return problems


def check_rests(spool: Spool, records: list[dict]) -> list[str]:
    """A rest file in failed/ is on record before its original goes to sent/."""
    problems = []
    recorded: set[str] = set()
    for line in records:
        if line["ev"] == "rest" or (line["ev"] == "checkpoint" and "to" in line):
            recorded.add(line["to"])
        if line["ev"] == "settled" and line["result"] == "sent":
            rest = f"failed/{line['claim']}_{line['drop']}"
            if rest in spool.files and rest not in recorded:
                problems.append(f"{rest} is not on record")
    return problems


class Flushes:
    """What a loss of power would take away at each call, and whether that is allowed."""

    def __init__(self) -> None:
        self.written: set[str] = set()  # files, not flushed
        self.changed: set[str] = set()  # folders, not flushed
        self.claimed: set[str] = set()  # drops of this run whose bytes were not flushed
        self.beside: set[str] = set()  # rests and reasons whose folder was not flushed
        self.moved: set[str] = set()  # folders that drops were settled to, not flushed
        self.is_begun = False  # the journal was flushed once
        self.problems: list[str] = []

    def take(self, call: Call) -> None:
        if call.path.rpartition("/")[2] in PASSING:
            return
        if call.name == "io_write":
            if not self.is_begun:
                self.expect_moved("the start is on record")
            self.written.add(call.path)
        elif call.name == "io_make_folder":
            self.changed.add(call.folder())
        elif call.name == "io_create" and call.folder() == "audit":
            self.expect_moved("a new file of the journal knows nothing of it")
            self.changed.add("audit")
        elif call.name in ("io_sync", "io_sync_data"):
            self.flush(call.path)
        elif call.name == "io_sync_system":
            for kind in (self.written, self.changed, self.claimed, self.beside, self.moved):
                kind.clear()
        elif call.name == "io_rename":
            self.rename(call)

    def flush(self, path: str) -> None:
        if path.startswith("audit/"):
            self.expect_moved("the journal is flushed for the next group, or the end")
            self.is_begun = True
        for kind in (self.written, self.changed, self.claimed, self.moved):
            kind.discard(path)
        self.beside = {name for name in self.beside if not name.startswith(path + "/")}

    def rename(self, call: Call) -> None:
        to = call.to.rpartition("/")[0]
        if call.path.endswith(ASIDE):
            self.expect(call.path not in self.written, f"{call.to} is not flushed")
            self.beside.add(call.to)
        elif to == "sending":
            is_old = call.folder() == to
            self.expect(self.is_begun or is_old, f"{call.path} is claimed before the start")
            self.claimed.add(call.to)
        elif to != "incoming":
            self.settle(call)
            self.moved |= {call.folder(), to}
        self.changed |= {call.folder(), to}

    def settle(self, call: Call) -> None:
        journal = [path for path in self.written if path.startswith("audit/")]
        self.expect(not journal, f"{call.path} moves, its record is not flushed")
        self.expect(call.path not in self.claimed, f"{call.path} moves, not flushed")
        self.expect(not self.beside, f"{call.path} moves, {self.beside} not flushed")

    def expect_moved(self, when: str) -> None:
        self.expect(not self.moved, f"moves in {sorted(self.moved)} are not flushed, and {when}")

    def expect(self, is_so: bool, problem: str) -> None:
        if not is_so:
            self.problems.append(problem)


def check_flushes(calls: list[Call], is_whole: bool) -> list[str]:
    flushes = Flushes()
    for call in calls:
        flushes.take(call)
    left = sorted(flushes.written | flushes.changed) if is_whole else []
    return flushes.problems + [f"{path} was never flushed" for path in left]


def check_journal(records: list[dict], torn: list[str], may_be_torn: int) -> list[str]:
    problems = [f"the journal still claims {stamp}" for stamp in sorted(open_claims(records))]
    if len(torn) > may_be_torn:
        problems.append(f"lines that are no records: {torn}")
    return problems
