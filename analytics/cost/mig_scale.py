"""Nodes whose MIG slices do not add up to their cards.

---
kind: intermediate
question: By how much do the shares of a node's MIG slices differ from the cards that they were cut from?
formula: >
  the dominant shares of all slices x time against cards x time. More than the cards (3g + 4g are 1/2 + 4/7): every
  slice is scaled down to them. Less (three 2g are 6/7): what no slice can use is idle, `rest_milli` milli-GPU-seconds
source: gpu_capacity_day and node_attribute_day
missing: no row where the number of cards is not known, and none where they agree; then a share counts as it is
reads: [gpu_capacity_day, node_attribute_day]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import polars as pl

SLICED = "mig"
KEY = ["day", "slice_start", "cluster", "node"]
SCHEMA = pl.Schema({
    "day": pl.Date(), "slice_start": pl.Datetime("us"), "cluster": pl.String(), "node": pl.String(),
    "gpu_model": pl.String(), "num": pl.Int64(), "den": pl.Int64(), "rest_milli": pl.Int64(),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of `SCHEMA`: the factor `num / den` of every slice of the node, and the rest that no slice can use."""
    capacity = tables["gpu_capacity_day"]
    sliced = capacity.filter(pl.col("resource").str.contains(SLICED)).select(KEY).unique()
    cards = tables["node_attribute_day"].select("day", "cluster", "node", "gpus").drop_nulls("gpus")
    nodes = (
        capacity.join(sliced, on=KEY, nulls_equal=True)
        .join(cards, on=["day", "cluster", "node"], nulls_equal=True)
        .partition_by(KEY, maintain_order=True)
    )
    rows = [row for node in nodes if (row := _row(node))]
    return pl.DataFrame(rows, schema=SCHEMA)


def _row(node: pl.DataFrame) -> dict[str, object] | None:
    parts = node.to_dicts()
    shares = sum(
        (Fraction(one["milli_unit_seconds"] * one["share_num"], one["share_den"]) for one in parts), Fraction(0)
    )
    cards = parts[0]["gpus"] * 1000 * max(one["covered_s"] for one in parts)
    if not shares or shares == cards:
        return None
    factor = min(Fraction(cards) / shares, Fraction(1))
    rest = max(cards - shares, Fraction(0))
    models = [one["gpu_model"] for one in parts if one["gpu_model"]]
    found = {column: parts[0][column] for column in KEY}
    return {**found, "gpu_model": min(models, default=None), "num": factor.numerator, "den": factor.denominator,
            "rest_milli": round(rest)}  # fmt: skip
