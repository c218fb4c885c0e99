# SPDX-License-Identifier: MIT
"""What it costs to wait, and how costs grow with what waits."""
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    MIB, NAME_BYTES, Bench, Delivery, drop_steadily, wait_until_calm,
    wait_until_it_listens,
)
from contestants import GATEWAY, NULL, PHP, Contestant, Running, Site, run_to_its_end
from report import Row, Section, Target
from sink import Sink


def idle(bench: Bench) -> Iterator[Section]:
    seconds = bench.sizes.idle_seconds
    everyone = [GATEWAY, NULL, PHP]
    with ExitStack() as stack:
        running: dict[Contestant, Running] = {}
        for who in everyone:
            sink = stack.enter_context(bench.sink())
            site = stack.enter_context(Site(bench.programs, sink.url))
            running[who] = stack.enter_context(Running(who, site))
            wait_until_it_listens(site, sink)
            wait_until_calm(running[who])
        before = {who: running[who].wake_ups() for who in everyone}
        time.sleep(seconds)
        woken = {who: running[who].wake_ups() - before[who] for who in everyone}
        memory = {who: running[who].resident_kib() / MIB for who in everyone}
    how = f"voluntary context switches in {seconds:.0f} s, after one delivery"
    section = Section("idle", "wake-ups", how)
    section.add("gateway", [woken[GATEWAY]], None, Target("<=", 2, is_of_value=True))
    for who in everyone[1:]:
        section.add(who.name, [woken[who]])
    yield section
    section = Section("idle", "MiB resident", "at the end of the same time")
    against = Row(NULL.name, [memory[NULL]])
    section.add("gateway", [memory[GATEWAY]], against, Target("<=", 1.5))
    section.rows.append(against)
    section.add(PHP.name, [memory[PHP]], against)
    yield section


def growth(bench: Bench) -> Iterator[Section]:
    least, *more = bench.sizes.waiting
    runs = _runs_by_waiting(bench, GATEWAY)
    yield _cost_a_file(bench, GATEWAY, runs, Target("<=", 1.2))
    # What grows for the limit too is made by the kernel and the processor's caches.
    yield _cost_a_file(bench, NULL, _runs_by_waiting(bench, NULL))
    first = Section("growth: start", "seconds to the first byte at the shop",
                    "from the start of the program, with settle = 100 ms")
    first.add(f"{least:,} waiting", [r.first for r in runs[least]])
    for n in more:
        first.add(f"{n:,} waiting", [r.first for r in runs[n]], None,
                  Target("<=", 3, is_of_value=True))
    yield first
    yield _memory_a_file({n: runs[n][0].costs.peak_kib for n in more})


def _runs_by_waiting(bench: Bench, who: Contestant) -> dict[int, list[Delivery]]:
    """The shortest runs vary most, so they are repeated."""
    least, *more = bench.sizes.waiting
    if who is NULL:
        more = more[-1:]
    runs = {n: [bench.deliver(who, n)] for n in more}
    return {least: [bench.deliver(who, least) for _ in range(2 * bench.sizes.rounds)],
            **runs}


def _cost_a_file(bench: Bench, who: Contestant, runs: dict[int, list[Delivery]],
                 target: Target | None = None) -> Section:
    start = min(bench.deliver(who, 0).processor for _ in bench.rounds())
    rows = {f"{n:,} waiting": [(r.processor - start) / n * 1e6 for r in of_n]
            for n, of_n in runs.items()}
    section = Section(f"growth: processor time a file, {who.name}", "microseconds",
                      "user and system, less that of a run without files")
    least, *more = rows
    against = section.add(least, rows[least])
    for label in more:
        section.add(label, rows[label], against, target)
    return section


def _memory_a_file(peaks: dict[int, int]) -> Section:
    few, *_, many = peaks
    section = Section("growth: memory a waiting file", "bytes",
                      f"peak with {many:,} waiting less peak with {few:,}; "
                      f"names of {NAME_BYTES}")
    grown = (peaks[many] - peaks[few]) * 1024 / (many - few)
    section.add("gateway", [grown], None, Target("<=", 48 + NAME_BYTES, is_of_value=True))
    return section


def sent(bench: Bench) -> Iterator[Section]:
    files = bench.sizes.backlog
    costs: dict[int, list[float]] = {0: [], bench.sizes.sent: []}
    with ExitStack() as stack:
        days = {n: stack.enter_context(_day_with(bench, n)) for n in costs}
        for turn in bench.rounds():
            for n, (site, sink) in days.items():
                site.fill(files, first=turn * files + 1)
                os.sync()
                run = run_to_its_end(GATEWAY, site)
                costs[n].append((run.user + run.system) / files * 1e6)
                _check_day(bench, site, sink, n, (turn + 1) * files)
    section = Section("growth: sent/ of one day", "microseconds of processor time a file",
                      f"{files:,} files a run; the least of {bench.sizes.rounds} runs")
    against = section.add("empty at first", [min(costs[0])])
    section.add(f"{bench.sizes.sent:,} files in it", [min(costs[bench.sizes.sent])],
                against, Target("<=", 1.2))
    yield section


def _today(site: Site) -> Path:
    return site.spool / "sent" / f"{datetime.now(UTC):%Y-%m-%d}"


@contextmanager
def _day_with(bench: Bench, count: int) -> Iterator[tuple[Site, Sink]]:
    """A site that seems to have sent so many files today."""
    with bench.sink() as sink, Site(bench.programs, sink.url) as site:
        _today(site).mkdir()
        site.fill(count, into=str(_today(site).relative_to(site.folder)))
        yield site, sink


def _check_day(bench: Bench, site: Site, sink: Sink, before: int, files: int) -> None:
    bench.check(GATEWAY, site, sink, files)
    if len(os.listdir(_today(site))) != before + files:
        raise RuntimeError("the day has ended: measure it again")


def held(bench: Bench) -> Iterator[Section]:
    seconds = bench.sizes.held_seconds
    section = Section(
        "behind a hold, while 50 files a second arrive", "percent of one core",
        f"a shop that refuses connections; {seconds:.0f} s",
    )
    for waiting in bench.sizes.held:
        section.add(f"{waiting:,} waiting", [_share_while_held(bench, waiting)], None,
                    Target("<=", 5, is_of_value=True))
    yield section


@contextmanager
def _port_that_refuses() -> Iterator[str]:
    """Taken, so that nobody else gets it, and not listened to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def _share_while_held(bench: Bench, waiting: int) -> float:
    rate, seconds = 50, bench.sizes.held_seconds
    with _port_that_refuses() as url, Site(bench.programs, url) as site:
        site.fill(waiting)
        arriving = range(waiting + 1, waiting + 1 + round(rate * seconds))
        site.fill(len(arriving), into="prepared", first=arriving.start)
        with Running(GATEWAY, site) as gateway:
            wait_until_calm(gateway)
            before, began = gateway.processor_seconds(), time.monotonic()
            drop_steadily(site, arriving)
            used = gateway.processor_seconds() - before
            return used / (time.monotonic() - began) * 100


def instructions(bench: Bench) -> Iterator[Section]:
    few, many = bench.sizes.instructions
    section = Section(
        "instructions a file", "instructions",
        f"user space, by callgrind: {many:,} files less {few:,}; files of one comment",
    )
    def count(who: Contestant) -> list[float]:
        more = _instructions(bench, who, many) - _instructions(bench, who, few)
        return [more / (many - few)]

    against = Row(NULL.name, count(NULL))
    section.add("gateway", count(GATEWAY), against, Target("<=", 1.3))
    section.rows.append(against)
    yield section


def _instructions(bench: Bench, who: Contestant, files: int) -> int:
    with bench.sink() as sink, Site(bench.programs, sink.url) as site:
        site.fill(files)
        tool = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
        run_to_its_end(who, site, under=tool)
        bench.check(who, site, sink, files)
        said = (site.folder / "said").read_text(errors="replace")
    found = re.search(r"Collected : (\d+)", said)
    if not found:
        raise RuntimeError(f"callgrind counted nothing\n{said}")
    return int(found[1])
