#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks into a catalogue that msgfmt has made.

    catalogue.py faults FILE        what msgfmt --check does not see, a line each
    catalogue.py mask FILE TARGET   the same sentences with every letter an "é"

A program that speaks by a masked catalogue shows each word that was not marked: it is
still to be read.
"""
import re
import struct
import sys

DIRECTIVE = r"%[-+ 0#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|j|z|t)?[diouxXcsfeg%]"
PLACE = re.compile(r"(%s|\{[12]\})" % DIRECTIVE)
WORD = re.compile(r"[^\W\d_]")

# What a French reader stumbles over, and what the house does not say.
FAULTS = [
    (r"[^\s\u00a0] [:;?!»](?=\s|$)", "a plain space before double punctuation"),
    (r"«(?!\u00a0)", "no no-break space after «"),
    (r"(?<!\u00a0)»", "no no-break space before »"),
    (r"(?<=[a-zéA-Z])'(?=[a-zéêàA-Z])", "a straight apostrophe"),
    (r"\b(tu|ton|ta|tes|toi)\b", "tutoiement"),
    (r"\.\.\.\.|…", "an ellipsis of one character, or of four"),
]


def entries(path):
    """(English, French) of each entry; forms for numbers are joined by NUL."""
    with open(path, "rb") as file:
        data = file.read()
    count, english, other = struct.unpack_from("<3I", data, 8)

    def text(table, i):
        length, at = struct.unpack_from("<2I", data, table + 8 * i)
        return data[at:at + length].decode()

    return [(text(english, i), text(other, i)) for i in range(count)]


def sentences(path):
    """(English, French), form by form, without the head."""
    for english, french in entries(path):
        if english:
            ours, theirs = english.split("\0"), french.split("\0")
            assert len(ours) == len(theirs), english
            yield from zip(ours, theirs)


def faults(path):
    for english, french in sentences(path):
        if sorted(PLACE.findall(english)) != sorted(PLACE.findall(french)):
            yield "other places for values", french
        for edge in (r"^[ \n]*", r"[ \n]*$"):
            if re.search(edge, english)[0] != re.search(edge, french)[0]:
                yield "other white space at its ends", french
        for pattern, what in FAULTS:
            if re.search(pattern, french):
                yield what, french


def masked(text):
    return "".join(part if PLACE.fullmatch(part) else WORD.sub("é", part)
                   for part in PLACE.split(text))


def mask(path, target):
    pairs = [(e.encode(), (masked(e) if e else f).encode()) for e, f in entries(path)]
    pairs.sort()
    at = 28 + 16 * len(pairs)
    tables, body = [b"", b""], b""
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<2I", len(pair[column]), at + len(body))
            body += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    with open(target, "wb") as file:
        file.write(head + b"".join(tables) + body)


def main(action, path, *rest):
    if action == "mask":
        mask(path, *rest)
        return 0
    found = list(faults(path))
    for what, french in found:
        print(f"{what}: {french}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
