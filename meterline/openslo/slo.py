"""What a service level objective is: a window, a budgeting method, and targets for an indicator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator, model_validator

from meterline.openslo.alerting import PolicyUse
from meterline.openslo.metadata import Description, DisplayName, Duration, Name, Operator, Part, Slice
from meterline.openslo.rules import broken
from meterline.openslo.sli import InlineSli

DECIMALS = 12
"""Of a target, as a part of one."""
CALENDAR_UNITS = "dwMQY"
START = "%Y-%m-%d %H:%M:%S"

Method = Literal["Occurrences", "Timeslices", "RatioTimeslices"]


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise broken("type", "expected a number")
    return Decimal(str(value))


def _start(value: str) -> str:
    try:
        right = datetime.strptime(value, START).strftime(START) == value  # noqa: DTZ007  its zone stands beside it
    except ValueError:
        right = False
    if not right:
        raise broken("start-time")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise broken("time-zone") from None
    return value


def _slice_target(value: Decimal) -> Decimal:
    if not value.is_finite() or not 0 < value <= 1:
        raise broken("time-slice-target")
    return value


Number = Annotated[Decimal, BeforeValidator(_exact), PlainSerializer(float)]
"""A number as it was written, without what a float makes of it."""


class Calendar(Part):
    """When a calendar window began: a local time of a zone."""

    start_time: Annotated[str, AfterValidator(_start)]
    time_zone: Annotated[str, AfterValidator(_zone)]


class TimeWindow(Part):
    """The time that the budget is for."""

    duration: Duration
    is_rolling: bool = False
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.is_rolling and self.calendar is not None:
            raise broken("calendar-forbidden")
        if not self.is_rolling and self.calendar is None:
            raise broken("calendar-required")
        if self.calendar is not None and self.duration.unit not in CALENDAR_UNITS:
            raise broken("calendar-unit")
        return self


class Target(Part):
    """One objective. `target` is the part of events (or slices) that must be good, as written or from targetPercent."""

    display_name: DisplayName | None = None
    op: Operator | None = None
    value: float | None = Field(default=None, allow_inf_nan=False)
    target: Number | None = None
    target_percent: Number | None = None
    time_slice_target: Annotated[Number, AfterValidator(_slice_target)] | None = None
    time_slice_window: Slice | None = None
    indicator: Any = Field(default=None, exclude=True)
    indicator_ref: Any = Field(default=None, exclude=True)
    composite_weight: Any = Field(default=None, exclude=True)

    @field_validator("indicator", "indicator_ref", "composite_weight", mode="before")
    @classmethod
    def _not_composite(cls, value: Any) -> Any:
        raise broken("composite")

    @field_validator("target", "target_percent")
    @classmethod
    def _in_range(cls, value: Decimal | None, info: Any) -> Decimal | None:
        if value is None:
            return None
        most, decimals = (1, DECIMALS) if info.field_name == "target" else (100, DECIMALS - 2)
        if not value.is_finite() or not 0 <= value < most:
            raise broken("target-range")
        if round(value, decimals) != value:
            raise broken("target-digits")
        return value

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (self.target_percent is None):
            raise broken("target-once")
        return self

    @property
    def part(self) -> Decimal:
        """The target as a part of one, 0 <= part < 1."""
        return self.target if self.target is not None else (self.target_percent or Decimal(0)) / 100

    @property
    def percent(self) -> str:
        """The target in percent, as short as it goes: `99.9`."""
        return format((self.part * 100).normalize() + 0, "f")


class SloSpec(Part):
    """An SLO: a window, a method, an indicator, and one target or several."""

    description: Description | None = None
    service: str = Field(min_length=1)
    indicator: InlineSli | None = None
    indicator_ref: Name | None = None
    budgeting_method: Method
    time_window: tuple[TimeWindow, ...] = ()
    objectives: tuple[Target, ...]
    alert_policies: tuple[PolicyUse, ...] = ()

    @field_validator("budgeting_method", mode="before")
    @classmethod
    def _known_method(cls, value: Any) -> Any:
        if value not in ("Occurrences", "Timeslices", "RatioTimeslices"):
            raise broken("budgeting-method")
        return value

    @field_validator("time_window")
    @classmethod
    def _one_window(cls, value: tuple[TimeWindow, ...]) -> tuple[TimeWindow, ...]:
        if len(value) != 1:
            raise broken("one-time-window")
        return value

    @field_validator("objectives", mode="before")
    @classmethod
    def _some_objectives(cls, value: Any) -> Any:
        if isinstance(value, list) and not value:
            raise broken("one-objective")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.time_window:
            raise broken("one-time-window")
        if self.indicator is None and self.indicator_ref is None:
            raise broken("indicator")
        if self.indicator is not None and self.indicator_ref is not None:
            raise broken("indicator-once")
        return self


def findings(spec: SloSpec) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong between an SLO and its objectives: `(location below spec, rule)`."""
    ratio = spec.indicator is not None and spec.indicator.spec.ratio_metric is not None
    for index, one in enumerate(spec.objectives):
        place = ("objectives", index)
        if spec.budgeting_method == "Timeslices" and None in (one.time_slice_target, one.time_slice_window):
            yield (*place, "timeSliceTarget" if one.time_slice_target is None else "timeSliceWindow"), "time-slices"
        if spec.budgeting_method == "RatioTimeslices" and one.time_slice_window is None:
            yield (*place, "timeSliceWindow"), "ratio-time-slices"
        if ratio and (one.op is not None or one.value is not None):
            yield (*place, "op" if one.op is not None else "value"), "ratio-without-op"
