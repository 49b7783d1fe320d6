"""The bill of a month from published cost lines: what the command line, the API and the HTML report show.

Reads one published version, decides nothing about money (analytics.ledger does) and says what words mean that people
type: a filter that nothing matches is told with what there is instead of answering with an empty bill.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import polars as pl

from analytics.focus.export import Exported, export
from analytics.focus.period import month_interval, next_month
from analytics.focus.rows import Terms
from analytics.ledger.dimensions import LABEL, check, dimension, sanitized
from analytics.ledger.policy import IdleBy
from analytics.ledger.selection import Selection, select
from analytics.ledger.showback import showback
from warehouse.errors import ConfigurationError, MeterlineError
from warehouse.published import Published

Row = dict[str, Any]
Idle = Literal["shared", "separate"]
Status = Literal["closed", "open", "to date"]
Where = Mapping[str, Collection[str]]

MONEY = ("cost", "list_cost", "usage_cost", "workload_idle_cost", "unmeasured_cost")
FIGURES = ("gpu_hours", *MONEY)
NAMED = 20
"""Values that an error message lists before it only counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bill is asked for: groups, filter, whether idle cost is shared as configured, only days that are over."""

    by: tuple[str, ...] = ("team",)
    where: Where | None = None
    idle: Idle = "shared"
    to_date: bool = False

    @classmethod
    def of(cls, by: str, where: Sequence[str], idle: str, to_date: bool = False) -> Asked:
        """From the words that people type: `team,label:app`, `team=search` for each filter, shared or separate.

        Values of one dimension are alternatives, dimensions must all match. Raises ConfigurationError for other words.
        """
        groups = tuple(dict.fromkeys(name.strip() for name in by.split(",") if name.strip()))
        for one in get_args(Idle):
            if idle == one:
                return cls(groups, _filters(where), one, to_date)
        raise ConfigurationError(f"idle is {idle!r}", f"choose among {', '.join(get_args(Idle))}")


@dataclass(frozen=True, slots=True)
class Bill:
    """A month's showback: rows with the columns `by` and FIGURES; `total` is None when nothing was recorded.

    `status`: closed (frozen), open (over, not closed yet), to date (not over yet).
    """

    month: date
    by: tuple[str, ...]
    rows: list[Row]
    total: Decimal | None
    gpu_hours: Decimal | None
    currency: str
    timezone: str
    status: Status
    version: str
    idle: Idle
    where: dict[str, list[str]]
    until: date | None
    incomplete: tuple[str, ...]

    def as_dict(self) -> Row:
        """For JSON."""
        return {
            "month": f"{self.month:%Y-%m}", "by": list(self.by), "currency": self.currency, "timezone": self.timezone,
            "status": self.status, "version": self.version, "idle": self.idle, "where": self.where,
            "until": self.until, "total": self.total, "gpu_hours": self.gpu_hours, "rows": self.rows,
            "incomplete": list(self.incomplete),
        }  # fmt: skip


class MonthlyLedger:
    """What one published version says about one month. Raises MeterlineError where the version has no such tables."""

    def __init__(self, published: Published, month: date) -> None:
        self._published = published
        self.month = month
        self.version = published.version
        self.lines = self._table("cost_line", "WHERE billing_month = $month")
        self.transfers = self._table("cost_transfer", "WHERE billing_month = $month")
        about = self._table("meta").to_dicts()[0]
        self.currency: str = about["currency"]
        self.timezone: str = about["timezone"]
        self.facts_to: datetime | None = about["facts_to"]

    def _table(self, name: str, condition: str = "") -> pl.DataFrame:
        if name not in self._published.tables:
            raise MeterlineError(
                f"{self._published.version} has no table {name}: what computes it has not succeeded yet",
                "run `meterline analyze`, it names what failed",
            )
        return self._published.query(f"SELECT * FROM {name} {condition}", {"month": self.month} if condition else None)

    def _optional(self, name: str) -> pl.DataFrame | None:
        return self._table(name) if name in self._published.tables else None

    @cached_property
    def closed(self) -> Row | None:
        """The closing of the month: closed_at (naive UTC), published_version, total; None while it is open."""
        closings = self._optional("closing")
        rows = [] if closings is None else closings.filter(pl.col("month") == self.month).to_dicts()
        return next((row for row in rows if row["status"] == "closed"), None)

    @cached_property
    def status(self) -> Status:
        if self.closed is not None:
            return "closed"
        end = month_interval(self.month, self.timezone).end
        over = self.facts_to is not None and self.facts_to.replace(tzinfo=UTC) >= end
        return "open" if over else "to date"

    @cached_property
    def _policy(self) -> Row:
        policies = self._optional("allocation_policy")
        return next(iter([] if policies is None else policies.to_dicts()), {"basis": "request", "idle_by": "node"})

    @property
    def _problems(self) -> pl.DataFrame | None:
        """What a bill lacks or cannot trust, up to the newest fact: tomorrow's exchange rate is not missing today."""
        problems, known = self._optional("cost_problem"), self.facts_to
        if problems is None or known is None:
            return problems
        return problems.filter(pl.col("valid_from").is_null() | (pl.col("valid_from") < known))

    def until(self, asked: Asked) -> date | None:
        """The first report day that a bill to date leaves out: the one that facts have only begun."""
        if not asked.to_date or self.facts_to is None:
            return None
        today = self.facts_to.replace(tzinfo=UTC).astimezone(ZoneInfo(self.timezone)).date()
        return today if today < next_month(self.month) else None

    def bill(self, asked: Asked) -> Bill:
        """Raises ConfigurationError for a dimension, a label or a value that is not there, with what is."""
        where = self._checked(asked)
        until = self.until(asked)
        found = showback(
            self.lines, self.transfers, self.month, asked.by, where, asked.idle, until,
            self._problems, self._idle_by,
        )  # fmt: skip
        rows = found.rows.to_dicts()
        empty = () if rows else (f"no use or capacity was recorded in {self.month:%Y-%m}",)
        some = bool(rows)
        return Bill(
            self.month, asked.by, rows, found.total if some else None, found.gpu_hours if some else None, self.currency,
            self.timezone, "to date" if until else self.status, self.version, asked.idle,
            {name: sorted(values) for name, values in where.items()}, until, (*found.incomplete, *empty),
        )  # fmt: skip

    def focus(self, asked: Asked, by_month: bool = False) -> Exported:
        """The same bill as a FOCUS file, with the labels of `asked.by` among its tags.

        Raises ConfigurationError for a filter by charge: a file tells what was moved together with what it moved.
        """
        if "charge" in (asked.where or {}):
            raise ConfigurationError(
                "a FOCUS file cannot be filtered by charge", "filter by x_Charge in the file itself"
            )
        bill = self.bill(asked)
        labels = tuple(name.removeprefix(LABEL) for name in asked.by if name.startswith(LABEL))
        selection = self._selection(asked, bill.where)
        unpriced = selection.lines.filter(pl.col("price").is_null() & (pl.col("quantity") != 0))
        terms = Terms(
            self.month, self.currency, self.timezone, self._policy["basis"],
            f"showback-{self.month:%Y-%m}" if self.closed is not None else None, not unpriced.is_empty(), labels,
        )  # fmt: skip
        whole = self._selection(asked, {}) if bill.where else None
        return export(selection, bill.total or Decimal("0.00"), terms, whole, by_month)

    def _selection(self, asked: Asked, where: Where) -> Selection:
        transfers = self.transfers if asked.idle == "shared" else None
        return select(self.lines, transfers, self.month, where, self.until(asked), self._idle_by)

    @property
    def _idle_by(self) -> IdleBy:
        return "cluster" if self._policy["idle_by"] == "cluster" else "node"

    def _checked(self, asked: Asked) -> dict[str, Collection[str]]:
        where = dict(asked.where or {})
        check(asked.by)
        check(where, "filter")
        if self.lines.is_empty():
            return where
        for name in (*asked.by, *where):
            if name.startswith(LABEL):
                self._check_label(name.removeprefix(LABEL))
        for name, values in where.items():
            self._check_values(name, values)
        return where

    def _check_label(self, label: str) -> None:
        texts = self.lines["labels"].drop_nulls().unique()
        names = sorted({name for text in texts for name in json.loads(text)})
        if sanitized(label) not in names:
            there = f"labels there are: {_some(names)}" if names else "no labels of pods are collected in that month"
            raise ConfigurationError(f"no pod has a label {label} in {self.month:%Y-%m}", there)

    def _check_values(self, name: str, values: Collection[str]) -> None:
        frames = [frame.select(dimension(name).alias("value")) for frame in (self.lines, self.transfers)]
        there = set(pl.concat(frames)["value"].unique())
        for value in sorted(values):
            if value not in there:
                raise ConfigurationError(
                    f"no cost of {self.month:%Y-%m} has {name} {value!r}", f"there is {_some(sorted(there - {''}))}"
                )


def _filters(texts: Sequence[str]) -> dict[str, Collection[str]]:
    where: dict[str, Collection[str]] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise ConfigurationError(
                f"{text!r} is no filter", "write dimension=value, for example team=search or label:app=chat"
            )
        where[name] = {*where.get(name, ()), value}
    return where


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
