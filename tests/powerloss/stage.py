# SPDX-License-Identifier: MIT
"""What plays and replays need: a shop with a memory, and a gateway on a spool."""

import collections
import dataclasses
import os
import pathlib
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable

import stub_shop

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNKNOWN_WAIT = 0.2
PATIENCE = 30.0
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

Hook = Callable[[str, dict], None]


class Memory(stub_shop.Script):
    """The shop's own table: how often it has each comment."""

    def __init__(self, stored: Iterable[str] = ()):
        super().__init__({"rules": [], "remember": True})
        self.table = collections.Counter(stored)
        self.stored = set(stored)
        self.refused: set[str] = set()

    def follow(self, rules: list[dict], refused: Iterable[str]) -> None:
        self.refused = set(refused)
        last = {"orders": dict.fromkeys(self.refused, "3002")}
        self.replace({"rules": [*rules, last], "remember": True})

    def store(self, comments: list[dict]) -> list[str]:
        with self.lock:
            new = [
                c["id"] for c in comments
                if c["order"] not in self.refused and c["id"] not in self.stored
            ]
            self.stored.update(new)
            self.table.update(new)
            return new

    def finish(self, numbers: Iterable[str]) -> None:
        """What it was at work on: it has asked itself before whether it has them."""
        with self.lock:
            self.stored.update(numbers)
            self.table.update(numbers)


class Events(stub_shop.Log):
    def __init__(self, hook: Hook):
        super().__init__(None)
        self.hook = hook

    def add(self, event: str, **fields) -> None:
        self.hook(event, fields)
        super().add(event, **fields)


@dataclasses.dataclass
class Arrived:
    """A client that is at the door already."""

    pair: tuple

    def accept(self) -> tuple:
        return self.pair


class Shop:
    """One listener for a process; each play or replay opens it anew."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open_anew(Memory(), lambda event, fields: None)
        threading.Thread(target=self.serve, daemon=True).start()

    def open_anew(self, memory: Memory, hook: Hook) -> None:
        self.memory = memory
        self.events = Events(hook)
        self.shop = stub_shop.Shop(memory, self.events, None, None)

    def serve(self) -> None:
        while True:
            arrived = self.listener.accept()
            # Asked now: it may have been opened anew since we began to wait.
            self.shop.accept(Arrived(arrived))


def lay_out(folder: pathlib.Path, port: int) -> pathlib.Path:
    """Key and configuration; the path of the latter."""
    key = folder / "shop.key"
    key.touch(0o600)
    key.write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
    config = folder / "gateway.conf"
    user = 'user = "root";' if os.getuid() == 0 else ""
    text = CONFIG.format(port=port, root=ROOT, wait=int(UNKNOWN_WAIT * 1000), user=user)
    config.write_text(text, encoding="ascii")
    return config


class Gateway:
    """A running gateway, followed by what it says."""

    def __init__(self, command: list[str], environment: dict[str, str]):
        self.started = time.time()
        self.said = ""
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0,
        )

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_trouble) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()

    def count(self, event: str) -> int:
        return self.said.count(f"event={event}")

    def listen(self, deadline: float) -> bool:
        """False: it has ended, or did not say anything in time."""
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self.process.stderr], [], [], left)[0]:
            return False
        words = self.process.stderr.read(65536)
        self.said += words.decode(errors="replace")
        return bool(words)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """It says something at every step that counts, so asking then is enough."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            if not self.listen(deadline):
                raise TimeoutError(f"the gateway did not come that far:\n{self.said}")

    def finish_turn(self) -> None:
        """Signals are taken between turns: what it had begun is done then."""
        before = self.count("reloaded")
        self.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.count("reloaded") > before)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while self.listen(deadline):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))


def is_done(spool: pathlib.Path) -> bool:
    """Nothing waits any more. Between two looks a file may go over, or be given back."""
    looks = ("sending", "incoming", "sending")
    return not any(n.endswith(".xml") for f in looks for n in os.listdir(spool / f))
