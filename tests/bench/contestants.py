# SPDX-License-Identifier: MIT
"""Who is measured: how each is started, and the spool that it works on."""
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent.parent / "xsd" / "comments.xsd"
SETTLE = 0.1  # seconds: the least that the gateway allows

Settings = dict[str, str]


@dataclass(frozen=True)
class Programs:
    """Where what was built lies."""

    folder: Path

    @property
    def gateway(self) -> Path:
        return self.folder / "opensi-gateway"

    def bench(self, name: str) -> Path:
        return self.folder / "bench" / name


class Site:
    """A spool of its own, and the gateway's configuration for it."""

    def __init__(
        self, programs: Programs, url: str, settings: Settings | None = None
    ) -> None:
        self.programs, self.url = programs, url
        self.folder = Path(tempfile.mkdtemp(prefix="site."))
        self.spool = self.folder / "spool"
        for name in ("incoming", "sent", "failed"):
            (self.spool / name).mkdir(parents=True)
        (self.folder / "prepared").mkdir()
        self._configure(settings or {})

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    @property
    def configuration(self) -> Path:
        return self.folder / "gateway.conf"

    def _configure(self, settings: Settings) -> None:
        key = self.folder / "shop.key"
        key.touch(mode=0o600)
        key.write_text("0123456789abcdef0123456789abcdef\n")
        values = {
            "website_code": '"WEB1"',
            "url": f'"{self.url}"',
            "key_file": '"shop.key"',
            "spool": '"spool"',
            "schema": f'"{SCHEMA}"',
            "settle": f'"{SETTLE * 1000:.0f}ms"',
        }
        if os.getuid() == 0:
            values["user"] = '"root"'
        lines = [f"{name} = {value};\n" for name, value in (values | settings).items()]
        self.configuration.write_text("".join(lines))

    def fill(self, files: int, comments: int = 1, *, into: str = "spool/incoming",
             first: int = 1) -> None:
        command = [self.programs.bench("drops"), self.folder / into]
        subprocess.run([*command, str(files), str(comments), str(first)], check=True)

    def drop(self, number: int) -> None:
        """By a rename from prepared/, where fill() put it."""
        name = f"c{number:09}.xml"
        os.rename(self.folder / "prepared" / name, self.spool / "incoming" / name)

    def left(self) -> int:
        """Drops that are anywhere but in sent/."""
        folders = ("incoming", "sending", "failed")
        return sum(1 for f in folders for _ in (self.spool / f).glob("*.xml"))


@dataclass(frozen=True)
class Contestant:
    name: str
    # True: takes what is there, then ends.
    command: Callable[[Site, bool], list[str | Path]]
    pause: float = 0  # seconds that it waits by its rules before it looks at a backlog


def _gateway(site: Site, is_once: bool) -> list[str | Path]:
    command = [site.programs.gateway, "-c", site.configuration]
    return command + ["--once"] if is_once else command


def _with_arguments(
    program: list[str | Path], site: Site, is_once: bool
) -> list[str | Path]:
    options = ["--once"] if is_once else []
    return [*program, *options, site.spool, site.url, SCHEMA]


def null_pipeline(batch: int) -> Contestant:
    def command(site: Site, is_once: bool) -> list[str | Path]:
        program = site.programs.bench("null-pipeline")
        return [*_with_arguments([program], site, is_once), str(batch)]

    return Contestant(f"null pipeline, {batch} a POST", command)


def _peer(name: str, interpreter: str, script: str) -> Contestant:
    program: list[str | Path] = [interpreter, HERE / "peers" / script]
    return Contestant(name, lambda site, once: _with_arguments(program, site, once))


GATEWAY = Contestant("gateway", _gateway, SETTLE)
NULL = null_pipeline(100)
PHP = _peer("PHP script", "/usr/bin/php", "peer.php")
# The system's Python, because the packages are the system's.
PYTHON = _peer("Python script", "/usr/bin/python3", "peer.py")
SHELL = _peer("shell script", "/bin/sh", "peer.sh")
PEERS = (PHP, PYTHON, SHELL)


@dataclass(frozen=True)
class Costs:
    """What stopwatch.c says of a command."""

    status: int
    started: float
    wall: float
    user: float
    system: float
    peak_kib: int
    voluntary: int


def run_to_its_end(who: Contestant, site: Site, *, under: tuple[str, ...] = ()) -> Costs:
    """Takes what is in incoming/. What it says goes to the file `said` of the site."""
    costs = site.folder / "costs"
    with (site.folder / "said").open("wb") as said:
        subprocess.run(
            [site.programs.bench("stopwatch"), costs, *under, *who.command(site, True)],
            stdout=said, stderr=said, check=True,
        )
    result = Costs(**json.loads(costs.read_text()))
    if result.status != 0:
        raise RuntimeError(f"{who.name}: status {result.status}\n{said_at_last(site)}")
    return result


def said_at_last(site: Site) -> str:
    return "\n".join((site.folder / "said").read_text(errors="replace").splitlines()[-5:])


class Running:
    """A contestant that waits for drops; leaving the `with` block ends it, and all that
    it started."""

    def __init__(self, who: Contestant, site: Site) -> None:
        with (site.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                who.command(site, False), stdout=said, stderr=said, start_new_session=True
            )

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, 9)
        self.process.wait()

    def _status(self, field: str) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise RuntimeError(f"no {field}: has the program ended?")

    def wake_ups(self) -> int:
        return self._status("voluntary_ctxt_switches")

    def resident_kib(self) -> int:
        return self._status("VmRSS")

    def processor_seconds(self) -> float:
        text = Path(f"/proc/{self.process.pid}/stat").read_text()
        stat = text.rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
