"""What a successful training run of each pipeline cost, by month.

---
kind: result
title: Training cost
question: What does a training run of each pipeline cost, and what does one that succeeds?
formula: >
  per_run = cost / runs; per_successful_run = cost of all runs, failed ones too, / runs that succeeded: ratios of sums
  over the runs that ended in the month, whenever their cost arose
source: training_run_cost
missing: >
  runs whose cost is unknown count in runs_without_cost alone, else they would make the others cheap; a ratio without
  runs is null; runs in flight are in no month yet
reads: [training_run_cost]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import polars as pl

from analytics.economics.unit_price import unit_cost

MONEY = pl.Decimal(18, 8)
SCHEMA = pl.Schema({
    "month": pl.Date(), "system": pl.String(), "pipeline": pl.String(), "runs": pl.Int64(), "successful": pl.Int64(),
    "runs_without_cost": pl.Int64(), "cost": pl.Decimal(18, 2), "per_run": MONEY, "per_successful_run": MONEY,
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a month, system and pipeline that had runs which ended."""
    ended = tables["training_run_cost"].filter(pl.col("month").is_not_null())
    known = pl.col("cost").is_not_null()
    groups = (
        ended.group_by("month", "system", "pipeline")
        .agg(
            known.sum().cast(pl.Int64).alias("runs"),
            (known & (pl.col("state") == "success")).sum().cast(pl.Int64).alias("successful"),
            (~known).sum().cast(pl.Int64).alias("runs_without_cost"),
            pl.when(known.any()).then(pl.col("cost").sum()).alias("cost"),
        )
        .sort("month", "system", "pipeline")
    )
    rows = []
    for row in groups.to_dicts():
        cost = Fraction(row["cost"]) if row["cost"] is not None else None
        each = {"per_run": unit_cost(cost, row["runs"], 1), "per_successful_run": unit_cost(cost, row["successful"], 1)}
        rows.append(row | each)
    return pl.DataFrame([{name: row[name] for name in SCHEMA} for row in rows], schema=SCHEMA)
