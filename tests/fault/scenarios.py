# SPDX-License-Identifier: MIT
"""What the gateway has to do while it is being killed: files, shop and admin, as data.

A scenario is played in up to four acts:

  1  only with a prelude: a whole run by that shop, then the admin's hand
  2  the faulty run: the shop follows `rules`
     perhaps the admin's hand `after` it
  3  healing: plain runs, by the shop of `later`, until nothing waits
  4  one run more, which must change nothing

Comments are written ORDER:NUMBER.  Numbers are unique within a scenario, so that what
the shop has stored says everything.
"""

import dataclasses
import datetime
import pathlib
import re
import shutil
from collections.abc import Callable
from xml.sax.saxutils import escape

HEAD = (
    '<open:Comments xmlns:open="http://www.opensi.fr"'
    ' xmlns:xsd="http://www.opensi.fr/xsd">\n'
)
TAIL = "</open:Comments>\n"
STAMP = "20260101T000000.00000{}Z_"

REFUSES_KEY = [{"do": "fault", "text": "Authentification failed"}]
IN_MAINTENANCE = [{"do": "html", "status": 503}]
SLOW = [{"on": "comments", "delay_ms": 150, "times": 3}]
STORES_AND_DIES = [{"on": "comments", "cut": "request", "by": "reset", "store": True}]


def comment(name: str, date: str = "2026-05-01") -> str:
    order, number = name.split(":")
    return (
        "<open:Comment><xsd:OrderNumber>CC20050001</xsd:OrderNumber>"
        f"<xsd:WebOrderNumber>{escape(order)}</xsd:WebOrderNumber>"
        f"<xsd:CommentId>{number}</xsd:CommentId>"
        f"<xsd:Comment>Text of {number}</xsd:Comment>"
        f"<xsd:CommentDate>{date}</xsd:CommentDate>"
        "<xsd:SendMail>false</xsd:SendMail>"
        "<xsd:VisibleForCustomer>true</xsd:VisibleForCustomer></open:Comment>\n"
    )


def document(names: str, date: str = "2026-05-01") -> str:
    return HEAD + "".join(comment(name, date) for name in names.split()) + TAIL


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    files: dict[str, str]  # path in the spool: its comments
    rules: list = dataclasses.field(default_factory=list)
    later: list | None = None  # None: as before
    prelude: list | None = None
    hand: Callable[[pathlib.Path], None] | None = None
    after: Callable[[pathlib.Path], None] | None = None
    invalid: frozenset[str] = frozenset()  # files whose dates are none
    failed: frozenset[str] = frozenset()  # numbers that end in failed/
    either: frozenset[str] = frozenset()  # numbers that end there, or stored
    withdrawn: frozenset[str] = frozenset()  # numbers that the admin took away
    taken: dict[str, str] = dataclasses.field(default_factory=dict)
    midnight: bool = False
    grows: str = ""  # a file that breaks off until it is given back; by the daemon

    def numbers(self) -> set[str]:
        return {c.split(":")[1] for names in self.files.values() for c in names.split()}

    def older(self) -> set[str]:
        """Of the files whose names are taken already."""
        return set(re.findall("<xsd:CommentId>([0-9]+)<", "".join(self.taken.values())))

    def orders(self) -> dict[str, str]:
        words = (c.split(":") for names in self.files.values() for c in names.split())
        return {number: order for order, number in words}

    def may_wait(self) -> bool:
        """For the shop, or for unknown_wait, in its faulty run."""
        claims = any(path.startswith("sending/2") for path in self.files)
        return claims or self.prelude is not None or self.later is not None

    def lay_out(self, spool: pathlib.Path) -> None:
        for path, names in self.files.items():
            if path != self.grows:
                put(spool / path, document(names, *self.date_of(path)))
        for path, text in self.taken.items():
            put(spool / path.format(day=datetime.date.today()), text)

    def date_of(self, path: str) -> tuple[str, ...]:
        return ("01/05/2026",) if path in self.invalid else ()


def put(path: pathlib.Path, text: str) -> None:
    """Written aside and renamed, as exporters are told to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(".aside")
    aside.write_text(text, encoding="utf-8")
    aside.rename(path)


def retry_all(spool: pathlib.Path) -> None:
    """mv failed/* incoming/, which takes the reasons along."""
    for path in sorted((spool / "failed").iterdir()):
        path.rename(spool / "incoming" / path.name)


def retry_files(spool: pathlib.Path) -> None:
    for path in sorted((spool / "failed").glob("*.xml")):
        path.rename(spool / "incoming" / path.name)


def retry_recorded(spool: pathlib.Path) -> None:
    """Moves back what the journal says to be in failed/, before any gateway runs."""
    for path in sorted((spool / "audit").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            to = re.search(r'"ev":"rest".*"to":"(failed/[^"]*)"}$', line)
            if to and (spool / to[1]).exists():
                (spool / to[1]).rename(spool / "incoming" / pathlib.Path(to[1]).name)


def withdraw_first(spool: pathlib.Path) -> None:
    sorted((spool / "sending").iterdir())[0].unlink()


def remake_folders(spool: pathlib.Path) -> None:
    shutil.rmtree(spool / "sent", ignore_errors=True)
    shutil.rmtree(spool / "failed", ignore_errors=True)


def refusing(*orders: str) -> list:
    return [{"orders": {order: "3002" for order in orders}}]


THREE = {"incoming/1.xml": "WEB-1:1", "incoming/2.xml": "WEB-2:2", "incoming/3.xml": "WEB-1:3"}
MIXED = {
    "incoming/1.xml": "WEB-1:11 WEB-2:12 WEB-3:13 WEB-1:14",
    "incoming/2.xml": "WEB-2:21 WEB-1:22 WEB-4:23",
    "incoming/3.xml": "WEB-5:31 WEB-1:32 WEB-2:33 WEB-3:34 WEB-6:35",
}
HALF_REFUSED = {"incoming/1.xml": "WEB-1:11 WEB-2:12 WEB-3:13", "incoming/2.xml": "WEB-1:21"}
IN_LINE = {f"incoming/{n}.xml": f"WEB-1:{n}" for n in range(1, 5)}
MANY = {f"incoming/{n}.xml": f"WEB-{n % 3}:{n}" for n in range(1, 8)}

SCENARIOS = [
    Scenario("plain", THREE),
    Scenario("batches", MIXED),
    Scenario("many", MANY),
    # Each group is moved while the shop is at work on the next one.
    Scenario("overlapping", IN_LINE, SLOW, midnight=True),
    Scenario("partial", HALF_REFUSED, refusing("WEB-2"), failed=frozenset({"12"})),
    Scenario(
        "rejected", HALF_REFUSED, refusing("WEB-1", "WEB-2", "WEB-3"),
        failed=frozenset({"11", "12", "13", "21"}),
    ),
    Scenario(
        "invalid", THREE, invalid=frozenset({"incoming/1.xml", "incoming/2.xml"}),
        failed=frozenset({"1", "2"}),
    ),
    Scenario(
        "retry", HALF_REFUSED, prelude=refusing("WEB-1", "WEB-2", "WEB-3"), hand=retry_all,
    ),
    Scenario("retry-rest", HALF_REFUSED, prelude=refusing("WEB-2"), hand=retry_files),
    Scenario(
        "retried-at-once", HALF_REFUSED, refusing("WEB-2"), later=[], after=retry_recorded,
        either=frozenset({"12"}),
    ),
    Scenario("refused", MIXED, REFUSES_KEY, later=[]),
    Scenario("maintenance", MIXED, IN_MAINTENANCE, later=[]),
    Scenario("answer-lost", MIXED, STORES_AND_DIES, later=[]),
    Scenario("resumed", MIXED, prelude=STORES_AND_DIES),
    Scenario("resumed-held", MIXED, STORES_AND_DIES, later=[], prelude=REFUSES_KEY),
    Scenario(
        "resumed-partial", HALF_REFUSED, refusing("WEB-2"), failed=frozenset({"12"}),
        prelude=IN_MAINTENANCE,
    ),
    Scenario(
        "withdrawn", THREE, prelude=IN_MAINTENANCE, hand=withdraw_first,
        withdrawn=frozenset({"1"}),
    ),
    Scenario("remade", THREE, prelude=IN_MAINTENANCE, hand=remake_folders),
    Scenario(
        "midnight", MIXED, refusing("WEB-3"), failed=frozenset({"13", "34"}), midnight=True,
    ),
    Scenario(
        "midnight-held", MIXED, STORES_AND_DIES, later=[], prelude=REFUSES_KEY, midnight=True,
    ),
    Scenario(
        "growing", {"incoming/1.xml": "WEB-1:1 WEB-2:2"}, grows="incoming/1.xml",
        either=frozenset({"1", "2"}),
    ),
    Scenario("empty", {"incoming/1.xml": "", "incoming/2.xml": "WEB-1:1"}),
    Scenario("unclaimed", {"sending/1.xml": "WEB-1:1", "incoming/2.xml": "WEB-1:2"}),
    Scenario(
        "unrecorded",
        {f"sending/{STAMP.format(1)}1.xml": "WEB-1:1", "incoming/2.xml": "WEB-1:2"},
    ),
    Scenario(
        "taken",
        {
            f"sending/{STAMP.format(1)}1.xml": "WEB-1:1",
            f"sending/{STAMP.format(2)}2.xml": "WEB-2:2",
            f"sending/{STAMP.format(3)}3.xml": "WEB-3:3 WEB-2:4",
        },
        refusing("WEB-2"),
        failed=frozenset({"2", "4"}),
        taken={
            f"sent/{{day}}/{STAMP.format(1)}1.xml": document("WEB-9:91"),
            f"sent/{{day}}/{STAMP.format(3)}3.xml": document("WEB-9:93"),
            f"failed/{STAMP.format(2)}2.xml": document("WEB-9:92"),
            f"failed/{STAMP.format(2)}2.xml.reason.txt": "an older one\n",
            f"failed/{STAMP.format(3)}3.xml": document("WEB-9:94"),
            f"failed/{STAMP.format(3)}3.xml.reason.txt": "an older one\n",
        },
    ),
]
