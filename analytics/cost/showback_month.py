"""Showback of every month by each single dimension.

---
kind: result
title: Showback by month
question: What did each team, service, model, cluster, GPU model and so on cost in each month?
formula: >
  exact sums of cost lines and of what the policy shares, rounded once to the cent, rows by largest remainder; every
  `by` of a month has the same total; cost = usage_cost + workload_idle_cost + unmeasured_cost in each row
source: cost_line, cost_transfer
missing: lines without a price count in gpu_hours and not in cost
reads: [cost_line, cost_transfer]
---
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analytics.ledger.selection import select
from analytics.ledger.showback import MONEY, PARTS, rounded

DIMENSIONS = ("team", "cost_center", "service", "model", "cluster", "gpu_model", "kind", "pricing", "namespace")
SCHEMA = pl.Schema({
    "month": pl.Date(), "by": pl.String(), "key": pl.String(), "gpu_hours": pl.Float64(), "cost": MONEY,
    "share": pl.Float64(), "list_cost": MONEY, **dict.fromkeys(PARTS, MONEY),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of `SCHEMA`; `month` is the month whose report bears them, `share` is null where the month cost nothing."""
    lines, transfers = tables["cost_line"], tables["cost_transfer"]
    frames = [pl.DataFrame(schema=SCHEMA)]
    for month in lines["billing_month"].unique().sort():
        selection = select(lines, transfers, month, {}, None, "node").narrowed(DIMENSIONS)
        for by in DIMENSIONS:
            rows, total, _ = rounded(selection.sums((by,)), (by,))
            share = pl.col("cost").cast(pl.Float64) / pl.lit(float(total) or None, dtype=pl.Float64)
            named = rows.rename({by: "key"}).with_columns(
                pl.lit(month).alias("month"), pl.lit(by).alias("by"), pl.col("gpu_hours").cast(pl.Float64),
                share.alias("share"),
            )  # fmt: skip
            frames.append(named.select(SCHEMA.names()))
    return pl.concat(frames)
