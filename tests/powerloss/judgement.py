# SPDX-License-Identifier: MIT
"""What has to be true when the power goes, and when all was delivered after it."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

import judge
from filesystem import FileSystem

FINAL = ("delivered", "already", "rejected")
STAMPS = re.compile(r"^(\d{8}T\d{6}\.\d{6}Z_)+")

Tree = dict[str, bytes | None]


@dataclasses.dataclass
class Facts:
    """What is known from outside at one instant of a play."""

    orders: dict[str, str] = dataclasses.field(default_factory=dict)  # by comment
    drops: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    flushed: set[str] = dataclasses.field(default_factory=set)  # of the drops
    originals: dict[str, bytes] = dataclasses.field(default_factory=dict)
    versions: dict[bytes, str] = dataclasses.field(default_factory=dict)
    refused: set[str] = dataclasses.field(default_factory=set)  # orders
    stored: list[str] = dataclasses.field(default_factory=list)
    working: list[str] = dataclasses.field(default_factory=list)  # the shop is, on these
    has_begun: bool = False
    was_asked: bool = False
    settled: set[str] = dataclasses.field(default_factory=set)  # paths, when idle

    def take(self, mark: dict, fs: FileSystem) -> None:
        for name, value in mark.items():
            if hasattr(self, f"take_{name}"):
                getattr(self, f"take_{name}")(value, mark, fs)

    def take_started(self, _value: bool, _mark: dict, _fs: FileSystem) -> None:
        self.has_begun = True

    def take_version(self, version: str, mark: dict, _fs: FileSystem) -> None:
        content = mark["content"].encode()
        self.versions[content] = version
        if "drop" in mark:
            self.originals[mark["drop"]] = content

    def take_dropped(self, name: str, mark: dict, _fs: FileSystem) -> None:
        pairs = [word.split(":") for word in mark["names"]]
        self.drops[name] = [number for _, number in pairs]
        self.orders |= {number: order for order, number in pairs}
        if mark["is_flushed"]:
            self.flushed.add(name)

    def take_discarded(self, name: str, _mark: dict, _fs: FileSystem) -> None:
        del self.drops[name]
        self.flushed.discard(name)

    def take_refuses(self, orders: list[str], _mark: dict, _fs: FileSystem) -> None:
        self.refused = set(orders)

    def take_received(self, numbers: list[str], _mark: dict, _fs: FileSystem) -> None:
        self.was_asked = True
        self.working = [
            n for n in numbers if n not in self.stored and self.orders[n] not in self.refused
        ]

    def take_stored(self, number: str, _mark: dict, _fs: FileSystem) -> None:
        self.stored.append(number)
        self.working = [n for n in self.working if n != number]

    def take_answered(self, _value: bool, _mark: dict, _fs: FileSystem) -> None:
        self.working = []

    def take_idle(self, _value: bool, _mark: dict, fs: FileSystem) -> None:
        self.settled = {p for p in fs.live_paths() if p.startswith("sent/")}


def drop_of(path: str) -> str:
    return STAMPS.sub("", path.rpartition("/")[2])


def numbers_in(content: bytes) -> list[str]:
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return []
    return [item.text or "" for item in root.iter(judge.XSD + "CommentId")]


def journal_of(tree: Tree) -> list[dict]:
    """Its records, in order; what is torn is none."""
    records = []
    for path in sorted(tree):
        if path.startswith("audit/") and tree[path]:
            for line in tree[path].split(b"\n"):
                try:
                    records.append(json.loads(line))
                except ValueError:
                    continue
    return records


def must_be_quiet(tree: Tree, facts: Facts) -> bool:
    """The end of the journal cannot be trusted, or there is none and there should be."""
    records = journal_of(tree)
    ended = bool(records) and records[-1]["ev"] == "stop"
    return not ended and (bool(records) or facts.was_asked)


def judge_moment(tree: Tree, facts: Facts) -> list[str]:
    """What lies in sent/ is whole, and its outcomes are on record; what was settled when
    the gateway came to rest stays settled."""
    problems = [f"{path} was settled, and is not there" for path in facts.settled - set(tree)]
    decided = {
        r.get("comment") for r in journal_of(tree)
        if r["ev"] in ("outcome", "checkpoint") and r.get("result") in FINAL
    }
    for path, content in tree.items():
        if not path.startswith("sent/") or content is None:
            continue
        numbers = numbers_in(content)
        whole = facts.originals.get(drop_of(path))
        is_rest = 0 < len(numbers) < len(numbers_in(whole or b""))
        if content != whole and not is_rest:
            problems.append(f"{path} lies there with other bytes than were dropped")
        unknown = [n for n in numbers if n not in decided]
        if unknown:
            problems.append(f"{path} lies there without an outcome of {unknown}")
    return sorted(problems)


def judge_comments(spool: judge.Spool, facts: Facts, table: Mapping[str, int]) -> list[str]:
    problems = [f"comment {n} is stored {table[n]} times" for n in table if table[n] > 1]
    for name, numbers in facts.drops.items():
        for number in numbers:
            places = spool.outside_sent(number)
            # A file that was not flushed may have become another one meanwhile.
            if table[number] and places and name in facts.flushed:
                problems.append(f"comment {number} was delivered, and lies in {places}")
            if len(places) > 1:
                problems.append(f"comment {number} lies in {places}")
            if name in facts.flushed and not table[number] and not places:
                problems.append(f"comment {number} is lost")
        if name in facts.flushed and not any(drop_of(path) == name for path in spool.files):
            problems.append(f"{name} is lost")
    for number, places in spool.where.items():
        if places and not table[number] and not spool.outside_sent(number):
            problems.append(f"comment {number} lies in {places}, and the shop lacks it")
    return problems


def judge_reasons(spool: judge.Spool) -> list[str]:
    problems = []
    for path, file in spool.files.items():
        if not path.endswith(judge.REASON):
            continue
        text = file.read_text(encoding="utf-8")
        name = path.rpartition("/")[2].removesuffix(judge.REASON)
        if not text.startswith(name) or not text.endswith("\n") or "\0" in text:
            problems.append(f"{path} is torn")
    return problems


def judge_end(spool: judge.Spool, facts: Facts, table: Mapping[str, int]) -> list[str]:
    comments = judge_comments(spool, facts, table)
    return comments + judge_reasons(spool) + judge.check_files(spool)
