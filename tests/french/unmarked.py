#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds sentences in C files that are not marked for translation.

    unmarked.py FILE...

A sentence is a string with three words in a row. What is not for people, and looks like
it all the same, is named by file in NOT_WORDS.
"""
import re
import sys

NOT_WORDS = {
    "gateway/core/metrics.c": "the text format of Prometheus is read by programs",
    "gateway/core/page_style.c": "style sheets",
    "gateway/tool/command.c": "lists of options, of which words are taken",
}
STRING = r'"(?:[^"\\\n]|\\.)*"'
TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|'(?:\\.|[^'\\\n])+'|%s|\b\w+\b|[^\s]" % STRING, re.S)
SENTENCE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,},? [a-z]{2,}")
MARKS = {"_", "N_", "words_count"}


def strings(text):
    """(line, string, is it within a mark) of neighbouring strings, joined."""
    marked, depth, last = None, 0, ""
    joined, line = "", 0
    for token in TOKEN.finditer(text):
        word = token[0]
        if word.startswith(("/*", "//")):
            continue
        if word.startswith('"'):
            line = line or text.count("\n", 0, token.start()) + 1
            joined += word[1:-1]
            continue
        if joined:
            yield line, joined, marked is not None
            joined, line = "", 0
        if word == "(":
            if marked is None and last in MARKS:
                marked = depth
            depth += 1
        elif word == ")":
            depth -= 1
            if marked == depth:
                marked = None
        last = word


def main(paths):
    found = 0
    for path in paths:
        if path in NOT_WORDS:
            continue
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"^\s*static_assert\(.*?\);", lambda m: "\n" * m[0].count("\n"),
                          file.read(), flags=re.S | re.M)
        for line, string, is_marked in strings(text):
            if not is_marked and SENTENCE.search(string):
                print(f"{path}:{line}: {string}")
                found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
