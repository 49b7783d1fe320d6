"""What comes out of OpenSLO files: objectives, when they alert, and what is measured for them. Plain frozen values.

Imports nothing of the configuration, whose `slos` key holds a `Slos`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from meterline.openslo.duration import Span

if TYPE_CHECKING:
    from meterline.openslo.kinds import AnyObject

FACTS = "facts"
"""The source of indicators that are made of our own facts."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a budget is for: rolling, or calendar units from `start`, a local time of `zone`."""

    span: Span
    start: str | None = None
    zone: str | None = None

    @property
    def kind(self) -> Literal["rolling", "calendar"]:
        return "rolling" if self.start is None else "calendar"


@dataclass(frozen=True, slots=True)
class BurnAlert:
    """Alerts while the budget burns more than `factor` times the even pace in both windows.

    `budget` is the part of the budget (0..1) that burns in `long` at that pace. No alert with less than `min_bad` bad
    events in the long window, unless its own budget is one event or more. `severity` is as written: page, ticket or
    another word.
    """

    rule: str
    severity: str
    budget: float
    long: timedelta
    short: timedelta
    factor: float
    min_bad: float = 0.0


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is counted. `source` is a Prometheus source's name or `facts`; `grain` the time for which it has one count.

    `kind` and `definition`: ratio {good or bad, total, counter}; raw {raw, type}; threshold {query, op, value}; of
    facts metric {metric, service, threshold (seconds)} or sql {sql}.
    """

    sli: str
    source: str
    kind: Literal["ratio", "raw", "threshold", "metric", "sql"]
    definition: Mapping[str, Any]
    grain: timedelta


@dataclass(frozen=True, slots=True)
class Objective:
    """One target of an SLO. `target` is a part of one; slices are for the two methods that have them.

    `owner` is who is told that something is wrong with it, `runbook_url` what to do then; both may be unknown.
    """

    slo: str
    objective: str
    title: str
    description: str | None
    service: str
    team: str | None
    tier: int | None
    target: Decimal
    method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    slice_target: float | None
    slice: timedelta | None
    empty_slices: Literal["excluded", "good", "bad"]
    window: Window
    indicator: Indicator
    owner: str | None
    runbook_url: str | None
    alerts: tuple[BurnAlert, ...]


@dataclass(frozen=True, slots=True)
class Slos:
    """The configuration's `slos`: the patterns as written and, once loaded, what their files hold.

    `warnings` are lines for people about what is accepted but perhaps not meant.
    """

    patterns: tuple[str, ...] = ()
    documents: tuple[AnyObject, ...] = field(default=(), repr=False)
    objectives: tuple[Objective, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """What is measured, each indicator once, in the order of first use."""
        return tuple({one.indicator.sli: one.indicator for one in self.objectives}.values())
