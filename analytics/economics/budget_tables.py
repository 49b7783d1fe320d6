"""Budgets and what was spent of them, read from tables: what budget_status and budget_event have in common.

A period's cost is that of the report months in it (billing months), so a budget speaks of the same money as showback.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import polars as pl

from analytics.economics.budget import DAY, Known, Pace, Period, Spending, known_at, period_of, periods, position
from analytics.economics.budget_state import Budget
from analytics.economics.lines import costs_of

MONTHS_KEPT = 13
OWNERS = ("team", "service")
WHEN = ("billing_month", "report_day", "corrects")


@dataclass(frozen=True, slots=True)
class Clock:
    """As of when budgets are looked at: the report day of now, what is known, and which periods are settled."""

    today: date
    known: Known
    settled_before: date
    pace: Pace


def clock(table: pl.DataFrame) -> Clock:
    """The row of budget_clock; the report's time zone is UTC where none is configured."""
    row = table.row(0, named=True)
    zone = ZoneInfo(row["timezone"] or "UTC")
    now, known_from, known_to, settled = (
        moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else None
        for moment in (row["now"], row["known_from"], row["known_to"], row["settled_before"])
    )
    assert now is not None
    assert settled is not None
    return Clock(
        date.fromordinal(int(position(now, zone))), known_at(now, known_from, known_to, zone),
        date.fromordinal(int(position(settled, zone))),
        Pace(row["projection_days"], Fraction(row["projection_least_days"])),
    )  # fmt: skip


def budgets(budget: pl.DataFrame, thresholds: pl.DataFrame) -> list[Budget]:
    """The configured budgets in the order of scope and kind of period, thresholds ascending."""
    shares = defaultdict(list)
    for row in thresholds.sort("threshold").to_dicts():
        shares[row["scope"], row["period"]].append(row["threshold"])
    return [
        Budget(row["scope"], row["period"], row["amount"], tuple(shares[row["scope"], row["period"]]))
        for row in budget.sort("scope", "period").to_dicts()
    ]


def spendings(cost: pl.DataFrame, wanted: list[Budget], today: date) -> Iterator[tuple[Budget, Period, Spending]]:
    """Each budget with its periods, oldest first, and what was spent: the last 13 months up to `today`, as far back as
    there is cost at all. `cost` is the table owner_cost_day."""
    first = cost["billing_month"].min()
    assert first is None or isinstance(first, date)
    oldest = max(first or today, _months_before(today, MONTHS_KEPT - 1))
    by_scope = _costs(cost, wanted)
    for budget in wanted:
        costs = by_scope.get(budget.scope, {})
        for period in periods(budget.kind, min(oldest, today), today):
            yield budget, period, _spending(costs, period)


Costs = Mapping[date, Mapping[tuple[date, bool], Fraction]]
"""Exact cost by billing month, then by report day and whether it is a correction."""


def _costs(cost: pl.DataFrame, wanted: list[Budget]) -> dict[str, Costs]:
    found: dict[str, dict[date, dict[tuple[date, bool], Fraction]]] = {}
    for owner in OWNERS:
        names = [one.scope.partition(":")[2] for one in wanted if one.scope.startswith(f"{owner}:")]
        corrects = pl.col("charge_class").is_not_null().alias("corrects")
        lines = cost.filter(pl.col(owner).is_in(names)).with_columns(corrects)
        for (name, month, day, correction), exact in costs_of(lines, (owner, *WHEN)).items():
            found.setdefault(f"{owner}:{name}", {}).setdefault(month, {})[day, correction] = exact
    return dict(found)


def _spending(costs: Costs, period: Period) -> Spending:
    daily: dict[date, Fraction] = {}
    other = Fraction(0)
    for month in periods("month", period.start, period.end - DAY):
        for (day, correction), cost in costs.get(month.start, {}).items():
            if correction or not period.start <= day < period.end:
                other += cost
            else:
                daily[day] = daily.get(day, Fraction(0)) + cost
    return Spending(daily, other)


def _months_before(day: date, months: int) -> date:
    start = period_of("month", day).start
    count = start.year * 12 + start.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)
