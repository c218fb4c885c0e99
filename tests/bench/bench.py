# SPDX-License-Identifier: MIT
"""What all measures share: sizes, and a delivery from start to end.

A run counts only if every comment reached the shop once and every file was moved.
"""
import os
import time
from dataclasses import dataclass

from contestants import (
    Contestant, Costs, Programs, Running, Settings, Site, run_to_its_end, said_at_last,
)
from sink import Sink

MIB = 1024  # in KiB
NAME_BYTES = len("c000000001.xml")  # by drops.c


@dataclass(frozen=True)
class Sizes:
    rounds: int = 3
    backlog_rounds: int = 5  # of the gateway and what it is held against
    backlog: int = 10_000
    peer_backlog: int = 1_500
    shell_backlog: int = 30
    latency_drops: int = 100
    slow_seconds: float = 15
    idle_seconds: float = 15
    waiting: tuple[int, ...] = (1_000, 10_000, 100_000)
    sent: int = 30_000
    held: tuple[int, ...] = (1_000, 100_000)
    held_seconds: float = 6
    instructions: tuple[int, int] = (500, 1_500)


NORMAL = Sizes()
QUICK = Sizes(
    rounds=1, backlog_rounds=1, backlog=2_000, peer_backlog=200, shell_backlog=10, latency_drops=50,
    slow_seconds=4, idle_seconds=2, waiting=(100, 1_000, 5_000), sent=5_000,
    held=(100, 3_000), held_seconds=2, instructions=(50, 150),
)
FULL = Sizes(
    waiting=(1_000, 10_000, 100_000, 1_000_000), sent=1_000_000,
    held=(1_000, 100_000, 1_000_000),
)


@dataclass(frozen=True)
class Delivery:
    costs: Costs
    first: float  # seconds from the start of the program to the first byte at the shop
    seconds: float  # of work: all but the pause that the contestant makes by its rules

    @property
    def processor(self) -> float:
        return self.costs.user + self.costs.system


class Bench:
    def __init__(self, programs: Programs, sizes: Sizes) -> None:
        self.programs, self.sizes = programs, sizes

    def rounds(self) -> range:
        return range(self.sizes.rounds)

    def sink(self, *options: str) -> Sink:
        return Sink(self.programs.bench("sink"), *options)

    def deliver(self, who: Contestant, files: int, comments: int = 1, *,
                shop: tuple[str, ...] = (), settings: Settings | None = None,
                is_flushed: bool = True) -> Delivery:
        with self.sink(*shop) as sink, Site(self.programs, sink.url, settings) as site:
            site.fill(files, comments)
            if is_flushed:
                os.sync()
            costs = run_to_its_end(who, site)
            self.check(who, site, sink, files * comments)
            first = sink.figures().first_ns / 1e9 - costs.started
        return Delivery(costs, first, costs.wall - who.pause)

    @staticmethod
    def check(who: Contestant, site: Site, sink: Sink, comments: int) -> None:
        arrived, answered = len(sink.arrivals()), sink.figures().comments
        left = site.left()
        if arrived != comments or answered != comments or left:
            raise RuntimeError(
                f"{who.name}: {arrived} of {comments} came, {answered} were answered, "
                f"{left} files are left\n{said_at_last(site)}"
            )


def wait_until_it_listens(site: Site, sink: Sink) -> int:
    """Drops a file again and again until one arrives. Returns the next number."""
    for number in range(1, 100):
        site.fill(1, into="prepared", first=number)
        site.drop(number)
        try:
            sink.wait(1, patience=0.3)
        except TimeoutError:
            continue
        return number + 1
    raise RuntimeError(f"nothing arrives at the shop\n{said_at_last(site)}")


def arrivals_of(numbers: range, sink: Sink) -> dict[int, int]:
    """Waits until all of them have arrived."""
    while True:
        answered, arrived = sink.figures().comments, sink.arrivals()
        if all(number in arrived for number in numbers):
            return arrived
        sink.wait(answered + 1)


def drop_steadily(site: Site, numbers: range) -> dict[int, int]:
    """50 a second. When each was dropped, in nanoseconds."""
    dropped: dict[int, int] = {}
    began = time.monotonic()
    for number in numbers:
        time.sleep(max(0.0, began + len(dropped) / 50 - time.monotonic()))
        dropped[number] = time.monotonic_ns()
        site.drop(number)
    return dropped


def wait_until_calm(program: Running) -> None:
    """Until it has used no processor time for a second."""
    used = -1.0
    while used != (used := program.processor_seconds()):
        time.sleep(1)
