"""Portions: quantities of shared lines, split among those who bear them at each place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import lcm

import polars as pl

from analytics.ledger.bearers import OWNER, Bearers
from analytics.ledger.distribute import exact_unit, split_groups
from warehouse.charges import LINE, MEASURES, QUANTITY

KEPT = (
    "day", "report_day", "month", "kind", "resource", "gpu_model", "pricing", "commitment", "share_num", "share_den",
    "list_price", "price", "price_den",
)  # fmt: skip
"""What a portion keeps of the line that is shared."""
LARGEST_DENOMINATOR = 2**63 - 1


def finely(lines: pl.DataFrame, quantum: int | None) -> pl.DataFrame:
    """The same lines counted in `quantum` parts of their unit, or in tenths of that where `share_den` has no room."""
    units = [quantum // 10**digits for digits in range(len(str(quantum)))] if quantum else [1]
    unit = pl.lit(1, dtype=pl.Int64)
    for one in reversed(units):
        unit = pl.when(pl.col("share_den") <= LARGEST_DENOMINATOR // one).then(one).otherwise(unit)
    counts = [(pl.col(measure) * unit.cast(QUANTITY)).cast(QUANTITY) for measure in MEASURES]
    return lines.with_columns(*counts, pl.col("share_den") * unit.cast(pl.Int64))


def portions(lines: pl.DataFrame, those: Bearers, keys: Sequence[str], *, exact: bool) -> pl.DataFrame:
    """Lines of those who bear `lines`, place by place; nothing where nobody is. Columns of warehouse.charges.LINE.

    Lines alike in all that a portion keeps are shared as one. Exact portions are counted in a unit of their own.
    """
    measured = pl.col("used").is_not_null().alias("measured")
    by = list(dict.fromkeys((*keys, *KEPT)))
    alike = (
        lines.with_columns(measured)
        .group_by(*by, "measured")
        .agg(pl.col(MEASURES).sum().cast(pl.String))
        .sort(*by, "measured", nulls_last=True)
    )
    owner_rows: list[int] = []
    kept_rows: list[int] = []
    units: list[int] = []
    quantities: list[int] = []
    uses: list[int | None] = []
    rows = alike.select(*keys, *MEASURES, "measured").iter_rows()
    for row, (*key, quantity, used, is_measured) in enumerate(rows):
        place = those.places.get(tuple(key))
        if place is None:
            continue
        whole, of_use = int(quantity), int(used)
        unit = lcm(exact_unit(whole, place.groups), exact_unit(of_use, place.groups)) if exact else 1
        members = len(place.rows)
        owner_rows += place.rows
        kept_rows += [row] * members
        units += [unit] * members
        quantities += split_groups(whole * unit, place.groups)
        uses += split_groups(of_use * unit, place.groups) if of_use else [0 if is_measured else None] * members
    kept = alike.select(KEPT)[kept_rows].with_columns(pl.col("share_den") * pl.Series(units, dtype=pl.Int64))
    counted = {"quantity": as_quantities(quantities), "used": as_quantities(uses)}
    found = pl.concat([those.owners.select(OWNER)[owner_rows], kept, pl.DataFrame(counted)], how="horizontal")
    return found.with_columns(pl.lit("transfer").alias("charge")).select(LINE.names())


def as_quantities(numbers: Iterable[int | None]) -> pl.Series:
    """Integers of any size as a column of quantities; by their digits, as a number would become a float on the way."""
    digits = [None if number is None else str(number) for number in numbers]
    return pl.Series(digits, dtype=pl.String).cast(QUANTITY)
