#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What an admin who knows Python would write: lxml, requests kept alive, inotify.

    peer.py [--once] SPOOL URL SCHEMA

One file a request; a file is moved when the shop has answered, and nothing is flushed.
"""
import ctypes
import os
import struct
import sys
from collections.abc import Iterator

import requests
from lxml import etree

OPEN = "http://www.opensi.fr"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
KEY = "0123456789abcdef0123456789abcdef"
IN_CLOSE_WRITE, IN_MOVED_TO = 0x8, 0x80
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


def envelope_of(document: etree._Element) -> bytes:
    names = {"soapenv": SOAP, "open": OPEN, "xsd": OPEN + "/xsd"}
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=names)
    header = etree.SubElement(envelope, f"{{{SOAP}}}Header")
    header = etree.SubElement(header, f"{{{OPEN}}}Header")
    etree.SubElement(header, f"{{{OPEN}}}key").text = KEY
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    request = etree.SubElement(body, f"{{{OPEN}}}setCommentsRequest")
    etree.SubElement(request, f"{{{OPEN}}}Website_Code").text = "WEB1"
    request.extend(document.iter(f"{{{OPEN}}}Comment"))
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def is_delivered(answer: requests.Response) -> bool:
    if answer.status_code != 200:
        return False
    codes = [e.text for e in etree.fromstring(answer.content).iter(f"{{{OPEN}/xsd}}Code")]
    return bool(codes) and all(code[0] in "12" for code in codes)


class Sender:
    def __init__(self, spool: str, url: str, schema: str) -> None:
        self.spool, self.url = spool, url
        self.schema = etree.XMLSchema(etree.parse(schema))
        self.session = requests.Session()

    def take(self, name: str) -> None:
        if not name.endswith(".xml") or name.startswith("."):
            return
        path = f"{self.spool}/incoming/{name}"
        try:
            document = etree.parse(path)
            self.schema.assertValid(document)
            body = envelope_of(document.getroot())
            good = is_delivered(self.session.post(self.url, body, headers=HEADERS))
        except (etree.Error, requests.RequestException) as trouble:
            print(f"{name}: {trouble}", file=sys.stderr)
            good = False
        os.rename(path, f"{self.spool}/{'sent' if good else 'failed'}/{name}")


def watch(folder: str) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    inotify = libc.inotify_init()
    if libc.inotify_add_watch(inotify, folder.encode(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0:
        raise OSError(ctypes.get_errno(), folder)
    return inotify


def arrivals(inotify: int) -> Iterator[str]:
    while True:
        events, at = os.read(inotify, 65536), 0
        while at < len(events):
            length = struct.unpack_from("iIII", events, at)[3]
            yield events[at + 16 : at + 16 + length].rstrip(b"\0").decode()
            at += 16 + length


def main(arguments: list[str]) -> None:
    once = arguments[0] == "--once"
    spool, url, schema = arguments[-3:]
    sender = Sender(spool, url, schema)
    inotify = watch(f"{spool}/incoming")
    for name in sorted(os.listdir(f"{spool}/incoming")):
        sender.take(name)
    if once:
        return
    for name in arrivals(inotify):
        sender.take(name)


main(sys.argv[1:])
