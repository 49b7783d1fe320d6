"""Every priced quantity as an exact cost.

---
kind: result
title: Cost lines
question: What did each team, service, model, cluster and namespace cost on each day?
formula: >
  cost = milli-unit-seconds x share x price / 3,600,000, exact as numerator / denominator; `cost` is the same with ten
  decimals, apportioned by largest remainder so that a day's lines add up to the day's exact total
source: cost_quantity
missing: a line without a price has no cost and is named in the findings
reads: [cost_quantity]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from analytics.exact import cost_of, denominator_of, numerator_of
from warehouse.money import apportion

QUANTUM = Decimal("0.0000000001")


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Cost lines in the order of day, team, service, model, cluster, namespace, GPU model and price."""
    keys = ["day", "team", "service", "model", "cluster", "namespace", "gpu_model", "resource", "price"]
    keys += ["share_num", "share_den"]  # no two lines are equal in all of these, so the order is one
    lines = tables["cost_quantity"].sort(keys, nulls_last=True)
    costs: list[Decimal | None] = [None] * lines.height
    by_day: dict[object, list[int]] = {}
    rows = lines.to_dicts()
    for index, row in enumerate(rows):
        if row["price"] is not None:
            by_day.setdefault(row["day"], []).append(index)
    for indices in by_day.values():
        parts = apportion([cost_of(rows[index]) for index in indices], QUANTUM)
        for index, part in zip(indices, parts, strict=True):
            costs[index] = part
    hours = pl.col("milli_unit_seconds") * pl.col("share_num") / pl.col("share_den") / 3_600_000
    return lines.with_columns(
        hours.alias("gpu_hours"),
        pl.Series("cost_numerator", [numerator_of(row) for row in rows], dtype=pl.Decimal(38, 6)),
        pl.Series("cost_denominator", [denominator_of(row) for row in rows], dtype=pl.Int64),
        pl.Series("cost", costs, dtype=pl.Decimal(28, 10)),
    )
