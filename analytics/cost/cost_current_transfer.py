"""What the configured sharing policy moves between owners.

---
kind: intermediate
title: Sharing of idle and shared cost
question: Who bears the idle cost and the shared cost, as the configured policy says?
formula: >
  zero-sum lines: idle to the work of the same report day, node or cluster, and kind, by cost or evenly among teams,
  then each pool, with the idle cost it received, to the lines of teams of that report day by their cost without idle,
  evenly among teams, or by fixed weights; integers in millionths of a unit, split by largest remainder
source: OpenCost's order and coefficients; cost_current, allocation_policy, shared_pool, shared_weight
missing: what nobody there could bear stays where it is; without a policy there are no rows
reads: [cost_current, allocation_policy, shared_pool, shared_weight]
---
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analytics.ledger.policy import Policy
from analytics.ledger.transfer import transfers
from warehouse.charges import MILLI_UNIT_SECONDS_PER_HOUR


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Columns of warehouse.charges.LINE, then gpu_hours and cost as doubles (cost null without a price)."""
    moved = transfers(tables["cost_current"], Policy.of(tables))
    units = pl.col("quantity").cast(pl.Float64) * pl.col("share_num") / pl.col("share_den")
    hours = units / MILLI_UNIT_SECONDS_PER_HOUR
    return moved.with_columns(
        pl.when(pl.col("kind") == "gpu").then(hours).otherwise(0.0).alias("gpu_hours"),
        (hours * pl.col("price").cast(pl.Float64) / pl.col("price_den")).alias("cost"),
    )
