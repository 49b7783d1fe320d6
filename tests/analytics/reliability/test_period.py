"""Rolling and calendar windows: real months, time zones, days of 23 and 25 hours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reliability.period import Calendar, Rolling, Span, length_text

BERLIN = "Europe/Berlin"


def at(count: int, unit: str, start: str, zone: str, moment: str) -> Span:
    return Calendar(count, unit, f"{start} 00:00:00", zone).at(datetime.fromisoformat(moment))


def span(start: str, end: str) -> Span:
    return Span(datetime.fromisoformat(start), datetime.fromisoformat(end))


def test_a_rolling_window_is_the_time_up_to_a_moment() -> None:
    assert Rolling(43200).at(datetime(2026, 10, 31, 10)) == span("2026-10-01T10:00", "2026-10-31T10:00")
    assert str(Rolling(43200)) == "30d"
    assert str(Rolling(90)) == "90m"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-02-28T23:59", span("2026-02-01", "2026-03-01")),
        ("2028-02-29T12:00", span("2028-02-01", "2028-03-01")),
        ("2026-03-01T00:00", span("2026-03-01", "2026-04-01")),
        ("2025-12-31T12:00", span("2025-12-01", "2026-01-01")),
    ],
)
def test_months_are_as_long_as_they_are(moment: str, expected: Span) -> None:
    assert at(1, "M", "2026-01-01", "UTC", moment) == expected


def test_a_month_of_berlin_begins_at_its_midnight_and_contains_the_change_of_clocks() -> None:
    march = at(1, "M", "2026-01-01", BERLIN, "2026-03-15T00:00")
    assert march == span("2026-02-28T23:00", "2026-03-31T22:00")
    assert march.minutes == 31 * 1440 - 60
    october = at(1, "M", "2026-01-01", BERLIN, "2026-10-15T00:00")
    assert october.minutes == 31 * 1440 + 60


def test_days_have_23_24_or_25_hours() -> None:
    lengths = [
        at(1, "d", "2026-01-01", BERLIN, f"2026-{day}T12:00").minutes // 60 for day in ("03-29", "06-01", "10-25")
    ]
    assert lengths == [23, 24, 25]
    hours = Calendar(6, "h", "2026-01-01 00:00:00", BERLIN).at(datetime(2026, 10, 25, 1, 30))
    assert hours.minutes == 360


def test_weeks_quarters_and_years_count_from_the_start() -> None:
    assert at(1, "w", "2026-01-05", "UTC", "2026-10-07T00:00") == span("2026-10-05", "2026-10-12")
    assert at(2, "w", "2026-01-05", "UTC", "2026-01-20T00:00") == span("2026-01-19", "2026-02-02")
    assert at(1, "Q", "2026-01-01", "UTC", "2026-05-05T00:00") == span("2026-04-01", "2026-07-01")
    assert at(1, "Q", "2026-02-01", "UTC", "2026-01-05T00:00") == span("2025-11-01", "2026-02-01")
    assert at(1, "Y", "2026-01-01", "America/New_York", "2026-07-01T00:00") == span(
        "2026-01-01T05:00", "2027-01-01T05:00"
    )


def test_a_period_from_the_31st_begins_on_the_last_day_of_shorter_months() -> None:
    assert at(1, "M", "2026-01-31", "UTC", "2026-02-15T00:00") == span("2026-01-31", "2026-02-28")
    assert at(1, "M", "2026-01-31", "UTC", "2026-03-01T00:00") == span("2026-02-28", "2026-03-31")


@given(
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(lambda one: one.replace(microsecond=0)),
    count=st.integers(1, 5), unit=st.sampled_from("hdwMQY"),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)  # fmt: skip
def test_every_moment_lies_in_one_period_and_the_next_follows(
    moment: datetime, start: datetime, count: int, unit: str, zone: str
) -> None:
    calendar = Calendar(count, unit, start.isoformat(sep=" "), zone)
    found = calendar.at(moment)
    assert found.start <= moment < found.end
    assert calendar.at(found.end).start == found.end
    assert calendar.at(found.start - timedelta(seconds=1)).end == found.start


def test_what_a_window_is_called() -> None:
    assert str(Calendar(1, "M", "2026-01-01 00:00:00", BERLIN)) == "calendar month (Europe/Berlin)"
    assert str(Calendar(2, "w", "2026-01-05 00:00:00", "UTC")) == "calendar 2 weeks (UTC)"
    assert [length_text(minutes) for minutes in (5, 60, 90, 1440, 43200)] == ["5m", "1h", "90m", "1d", "30d"]
