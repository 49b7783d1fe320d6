"""What part of the GPUs of a cluster is paid for by commitments.

---
kind: intermediate
question: Which part of each GPU model in each cluster and time slice do commitments cover, and what of them is unused?
formula: >
  a commitment covers what is there up to its units: those of a cluster first, then those of a region, then the others;
  across clusters in proportion to what is left there. Every GPU of the model is covered by the same part. Unused =
  committed - covered
source: commitments of the configuration, gpu_pool
missing: no row where nothing is committed; while there is no such GPU at all, the whole commitment is unused
reads: [commitment, gpu_pool, time_slice, fact_span]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

import polars as pl

PRICE = pl.Decimal(38, 18)
SCHEMA = pl.Schema({
    "slice_start": pl.Datetime("us"), "cluster": pl.String(), "region": pl.String(), "gpu_model": pl.String(),
    "commitment": pl.String(), "num": pl.Int64(), "den": pl.Int64(), "unused": pl.Decimal(38, 0),
    "list_price": PRICE, "price": PRICE, "price_den": pl.Int64(),
})  # fmt: skip
Row = dict[str, Any]
Place = tuple[str | None, str | None]


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of `SCHEMA`: `num / den` of the pool at a commitment's price, the rest (commitment null) at the usual one.

    A row with `unused` (thousandths of a GPU x seconds) speaks of what nothing used.
    """
    commitments = sorted(
        tables["commitment"].to_dicts(),
        key=lambda one: (one["cluster"] is None, one["region"] is None, one["valid_from"], one["commitment"]),
    )
    if not commitments:
        return pl.DataFrame(schema=SCHEMA)
    pools: dict[tuple[datetime, str], dict[Place, Fraction]] = {}
    for row in tables["gpu_pool"].to_dicts():
        pool = pools.setdefault((row["slice_start"], row["gpu_model"]), {})
        place = (row["cluster"], row["region"])
        pool[place] = pool.get(place, Fraction(0)) + Fraction(int(row["quantity"]) * row["share_num"], row["share_den"])
    now = next(iter(tables["fact_span"]["now"].to_list()), None)
    rows: list[Row] = []
    for piece in tables["time_slice"].to_dicts():
        start, end = piece["slice_start"], min(piece["slice_end"], now or piece["slice_end"])
        holding = [one for one in commitments if one["valid_from"] <= start and (one["valid_to"] or end) >= end > start]
        for model in dict.fromkeys(one["gpu_model"] for one in holding):
            mine = [one for one in holding if one["gpu_model"] == model]
            rows += _cover(start, model, mine, pools.get((start, model), {}), round((end - start).total_seconds()))
    return pl.DataFrame(rows, schema=SCHEMA)


def _cover(start: datetime, model: str, commitments: list[Row], pool: dict[Place, Fraction], seconds: int) -> list[Row]:
    left = dict(pool)
    rows = []
    for one in commitments:
        fitting = [
            place for place in left
            if one["cluster"] in (None, place[0]) and one["region"] in (None, place[1]) and left[place]
        ]  # fmt: skip
        there = sum((left[place] for place in fitting), Fraction(0))
        committed = Fraction(one["milli_units"] * seconds)
        covered = min(committed, there)
        for place in fitting:
            part = covered * left[place] / there
            left[place] -= part
            rows.append(_row(start, model, place, one, part / pool[place]))
        if committed > covered:
            nowhere = (one["cluster"], one["region"])
            rows.append({**_row(start, model, nowhere, one, Fraction(0)), "unused": round(committed - covered)})
    rest = {"commitment": None, "list_price": None, "price": None, "price_den": None}
    touched = {(row["cluster"], row["region"]) for row in rows if row["unused"] is None}
    return rows + [_row(start, model, place, rest, left[place] / pool[place]) for place in sorted(touched, key=str)]


def _row(start: datetime, model: str, place: Place, commitment: Row, part: Fraction) -> Row:
    of = {name: commitment[name] for name in ("commitment", "list_price", "price", "price_den")}
    return {"slice_start": start, "cluster": place[0], "region": place[1], "gpu_model": model, "num": part.numerator,
            "den": part.denominator, "unused": None, **of}  # fmt: skip
