"""OpenSLO's durations: a number and one unit, in which months and longer are of the calendar.

A duration knows its usual length (what OpenSLO's own SDK takes: 30, 90 and 365 days). Where a calendar month begins and
ends is not known here; see analytics/reliability.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

PATTERN = re.compile(r"([0-9]+)([mhdwMQY])")
USUAL = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=30),
    "Q": timedelta(days=90),
    "Y": timedelta(days=365),
}
REAL = "MQY"
"""Units whose length depends on when they begin."""
LARGEST = timedelta(days=100 * 365)


@dataclass(frozen=True, slots=True)
class Span:
    """`count` times `unit` (m minutes, h hours, d days, w weeks, M months, Q quarters, Y years)."""

    count: int
    unit: str

    @property
    def length(self) -> timedelta:
        """How long it usually is: a month has 30 days, a quarter 90, a year 365."""
        return self.count * USUAL[self.unit]

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def parse_span(text: str) -> Span | None:
    """`28d` as a Span; None when it is none, is zero, or is longer than a century."""
    match = PATTERN.fullmatch(text)
    if not match or not match[1].isascii() or len(match[1]) > 9:
        return None
    span = Span(int(match[1]), match[2])
    return span if timedelta(0) < span.length <= LARGEST else None


def shorthand(length: timedelta) -> str:
    """A whole number of minutes in the largest unit up to days that divides it, as in PromQL: `5m`, `6h`, `3d`."""
    minutes = length // USUAL["m"]
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"
