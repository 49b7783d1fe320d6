"""Cost lines: the one form in which every cost is at rest, and exact sums over them.

A line says who owed what, where and when, as integers and decimals only:

    hours = quantity x share_num / share_den / 3,600,000          cost = hours x price / price_den

`quantity` is in thousandths of a scheduled unit x seconds: milli-GPU-seconds, millicore-seconds; memory is in
byte-seconds with the share 125 / 2^27, so that its hours are GiB-hours. `share_num / share_den` says what part of a
priced unit one scheduled unit is (a MIG slice, a time-sliced replica, the part that a commitment covers). So a cost is
a rational number that nobody has rounded; sums first add integers (one group for each rate), then few fractions.

Lines are added up, never edited: what is moved from one owner to another (idle cost that is shared) are two more lines,
one of them with a negative quantity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import polars as pl

MILLI_UNIT_SECONDS_PER_HOUR = 3_600_000

IDLE = "__idle__"
UNALLOCATED = "__unallocated__"
SHARED = "__shared__"
NO_SERVICE = "__none__"

QUANTITY = pl.Decimal(38, 0)
PRICE = pl.Decimal(38, 18)

LINE = pl.Schema({
    "day": pl.Date(), "report_day": pl.Date(), "month": pl.Date(), "charge": pl.String(), "pool": pl.String(),
    "team": pl.String(), "cost_center": pl.String(), "service": pl.String(), "model": pl.String(),
    "cluster": pl.String(), "region": pl.String(), "node": pl.String(), "namespace": pl.String(), "pod": pl.String(),
    "labels": pl.String(), "kind": pl.String(), "resource": pl.String(), "gpu_model": pl.String(),
    "pricing": pl.String(), "commitment": pl.String(), "quantity": QUANTITY, "used": QUANTITY,
    "share_num": pl.Int64(), "share_den": pl.Int64(), "list_price": PRICE, "price": PRICE, "price_den": pl.Int64(),
})  # fmt: skip
"""The columns of a line. `day` is the UTC day, `report_day` and `month` are of the report's time zone.

`charge`: allocation (requested or used by a pod), idle, shared (a namespace that several teams bear), overhead (a sum
that no metric shows), unused (a commitment nobody used), transfer (moved from one owner to another; adds up to zero).
`kind`: gpu, cpu, memory, overhead. `used` is in the unit of `quantity`, null where use was not measured. `price` is
null where none is known: such a line has hours and no cost, and is named as incomplete.
"""

MEASURES = ("quantity", "used")
RATE = ("kind", "share_num", "share_den", "list_price", "price", "price_den")
"""What the cost of a unit-second depends on: lines alike in these add up as integers."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Exact sums over lines, in the report currency: at net price, at list price, of what was used, and GPU-hours.

    `cost = usage_cost + workload_idle_cost + unmeasured_cost`: used, held beside the use, held without a measurement.
    Use beyond what was charged makes `workload_idle_cost` negative. `unpriced_hours` are hours of any kind without a
    price.
    """

    cost: Fraction = Fraction(0)
    list_cost: Fraction = Fraction(0)
    usage_cost: Fraction = Fraction(0)
    workload_idle_cost: Fraction = Fraction(0)
    unmeasured_cost: Fraction = Fraction(0)
    gpu_hours: Fraction = Fraction(0)
    unpriced_hours: Fraction = Fraction(0)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def hours_of(row: Mapping[str, Any], measure: str = "quantity") -> Fraction:
    """Unit-hours of a line: GPU-hours, core-hours or GiB-hours by its `kind`."""
    return Fraction(int(row[measure]) * row["share_num"], row["share_den"] * MILLI_UNIT_SECONDS_PER_HOUR)


def cost_of(row: Mapping[str, Any], measure: str = "quantity", price: str = "price") -> Fraction:
    """Cost of a line in the report currency; 0 where it has no price (such lines are named as incomplete elsewhere)."""
    if row[price] is None:
        return Fraction(0)
    return hours_of(row, measure) * Fraction(row[price]) / (row["price_den"] or 1)


def exact_sums(lines: pl.DataFrame, by: Sequence[str]) -> dict[tuple[Any, ...], Sums]:
    """`Sums` for each combination of the columns `by` (none: one sum under the key `()`, if there are lines).

    `lines` has the columns `RATE` and `MEASURES` besides `by`. The result does not depend on the order of lines, nor on
    how a line is split in two. There are many lines and few rates, so all rates are brought to one denominator and what
    is left for each line is adding whole numbers.
    """
    rates = lines.select(RATE).unique().with_row_index("rate")
    units = [_of_one(row) for row in rates.iter_rows(named=True)]
    whole = lcm(*(part.denominator for unit in units for part in unit))
    factors = [tuple(part.numerator * (whole // part.denominator) for part in unit) for unit in units]
    keyed = lines.join(rates, on=RATE, nulls_equal=True).with_columns(pl.col("used").is_not_null().alias("measured"))
    groups = keyed.group_by(*by, "rate", "measured").agg(pl.col("quantity").sum(), pl.col("used").fill_null(0).sum())
    sums: dict[tuple[Any, ...], list[int]] = {}
    for row in groups.select(*by, "rate", "measured", "quantity", "used").iter_rows():
        *key, rate, measured, quantity, used = row
        held, worked = int(quantity), int(used)
        cost, list_cost, gpu_hours, unpriced = factors[rate]
        found = sums.setdefault(tuple(key), [0] * len(Sums.__slots__))
        found[0] += held * cost
        found[1] += held * list_cost
        if measured:
            found[2] += worked * cost
            found[3] += (held - worked) * cost
        else:
            found[4] += held * cost
        found[5] += held * gpu_hours
        found[6] += held * unpriced
    return {key: Sums(*(Fraction(part, whole) for part in found)) for key, found in sums.items()}


def _of_one(rate: Mapping[str, Any]) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Of a quantity of 1 at a rate: cost, cost at list price, GPU-hours, hours without a price."""
    one = {**rate, "quantity": 1}
    hours, none = hours_of(one), Fraction(0)
    return (
        cost_of(one), cost_of(one, price="list_price"), hours if rate["kind"] == "gpu" else none,
        hours if rate["price"] is None else none,
    )  # fmt: skip
