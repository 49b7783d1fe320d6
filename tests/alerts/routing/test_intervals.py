"""Time intervals: Alertmanager's own cases (timeinterval_test.go, Apache-2.0, by meaning), summer time, leap days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.routing.interval import TimeInterval
from alerts.routing.load import parse_routing
from warehouse.errors import ConfigurationError


def interval(text: str) -> TimeInterval:
    routing = parse_routing(
        f"route: {{receiver: r}}\nreceivers: [{{name: r}}]\ntime_intervals: [{{name: x, time_intervals: [{text}]}}]",
        "f",
    )
    return routing.time_intervals["x"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


OFFICE = "{times: [{start_time: '09:00', end_time: '17:00'}], weekdays: ['monday:friday']}"
CASES = [
    ("{}", ["2006-01-02T15:04Z", "2007-01-03T10:04Z"], []),
    (
        OFFICE,
        ["2020-05-04T15:04Z", "2020-05-05T10:04Z", "2020-06-09T09:04Z", "2020-07-08T09:00Z", "2020-07-08T16:59Z"],
        ["2020-05-03T15:04Z", "2020-05-04T08:59Z", "2020-05-05T05:00Z", "2020-07-08T17:00Z"],
    ),
    (
        "{days_of_month: ['4:6'], months: ['april'], years: ['2020']}",
        ["2020-04-04T15:04Z", "2020-04-05T00:00Z", "2020-04-06T23:05Z"],
        ["2018-05-03T15:04Z", "2020-04-03T23:59Z", "2020-06-04T23:59Z", "2019-04-06T23:59Z", "2020-04-07T00:00Z"],
    ),
    (
        "{days_of_month: ['-3:-1']}",
        ["2020-01-31T15:04Z", "2020-01-29T15:04Z", "2020-06-30T00:00Z", "2020-02-29T23:05Z"],
        ["2018-05-03T15:04Z", "2020-01-27T15:04Z", "2020-03-01T00:00Z"],
    ),
    ("{months: ['6'], days_of_month: ['-31:-1']}", ["2020-06-30T00:00Z", "2020-06-01T00:00Z"], ["2020-05-31T00:00Z"]),
    ("{months: ['february'], days_of_month: ['30:31']}", [], ["2021-02-28T13:00Z"]),  # does not wander to the end
    ("{days_of_month: ['1:31']}", ["2021-02-28T13:00Z"], []),
    (
        "{times: [{start_time: '09:00', end_time: '17:00'}], weekdays: ['monday:friday'], location: Australia/Sydney}",
        ["2021-04-06T13:00+10:00"],
        ["2021-04-06T13:00Z"],
    ),
    (
        "{times: [{start_time: '09:00', end_time: '17:00'}], months: [November], location: Australia/Sydney}",
        ["2021-11-01T09:00+11:00", "2021-10-31T22:00Z"],
        ["2021-10-31T21:00Z"],
    ),
    (
        "{weekdays: ['monday:friday', sunday], months: ['january:march'], days_of_month: ['-7:-1'],"
        " years: ['2020:2025', '2030:2035'], times: [{start_time: '09:00', end_time: '17:00'}]}",
        ["2021-01-27T09:00Z", "2021-01-28T16:59Z", "2025-03-31T13:00Z", "2035-01-31T13:00Z"],
        ["2021-01-30T13:00Z", "2021-04-01T13:00Z", "2026-01-30T13:00Z", "2035-01-31T17:01Z"],
    ),
    ("{times: [{start_time: '00:00', end_time: '24:00'}]}", ["2021-01-01T00:00Z", "2021-01-01T23:59:59.999Z"], []),
    ("{times: []}", [], ["2021-01-01T00:00Z"]),  # an empty list holds nothing, a missing one everything
    ("{weekdays: []}", [], ["2021-01-01T00:00Z"]),
    ("{days_of_month: ['29'], months: ['2']}", ["2028-02-29T12:00Z"], ["2028-02-28T12:00Z", "2028-03-01T00:00Z"]),
    ("{days_of_month: ['-1'], months: ['2']}", ["2028-02-29T12:00Z", "2027-02-28T12:00Z"], ["2028-02-28T12:00Z"]),
]


@pytest.mark.parametrize(("text", "inside", "outside"), CASES)
def test_moments(text: str, inside: list[str], outside: list[str]) -> None:
    one = interval(text)
    assert [moment for moment in inside if not one.contains(at(moment))] == []
    assert [moment for moment in outside if one.contains(at(moment))] == []


BERLIN = "{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}"


def minutes_inside(one: TimeInterval, start: str, hours: int) -> int:
    first = at(start)
    return sum(one.contains(first + timedelta(minutes=minute)) for minute in range(hours * 60))


def test_the_hour_that_summer_time_skips_is_never_met_and_the_repeated_one_twice() -> None:
    one = interval(BERLIN)
    assert minutes_inside(one, "2026-03-28T00:00+01:00", 24) == 60
    assert minutes_inside(one, "2026-03-29T00:00+01:00", 23) == 0  # 02:00 becomes 03:00
    assert minutes_inside(one, "2026-10-25T00:00+02:00", 25) == 120  # 03:00 becomes 02:00
    assert one.contains(at("2026-10-25T02:30+02:00"))
    assert one.contains(at("2026-10-25T02:30+01:00"))


def test_office_hours_move_with_summer_time() -> None:
    one = interval(OFFICE[:-1] + ", location: Europe/Berlin}")
    assert one.contains(at("2026-03-27T08:00Z"))
    assert not one.contains(at("2026-03-27T07:30Z"))
    assert one.contains(at("2026-03-30T07:30Z"))


def test_the_last_day_of_a_month_with_a_clock_change_is_its_last_day() -> None:
    """A month of 743 hours has 31 days all the same (Alertmanager would take the 30th)."""
    one = interval("{days_of_month: ['-1'], location: Europe/Berlin}")
    assert one.contains(at("2026-03-31T12:00+02:00"))
    assert not one.contains(at("2026-03-30T12:00+02:00"))
    assert one.contains(at("2026-10-31T12:00+01:00"))


def test_any_of_several_periods() -> None:
    one = interval("{years: ['2020']}, {weekdays: [sunday]}")
    assert one.contains(at("2020-05-04T00:00Z"))
    assert one.contains(at("2021-05-02T00:00Z"))
    assert not one.contains(at("2021-05-03T00:00Z"))


WRONG = [
    ("{times: [{start_time: '01:99', end_time: '23:59'}]}", "couldn't parse timestamp 01:99, invalid format"),
    ("{times: [{start_time: '9:00', end_time: '23:59'}]}", "couldn't parse timestamp 9:00, invalid format"),
    ("{times: [{start_time: '00:00', end_time: '24:01'}]}", "couldn't parse timestamp 24:01, invalid format"),
    ("{times: [{start_time: '17:31', end_time: '17:31'}]}", "start time cannot be equal or greater than end time"),
    ("{times: [{start_time: '24:00', end_time: '17:41'}]}", "start time cannot be equal or greater than end time"),
    ("{times: [{start_time: '14:03'}]}", "both start and end times must be provided"),
    ("{weekdays: ['friday:monday']}", "start day cannot be before end day"),
    ("{weekdays: ['blurgsday']}", "blurgsday is not a valid weekday"),
    ("{weekdays: ['1:3']}", "1 is not a valid weekday"),
    ("{weekdays: ['monday:tuesday:friday']}", "couldn't parse range monday:tuesday:friday, invalid format"),
    ("{days_of_month: ['0']}", "0 is not a valid day of the month: out of range"),
    ("{days_of_month: ['-50:-20']}", "-50 is not a valid day of the month: out of range"),
    ("{days_of_month: ['1:50']}", "50 is not a valid day of the month: out of range"),
    ("{days_of_month: ['-15:5']}", "end day must be negative if start day is negative"),
    ("{days_of_month: ['10:-25']}", "end day -25 is always before start day 10"),
    ("{months: ['martius:june']}", "martius is not a valid month"),
    ("{months: ['december:january']}", "end month january is before start month december"),
    ("{years: ['2022:2020']}", "end year 2020 is before start year 2022"),
    ("{location: Mars/Base}", "unknown time zone Mars/Base"),
    ("{weekday: [monday]}", "field weekday not found"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        interval(text)
    assert message in refused.value.message
    assert refused.value.message.startswith("f:3: ")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)), st.integers(1, 28))
def test_a_day_counted_from_either_end_is_the_same_day(moment: datetime, back: int) -> None:
    following = (moment.replace(day=28) + timedelta(days=4)).replace(day=1)
    day = (following - timedelta(days=back)).day
    from_the_end = interval(f"{{days_of_month: ['-{back}']}}").contains(moment)
    assert from_the_end == (moment.day == day) == interval(f"{{days_of_month: ['{day}']}}").contains(moment)
