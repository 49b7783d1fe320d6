"""Months and days of a report in a time zone, as the UTC instants that FOCUS wants.

Every interval is half-open. A day is a UTC day: cut in two where a month of the report's time zone ends inside it, so
that each charge period lies in one month.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from warehouse.interval import Interval


def next_month(month: date) -> date:
    """The first day of the month after the one that begins on `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_interval(month: date, timezone: str) -> Interval:
    """The month that begins on `month` in `timezone`: 743 to 745 hours of October where clocks change in it."""
    zone = ZoneInfo(timezone)
    return Interval(_midnight(month, zone), _midnight(next_month(month), zone))


def charge_interval(day: date | None, month: date, timezone: str) -> Interval:
    """The part of the UTC day `day` in that month; the whole month without a day."""
    whole = month_interval(month, timezone)
    if day is None:
        return whole
    start = datetime.combine(day, time(), tzinfo=UTC)
    return Interval(max(start, whole.start), min(start + timedelta(days=1), whole.end))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
