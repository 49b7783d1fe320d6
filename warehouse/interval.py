"""Half-open UTC intervals, the one way in which time is cut in Meterline.

A datetime is always aware and UTC outside the database, and a naive UTC TIMESTAMP inside it. Intervals are
`[start, end)`: two that touch share no moment, so splitting one changes no sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BUCKET = timedelta(minutes=5)
"""The grain of facts: every fact row with a time stands for `[ts, ts + BUCKET)`."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """`[start, end)` in UTC. Raises ValueError when a bound is naive or the end is before the start."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for bound in (self.start, self.end):
            if bound.tzinfo is None or bound.utcoffset() != timedelta(0):
                raise ValueError(f"interval bounds must be UTC, got {bound!r}")
        if self.end < self.start:
            raise ValueError(f"interval ends before it starts: {self}")

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def split(self, size: timedelta) -> Iterator[Interval]:
        """Consecutive pieces that together are this interval, cut at multiples of `size` since the epoch."""
        start = self.start
        while start < self.end:
            end = min(floor(start, size) + size, self.end)
            yield Interval(start, end)
            start = end

    def halves(self, grain: timedelta = BUCKET) -> tuple[Interval, Interval] | None:
        """Two halves cut on a multiple of `grain`, or None when there is no such cut inside."""
        middle = floor(self.start + self.duration / 2, grain)
        if not self.start < middle < self.end:
            middle += grain
        if not self.start < middle < self.end:
            return None
        return Interval(self.start, middle), Interval(middle, self.end)

    def __str__(self) -> str:
        return f"[{self.start:%Y-%m-%dT%H:%M:%SZ}, {self.end:%Y-%m-%dT%H:%M:%SZ})"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def floor(moment: datetime, grain: timedelta) -> datetime:
    """The last multiple of `grain` since 1970-01-01T00:00Z that is not after `moment`."""
    return moment - (moment - EPOCH) % grain


def parse_utc(text: str) -> datetime:
    """An ISO 8601 time as aware UTC; a date alone is its midnight, a time without offset is UTC.

    Raises ValueError with the text in it.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an ISO 8601 date or time") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def naive(moment: datetime) -> datetime:
    """The same moment as the naive UTC value that the database stores."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def isoformat(moment: datetime) -> str:
    """ISO 8601 with a Z, without a fraction when it is zero: `2026-10-05T10:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
