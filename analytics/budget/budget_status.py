"""How every budget stands, now and in the last 13 months.

---
kind: result
title: Budgets
question: What was spent of each budget, and where will it end at this pace?
formula: >
  spent = exact cost of the period's months, shared cost as the sharing policy moves it included, rounded once to the
  cent; projected = spent + mean of the last 7 full report days of the period x days left (a part of a day counts as
  that part); state: over (spent > budget), projected_over, warning (a threshold is crossed), ok; threshold: the
  highest crossed
source: owner_cost_day, budget and budget_threshold; calendar months and quarters of the report's time zone
missing: >
  projected is null before a quarter of a period's first day is known, and equals spent once the period is over; share
  is null where the budget is 0; provisional until late data can change the period no more
reads: [owner_cost_day, budget, budget_threshold, budget_clock]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import polars as pl

from analytics.economics.budget import elapsed_days, projected
from analytics.economics.budget_state import crossed, state_of
from analytics.economics.budget_tables import budgets, clock, spendings
from warehouse.money import round_half_even

CENTS = pl.Decimal(18, 2)
SCHEMA = pl.Schema({
    "scope": pl.String(), "period": pl.String(), "start": pl.Date(), "end": pl.Date(), "budget": CENTS, "spent": CENTS,
    "projected": CENTS, "share": pl.Float64(), "threshold": pl.Decimal(6, 4), "elapsed_days": pl.Float64(),
    "days": pl.Int64(), "state": pl.String(), "provisional": pl.Boolean(),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a budget and period."""
    at = clock(tables["budget_clock"])
    wanted = budgets(tables["budget"], tables["budget_threshold"])
    rows = []
    for budget, period, spending in spendings(tables["owner_cost_day"], wanted, at.today):
        spent, end = spending.total, projected(spending, period, at.known, at.pace)
        rows.append({
            "scope": budget.scope, "period": budget.kind, "start": period.start, "end": period.end,
            "budget": budget.amount, "spent": round_half_even(spent),
            "projected": round_half_even(end) if end is not None else None,
            "share": float(spent / Fraction(budget.amount)) if budget.amount else None,
            "threshold": crossed(budget, spent), "elapsed_days": float(elapsed_days(period, at.known)),
            "days": period.days, "state": state_of(budget, period, spent, end, at.known),
            "provisional": period.end > at.settled_before,
        })  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)
