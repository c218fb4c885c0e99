#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A shop that misbehaves by script.

It speaks setComments like an OpenSi Connect shop, on 127.0.0.1 only, and breaks its
word wherever a rule of its script says so.  When it is ready it prints a line for each
of its ports and then stays:

    PORT 40001       the shop
    CONTROL 40002    tells and changes what it does (plain HTTP)
    PROXY 40003      an HTTP proxy, with --proxy
    TRAP 40004       where nobody should ever come, with --trap

SIGTERM ends it.  Every event goes to the log, a JSON object a line: connect, unread,
request, cut_short (the client left in mid-request), overlap (requests worked on at the
same time), stored, answered, left (the client did not wait for its answer), tls_failed,
proxy, trapped.  What a client has sent is in the log before it gets an answer.

THE SCRIPT is a JSON object with a list of rules; the first one that matches and is not
used up decides, and without any the shop is a good one.

    {"rules": [{"on": "comments", "times": 2, "do": "html", "status": 503},
               {"order": "WEB-7", "do": "results", "orders": {"WEB-7": "3002"}},
               {"path": "/b", "cut": "body", "by": "reset"}],
     "key": "...", "website_code": "...", "remember": true, "seed": 7}

key, website_code  if given, checked as the shop does, with its own faults
remember           a number stored before is answered 2001 (asked for by `store`)
seed               what is drawn by chance is drawn from it (0)

A rule matches by
  on         "probe" (no comment inside), "comments", "any" (default)
  path       the path of the URL
  order      a comment of this WebOrderNumber is inside
  comment    a comment of this CommentId is inside
  request    so many requests came on this connection, this one included
  times      used so often, then no more
  chance     of those that match otherwise, such a share: 0.3

and says what to answer by "do":
  results          (default) a result for every comment. code: for all; orders,
                   comments: {"WEB-7": "3002", "WEB-8": null}, null gives no result;
                   words: the Message; extra: [["Key", "Code"], ...] nobody asked for;
                   reversed: the last one first
  fault            soap "1.1" or "1.2" (default), text, escaped (true), blame
                   ("ns1:server"), status
  html, empty      a page, or nothing, with status (503, 200)
  raw              body and type as they stand, with status
  redirect         to, with status (302)
  xml_bomb         entities in entities
  gzip_bomb        size: bytes after decompression (64 MiB)
  nested           elements in elements, depth of them (100,000)
  endless_body, endless_headers
  silence          no answer, until the client leaves

and how it is delivered:
  delay_ms         before anything is stored or answered
  pause            likewise, until the script is replaced
  headers          {"Name": "value"}, added
  retry_after      "120", or "date:120": an HTTP date so many seconds from now, beside a
                   Date that is right; "skewed:120": the same on a clock an hour ahead
  gzip, chunked, keep_alive (true)
  length           what Content-Length claims: 12, or "+10", "-5" from the truth;
                   "none": left out
  wire             what goes over the wire instead, from the first byte on, with {body}
                   and {length} in it for those of the answer
  drip             so many bytes a second; drip_body: only the body so slowly
  cut              the connection ends there: "unread" (before the request is read),
                   "half" (half of the body read), "request" (all read, nothing
                   answered), "amid_headers", "headers" (after them), "body" (in the
                   middle of it), "answer" (after it, unannounced, in its last packet).
                   Before the whole is read only path and request can match, and over
                   TLS an unread request has no path
  by               "close" (default) or "reset"
  idle_ms          how long after the answer the cut comes; [0, 20] draws it
  store            whether the comments are stored: default for results that are
                   answered.  {"cut": "request", "store": true} stores and drops.

THE CONTROL PORT: PUT /script (the same JSON), GET /script (with the uses left),
GET /log, GET /log?event=request, GET /wait?event=request&count=3&timeout=10 (answers
when so many happened since the start, or 408), GET /requests (the CommentIds of each, a
line for each), GET /gap?comment=7 (seconds from the first request with that comment to
the second; without comment: of any kind), POST /forget (nothing is stored).
"""

import argparse
import base64
import email.utils
import gc
import gzip
import http.client
import http.server
import json
import os
import random
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

OPEN = "{http://www.opensi.fr}"
XSD = "{http://www.opensi.fr/xsd}"
XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
MATCHES = {"on", "path", "order", "comment", "request", "times", "chance"}
ANSWERS = {
    "do", "code", "orders", "comments", "words", "extra", "reversed", "soap", "text",
    "escaped", "blame", "status", "body", "type", "to", "size", "depth",
}
DELIVERY = {
    "delay_ms", "pause", "headers", "retry_after", "gzip", "chunked", "keep_alive",
    "length", "wire", "drip", "drip_body", "cut", "by", "idle_ms", "store",
}
CUTS = {"unread", "half", "request", "amid_headers", "headers", "body", "answer"}
GONE = (ConnectionError, ssl.SSLError, TimeoutError)


class ScriptError(Exception):
    """What is wrong with a script, for its author."""


class Log:
    """Everything that happened: in a file, and for those who wait for it."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.events = []
        self.changed = threading.Condition()

    def add(self, event, **fields):
        record = {"event": event, "t": round(time.time(), 6), **fields}
        with self.changed:
            self.events.append(record)
            if self.file:
                self.file.write(json.dumps(record) + "\n")
                self.file.flush()
            self.changed.notify_all()

    def select(self, event):
        with self.changed:
            return [e for e in self.events if event in (None, e["event"])]

    def wait(self, event, count, timeout):
        def reached():
            return sum(event in (None, e["event"]) for e in self.events) >= count

        with self.changed:
            return self.changed.wait_for(reached, timeout)


class Script:
    """The rules, how often each may still be used, and what the shop remembers."""

    def __init__(self, source):
        self.lock = threading.Lock()
        self.stored = set()
        self.over = threading.Event()  # the rules in use are no longer
        self.replace(source)

    def replace(self, source):
        if isinstance(source, list):
            source = {"rules": source}
        unknown = set(source) - {"rules", "key", "website_code", "remember", "seed"}
        if unknown:
            raise ScriptError(f"unknown in the script: {', '.join(sorted(unknown))}")
        for rule in source.get("rules", []):
            check_rule(rule)
        with self.lock:
            self.end()
            self.over = threading.Event()
            self.source = source
            self.rules = [dict(rule) for rule in source.get("rules", [])]
            self.chance = random.Random(source.get("seed", 0))

    def end(self):
        """What paused by these rules goes on."""
        self.over.set()

    def choose(self, stage, facts):
        """The rule that decides at this stage of reading, or None."""
        with self.lock:
            for rule in self.rules:
                if stage_of(rule) != stage or not matches(rule, facts):
                    continue
                if self.chance.random() >= rule.get("chance", 1):
                    continue
                if "times" in rule:
                    rule["times"] -= 1
                return {**rule, "over": self.over}
        return None

    def draw(self, wish):
        """A number as it stands, or one from [least, most]."""
        with self.lock:
            return self.chance.uniform(*wish) if isinstance(wish, list) else wish

    def store(self, comments):
        """Stores what is new and returns its numbers."""
        with self.lock:
            new = [c["id"] for c in comments if c["id"] not in self.stored]
            self.stored.update(new)
            return new

    def forget(self):
        with self.lock:
            self.stored.clear()

    def knows(self, number):
        with self.lock:
            return bool(self.source.get("remember")) and number in self.stored


def check_rule(rule):
    unknown = set(rule) - MATCHES - ANSWERS - DELIVERY
    if unknown:
        raise ScriptError(f"unknown in a rule: {', '.join(sorted(unknown))}")
    if rule.get("do", "results") not in MAKERS:
        raise ScriptError(f"unknown answer: {rule['do']}")
    if rule.get("cut") not in CUTS | {None}:
        raise ScriptError(f"unknown cut: {rule['cut']}")
    if rule.get("on", "any") not in ("any", "probe", "comments"):
        raise ScriptError(f"unknown on: {rule['on']}")


def stage_of(rule):
    return rule.get("cut") if rule.get("cut") in ("unread", "half") else "whole"


def matches(rule, facts):
    if rule.get("times") == 0:
        return False
    kind = rule.get("on", "any")
    if kind != "any" and (kind == "probe") != facts["probe"]:
        return False
    if "path" in rule and rule["path"] != facts["path"]:
        return False
    if "request" in rule and rule["request"] != facts["request"]:
        return False
    return all(
        name not in rule or any(c[key] == rule[name] for c in facts["comments"])
        for name, key in (("order", "order"), ("comment", "id"))
    )


class Request:
    """One request as it was read."""

    def __init__(self, method, path, headers):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = b""
        self.comments = []
        self.probe = False
        self.malformed = False
        self.key = None
        self.website = None

    def understand(self):
        try:
            root = ElementTree.fromstring(self.body)
        except ElementTree.ParseError:
            self.malformed = True
            return
        self.key = root.findtext(f".//{OPEN}Header/{OPEN}key")
        self.website = root.findtext(f".//{OPEN}Website_Code")
        for item in root.iter(OPEN + "Comment"):
            self.comments.append({
                "id": item.findtext(XSD + "CommentId"),
                "order": item.findtext(XSD + "WebOrderNumber"),
                "mail": item.findtext(XSD + "SendMail"),
            })
        asked = root.find(f".//{OPEN}setCommentsRequest") is not None
        self.probe = asked and not self.comments


class Answer:
    """What is to be sent: status, headers, and bytes or an endless source of them."""

    def __init__(self, status, body, kind="text/xml; charset=UTF-8", **headers):
        self.status = status
        self.body = body
        self.headers = {"Content-Type": kind, **headers}


def make_results(rule, request, shop):
    fault = refusal(request, shop.script.source)
    if fault:
        return make_fault({"text": fault}, request, shop)
    pairs = []
    for comment in request.comments:
        code = "2001" if shop.script.knows(comment["id"]) else rule.get("code", "1002")
        code = rule.get("orders", {}).get(comment["order"], code)
        code = rule.get("comments", {}).get(comment["id"], code)
        if code is not None:
            pairs.append((comment["order"], code))
    if not request.comments:
        pairs.append(("", rule.get("code", "3002")))
    pairs += rule.get("extra", [])
    if rule.get("reversed"):
        pairs.reverse()
    return Answer(rule.get("status", 200), results_body(pairs, rule.get("words", "")))


def refusal(request, source):
    if source.get("key") not in (None, request.key):
        return "Authentification failed"
    if source.get("website_code") not in (None, request.website):
        return "The code website is not known"
    return None


def results_body(pairs, words):
    rows = "".join(
        f"<ns2:return><ns1:Key>{escape(key)}</ns1:Key><ns1:Code>{code}</ns1:Code>"
        f"<ns1:Message>{escape(words)}</ns1:Message></ns2:return>"
        for key, code in pairs
    )
    return (
        f"{XML_HEAD}<SOAP-ENV:Envelope"
        ' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:ns1="http://www.opensi.fr/xsd" xmlns:ns2="http://www.opensi.fr">'
        f"<SOAP-ENV:Body><ns2:setCommentsResponse>{rows}</ns2:setCommentsResponse>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def make_fault(rule, _request, _shop):
    text = rule.get("text", "Something went wrong")
    if rule.get("escaped", True):
        text = escape(text)
    if rule.get("soap", "1.2") == "1.1":
        blame = rule.get("blame", "SOAP-ENV:Server")
        body = (
            f"{XML_HEAD}\n<SOAP-ENV:Envelope"
            ' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
            f"<SOAP-ENV:Fault><faultcode>{blame}</faultcode><faultstring>{text}"
            "</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
        )
        return Answer(rule.get("status", 500), body.encode())
    body = (
        f'{XML_HEAD}<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:ns1="http://www.opensi.fr"><env:Body><env:Fault><env:Code><env:Value>'
        f"{rule.get('blame', 'ns1:server')}</env:Value></env:Code><env:Reason>"
        f"<env:Text>{text}</env:Text></env:Reason><env:Detail><ns1:fault/></env:Detail>"
        "</env:Fault></env:Body></env:Envelope>"
    )
    return Answer(rule.get("status", 200), body.encode(), "text/xml;charset=UTF-8")


def make_html(rule, _request, _shop):
    body = rule.get("body", "<html><body><h1>Back soon</h1></body></html>")
    return Answer(rule.get("status", 503), body.encode(), "text/html")


def make_empty(rule, _request, _shop):
    return Answer(rule.get("status", 200), b"", "text/html")


def make_raw(rule, _request, _shop):
    kind = rule.get("type", "text/xml; charset=UTF-8")
    return Answer(rule.get("status", 200), rule.get("body", "").encode(), kind)


def make_redirect(rule, _request, _shop):
    return Answer(rule.get("status", 302), b"", "text/html", Location=rule.get("to", "/"))


def make_xml_bomb(rule, _request, _shop):
    layers = "".join(
        f'<!ENTITY e{n} "{"&e%d;" % (n - 1) * 10}">' for n in range(1, 10)
    )
    body = f'{XML_HEAD}<!DOCTYPE b [<!ENTITY e0 "boom">{layers}]><b>&e9;</b>'
    return Answer(rule.get("status", 200), body.encode())


def make_gzip_bomb(rule, _request, _shop):
    body = gzip.compress(bytes(int(rule.get("size", 64 << 20))))
    return Answer(rule.get("status", 200), body, **{"Content-Encoding": "gzip"})


def make_nested(rule, _request, _shop):
    depth = int(rule.get("depth", 100_000))
    body = f"{XML_HEAD}{'<a>' * depth}{'</a>' * depth}"
    return Answer(rule.get("status", 200), body.encode())


def make_endless_body(rule, _request, _shop):
    def source():
        while True:
            yield b"x" * 65536

    return Answer(rule.get("status", 200), source())


def make_endless_headers(rule, request, shop):
    answer = make_empty(rule, request, shop)
    answer.endless_headers = True
    return answer


def make_silence(_rule, _request, _shop):
    return None


MAKERS = {
    "results": make_results, "ok": make_results, "fault": make_fault, "html": make_html,
    "empty": make_empty, "raw": make_raw, "redirect": make_redirect,
    "xml_bomb": make_xml_bomb, "gzip_bomb": make_gzip_bomb, "nested": make_nested,
    "endless_body": make_endless_body, "endless_headers": make_endless_headers,
    "silence": make_silence,
}


class Connection:
    """One client's connection: reads requests and answers them as the script says."""

    def __init__(self, shop, sock, number):
        self.shop = shop
        self.sock = sock
        self.number = number
        self.requests = 0
        self.path = ""
        self.pending = b""

    def serve(self):
        try:
            if self.shop.tls:
                self.sock = self.shop.tls.wrap_socket(self.sock, server_side=True)
            while self.serve_one():
                pass
        except ssl.SSLError as trouble:
            self.shop.log.add("tls_failed", connection=self.number, why=str(trouble))
        except GONE:
            pass
        finally:
            self.sock.close()

    def serve_one(self):
        """One request; False when the connection is at its end."""
        self.requests += 1
        path = self.peek_path()
        if path is None:
            return False
        facts = {"path": path, "request": self.requests, "comments": [], "probe": False}
        rule = self.shop.script.choose("unread", facts)
        if rule:
            self.shop.log.add("unread", connection=self.number, path=path)
            return self.end(rule)
        request = self.read_head()
        if not request:
            return False
        self.path = facts["path"] = request.path
        rule = self.shop.script.choose("half", facts)
        whole = int(request.headers.get("content-length", "0"))
        if not self.read_body(request, whole // 2 if rule else whole):
            return False
        if rule:
            self.note(request, rule)
            return self.end(rule)
        request.understand()
        facts.update(comments=request.comments, probe=request.probe)
        rule = self.shop.script.choose("whole", facts) or {}
        self.note(request, rule)
        with self.shop.at_work:
            return self.work(request, rule)

    def peek_path(self):
        """Waits for a request: its path, "" if that cannot be seen, None at the end."""
        if self.shop.tls:
            return "" if self.fill() else None
        line = b""
        while b"\r\n" not in line:
            seen = self.sock.recv(4096, socket.MSG_PEEK)
            if not seen or seen == line:
                return None
            line = seen
        return urllib.parse.urlsplit(line.split(b" ")[1].decode()).path

    def fill(self):
        received = self.sock.recv(262144)
        self.pending += received
        return bool(received)

    def read_head(self):
        while b"\r\n\r\n" not in self.pending:
            if not self.fill():
                return None
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _version = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return Request(method, urllib.parse.urlsplit(target).path, headers)

    def read_body(self, request, size):
        parts = [self.pending]
        have = len(self.pending)
        try:
            while have < size:
                parts.append(self.sock.recv(262144))
                have += len(parts[-1])
                if not parts[-1]:
                    break
        except ConnectionError:
            parts.append(b"")
        body = b"".join(parts)
        request.body, self.pending = body[:size], body[size:]
        if have < size:
            self.note(request, {}, "cut_short")
        return have >= size

    def note(self, request, rule, event="request"):
        self.shop.keep_body(request.body)
        self.shop.log.add(
            event, connection=self.number, request=self.requests, method=request.method,
            path=request.path, headers=request.headers, body_bytes=len(request.body),
            comments=request.comments, probe=request.probe, malformed=request.malformed,
            did=rule.get("cut") or rule.get("do", "results"),
        )

    def work(self, request, rule):
        self.shop.stopping.wait(rule.get("delay_ms", 0) / 1000)
        if rule.get("pause"):
            rule["over"].wait()
        answer = MAKERS[rule.get("do", "results")](rule, request, self.shop)
        self.store(request, rule)
        try:
            return self.deliver(answer, rule)
        except GONE:
            self.shop.log.add("left", connection=self.number, path=self.path)
            return False

    def store(self, request, rule):
        silent = rule.get("cut") == "request" or rule.get("do", "results") != "results"
        if not rule.get("store", not silent):
            return
        for number in self.shop.script.store(request.comments):
            self.shop.log.add("stored", comment=number)

    def deliver(self, answer, rule):
        if rule.get("cut") == "request":
            return self.end(rule)
        if answer is None:
            return self.wait_for_leave()
        self.dress(answer, rule)
        self.hold_back(rule)
        if "wire" in rule:
            self.send(wired(rule["wire"], answer.body), rule)
        elif not self.send_answer(answer, rule):
            return self.end(rule)
        self.shop.log.add("answered", connection=self.number, path=self.path)
        if rule.get("cut") in ("body", "answer"):
            self.shop.stopping.wait(self.shop.script.draw(rule.get("idle_ms", 0)) / 1000)
            return self.end(rule)
        return answer.headers.get("Connection") != "close"

    def hold_back(self, rule):
        """The end of the connection is to travel with the end of the answer."""
        if rule.get("cut") == "answer" and "idle_ms" not in rule and not self.shop.tls:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)

    def send_answer(self, answer, rule):
        """False if the connection is to end within it, or before its body."""
        head = self.head_of(answer)
        if rule.get("cut") == "amid_headers":
            self.send(head[: len(head) // 2], rule)
            return False
        self.send(head, rule)
        if hasattr(answer, "endless_headers"):
            while True:
                self.send(b"X-Endless: " + b"x" * 1000 + b"\r\n", rule)
        self.send(b"\r\n", rule)
        if rule.get("cut") == "headers":
            return False
        self.send_body(answer, rule)
        return True

    def wait_for_leave(self):
        while self.fill():
            pass
        raise ConnectionError

    def dress(self, answer, rule):
        """The headers, and how the body is wrapped."""
        if rule.get("gzip"):
            answer.body = gzip.compress(answer.body)
            answer.headers["Content-Encoding"] = "gzip"
        length = claimed_length(answer.body, rule.get("length"))
        if rule.get("chunked"):
            answer.headers["Transfer-Encoding"] = "chunked"
        elif length is not None and not hasattr(answer, "endless_headers"):
            answer.headers["Content-Length"] = length
        lengthless = not rule.get("chunked") and length is None
        if lengthless or not rule.get("keep_alive", True):
            answer.headers["Connection"] = "close"
        answer.headers.update(retry_headers(rule.get("retry_after")))
        answer.headers.update(rule.get("headers", {}))

    def head_of(self, answer):
        reason = http.client.responses.get(answer.status, "Whatever")
        lines = [f"HTTP/1.1 {answer.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        return "".join(line + "\r\n" for line in lines).encode("latin-1")

    def send_body(self, answer, rule):
        if not isinstance(answer.body, bytes):
            for piece in answer.body:
                self.send(piece, rule)
        if "drip_body" in rule:
            rule = {**rule, "drip": rule["drip_body"]}
        body = answer.body
        if rule.get("chunked"):
            pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)] + [b""]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
        if rule.get("cut") == "body":
            body = body[: len(body) // 2]
        self.send(body, rule)

    def send(self, data, rule):
        if "drip" not in rule:
            self.sock.sendall(data)
            return
        for at in range(len(data)):
            self.sock.sendall(data[at : at + 1])
            if self.shop.stopping.wait(1 / rule["drip"]):
                raise ConnectionError

    def end(self, rule):
        if rule.get("by") == "reset":
            self.sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        return False


def wired(template, body):
    text = template.replace("{length}", str(len(body)))
    return text.encode("latin-1").replace(b"{body}", body)


def claimed_length(body, claim):
    if claim == "none" or not isinstance(body, bytes):
        return None
    if isinstance(claim, str):
        return len(body) + int(claim)
    return len(body) if claim is None else claim


def retry_headers(wish):
    if wish is None:
        return {}
    form, _, seconds = str(wish).rpartition(":")
    if not form:
        return {"Retry-After": wish}
    now = time.time() + (3600 if form == "skewed" else 0)
    return {
        "Date": email.utils.formatdate(now, usegmt=True),
        "Retry-After": email.utils.formatdate(now + int(seconds), usegmt=True),
    }


class Shop:
    """The listening shop and what its connections share."""

    def __init__(self, script, log, tls, bodies):
        self.script = script
        self.log = log
        self.tls = tls
        self.bodies = bodies
        self.body_count = 0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.at_work = AtWork(log)
        self.connections = 0

    def keep_body(self, body):
        if not self.bodies:
            return
        with self.lock:
            self.body_count += 1
            number = self.body_count
        with open(os.path.join(self.bodies, f"{number:06}.xml"), "wb") as file:
            file.write(body)

    def accept(self, listener):
        sock, _peer = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        self.log.add("connect", connection=self.connections)
        start(Connection(self, sock, self.connections).serve)


class Trap:
    """Takes note of everybody who comes."""

    def __init__(self, log):
        self.log = log

    def accept(self, listener):
        sock, _peer = listener.accept()
        sock.close()
        self.log.add("trapped")


class AtWork:
    """Notes when requests are worked on at the same time."""

    def __init__(self, log):
        self.log = log
        self.count = 0
        self.lock = threading.Lock()

    def __enter__(self):
        with self.lock:
            self.count += 1
            if self.count > 1:
                self.log.add("overlap", count=self.count)

    def __exit__(self, *_trouble):
        with self.lock:
            self.count -= 1


def ids_in(event):
    """The CommentIds of a request in the log."""
    return [comment["id"] for comment in event["comments"]]


class Control(http.server.BaseHTTPRequestHandler):
    """The control port."""

    shop = None

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        wish = dict(urllib.parse.parse_qsl(address.query))
        event = wish.get("event")
        if address.path == "/log":
            lines = [json.dumps(e) + "\n" for e in self.shop.log.select(event)]
            self.reply(200, "".join(lines).encode())
        elif address.path == "/requests":
            lines = [" ".join(ids_in(e)) + "\n" for e in self.shop.log.select("request")]
            self.reply(200, "".join(lines).encode())
        elif address.path == "/gap":
            comment = wish.get("comment")
            events = self.shop.log.select("request")
            times = [e["t"] for e in events if not comment or comment in ids_in(e)]
            status = 200 if len(times) > 1 else 404
            self.reply(status, b"%f\n" % (times[1] - times[0]) if status == 200 else b"")
        elif address.path == "/script":
            self.reply(200, json.dumps({"rules": self.shop.script.rules}).encode())
        elif address.path == "/wait":
            count, timeout = int(wish.get("count", 1)), float(wish.get("timeout", 10))
            came = self.shop.log.wait(event, count, timeout)
            self.reply(200 if came else 408, b"")
        else:
            self.reply(404, b"")

    def do_PUT(self):
        source = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            self.shop.script.replace(json.loads(source))
        except (ScriptError, ValueError) as trouble:
            self.reply(400, f"{trouble}\n".encode())
        else:
            self.reply(204, b"")

    def do_POST(self):
        self.shop.script.forget()
        self.reply(204, b"")

    def log_message(self, *_args):
        """Standard error stays for troubles."""


class Proxy:
    """An HTTP proxy: forwards, or refuses who does not give its credentials."""

    def __init__(self, log, credentials):
        self.log = log
        self.wanted = "Basic " + base64.b64encode(credentials.encode()).decode()
        self.free = not credentials

    def accept(self, listener):
        sock, _peer = listener.accept()
        start(self.serve, sock)

    def serve(self, sock):
        with sock:
            try:
                self.forward(sock)
            except OSError:
                pass

    def forward(self, sock):
        head = b""
        while b"\r\n\r\n" not in head:
            received = sock.recv(65536)
            if not received:
                return
            head += received
        head, body = head.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        welcome = self.free or f"Proxy-Authorization: {self.wanted}" in lines
        self.log.add("proxy", method=method, target=target, welcome=welcome)
        if not welcome:
            sock.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="stub"\r\nContent-Length: 0\r\n\r\n'
            )
            return
        tunnel = method == "CONNECT"
        address = urllib.parse.urlsplit(f"//{target}" if tunnel else target)
        with socket.create_connection((address.hostname, address.port or 80)) as shop:
            if tunnel:
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                lines = [x for x in lines if not x.lower().startswith("proxy-")]
                lines[0] = f"{method} {address.path} {version}"
                shop.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            relay(sock, shop)


def relay(one, other):
    while True:
        for ready in select.select([one, other], [], [])[0]:
            received = ready.recv(65536)
            if not received:
                return
            (other if ready is one else one).sendall(received)


def start(work, *args):
    threading.Thread(target=work, args=args, daemon=True).start()


def tls_context(options):
    if not options.cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if options.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.client_ca)
    return context


def read_script(text):
    if text.startswith("@"):
        with open(text[1:], encoding="utf-8") as file:
            text = file.read()
    return Script(json.loads(text))


def read_options(words):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--script", default="{}", help="JSON, or @FILE")
    parser.add_argument("--port", type=int, default=0, help="of the shop (any free one)")
    parser.add_argument("--log", help="the file that events are appended to")
    parser.add_argument("--bodies", help="a folder for the bodies, in order of arrival")
    parser.add_argument("--cert", help="speak TLS with this certificate")
    parser.add_argument("--key", help="and this key, if it is not in the same file")
    parser.add_argument("--client-ca", help="ask clients for a certificate of this CA")
    parser.add_argument("--trap", action="store_true", help="also listen elsewhere")
    parser.add_argument(
        "--proxy", nargs="?", const="", metavar="USER:PASSWORD",
        help="also be a proxy, for all or for those who know the password",
    )
    parser.add_argument(
        "--nursery", metavar="FIFO",
        help="be no shop, but become one for each path that is read there: of a FIFO "
        "that its lines go to, PID first, with its options beside it in PATH.options, a "
        "NUL after each. To start Python is nearly all that a shop costs",
    )
    return parser.parse_args(words)


def next_shop(nursery):
    """The nursery itself never comes back: what returns is the new shop, with its words."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # what the shops share is not gone through, and so not copied, in each
    with open(os.open(nursery, os.O_RDWR), encoding="utf-8") as paths:
        for path in paths:
            if os.fork() == 0:
                break
    path = path.rstrip("\n")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(path, os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    print("PID", os.getpid(), flush=True)
    with open(f"{path}.options", encoding="utf-8", newline="") as options:
        return options.read().split("\0")[:-1]


def open_doors(shop, options):
    """The listeners, and who answers at each."""
    doors = {}
    listener = socket.create_server(("127.0.0.1", options.port), backlog=64)
    # What a cut leaves unread must not all fit into buffers, however slow we are.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    doors[listener] = shop.accept
    print("PORT", listener.getsockname()[1])
    Control.shop = shop
    control = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
    control.daemon_threads = True
    start(control.serve_forever)
    print("CONTROL", control.server_address[1])
    if options.proxy is not None:
        listener = socket.create_server(("127.0.0.1", 0))
        doors[listener] = Proxy(shop.log, options.proxy).accept
        print("PROXY", listener.getsockname()[1])
    if options.trap:
        listener = socket.create_server(("127.0.0.1", 0))
        doors[listener] = Trap(shop.log).accept
        print("TRAP", listener.getsockname()[1])
    sys.stdout.flush()
    return doors


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = read_options(sys.argv[1:])
    if options.nursery:
        options = read_options(next_shop(options.nursery))
    try:
        script = read_script(options.script)
    except (ScriptError, ValueError, OSError) as trouble:
        sys.exit(f"stub_shop: {trouble}")
    shop = Shop(script, Log(options.log), tls_context(options), options.bodies)
    doors = open_doors(shop, options)
    try:
        while True:
            for listener in select.select(list(doors), [], [])[0]:
                doors[listener](listener)
    except SystemExit:
        pass  # it was told to end
    finally:
        shop.stopping.set()
        script.end()
    sys.stdout.flush()
    os._exit(0)  # to take Python apart would touch, and so copy, all of it


if __name__ == "__main__":
    main()
