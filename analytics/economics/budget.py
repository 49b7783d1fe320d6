"""How a budget stands: what was spent in a period, where it ends at the present pace, which thresholds are crossed.

Periods are calendar months and quarters of the report's time zone; a day may have 23 or 25 hours. The pace is the mean
of the last full days of the same period: a day that is not over is never taken for a full one. Costs are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from math import ceil
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month or quarter, `[start, end)` in days of the report's time zone."""

    kind: str
    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Pace:
    """How the rest is projected: the mean of the last `days` full days; none before `least` of a first day is over."""

    days: int
    least: Fraction


@dataclass(frozen=True, slots=True)
class Known:
    """Spending is known in `[since, until)`, in report days: the ordinal of the day + the part of it that is over."""

    until: Fraction
    since: Fraction = Fraction(0)

    @property
    def day(self) -> date:
        """The report day that is known in part."""
        return date.fromordinal(int(self.until))


@dataclass(frozen=True)
class Spending:
    """Exact cost of one scope in one period: of each report day, and `other` that no day of the period shows
    (corrections of closed months, which their own day would put in another period)."""

    daily: Mapping[date, Fraction] = field(default_factory=dict)
    other: Fraction = Fraction(0)

    @cached_property
    def total(self) -> Fraction:
        return sum(self.daily.values(), self.other)

    def until(self, day: date) -> Fraction:
        """What was spent by the end of the report day `day`, `other` included."""
        return self.before(day + DAY)

    def before(self, day: date) -> Fraction:
        """What was spent on the report days before `day`, `other` included."""
        return sum((cost for when, cost in self.daily.items() if when < day), self.other)


def period_of(kind: str, day: date) -> Period:
    """The month or quarter that contains `day`."""
    length = MONTHS[kind]
    start = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(kind, start, _months_later(start, length))


def periods(kind: str, first: date, last: date) -> Iterator[Period]:
    """The periods that the days `first` to `last` reach into, oldest first."""
    period = period_of(kind, first)
    while period.start <= last:
        yield period
        period = period_of(kind, period.end)


def _months_later(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def position(moment: datetime, zone: ZoneInfo) -> Fraction:
    """An aware moment in report days of `zone`: the ordinal of its day + the part of that day that is over then."""
    day = moment.astimezone(zone).date()
    start, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + DAY))
    microsecond = timedelta(microseconds=1)
    return day.toordinal() + Fraction((moment - start) // microsecond, (end - start) // microsecond)


def known_at(now: datetime, known_from: datetime | None, known_to: datetime | None, zone: ZoneInfo) -> Known:
    """What is known at `now`: from `known_from` to `known_to`; aware UTC moments, None where nothing says so."""
    until = position(min(now, known_to or now), zone)
    return Known(until, min(position(known_from, zone), until)) if known_from else Known(until)


def elapsed_days(period: Period, known: Known) -> Fraction:
    """Days of the period that are known, the part of the last one included; 0 before it, all of them after it."""
    return min(max(known.until - period.start.toordinal(), Fraction(0)), Fraction(period.days))


def projected(spending: Spending, period: Period, known: Known, pace: Pace) -> Fraction | None:
    """What will have been spent at the period's end.

    Spent + mean of the last `pace.days` full days of this period x the days that are left. Before there is a full day,
    the part of days that is known stands for a whole one, once it is `pace.least` of a day; None until then. Never less
    than what is spent already.
    """
    elapsed = elapsed_days(period, known)
    if elapsed == period.days:
        return spending.total
    start = max(Fraction(period.start.toordinal()), known.since)
    today = int(known.until)
    first = max(ceil(start), today - pace.days)
    if first < today:
        days = [date.fromordinal(number) for number in range(first, today)]
        rate = sum((spending.daily.get(day, Fraction(0)) for day in days), Fraction(0)) / len(days)
    elif known.until - start >= pace.least:
        rate = (spending.before(known.day + DAY) - spending.other) / (known.until - start)
    else:
        return None
    return max(spending.before(known.day + DAY) + rate * (period.days - elapsed), spending.total)
