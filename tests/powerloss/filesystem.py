# SPDX-License-Identifier: MIT
"""What a journalling file system may have kept of recorded changes when the power went.

Names and bytes are kept apart.  A name changes whole or not at all: a rename is never
half done, and a change follows those that it builds on (of the same name or the same
file, and the making of its folder); changes that do not touch each other survive in any
order, within a folder too.  Flushing a folder makes the names in it durable with all that
they build on, and both ends of a rename.  Bytes are durable once their file was flushed;
of those written later any beginning may be there, followed by nothing or by zeros.
Flushing a file says nothing about its name.  Files that grow shorter are not known here.
"""

import dataclasses
import random
from collections.abc import Iterator

Slot = tuple["Node", str]  # a name in a folder


@dataclasses.dataclass(eq=False)
class Node:
    """A file or a folder, whatever it is called."""

    number: int
    is_folder: bool = False
    durable: bytes = b""
    writes: list[tuple[int, bytes]] = dataclasses.field(default_factory=list)

    def unflushed(self) -> int:
        return sum(len(written) for _, written in self.writes)

    def content(self, kept: "Kept | None" = None) -> bytes:
        """With all that was written, or with what was kept of it."""
        left = self.unflushed() if kept is None else kept.size
        data = bytearray(self.durable)
        for offset, written in self.writes:
            part = written[:left]
            left -= len(part)
            if part:
                data.extend(bytes(max(0, offset - len(data))))
                data[offset : offset + len(part)] = part
        if kept and kept.zeros:
            data.extend(bytes(len(self.content()) - len(data)))
        return bytes(data)


@dataclasses.dataclass(frozen=True)
class Kept:
    """So many of the bytes not flushed; zeros: the file is as long as if it were all."""

    size: int
    zeros: bool = False


@dataclasses.dataclass(eq=False)
class Change:
    """Names that change together."""

    line: int  # of the record
    what: str
    slots: dict[Slot, Node | None]
    needs: set["Change"] = dataclasses.field(default_factory=set)

    def nodes(self) -> set[Node]:
        return {node for node in self.slots.values() if node}


@dataclasses.dataclass(frozen=True)
class Survival:
    """Which of the changes that are not durable are there nevertheless, by their lines,
    and what is left of each file's bytes, by its number; of others all."""

    names: frozenset[int]
    bytes: frozenset[tuple[int, Kept]]

    def __str__(self) -> str:
        names = ",".join(str(line) for line in sorted(self.names))
        kept = (
            f"{number}={kept.size}{'z' * kept.zeros}"
            for number, kept in sorted(self.bytes, key=lambda pair: pair[0])
        )
        return f"{names}/{','.join(kept)}"

    @staticmethod
    def parse(text: str) -> "Survival":
        names, _, kept = text.partition("/")
        pairs = (word.split("=") for word in kept.split(",") if word)
        return Survival(
            frozenset(int(line) for line in names.split(",") if line),
            frozenset((int(n), Kept(int(k.rstrip("z")), k.endswith("z"))) for n, k in pairs),
        )


class FileSystem:
    """Follows a record, line by line."""

    def __init__(self, root: int):
        self.root = Node(root, is_folder=True)
        self.by_inode = {root: self.root}
        self.nodes = [self.root]
        self.live: dict[Slot, Node] = {}
        self.durable: dict[Slot, Node] = {}
        self.pending: list[Change] = []

    # --- what is done to it ---

    def take(self, line: int, words: list[str]) -> None:
        getattr(self, words[0])(line, *words[1:])

    def create(self, line: int, folder: str, name: str, inode: str) -> None:
        self.add(line, folder, name, self.make(inode, is_folder=False))

    def make_folder(self, line: int, folder: str, name: str, inode: str) -> None:
        self.add(line, folder, name, self.make(inode, is_folder=True))

    def rename(self, line: int, folder: str, name: str, to: str, new: str) -> None:
        source = (self.by_inode[int(folder)], name)
        target = (self.by_inode[int(to)], new)
        self.change(line, f"{name} -> {new}", {source: None, target: self.live[source]})

    def remove(self, line: int, folder: str, name: str) -> None:
        self.change(line, f"no {name}", {(self.by_inode[int(folder)], name): None})

    def write(self, _line: int, file: str, offset: str, written: str) -> None:
        self.by_inode[int(file)].writes.append((int(offset), bytes.fromhex(written)))

    def sync(self, _line: int, inode: str) -> None:
        node = self.by_inode[int(inode)]
        if node.is_folder:
            self.flush({c for c in self.pending if any(f is node for f, _ in c.slots)})
        else:
            flush_bytes(node)

    def sync_system(self, _line: int) -> None:
        self.flush(set(self.pending))
        for node in self.nodes:
            flush_bytes(node)

    # --- how it keeps that ---

    def make(self, inode: str, is_folder: bool) -> Node:
        node = Node(len(self.nodes), is_folder)
        self.nodes.append(node)
        self.by_inode[int(inode)] = node  # of a removed file, if it had the same
        return node

    def add(self, line: int, folder: str, name: str, node: Node) -> None:
        self.change(line, f"new {name}", {(self.by_inode[int(folder)], name): node})

    def change(self, line: int, what: str, slots: dict[Slot, Node | None]) -> None:
        made = Change(line, what, slots)
        touched = made.nodes() | {folder for folder, _ in slots}
        made.needs = {
            c for c in self.pending if c.slots.keys() & slots.keys() or c.nodes() & touched
        }
        self.pending.append(made)
        apply(self.live, made)

    def flush(self, flushed: set[Change]) -> None:
        flushed = closure(flushed)
        for change in [c for c in self.pending if c in flushed]:
            apply(self.durable, change)
            self.pending.remove(change)
        for change in self.pending:
            change.needs -= flushed

    # --- what may be left of it ---

    def unflushed(self) -> list[Node]:
        return [node for node in self.nodes if node.writes]

    def survivals(self, chance: random.Random, draws: int) -> Iterator[Survival]:
        """Nothing, all, each single thing missing or alone, and some drawn by chance."""
        every = set(self.pending)
        lost = {node: Kept(0) for node in self.unflushed()}
        for names in (set(), every):
            for kept in (lost, {}):
                yield survival(names, kept)
        for change in self.pending:
            dependents = {c for c in every if change in closure({c})}
            yield survival(every - dependents, {})
            yield survival(closure({change}), lost)
        for node in lost:
            for kept in tears(node):
                yield survival(every, {node: kept})
                yield survival(set(), {**lost, node: kept})
                yield survival(every, {**lost, node: kept})
        for _ in range(draws):
            drawn = {c for c in self.pending if chance.random() < 0.5}
            yield survival(
                {c for c in drawn if closure({c}) <= drawn},
                {node: draw_tear(node, chance) for node in lost},
            )

    def tree(self, left: Survival) -> dict[str, bytes | None]:
        """By path; None is a folder."""
        names = dict(self.durable)
        for change in self.pending:
            if change.line in left.names:
                apply(names, change)
        return spread(names, self.root, dict(left.bytes))

    def live_paths(self) -> set[str]:
        return set(spread(self.live, self.root, {}))


def apply(names: dict[Slot, Node], change: Change) -> None:
    for slot, node in change.slots.items():
        if node:
            names[slot] = node
        else:
            names.pop(slot, None)


def closure(changes: set[Change]) -> set[Change]:
    """With all that they build on."""
    found: set[Change] = set()
    left = list(changes)
    while left:
        change = left.pop()
        if change not in found:
            found.add(change)
            left.extend(change.needs)
    return found


def flush_bytes(node: Node) -> None:
    node.durable = node.content()
    node.writes = []


def survival(names: set[Change], kept: dict[Node, Kept]) -> Survival:
    return Survival(
        frozenset(c.line for c in names),
        frozenset((node.number, left) for node, left in kept.items()),
    )


def tears(node: Node) -> list[Kept]:
    size = node.unflushed()
    last = len(node.writes[-1][1])
    sizes = {0, size - last, size - last + last // 2, size - 1}
    torn = [Kept(n) for n in sorted(sizes) if 0 < n < size]
    return torn + [Kept(n, zeros=True) for n in sorted(sizes) if n < size]


def draw_tear(node: Node, chance: random.Random) -> Kept:
    size = node.unflushed()
    if chance.random() < 0.5:
        return Kept(chance.choice((0, size)))
    return Kept(chance.randrange(size), chance.random() < 0.5)


def spread(
    names: dict[Slot, Node], folder: Node, kept: dict[int, Kept], path: str = ""
) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for (where, name), node in names.items():
        if where is not folder:
            continue
        full = f"{path}{name}"
        found[full] = None if node.is_folder else node.content(kept.get(node.number))
        if node.is_folder:
            found |= spread(names, node, kept, f"{full}/")
    return found
