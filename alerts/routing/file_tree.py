"""The routing half of Alertmanager's file: routes, inhibition rules, time intervals, checked as Alertmanager does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, model_validator

from alerts.routing.field_types import Duration, Flag, Many, Text, TextMap, as_list, as_map, as_text
from alerts.routing.file_base import Entry, Given, reading
from alerts.routing.go_text import quoted
from alerts.routing.interval import (
    Period,
    Range,
    TimeInterval,
    parse_days,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from alerts.routing.matcher import Matcher, in_order
from alerts.routing.matcher_text import disagreement, parse_matchers

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
ALL_LABELS = "..."


def label_name(name: str, info: ValidationInfo, where: str = "") -> str:
    """The name, if labels may be called so. Raises ValueError."""
    if not (LABEL_NAME.fullmatch(name) if reading(info).mode == "classic" else name):
        raise ValueError(f"invalid label name {quoted(name)}{where}")
    return name


def _matchers(value: Any, info: ValidationInfo) -> tuple[Matcher, ...]:
    context = reading(info)
    found: list[Matcher] = []
    for item in as_list(value) or ():
        text = as_text(item)
        found += parse_matchers(text, context.mode)
        if context.mode == "fallback" and (difference := disagreement(text)):
            context.warn(difference)
    return tuple(found)


def _exact(value: Any) -> tuple[Matcher, ...]:
    return tuple(Matcher(_classic_name(name), "=", as_text(text)) for name, text in as_map(value).items())


def _patterns(value: Any) -> tuple[Matcher, ...]:
    found = []
    for name, text in as_map(value).items():
        _classic_name(name)
        if text is None:
            raise ValueError(f"invalid regexp value for {quoted(name)}")
        if text in ("null", "~"):  # in quotes; Go takes it for a null all the same
            raise ValueError(f"cannot unmarshal !!str `{text}` into config.Regexp")
        found.append(Matcher(name, "=~", as_text(text)))
    return tuple(found)


def _classic_name(name: str) -> str:
    if not LABEL_NAME.fullmatch(name):
        raise ValueError(f"invalid label name {quoted(name)}")
    return name


Matchers = Annotated[tuple[Matcher, ...], PlainValidator(_matchers)]
Exact = Annotated[tuple[Matcher, ...], PlainValidator(_exact)]
Patterns = Annotated[tuple[Matcher, ...], PlainValidator(_patterns)]


class RouteEntry(Entry):
    """A node of the tree as written: what is None is inherited."""

    receiver: Text = ""
    group_by: Many[Text] = None
    match: Exact = ()
    match_re: Patterns = ()
    matchers: Matchers = ()
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    goes_on: Flag = Field(False, alias="continue")
    mute_time_intervals: Many[Text] = None
    active_time_intervals: Many[Text] = None
    labels: TextMap = Field(default_factory=dict)
    routes: Many[Given[RouteEntry]] = None

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        names = [name for name in self.group_by or () if name != ALL_LABELS]
        for name in names:
            label_name(name, info, " in group_by list")
        if names and len(names) < len(self.group_by or ()):
            raise ValueError("cannot have wildcard group_by (`...`) and other other labels at the same time")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"duplicated label {quoted(name)} in group_by")
        if self.group_interval == timedelta(0):
            raise ValueError("group_interval cannot be zero")
        if self.repeat_interval == timedelta(0):
            raise ValueError("repeat_interval cannot be zero")
        if self.match or self.match_re:
            reading(info).warn("match and match_re are deprecated: write them as matchers")
        return self

    def all_matchers(self) -> tuple[Matcher, ...]:
        """Of all three spellings, in Alertmanager's order."""
        return in_order((*self.match, *self.match_re, *self.matchers))


class InhibitEntry(Entry):
    """A rule as written."""

    name: Text = ""
    source_match: Exact = ()
    source_match_re: Patterns = ()
    source_matchers: Matchers = ()
    target_match: Exact = ()
    target_match_re: Patterns = ()
    target_matchers: Matchers = ()
    equal: Many[Text | None] = None

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        for name in self.equal or ():
            if name is None and reading(info).mode == "classic":
                continue  # the old reader let a null through, as a label that nothing has
            label_name(name or "", info, " in equal list")
        return self


def _ranges(parse: Callable[[str], Range]) -> Any:
    # A null in the list is Go's zero value, from 0 to 0: Sunday, and no day, month or year at all.
    return Annotated[Any, AfterValidator(lambda value: (0, 0) if value is None else parse(as_text(value)))]


class TimesEntry(Entry):
    """`{start_time, end_time}`."""

    start_time: Text = ""
    end_time: Text = ""

    @model_validator(mode="after")
    def _valid(self) -> Self:
        self.minutes()
        return self

    def minutes(self) -> Range:
        """[start, end) in minutes of the day."""
        return parse_times(self.start_time, self.end_time)


class PeriodEntry(Entry):
    """One period of an interval."""

    times: Many[TimesEntry | None] = None
    weekdays: Many[_ranges(parse_weekdays)] = None  # type: ignore[valid-type]
    days_of_month: Many[_ranges(parse_days)] = None  # type: ignore[valid-type]
    months: Many[_ranges(parse_months)] = None  # type: ignore[valid-type]
    years: Many[_ranges(parse_years)] = None  # type: ignore[valid-type]
    location: Text | None = None

    @model_validator(mode="after")
    def _valid(self) -> Self:
        parse_location(self.location or "")
        return self

    def period(self) -> Period:
        """The period, with None for every part that is not written."""
        return Period(
            times=None if self.times is None else tuple(entry.minutes() if entry else (0, 0) for entry in self.times),
            weekdays=_tuple(self.weekdays),
            days_of_month=_tuple(self.days_of_month),
            months=_tuple(self.months),
            years=_tuple(self.years),
            location=parse_location(self.location or ""),
        )


class IntervalEntry(Entry):
    """A named interval."""

    name: Text = ""
    time_intervals: Many[PeriodEntry] = None

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not self.name:
            raise ValueError("missing name in time interval")
        return self

    def interval(self) -> TimeInterval:
        """The interval."""
        return TimeInterval(self.name, tuple(entry.period() for entry in self.time_intervals or ()))


def _tuple(ranges: list[Any] | None) -> tuple[Range, ...] | None:
    return None if ranges is None else tuple(ranges)
