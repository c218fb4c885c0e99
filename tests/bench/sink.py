# SPDX-License-Identifier: MIT
"""The shop that costs next to nothing (sink.c), as the measures see it."""
import json
import ssl
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path


_NOT_VERIFIED = ssl.create_default_context()
_NOT_VERIFIED.check_hostname = False
_NOT_VERIFIED.verify_mode = ssl.CERT_NONE


@dataclass(frozen=True)
class Figures:
    requests: int
    comments: int
    first_ns: int
    last_ns: int
    busy_ns: int


class Sink:
    """A running sink; leaving the `with` block ends it."""

    def __init__(self, program: Path, *options: str) -> None:
        self.scheme = "https" if "--tls" in options else "http"
        self.process = subprocess.Popen(
            [program, *options], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/opensi-connect"

    def _ask(self, what: str, patience: float = 60) -> bytes:
        address = f"{self.scheme}://127.0.0.1:{self.port}/{what}"
        open_it = urllib.request.urlopen
        with open_it(address, timeout=patience, context=_NOT_VERIFIED) as answer:
            return answer.read()

    def figures(self) -> Figures:
        return Figures(**json.loads(self._ask("figures")))

    def wait(self, comments: int, patience: float = 60) -> Figures:
        """What was counted when so many were answered; TimeoutError if they are not."""
        return Figures(**json.loads(self._ask(f"wait/{comments}", patience)))

    def arrivals(self) -> dict[int, int]:
        """By CommentId: when the first byte of its request came, in nanoseconds."""
        lines = self._ask("arrivals").decode().splitlines()
        return {int(i): int(ns) for i, ns in (line.split() for line in lines)}
