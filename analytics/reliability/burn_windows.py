"""Which burn rates alert: pairs of windows, as data in windows/*.yaml, turned into factors for an SLO's period.

    factor = part of the budget x period / long window

A rule fires while the error ratio is strictly above factor x (1 - target) in both of its windows: the long one says
that enough of the budget is gone to matter, the short one that it is still going (Site Reliability Workbook, chapter
5).

A period takes the file with its own length. Any other takes the longest file that is not longer, its windows multiplied
by round(period / file's period) from 2 on, so that a quarter is looked at in windows of 3 h and not with a factor of
43; what is shorter than every file divides the windows of the shortest, to whole minutes.

Does not know what an SLO is, nor what it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analytics.reliability.period import MINUTE, length_text


@dataclass(frozen=True, slots=True)
class BurnRule:
    """One pair of windows.

    `budget` is the part of the error budget (0..1) that burns in `long` at `factor` times the even pace; `min_bad` is
    how many bad events the long window needs before it pages where traffic is low, 0 where nothing is asked.
    """

    name: str
    severity: Literal["page", "ticket"]
    budget: float
    long: timedelta
    short: timedelta
    factor: float
    min_bad: float = 0.0


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    severity: Literal["page", "ticket"]
    budget: float = Field(gt=0, le=1)
    long_minutes: int = Field(gt=0)
    short_minutes: int = Field(gt=0)
    min_bad: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _the_short_window_is_shorter(self) -> _Line:
        if self.short_minutes >= self.long_minutes:
            raise ValueError(f"the short window of {self.name} is not shorter than its long one")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    period_days: int = Field(gt=0)
    rules: tuple[_Line, ...] = Field(min_length=1)

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.period_days)

    @property
    def minutes(self) -> int:
        return self.period_days * 1440


def burn_rules(period: timedelta, windows: str | Path | None = None) -> tuple[BurnRule, ...]:
    """The rules of an SLO whose budget is for `period` (a calendar one: its usual length), most urgent first.

    `windows` names one of `window_files()`, or is the path of a user's own file of the same format: its windows are
    then taken as they are. Raises ValueError for a period below 30 minutes, in which two windows cannot be told apart,
    and for windows that are not there, not valid or longer than the period.
    """
    if period < 30 * MINUTE:
        raise ValueError(
            f"a budget of {length_text(period // MINUTE)} is too short for burn rates, expected 30 minutes or more"
        )
    if windows is not None:
        return _as_written(_named(windows), period, str(windows))
    known = sorted(_shipped().values(), key=lambda one: one.period)
    fitting = [one for one in known if one.period <= period]
    base = fitting[-1] if fitting else known[0]
    stretch = Fraction(max(1, round(period / base.period))) if fitting else Fraction(period / MINUTE) / base.minutes
    return tuple(_rule(line, period, stretch) for line in base.rules)


def window_files() -> tuple[str, ...]:
    """The names of the files that come with Meterline, such as `google-30d`."""
    return tuple(sorted(_shipped()))


def burn_factor(budget: float, period: timedelta, long: timedelta) -> float:
    """How many times faster than evenly the budget burns when `budget` (0..1) of it goes in `long`; without unit."""
    return float(Fraction(str(budget)) * Fraction(period // MINUTE, long // MINUTE))


def _rule(line: _Line, period: timedelta, stretch: Fraction) -> BurnRule:
    long = max(2, round(line.long_minutes * stretch)) * MINUTE
    short = max(1, round(line.short_minutes * stretch)) * MINUTE
    factor = burn_factor(line.budget, period, long)
    return BurnRule(line.name, line.severity, line.budget, long, short, factor, line.min_bad)


def _as_written(file: _File, period: timedelta, name: str) -> tuple[BurnRule, ...]:
    rules = tuple(_rule(line, period, Fraction(1)) for line in file.rules)
    for rule in rules:
        if rule.long > period:
            raise ValueError(
                f"{name}: the window of {rule.name}, {length_text(rule.long // MINUTE)}, is longer than the period, "
                f"{length_text(period // MINUTE)}"
            )
    return rules


def _named(windows: str | Path) -> _File:
    if isinstance(windows, str):
        if windows not in _shipped():
            raise ValueError(f"there are no windows {windows!r}, expected one of {', '.join(window_files())}")
        return _shipped()[windows]
    try:
        return _File.model_validate(yaml.safe_load(windows.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"{windows} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{windows} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"{windows}: {place}: {first['msg'].removeprefix('Value error, ')}") from error


@cache
def _shipped() -> dict[str, _File]:
    folder = files("analytics.reliability") / "windows"
    return {
        file.name.removesuffix(".yaml"): _File.model_validate(yaml.safe_load(file.read_text()))
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }
