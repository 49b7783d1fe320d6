"""Months of a time zone and days in them, as UTC."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.focus.period import charge_interval, month_interval, next_month

ZONES = ("UTC", "Europe/Berlin", "Asia/Shanghai", "America/Los_Angeles", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("zone", "start", "end", "hours"),
    [
        ("UTC", "2026-10-01T00:00:00+00:00", "2026-11-01T00:00:00+00:00", 744),
        ("Europe/Berlin", "2026-09-30T22:00:00+00:00", "2026-10-31T23:00:00+00:00", 745),  # clocks go back on the 25th
        ("Asia/Shanghai", "2026-09-30T16:00:00+00:00", "2026-10-31T16:00:00+00:00", 744),
        ("America/Los_Angeles", "2026-10-01T07:00:00+00:00", "2026-11-01T07:00:00+00:00", 744),
    ],
)
def test_october(zone: str, start: str, end: str, hours: int) -> None:
    month = month_interval(date(2026, 10, 1), zone)
    assert (month.start.isoformat(), month.end.isoformat()) == (start, end)
    assert month.duration == timedelta(hours=hours)


@given(st.dates(date(2000, 1, 1), date(2040, 12, 31)), st.sampled_from(ZONES))
def test_days_fill_the_month_without_overlap(day: date, zone: str) -> None:
    month = day.replace(day=1)
    whole = month_interval(month, zone)
    at, first = whole.start, whole.start.date()
    while at < whole.end:
        piece = charge_interval(first, month, zone)
        assert piece.start == at < piece.end
        at, first = piece.end, first + timedelta(days=1)
    assert at == whole.end == month_interval(next_month(month), zone).start
    assert charge_interval(None, month, zone) == whole
