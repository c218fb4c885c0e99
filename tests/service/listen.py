#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stands in for systemd at the other end of NOTIFY_SOCKET.

    listen.py ADDRESS FILE      ADDRESS: a path, or "@" and an abstract name

Says "ready" when it can be told something. Each datagram becomes a line of FILE: when it
came, in seconds of CLOCK_MONOTONIC, and its words, joined by spaces. SIGTERM ends it.
"""

import os
import socket
import sys
import time


def listen(address: str) -> socket.socket:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind("\0" + address[1:] if address.startswith("@") else address)
    return receiver


def main() -> None:
    address, path = sys.argv[1:]
    with listen(address) as receiver, open(path, "w", encoding="utf-8") as lines:
        print("ready", flush=True)
        os.close(sys.stdout.fileno())
        while True:
            words = receiver.recv(65536).decode().split("\n")
            print(f"{time.monotonic():.3f}", *words, file=lines, flush=True)


if __name__ == "__main__":
    main()
