"""The time that an error budget is for: the last 30 days up to a moment, or the calendar month that it lies in.

Calendar periods follow the calendar: months of 28 to 31 days, days of 23 or 25 hours where the zone changes its clocks.
They repeat from a start; one that starts on the 31st starts on the last day of shorter months. Moments are naive UTC.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = {"d": 1, "w": 7}
MONTHS = {"M": 1, "Q": 3, "Y": 12}
FIXED = {"m": 1, "h": 60}
WORDS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month", "Q": "quarter", "Y": "year"}


def length_text(minutes: int) -> str:
    """A length as Prometheus and OpenSLO write it, in its largest whole unit up to days: `30d`, `6h`, `5m`."""
    unit, size = next(((unit, size) for unit, size in (("d", 1440), ("h", 60)) if minutes % size == 0), ("m", 1))
    return f"{minutes // size}{unit}"


@dataclass(frozen=True, slots=True)
class Span:
    """`[start, end)`, naive UTC."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // MINUTE


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last `minutes` up to a moment."""

    minutes: int

    def at(self, moment: datetime) -> Span:
        return Span(moment - self.minutes * MINUTE, moment)

    def __str__(self) -> str:
        return length_text(self.minutes)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods of `count` units (m, h, d, w, M, Q, Y), one after the other from `start`, a local time of `zone`
    (`YYYY-MM-DD hh:mm:ss`)."""

    count: int
    unit: str
    start: str
    zone: str

    def at(self, moment: datetime) -> Span:
        """The period that contains `moment`; before the first start, the one that would have been."""
        zone = ZoneInfo(self.zone)
        local = moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        first = datetime.fromisoformat(self.start)
        number = self._guess(first, local)
        while self._utc(first, number, zone) > moment:
            number -= 1
        while self._utc(first, number + 1, zone) <= moment:
            number += 1
        return Span(self._utc(first, number, zone), self._utc(first, number + 1, zone))

    def __str__(self) -> str:
        word = WORDS[self.unit]
        length = f"{self.count} {word}s" if self.count > 1 else word
        return f"calendar {length} ({self.zone})"

    def _guess(self, first: datetime, local: datetime) -> int:
        if self.unit in MONTHS:
            months = (local.year - first.year) * 12 + local.month - first.month
            return months // (self.count * MONTHS[self.unit])
        return (local - first) // self._step()

    def _step(self) -> timedelta:
        minutes = FIXED.get(self.unit) or DAYS[self.unit] * 1440
        return self.count * minutes * MINUTE

    def _utc(self, first: datetime, number: int, zone: ZoneInfo) -> datetime:
        """When period `number` starts. Minutes and hours pass as they do; days, weeks and months keep the local time of
        day, and a time that the clocks skip is the moment of the change."""
        if self.unit in FIXED:
            return first.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) + number * self._step()
        local = _months_later(first, number * self.count * MONTHS[self.unit]) if self.unit in MONTHS else None
        local = local or first + number * self._step()
        return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _months_later(moment: datetime, months: int) -> datetime:
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
