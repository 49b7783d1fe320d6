"""Periods: ISO weeks, months and quarters that hold their day, and a first choice that says something."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.period import GRAINS, Period, containing, opening


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(GRAINS))
def test_the_period_of_a_day_holds_it_and_its_neighbours_touch(day: date, grain: str) -> None:
    period = containing(day, grain)
    assert period.start <= day < period.end
    assert containing(period.end, grain).start == period.end
    assert containing(period.start - timedelta(days=1), grain).end == period.start


@pytest.mark.parametrize(
    ("day", "grain", "start", "end", "label"),
    [
        (date(2026, 11, 24), "week", date(2026, 11, 23), date(2026, 11, 30), "Week 48, 23–29 Nov"),
        (date(2026, 12, 31), "week", date(2026, 12, 28), date(2027, 1, 4), "Week 53, 28 Dec–3 Jan"),
        (date(2026, 12, 5), "month", date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
        (date(2026, 11, 24), "quarter", date(2026, 10, 1), date(2027, 1, 1), "Q4 2026"),
    ],
)
def test_periods_of_the_calendar(day: date, grain: str, start: date, end: date, label: str) -> None:
    period = containing(day, grain)
    assert (period.start, period.end, period.label) == (start, end, label)


def test_a_period_that_has_hardly_begun_is_not_the_first_choice() -> None:
    october, november = containing(date(2026, 10, 1), "month"), containing(date(2026, 11, 1), "month")
    assert opening([october, november], datetime(2026, 11, 3)) == october  # 2 days of 30
    assert opening([october, november], datetime(2026, 11, 24)) == november
    assert opening([november], datetime(2026, 11, 3)) == november  # better little than nothing
    assert opening([], datetime(2026, 11, 3)) is None


def test_measured_is_what_facts_cover() -> None:
    november = Period(date(2026, 11, 1), date(2026, 12, 1), "month")
    assert november.measured(datetime(2026, 10, 25), datetime(2026, 11, 24, 6)) == timedelta(days=23, hours=6)
    assert november.measured(datetime(2026, 11, 10), datetime(2027, 1, 1)) == timedelta(days=21)
    assert november.measured(None, None) == timedelta(0)
    assert november.measured(datetime(2027, 1, 1), datetime(2027, 2, 1)) == timedelta(0)
    assert november.phrase(datetime(2026, 11, 24)) == "in November 2026 so far"
    assert november.phrase(datetime(2026, 12, 1)) == "in November 2026"
