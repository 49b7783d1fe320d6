"""Showback of every month by each single dimension.

---
kind: result
title: Showback by month
question: What did each team, service, model, cluster and GPU model cost in each month?
formula: exact sum of cost lines, rounded once to the cent, rows by largest remainder; every `by` has the same total
source: cost_line
missing: lines without a price count in gpu_hours and not in cost
reads: [cost_line]
---
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analytics.showback import showback

DIMENSIONS = ("team", "service", "model", "cluster", "gpu_model")


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Columns month, by, key, gpu_hours, cost, share (of the month's cost, null when that is zero)."""
    lines = tables["cost_line"]
    frames = []
    for month in lines["day"].dt.truncate("1mo").unique().sort():
        for by in DIMENSIONS:
            bill = showback(lines, month, (by,))
            whole = pl.lit(float(bill.total) or None, dtype=pl.Float64)
            frames.append(
                bill.rows.select(
                    pl.lit(month).alias("month"), pl.lit(by).alias("by"), pl.col(by).alias("key"),
                    pl.col("gpu_hours").cast(pl.Float64), "cost",
                    (pl.col("cost").cast(pl.Float64) / whole).alias("share"),
                )
            )  # fmt: skip
    schema = pl.Schema({"month": pl.Date(), "by": pl.String(), "key": pl.String(), "gpu_hours": pl.Float64(),
                        "cost": pl.Decimal(18, 2), "share": pl.Float64()})  # fmt: skip
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema)
