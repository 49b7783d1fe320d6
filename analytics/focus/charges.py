"""Cost lines at the grain of a FOCUS file, with quantities that can be written and still add up.

A line's hours are a fraction, FOCUS wants decimals. So hours are rounded to nine decimals by largest remainder among
the charges of one unit price: their sum is the sum of the lines, rounded once. A cost is then quantity x unit price,
exact as decimals; what a file misses to the report's cents is less than half a cent and stands in a row of its own.

Lines that sharing moved away from `__idle__` and `__shared__` are added to what was there, at the same price, so idle
cost that was shared out is gone rather than taken back in a negative row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import polars as pl

from analytics.ledger.dimensions import LABEL, dimension
from analytics.ledger.selection import Selection
from warehouse.charges import IDLE, MILLI_UNIT_SECONDS_PER_HOUR, SHARED, UNALLOCATED
from warehouse.money import apportion, round_half_even

HOUR_DIGITS = Decimal("1E-9")
PRICE_DIGITS = Decimal("1E-18")
ENDLESS_DIGITS = Decimal("1E-12")
"""Of a price without an end (a fee divided by hours): a cost then has 21 decimals, which 38 digits can hold."""
EXACT = Context(prec=200)
"""Wide enough that no product or sum of this package is ever rounded."""

SAME = (
    "charge", "pool", "team", "cost_center", "service", "model", "cluster", "region", "namespace", "kind", "gpu_model",
    "pricing", "commitment", "charge_class", "unused",
)  # fmt: skip
"""What charges of one row have in common, besides period, price and labels."""


class Price(NamedTuple):
    """Per unit-hour, at list and net: exact where 18 decimals are enough."""

    listed: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """What one row is about.

    `day` is a UTC day, None where the period is the month. `unused`: a commitment that nothing used, whoever bears it.
    `quantity` is `hours` (unit-hours, exact) rounded such that all of one price add up.
    """

    month: date
    day: date | None
    charge: str
    pool: str | None
    team: str
    cost_center: str | None
    service: str
    model: str
    cluster: str | None
    region: str | None
    namespace: str | None
    kind: str
    gpu_model: str | None
    pricing: str | None
    commitment: str | None
    charge_class: str | None
    unused: bool
    labels: tuple[str, ...]
    price: Price
    hours: Fraction
    quantity: Decimal = Decimal(0)

    @property
    def cost(self) -> Decimal:
        """Quantity x net price, exact."""
        return EXACT.multiply(self.quantity, self.price.net)

    @property
    def list_cost(self) -> Decimal:
        """Quantity x list price, exact."""
        return EXACT.multiply(self.quantity, self.price.listed)


def charges_of(selection: Selection, labels: Sequence[str] = (), by_month: bool = False) -> list[Charge]:
    """Charges of the priced lines of a report, in a stable order; those whose quantity is nothing are left out."""
    found = [charge for charge in _summed(selection, labels, by_month) if charge.hours]
    found.sort(key=_order)
    by_price: dict[Price, list[int]] = {}
    for index, charge in enumerate(found):
        by_price.setdefault(charge.price, []).append(index)
    for indices in by_price.values():
        quantities = apportion([found[index].hours for index in indices], HOUR_DIGITS)
        for index, quantity in zip(indices, quantities, strict=True):
            found[index] = replace(found[index], quantity=quantity)
    return [charge for charge in found if charge.quantity]


def _summed(selection: Selection, labels: Sequence[str], by_month: bool) -> list[Charge]:
    names = [f"{LABEL}{name}" for name in labels]
    day = pl.lit(None, dtype=pl.Date) if by_month else pl.col("day")
    rate = ("list_price", "price", "price_den", "share_num", "share_den", "part")
    groups = (
        selection.lines.filter(pl.col("price").is_not_null())
        .with_columns(day.alias("day"), _unused().alias("unused"))
        .with_columns(_charge(), *(dimension(name).alias(name) for name in names))
        .group_by("month", "day", *SAME, *names, *rate)
        .agg(pl.col("quantity").sum())
    )
    hours: dict[tuple[Any, ...], Fraction] = {}
    for row in groups.iter_rows(named=True):
        same = tuple(row[name] for name in ("month", "day", *SAME))
        key = (same, tuple(row[name] for name in names), _price(row))
        spent = Fraction(int(row["quantity"]) * row["share_num"], row["share_den"] * MILLI_UNIT_SECONDS_PER_HOUR)
        hours[key] = hours.get(key, Fraction(0)) + spent * selection.parts[row["part"]]
    return [
        Charge(**dict(zip(("month", "day", *SAME), same, strict=True)), labels=values, price=price, hours=spent)
        for (same, values, price), spent in hours.items()
    ]


def _unused() -> pl.Expr:
    """Of a transfer only the resource still says that it was a commitment and no capacity."""
    moved = (pl.col("charge") == "transfer") & (pl.col("resource") == "commitment")
    return (pl.col("charge") == "unused") | moved.fill_null(False)


def _charge() -> pl.Expr:
    """What is moved from or to a special owner is the idle or shared cost that it takes away or adds."""
    moved = pl.col("charge") == "transfer"
    idle = pl.when("unused").then(pl.lit("unused")).otherwise(pl.lit("idle"))
    pool = pl.when(pl.col("kind") == "overhead").then(pl.lit("overhead")).otherwise(pl.lit("shared"))
    return (
        pl.when(moved & (pl.col("team") == IDLE)).then(idle)
        .when(moved & (pl.col("team") == SHARED)).then(pool)
        .otherwise(pl.col("charge"))
        .alias("charge")
    )  # fmt: skip


def _price(row: Mapping[str, Any]) -> Price:
    den = row["price_den"] or 1
    listed = row["price"] if row["list_price"] is None else row["list_price"]
    return Price(_decimal(Fraction(listed) / den), _decimal(Fraction(row["price"]) / den))


def _decimal(price: Fraction) -> Decimal:
    exact = round_half_even(price, PRICE_DIGITS)
    return exact if Fraction(exact) == price else round_half_even(price, ENDLESS_DIGITS)


def _order(charge: Charge) -> tuple[Any, ...]:
    words = tuple(str(getattr(charge, name) or "") for name in SAME)
    return (charge.month, charge.day or charge.month, charge.team in (IDLE, SHARED, UNALLOCATED), *words, charge.labels,
            charge.price)  # fmt: skip
