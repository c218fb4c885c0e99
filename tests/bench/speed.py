# SPDX-License-Identifier: MIT
"""How fast drops reach the shop.

Contestants take turns within each round, so that a slow minute of the machine is shared
by all; a figure is the median of its rounds.
"""
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

from bench import (
    MIB, NAME_BYTES, Bench, Delivery, arrivals_of, drop_steadily, wait_until_it_listens,
)
from contestants import (
    GATEWAY, NULL, PEERS, SHELL, Contestant, Running, Site, null_pipeline,
)
from report import Row, Section, Target

BATCHES = (1, 20, 100)


def backlog(bench: Bench) -> Iterator[Section]:
    sizes = bench.sizes
    files = dict.fromkeys(PEERS, sizes.peer_backlog) | {SHELL: sizes.shell_backlog}
    nulls = [null_pipeline(batch) for batch in BATCHES]
    rivals = [GATEWAY, *nulls[1:]]
    everyone = [GATEWAY, *nulls, *PEERS]
    rates: dict[Contestant, list[float]] = {who: [] for who in everyone}
    fresh: list[float] = []
    peaks: list[float] = []
    for number in range(sizes.backlog_rounds):
        is_of_rivals = number >= sizes.rounds
        for who in rivals if is_of_rivals else everyone:
            count = files.get(who, sizes.backlog)
            run = bench.deliver(who, count)
            rates[who].append(count / run.seconds)
            if who is GATEWAY:
                peaks.append(run.costs.peak_kib / MIB)
        if is_of_rivals:
            continue
        run = bench.deliver(GATEWAY, sizes.backlog, is_flushed=False)
        fresh.append(sizes.backlog / run.seconds)
    section = Section(
        "a backlog of files with one comment", "files a second",
        f"{sizes.backlog:,} files; scripts {sizes.peer_backlog:,}, "
        f"shell {sizes.shell_backlog}; from the start of the program to its end",
    )
    limits = [Row(who.name, rates[who]) for who in nulls]
    best = max(limits, key=lambda row: row.value)
    section.add("gateway", rates[GATEWAY], best, Target(">=", 0.6))
    section.add("gateway, files not yet on disk", fresh, best)
    section.rows.extend(limits)
    for who in PEERS:
        section.add(who.name, rates[who], best)
    yield section
    yield _against_the_best_script(section)
    yield _memory_at_work(sizes.backlog, peaks)


def _memory_at_work(files: int, peaks: list[float]) -> Section:
    section = Section("the same, while it works", "peak memory in MiB",
                      f"16 MiB, and for each file 48 bytes and its name ({NAME_BYTES})")
    bound = 16 + files * (48 + NAME_BYTES) / 1024 / MIB
    section.add("gateway", peaks, None, Target("<=", bound, is_of_value=True))
    return section


def _against_the_best_script(backlog: Section) -> Section:
    names = [who.name for who in PEERS]
    script = max((r for r in backlog.rows if r.label in names), key=lambda r: r.value)
    section = Section("the same, against the fastest script", "files a second",
                      script.label)
    section.add("gateway", backlog.rows[0].samples, script, Target(">=", 5))
    return section


def large_files(bench: Bench) -> Iterator[Section]:
    for comments, files in ((100, bench.sizes.backlog // 100), (10_000, 4)):
        limit = null_pipeline(500)
        runs: dict[Contestant, list[Delivery]] = {GATEWAY: [], limit: []}
        for _ in bench.rounds():
            for who, of_who in runs.items():
                of_who.append(bench.deliver(who, files, comments))
        yield _large_rate(comments, files, runs)
        yield _large_memory(comments, runs)


def _large_rate(comments: int, files: int,
                runs: dict[Contestant, list[Delivery]]) -> Section:
    section = Section(f"files of {comments:,} comments", "comments a second",
                      f"{files} files")
    rates = {who: [files * comments / run.seconds for run in runs[who]] for who in runs}
    gateway, limit = runs
    against = Row(limit.name, rates[limit])
    section.add("gateway", rates[gateway], against, Target(">=", 0.8))
    section.rows.append(against)
    return section


def _large_memory(comments: int, runs: dict[Contestant, list[Delivery]]) -> Section:
    section = Section(f"files of {comments:,} comments", "peak memory in MiB",
                      "most that was resident")
    gateway, limit = runs
    against = Row(limit.name, [run.costs.peak_kib / MIB for run in runs[limit]])
    peaks = [run.costs.peak_kib / MIB for run in runs[gateway]]
    section.add("gateway", peaks, against, Target("<=", 128, is_of_value=True))
    section.rows.append(against)
    return section


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and a file that holds it and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    both = folder / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    both.write_text(certificate.read_text() + key.read_text())
    return certificate, both


def tls(bench: Bench) -> Iterator[Section]:
    files = bench.sizes.backlog // 2
    plain: list[float] = []
    secret: list[float] = []
    with Site(bench.programs, "http://127.0.0.1:1/") as keys:
        certificate, both = _make_certificate(keys.folder)
        settings = {"ca_file": f'"{certificate}"'}
        for _ in bench.rounds():
            plain.append(files / bench.deliver(GATEWAY, files).seconds)
            run = bench.deliver(
                GATEWAY, files, shop=("--tls", str(both)), settings=settings
            )
            secret.append(files / run.seconds)
    section = Section("TLS, kept alive", "files a second", f"{files:,} files")
    against = Row("gateway, plain", plain)
    section.add("gateway, TLS", secret, against, Target(">=", 0.9))
    section.rows.append(against)
    yield section


def latency(bench: Bench) -> Iterator[Section]:
    everyone = [GATEWAY, NULL, *PEERS]
    waits: dict[Contestant, list[float]] = {who: [] for who in everyone}
    for _ in bench.rounds():
        for who in everyone:
            waits[who].extend(_latencies(bench, who))
    count = bench.sizes.latency_drops * bench.sizes.rounds
    how = f"{count} files, 50 a second; from the rename to the first byte at the shop"
    for name, percent, bound in (("median", 50, 2.0), ("99 of 100", 99, 3.0)):
        section = Section(f"latency, {name}", "milliseconds", how)
        points = {who: [quantiles(waits[who], n=100)[percent - 1]] for who in everyone}
        against = Row(NULL.name, points[NULL])
        section.add("gateway", points[GATEWAY], against, Target("<=", bound))
        section.rows.append(against)
        for who in PEERS:
            section.add(who.name, points[who], against)
        yield section


def _latencies(bench: Bench, who: Contestant) -> list[float]:
    with bench.sink() as sink, Site(bench.programs, sink.url) as site:
        with Running(who, site):
            begin = wait_until_it_listens(site, sink)
            numbers = range(begin, begin + bench.sizes.latency_drops)
            site.fill(len(numbers), into="prepared", first=begin)
            dropped = drop_steadily(site, numbers)
            arrived = arrivals_of(numbers, sink)
    return [(arrived[n] - at) / 1e6 for n, at in dropped.items()]


def slow_shop(bench: Bench) -> Iterator[Section]:
    workers, delay, seconds = 4, 0.2, bench.sizes.slow_seconds
    capacity = workers / delay
    with bench.sink("--comment-delay", str(round(delay * 1e6))) as sink:
        with Site(bench.programs, sink.url, {"connections": str(workers)}) as site:
            site.fill(round(capacity * (seconds + 30)))
            with Running(GATEWAY, site):
                sink.wait(1)
                before, began = sink.figures(), time.monotonic()
                time.sleep(seconds)
                after, ended = sink.figures(), time.monotonic()
    used = (after.busy_ns - before.busy_ns) / 1e9 / (ended - began) / workers
    section = Section(
        "a slow shop", "share of its capacity that is used",
        f"200 ms a comment, {workers} connections; "
        f"{seconds:.0f} s from the first answer",
    )
    section.add("gateway", [used], None, Target(">=", 0.95, is_of_value=True))
    yield section
