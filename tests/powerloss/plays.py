# SPDX-License-Identifier: MIT
"""Lives of a gateway, played once and recorded.

Beside what the gateway changes, the record has marks: what the shop received and stored,
what was dropped for good, when the gateway had nothing left to do.
"""

import contextlib
import json
import pathlib
import signal
import socket
import threading
from collections.abc import Callable

from scenarios import document
from stage import PATIENCE, Gateway, Memory, Shop, is_done, lay_out

BOOT = "the-boot-before"
DIES_AFTER_STORING = {"on": "comments", "cut": "request", "store": True, "times": 1}
SILENT = {"on": "comments", "do": "silence", "times": 1}


class Stage:
    """Where a play is played; what exporters and the admin do is recorded as well."""

    def __init__(self, folder: pathlib.Path, gateway: str, shop: Shop, port: int):
        self.spool = folder / "spool"
        self.record = folder / "record"
        self.clock = folder / "midnight"
        self.config = lay_out(folder, port)
        self.command = [gateway, "-c", str(self.config)]
        self.memory = Memory()
        self.received = threading.Event()
        self.on_request: Callable[[], None] = lambda: None
        shop.open_anew(self.memory, self.see)
        (self.spool / "incoming").mkdir(parents=True)
        root, incoming = inode(self.spool), inode(self.spool / "incoming")
        made = f"make_folder\t{root}\tincoming\t{incoming}"
        self.note(f"root\t{root}", made, f"sync\t{root}")
        self.gateway: Gateway | None = None

    def note(self, *lines: str) -> None:
        with open(self.record, "a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def mark(self, **facts) -> None:
        self.note(f"mark\t{json.dumps(facts)}")

    def see(self, event: str, fields: dict) -> None:
        """Written down before the gateway can know."""
        if event == "request" and fields["comments"]:
            self.mark(received=[c["id"] for c in fields["comments"]])
            self.on_request()
            self.received.set()
        elif event == "stored":
            self.mark(stored=fields["comment"])
        elif event == "answered":
            self.mark(answered=True)

    # --- the exporter, the admin, the shop ---

    def drop(self, name: str, names: str, is_flushed: bool = True, **form: str) -> None:
        """Written aside and renamed; flushed, as it should be, or not."""
        folder = self.spool / "incoming"
        place, content = inode(folder), document(names, **form).encode()
        aside = folder / f".{name}"
        aside.write_bytes(content)
        file = inode(aside)
        flushes = [f"sync\t{file}", f"sync\t{place}"] if is_flushed else ["", ""]
        self.mark(version=self.version_of(aside), content=content.decode(), drop=name)
        lines = [
            f"create\t{place}\t.{name}\t{file}", f"write\t{file}\t0\t{content.hex()}",
            flushes[0], f"rename\t{place}\t.{name}\t{place}\t{name}", flushes[1],
        ]
        self.note(*filter(None, lines))
        self.mark(dropped=name, names=names.split(), is_flushed=is_flushed)
        aside.rename(folder / name)

    def version_of(self, path: pathlib.Path) -> str:
        """As the journal tells it."""
        st = path.stat()
        return f"{st.st_size}-{st.st_mtime_ns}-{st.st_ino}"

    def retry(self, name: str) -> None:
        (failed,) = (self.spool / "failed").glob(f"*_{name}")
        incoming = self.spool / "incoming"
        self.mark(version=self.version_of(failed), content=failed.read_text(encoding="utf-8"))
        self.note(
            f"rename\t{inode(failed.parent)}\t{failed.name}\t{inode(incoming)}\t{failed.name}"
        )
        failed.rename(incoming / failed.name)

    def discard(self, name: str) -> None:
        """The admin deletes what failed."""
        (failed,) = (self.spool / "failed").glob(f"*_{name}")
        self.mark(discarded=name)
        self.note(f"remove\t{inode(failed.parent)}\t{failed.name}")
        failed.unlink()

    def shop_does(self, *rules: dict, refuses: str = "") -> None:
        self.mark(refuses=refuses.split())
        self.memory.follow(list(rules), refuses.split())

    # --- the gateway ---

    def start(self, *options: str) -> None:
        environment = {"RECORDER_LOG": str(self.record), "RECORDER_BOOT": BOOT}
        if "midnight" in options:
            environment["RECORDER_MIDNIGHT"] = str(self.clock)
        self.mark(started=True)
        self.gateway = Gateway(self.command, environment)
        self.gateway.wait_until(lambda: self.gateway.count("started") > 0)

    def settle(self) -> None:
        self.gateway.wait_until(lambda: is_done(self.spool))
        self.gateway.finish_turn()
        self.mark(idle=True)

    def stop(self) -> None:
        status = self.gateway.stop()
        if status:
            raise RuntimeError(f"the gateway ended with {status}:\n{self.gateway.said}")

    def kill(self) -> None:
        self.gateway.stop(signal.SIGKILL)
        self.gateway.__exit__()


def inode(path: pathlib.Path) -> int:
    return path.stat().st_ino


# --- the plays ---


def plain(stage: Stage) -> None:
    stage.drop("a.xml", "WEB-1:1")
    stage.drop("b.xml", "WEB-1:2 WEB-2:3")
    stage.start()
    stage.settle()
    stage.drop("c.xml", "WEB-2:4")
    stage.settle()
    stage.stop()


def batches(stage: Stage) -> None:
    for n in range(1, 7):
        stage.drop(f"{n}.xml", f"WEB-{n}:{n} WEB-{n + 10}:{n + 10}")
    stage.start()
    stage.settle()
    stage.stop()


def partial(stage: Stage) -> None:
    stage.shop_does(refuses="WEB-2")
    stage.drop("a.xml", "WEB-1:1 WEB-2:2 WEB-3:3")
    stage.start()
    stage.settle()
    stage.drop("b.xml", "WEB-2:4 WEB-1:5")
    stage.settle()
    stage.stop()


def rejected(stage: Stage) -> None:
    stage.shop_does(refuses="WEB-1 WEB-2")
    stage.drop("a.xml", "WEB-1:1 WEB-2:2")
    stage.drop("b.xml", "WEB-3:3")
    stage.start()
    stage.settle()
    stage.stop()


def invalid(stage: Stage) -> None:
    stage.drop("a.xml", "WEB-1:1 WEB-2:2", date="01/05/2026")
    stage.drop("b.xml", "WEB-3:3")
    stage.start()
    stage.settle()
    stage.stop()


def retry(stage: Stage) -> None:
    stage.shop_does(refuses="WEB-1 WEB-2")
    stage.drop("a.xml", "WEB-1:1")
    stage.drop("b.xml", "WEB-2:2 WEB-3:3")
    stage.start()
    stage.settle()
    stage.shop_does()
    stage.retry("a.xml")
    stage.settle()
    stage.retry("b.xml")
    stage.settle()
    stage.stop()


def discarded(stage: Stage) -> None:
    stage.shop_does(refuses="WEB-1")
    stage.drop("a.xml", "WEB-1:1")
    stage.start()
    stage.settle()
    stage.discard("a.xml")
    stage.gateway.finish_turn()  # scans next
    stage.drop("b.xml", "WEB-2:2")
    stage.settle()
    stage.stop()


def answer_lost(stage: Stage) -> None:
    stage.shop_does(DIES_AFTER_STORING)
    stage.drop("a.xml", "WEB-1:1 WEB-2:2")
    stage.drop("b.xml", "WEB-1:3")
    stage.start()
    stage.settle()
    stage.stop()


def midnight(stage: Stage) -> None:
    """The day ends while the shop is at work."""
    stage.shop_does(refuses="WEB-2")
    stage.drop("a.xml", "WEB-1:1")
    stage.start("midnight")
    stage.settle()
    stage.on_request = stage.clock.touch
    stage.drop("b.xml", "WEB-1:2 WEB-2:3")
    stage.drop("c.xml", "WEB-3:4")
    stage.settle()
    stage.stop()


def overlapping(stage: Stage) -> None:
    """A file is moved and the day ends while the shop is at work on the next one."""
    stage.shop_does(
        {"on": "comments", "times": 1}, {"on": "comments", "delay_ms": 1000, "times": 1}
    )

    def drop_next() -> None:
        stage.on_request = lambda: None
        stage.drop("b.xml", "WEB-1:2 WEB-2:3")

    stage.on_request = drop_next
    stage.drop("a.xml", "WEB-1:1")
    stage.start("midnight")
    stage.gateway.wait_until(lambda: stage.gateway.count("settled") > 0)
    stage.clock.touch()
    stage.gateway.finish_turn()
    stage.settle()
    stage.stop()


def shop_down(stage: Stage) -> None:
    for n in range(1, 4):
        stage.drop(f"{n}.xml", f"WEB-1:{n}")
    stage.start()
    stage.gateway.wait_until(lambda: stage.gateway.count("hold") > 0)
    stage.gateway.finish_turn()
    stage.stop()


def killed(stage: Stage) -> None:
    """The process first, while the shop was at work; then, in its next life, the power."""
    stage.shop_does(SILENT, refuses="WEB-2")
    stage.drop("a.xml", "WEB-1:1 WEB-2:2")
    stage.drop("b.xml", "WEB-1:3 WEB-3:4")
    stage.start()
    if not stage.received.wait(PATIENCE):
        raise TimeoutError("the shop was not asked")
    stage.kill()
    stage.start()
    stage.settle()
    stage.stop()


def not_flushed(stage: Stage) -> None:
    """By an exporter that does not flush its files."""
    stage.shop_does(refuses="WEB-3")
    stage.drop("a.xml", "WEB-1:1 WEB-2:2", is_flushed=False)
    stage.drop("b.xml", "WEB-3:3", is_flushed=False)
    stage.start()
    stage.settle()
    stage.stop()


PLAYS = {
    play.__name__.replace("_", "-"): play
    for play in (
        plain, batches, partial, rejected, invalid, retry, discarded, answer_lost, midnight,
        overlapping, shop_down, killed, not_flushed,
    )
}


def perform(name: str, folder: pathlib.Path, gateway: str, shop: Shop) -> pathlib.Path:
    """The record of a play."""
    with contextlib.closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1] if name == "shop-down" else shop.port
        stage = Stage(folder, gateway, shop, port)
        try:
            PLAYS[name](stage)
        finally:
            if stage.gateway:
                stage.gateway.__exit__()
    return stage.record
