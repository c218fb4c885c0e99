# SPDX-License-Identifier: MIT
"""Figures, what they are held against, and how they are shown."""
import operator
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Target:
    """A bound for the ratio to `against`, or for the value itself."""

    sign: str  # ">=" or "<="
    bound: float
    is_of_value: bool = False

    def is_met(self, value: float, ratio: float | None) -> bool:
        compare = operator.ge if self.sign == ">=" else operator.le
        held = value if self.is_of_value else ratio
        return held is not None and compare(held, self.bound)

    def __str__(self) -> str:
        return f"{self.sign} {number(self.bound)}{'' if self.is_of_value else ' x'}"


@dataclass
class Row:
    label: str
    samples: list[float]
    against: "Row | None" = None
    target: Target | None = None

    @property
    def value(self) -> float:
        return median(self.samples)

    @property
    def ratio(self) -> float | None:
        """The median of each round's own ratio, where both took part in the same rounds:
        the machine's speed changes between rounds more than within one."""
        if not self.against or not self.against.value:
            return None
        if len(self.samples) != len(self.against.samples):
            return self.value / self.against.value
        rounds = zip(self.samples, self.against.samples, strict=True)
        return median(own / other for own, other in rounds)

    @property
    def verdict(self) -> str:
        if not self.target:
            return ""
        return "met" if self.target.is_met(self.value, self.ratio) else "MISSED"

    def as_data(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "value": self.value,
            "samples": self.samples,
            "ratio": self.ratio,
            "against": self.against.label if self.against else None,
            "target": asdict(self.target) if self.target else None,
            "verdict": self.verdict or None,
        }


@dataclass
class Section:
    title: str
    unit: str
    how: str
    rows: list[Row] = field(default_factory=list)

    def add(self, label: str, samples: Iterable[float], against: Row | None = None,
            target: Target | None = None) -> Row:
        row = Row(label, list(samples), against, target)
        self.rows.append(row)
        return row

    def as_data(self) -> dict[str, Any]:
        rows = [row.as_data() for row in self.rows]
        return {"title": self.title, "unit": self.unit, "how": self.how, "rows": rows}


def number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.4g}"
    return f"{value:.2f}".removesuffix(".00") if value >= 0.1 else f"{value:.2g}"


def _spread(row: Row) -> str:
    if len(row.samples) < 2:
        return ""
    return f"{number(min(row.samples))}..{number(max(row.samples))}"


def _line(row: Row) -> str:
    ratio = ""
    if row.ratio is not None and row.against:
        ratio = f"{number(row.ratio)} x {row.against.label.split(',')[0]}"
    target = f"{row.target}: {row.verdict}" if row.target else ""
    value, spread = number(row.value), _spread(row)
    return f"  {row.label:<32}{value:>9}  {spread:<17}{ratio:<23}{target}".rstrip()


def as_text(section: Section) -> str:
    head = f"{section.title}: {section.unit}"
    return "\n".join([head, f"  ({section.how})", *map(_line, section.rows), ""])
