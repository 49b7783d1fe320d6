"""The head of an analytic: what it answers, in words and data, written once and shown by dashboards and docs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse.errors import MeterlineError

FENCE = re.compile(r"^---\n(?P<head>.*?)^---$", re.DOTALL | re.MULTILINE)


class DefectiveAnalytic(MeterlineError):
    """An analytic's file cannot be used: its head is missing or wrong. A defect of the file, named."""


class Target(BaseModel):
    """The value that the KPI should reach, in its canonical unit (ratio 0..1, seconds, currency, count)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    op: Literal[">=", "<=", ">", "<", "=="]
    value: float
    stretch: float | None = None

    def __str__(self) -> str:
        return f"{self.op} {self.value:g}"


class Head(BaseModel):
    """The YAML block between `---` lines in the leading comment of a SQL file, or in the docstring of a Python one.

    `kind`:
    - `daily`: an intermediate table with a `day` column, recomputed for changed days only; the text takes `$start` and
      `$end` (midnights, half-open) and must return rows of those days alone;
    - `intermediate`: a table that other analytics read and nobody else;
    - `result`: a published table;
    - `kpi`: counts of one KPI. Where days add up (nearly always): rows (day, numerator, denominator, n and a column for
      each of `scopes`), which the runner sums up to weeks, months and quarters, for the platform and each scope. Where
      they do not (a state as of a window's end): rows (grain, period_start, period_end, scope, numerator, denominator,
      n [, value]), one a window;
    - `finding`: rows (severity, topic, subject, text, remedy) for people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["daily", "intermediate", "result", "kpi", "finding"]
    question: str
    title: str | None = None
    formula: str | None = None
    source: str | None = None
    unit: Literal["ratio", "s", "currency", "count"] | None = None
    direction: Literal["up", "down"] | None = None
    target: Target | None = None
    missing: str | None = None
    facts: tuple[str, ...] = Field(default=(), description="Facts without which a KPI is not_collected.")
    scopes: tuple[str, ...] = Field(default=(), description="Columns of a KPI by day that it is also shown for.")
    interval: Literal["wilson"] | None = None
    reads: tuple[str, ...] = Field(default=(), description="Tables that a Python analytic reads.")
    every_minutes: int = Field(default=5, gt=0)

    @property
    def every(self) -> timedelta:
        return timedelta(minutes=self.every_minutes)


def parse(text: str, file: str) -> Head:
    """The head in `text`. Raises DefectiveAnalytic naming the file and what is wrong."""
    found = FENCE.search(text)
    if not found:
        raise DefectiveAnalytic(f"{file} has no head", "begin it with a comment that holds YAML between two --- lines")
    try:
        head = Head.model_validate(yaml.safe_load(found["head"]))
    except (ValidationError, yaml.YAMLError) as error:
        raise DefectiveAnalytic(f"the head of {file} is not valid: {error}") from error
    if head.kind == "kpi" and not (head.title and head.formula and head.unit and head.direction and head.facts):
        raise DefectiveAnalytic(f"the head of {file} needs title, formula, unit, direction and facts, as it is a KPI")
    return head
