"""When a route is muted or active: Alertmanager's time intervals.

A moment is inside an interval if any of its periods holds it, and inside a period if every part that is written holds
it. Times are wall-clock times of the period's location, UTC without one: an hour that a change to summer time skips is
never met, one that is repeated is met twice. In one thing this is not Alertmanager's: it counts a month as hours / 24,
so that with a location March has 30 days where summer time starts in it; here -1 is the month's last day.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Range = tuple[int, int]
Ranges = tuple[Range, ...] | None
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = tuple(name.lower() for name in calendar.month_name)


@dataclass(frozen=True, slots=True)
class Period:
    """Ranges of minutes of the day [start, end), weekdays (0 = Sunday), days of the month (-1 = last), months, years.

    All but the minutes include both ends. None holds always; an empty tuple, `times: []`, never does. `location` None
    is the machine's own zone.
    """

    times: Ranges = None
    weekdays: Ranges = None
    days_of_month: Ranges = None
    months: Ranges = None
    years: Ranges = None
    location: tzinfo | None = UTC

    def contains(self, moment: datetime) -> bool:
        """Whether the (aware) moment is inside."""
        at = moment.astimezone(self.location)
        return (
            _within(self.times, at.hour * 60 + at.minute, lambda start, end: (start, end - 1))
            and _within(self.days_of_month, at.day, lambda first, last: _days(first, last, at))
            and _within(self.months, at.month)
            and _within(self.weekdays, at.isoweekday() % 7)
            and _within(self.years, at.year)
        )


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A name that routes use, and its periods."""

    name: str
    periods: tuple[Period, ...] = ()

    def contains(self, moment: datetime) -> bool:
        """Whether the (aware) moment is inside."""
        return any(period.contains(moment) for period in self.periods)


def _within(
    ranges: Ranges, value: int, bounds: Callable[[int, int], Range] = lambda first, last: (first, last)
) -> bool:
    if ranges is None:
        return True
    return any(low <= value <= high for low, high in (bounds(*one) for one in ranges))


def _days(first: int, last: int, at: datetime) -> Range:
    length = calendar.monthrange(at.year, at.month)[1]
    first = length + first + 1 if first < 0 else first
    last = length + last + 1 if last < 0 else last
    return first, min(last, length)


def parse_location(name: str) -> tzinfo | None:
    """An IANA name, `UTC`, or `Local` (None) for the machine's zone. Raises ValueError in Go's words."""
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None


def parse_minute(text: str) -> int:
    """`HH:MM`, up to 24:00, as minutes since midnight. Raises ValueError."""
    valid = len(text) == 5 and text.isascii() and text[2] == ":" and (text[:2] + text[3:]).isdigit()
    if not valid or not (text == "24:00" or (text <= "23:59" and text[3] < "6")):
        raise ValueError(f"couldn't parse timestamp {text}, invalid format")
    return int(text[:2]) * 60 + int(text[3:])


def parse_times(start: str, end: str) -> Range:
    """Minutes [start, end) of a day; over midnight needs two ranges. Raises ValueError."""
    if not start or not end:
        raise ValueError("both start and end times must be provided")
    first, last = parse_minute(start), parse_minute(end)
    if first >= last:
        raise ValueError("start time cannot be equal or greater than end time")
    return first, last


def parse_weekdays(text: str) -> Range:
    """`monday:friday` or `sunday`; weeks start on Sunday. Raises ValueError."""
    first, last = _range(text, _weekday)
    if first > last:
        raise ValueError("start day cannot be before end day")
    return first, last


def parse_days(text: str) -> Range:
    """`1:5`, `-3:-1` or `15`. Raises ValueError."""
    first, last = _range(text, _number)
    for day in (first, last):
        if day == 0 or not -31 <= day <= 31:
            raise ValueError(f"{day} is not a valid day of the month: out of range")
    if first < 0 < last:
        raise ValueError("end day must be negative if start day is negative")
    if (28 + first if first < 0 else first) > (28 + last if last < 0 else last):
        raise ValueError(f"end day {last} is always before start day {first}")
    return first, last


def parse_months(text: str) -> Range:
    """`january:march`, `12` or `may`. Raises ValueError."""
    first, last = _range(text, _month)
    if first > last:
        names = [MONTHS[month] if 1 <= month <= 12 else "" for month in (first, last)]
        raise ValueError(f"end month {names[1]} is before start month {names[0]}")
    return first, last


def parse_years(text: str) -> Range:
    """`2026:2030` or `2026`. Raises ValueError."""
    first, last = _range(text, _number)
    if first > last:
        raise ValueError(f"end year {last} is before start year {first}")
    return first, last


def _range(text: str, member: Callable[[str], int]) -> Range:
    text = text.lower()
    parts = text.split(":")
    if len(parts) > 2:
        raise ValueError(f"couldn't parse range {text}, invalid format")
    return member(parts[0]), member(parts[-1])


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise ValueError(f"{text} is not a valid weekday")
    return WEEKDAYS.index(text)


def _month(text: str) -> int:
    if text in MONTHS[1:]:
        return MONTHS.index(text)
    try:
        return _number(text)
    except ValueError:
        raise ValueError(f"{text} is not a valid month") from None


def _number(text: str) -> int:
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    if len(digits) > 19 or not -(1 << 63) <= int(text) < 1 << 63:
        raise ValueError(f'strconv.Atoi: parsing "{text}": value out of range')
    return int(text)
