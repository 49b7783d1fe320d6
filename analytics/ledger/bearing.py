"""Which part of idle cost the work bears that a filter keeps.

    part of an idle line = cost of the kept work / cost of all work, of the same day, place and kind

Work whose own cost was shared out (a pool) counts as kept in the part that the kept work received of that pool; so idle
cost reaches through pools, which OpenCost over-counts (its case 6e).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

import polars as pl

from analytics.ledger.dimensions import PLACES, matches, of_owner
from analytics.ledger.place import BEARERS, levels
from analytics.ledger.policy import IdleBy
from warehouse.charges import exact_sums

Key = tuple[Any, ...]
Where = Mapping[str, Collection[str]]


def bearing(
    idle: pl.DataFrame, work: pl.DataFrame, where: Where, idle_by: IdleBy
) -> tuple[pl.DataFrame, list[Fraction]]:
    """The idle lines of which `where` keeps anything, with a column `part`: an index into the parts also returned.

    `work` is all that is not idle, with the transfers of pools.
    """
    asks_owner = any(of_owner(name) for name in where)
    of_work = {name: values for name, values in where.items() if of_owner(name) or name in PLACES}
    of_line = {name: values for name, values in where.items() if name not in of_work}
    judged = idle.filter(matches(of_line)).with_columns(matches(of_work).alias("itself"))
    parts = [Fraction(1)]
    whole = pl.lit(0, dtype=pl.Int64).alias("part")
    asked = judged.filter(pl.col("itself") & asks_owner)
    frames = [asked.with_columns(whole)]
    for lines, keys in levels(judged.filter(~(pl.col("itself") & asks_owner)), idle_by):
        shares = kept_shares(work, keys, of_work)
        numbers = range(len(parts), len(parts) + len(shares))
        parts += shares.values()
        schema = {key: lines.schema[key] for key in keys} | {"part": pl.Int64}
        rows = [(*key, number) for key, number in zip(shares, numbers, strict=True)]
        borne = lines.join(pl.DataFrame(rows, schema=schema, orient="row"), on=keys, how="left", nulls_equal=True)
        nobodys = pl.col("part").is_null() & pl.col("itself")
        frames += [borne.filter(pl.col("part").is_not_null()), borne.filter(nobodys).with_columns(whole)]
    return pl.concat(frames).drop("itself"), parts


def kept_shares(work: pl.DataFrame, keys: Sequence[str], where: Where) -> dict[Key, Fraction]:
    """By the columns `keys`: which part of the work's cost is kept by `where`; without costs there is no such part."""
    priced = work.filter((pl.col("quantity") > 0) & pl.col("price").is_not_null()).with_columns(
        matches(where).alias("kept")
    )
    received = _received(priced)
    total: dict[Key, Fraction] = {}
    kept: dict[Key, Fraction] = {}
    place = [pl.col(key).alias(f"at {key}") for key in keys]  # exact_sums groups by some of these columns itself
    at_work = priced.filter(pl.col("charge").is_in(BEARERS)).with_columns(place)
    by = (*(f"at {key}" for key in keys), "pool", "kept")
    for (*at, pool, matched), sums in exact_sums(at_work, by).items():
        key = tuple(at)
        total[key] = total.get(key, Fraction(0)) + sums.cost
        part = received.get((key[0], pool), Fraction(int(matched)))
        kept[key] = kept.get(key, Fraction(0)) + sums.cost * part
    return {key: kept[key] / cost for key, cost in total.items() if cost}


def _received(priced: pl.DataFrame) -> dict[Key, Fraction]:
    """By report day and pool: which part of what the pool gave went to kept work."""
    given = priced.filter((pl.col("charge") == "transfer") & pl.col("pool").is_not_null())
    total: dict[Key, Fraction] = {}
    kept: dict[Key, Fraction] = {}
    for (day, pool, matched), sums in exact_sums(given, ("report_day", "pool", "kept")).items():
        total[day, pool] = total.get((day, pool), Fraction(0)) + sums.cost
        kept[day, pool] = kept.get((day, pool), Fraction(0)) + (sums.cost if matched else 0)
    return {key: kept[key] / cost for key, cost in total.items() if cost}
