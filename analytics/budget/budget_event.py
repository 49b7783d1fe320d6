"""What happened to budgets that somebody may want to act on.

---
kind: result
title: Budget events
question: Which budgets reached which threshold when, and which are on the way beyond?
formula: >
  spent: the first report day at whose end a threshold's share of the budget was spent; projected (threshold 1): since
  which day the projection has been beyond the budget without a break, current periods only. event_id is a hash of
  scope, period, start, kind and threshold, so the same event keeps its id however often it is computed
source: as budget_status
missing: no row for a threshold that was not reached; late data may change `at` and `spent`, never the id
reads: [owner_cost_day, budget, budget_threshold, budget_clock]
---
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analytics.economics.budget_state import events_of
from analytics.economics.budget_tables import budgets, clock, spendings
from warehouse.money import round_half_even

CENTS = pl.Decimal(18, 2)
SCHEMA = pl.Schema({
    "event_id": pl.String(), "scope": pl.String(), "period": pl.String(), "start": pl.Date(), "kind": pl.String(),
    "threshold": pl.Decimal(6, 4), "at": pl.Date(), "spent": CENTS, "budget": CENTS,
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row an event; `spent` is what was spent of the period by the end of the day `at`."""
    at = clock(tables["budget_clock"])
    wanted = budgets(tables["budget"], tables["budget_threshold"])
    rows = [
        {
            "event_id": event.event_id, "scope": budget.scope, "period": budget.kind, "start": period.start,
            "kind": event.kind, "threshold": event.threshold, "at": event.at,
            "spent": round_half_even(spending.until(event.at)), "budget": budget.amount,
        }
        for budget, period, spending in spendings(tables["owner_cost_day"], wanted, at.today)
        for event in events_of(budget, period, spending, at.known, at.pace)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)
