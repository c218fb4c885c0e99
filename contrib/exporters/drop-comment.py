#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drops one comment into the gateway's incoming/ folder. All values are UTF-8."""

import os
import re
import sys
from datetime import datetime, timezone
from pathlib import Path
from secrets import token_hex
from xml.sax.saxutils import escape

USAGE = """\
usage: drop-comment.py INCOMING ORDER WEBORDER COMMENTID DATE SENDMAIL VISIBLE [TEXT]
without TEXT, the text is read from standard input"""

EX_USAGE, EX_DATAERR, EX_CANTCREAT = 64, 65, 73

# What XML 1.0 has no way to write, not even as a character reference.
UNWRITABLE = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, value: str) -> str:
    if UNWRITABLE.search(value):
        raise ValueError(f"{name} has control characters")
    # A bare carriage return would reach the reader as a line feed.
    return f"  <xsd:{name}>{escape(value, {chr(13): '&#13;'})}</xsd:{name}>\n"


def document(order, web_order, comment_id, date, mail, visible, text) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<open:Comment xmlns:open="http://www.opensi.fr"'
        ' xmlns:xsd="http://www.opensi.fr/xsd">\n'
        + element("OrderNumber", order)
        + element("WebOrderNumber", web_order)
        + element("CommentId", comment_id)
        + element("Comment", text)
        + element("CommentDate", date)
        + element("SendMail", mail)
        + element("VisibleForCustomer", visible)
        + "</open:Comment>\n"
    )


def flush_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def drop(incoming: Path, content: bytes) -> None:
    now = datetime.now(timezone.utc)
    name = f"comment-{now:%Y%m%dT%H%M%SZ}-{token_hex(8)}.xml"
    # Hidden, and in the same folder: the gateway overlooks it, and the last step is a
    # rename.
    aside = incoming / f".{name}.tmp"
    file = open(aside, "xb")
    try:
        with file:
            # Whatever the umask: the gateway is another user, and reads the file as a
            # member of the folder's group.
            os.fchmod(file.fileno(), 0o640)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(aside, incoming / name)
    except BaseException:
        aside.unlink()
        raise
    flush_folder(incoming)


def main(arguments: list[str]) -> int:
    if len(arguments) not in (7, 8):
        print(USAGE, file=sys.stderr)
        return EX_USAGE
    incoming, *values = arguments
    try:
        values = [os.fsencode(value).decode("utf-8") for value in values]
        if len(values) == 6:
            values.append(sys.stdin.buffer.read().decode("utf-8"))
        drop(Path(incoming), document(*values).encode("utf-8"))
    except ValueError as trouble:
        print(f"drop-comment.py: {trouble}", file=sys.stderr)
        return EX_DATAERR
    except OSError as trouble:
        print(f"drop-comment.py: {trouble}", file=sys.stderr)
        return EX_CANTCREAT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
