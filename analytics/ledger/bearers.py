"""Who bears what is shared at one place and day, and with what weight.

Lines of one owner at one place are one bearer, so a line that is split in two changes nobody's share. A weight is the
exact cost of those lines, as an integer in proportion to the others of the place; who has no cost bears nothing.
Bearers are in the order of their columns, which settles ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl

from analytics.ledger.dimensions import dimension
from analytics.ledger.distribute import Group, as_integers

OWNER = ("team", "cost_center", "service", "model", "cluster", "region", "node", "namespace", "pod", "labels", "pool")
"""What a share takes from who bears it; `pool` is set on lines that are shared out themselves."""
PRICE = ("share_num", "share_den", "price", "price_den")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The bearers at one place: `rows` of the frame of bearers, one for each member, group after group.

    `names`: of each group its values in the dimensions that groups were made by.
    """

    rows: Sequence[int]
    groups: tuple[Group, ...]
    names: tuple[Key, ...] = ()

    def members(self, name: Key) -> tuple[Sequence[int], Sequence[int]]:
        """Rows and weights of one group. Raises ValueError where it is not here."""
        at = self.names.index(name)
        first = sum(len(group.members) for group in self.groups[:at])
        weights = self.groups[at].members
        return self.rows[first : first + len(weights)], weights


@dataclass(frozen=True, slots=True)
class Bearers:
    """`owners` has the columns OWNER, one row a bearer; `places` says where in it those of each place are."""

    owners: pl.DataFrame
    places: Mapping[Key, Place]


def bearers(lines: pl.DataFrame, keys: Sequence[str], grouped: Sequence[str] = ()) -> Bearers:
    """Those who pay for `lines`, by place (equal in the columns `keys`) and inside it by the dimensions `grouped`.

    Every group weighs 1 against the others of its place.
    """
    group = [f"group {name}" for name in grouped]
    named = [dimension(name).alias(column) for name, column in zip(grouped, group, strict=True)]
    order = list(dict.fromkeys((*keys, *group, *OWNER)))
    held = (
        lines.filter((pl.col("quantity") > 0) & (pl.col("price") > 0))
        .with_columns(named)
        .group_by(*order, *PRICE)
        .agg(pl.col("quantity").sum())
        .sort(*order, *PRICE, nulls_last=True)
    )
    first = _changes(order)
    owners = held.filter(first)
    costs = _costs(held.select(*PRICE, "quantity", first.cum_sum().alias("bearer")))
    names = owners.select(group).rows() if group else [()] * owners.height
    places: dict[Key, Place] = {}
    # sorted, so that those of one place are neighbours, and in it those of one group
    starts = [*owners.select(_changes(keys).arg_true()).to_series(), owners.height]
    for start, stop in pairwise(starts):
        key = owners.select(keys).row(start)
        places[key] = _place(range(start, stop), costs[start:stop], names[start:stop])
    return Bearers(owners.select(OWNER), places)


def _changes(columns: Sequence[str]) -> pl.Expr:
    """Whether a row differs from the one before in any of the columns; true for the first."""
    differs = (pl.col(column).ne_missing(pl.col(column).shift()) for column in columns)
    return pl.any_horizontal(pl.int_range(pl.len()) == 0, *differs)


def _costs(held: pl.DataFrame) -> list[list[tuple[int, Fraction]]]:
    """For each bearer its quantities with the price of a unit."""
    rates = held.select(PRICE).unique().with_row_index("rate")
    prices = {rate: _per_unit(*row) for *row, rate in rates.select(*PRICE, "rate").iter_rows()}
    rows = held.join(rates, on=PRICE, how="left", nulls_equal=True, maintain_order="left")
    found: list[list[tuple[int, Fraction]]] = [[] for _ in range(rows["bearer"].n_unique())]
    for bearer, rate, quantity in rows.select("bearer", "rate", pl.col("quantity").cast(pl.String)).iter_rows():
        found[bearer - 1].append((int(quantity), prices[rate]))
    return found


def _place(rows: range, costs: Sequence[Sequence[tuple[int, Fraction]]], names: Sequence[Key]) -> Place:
    prices = list(dict.fromkeys(price for held in costs for _, price in held))
    scale = dict(zip(prices, as_integers(prices), strict=True))
    groups: dict[Key, list[int]] = {}
    for name, held in zip(names, costs, strict=True):
        groups.setdefault(name, []).append(sum(quantity * scale[price] for quantity, price in held))
    return Place(rows, tuple(Group(1, members) for members in groups.values()), tuple(groups))


def _per_unit(share_num: int, share_den: int, price: Decimal, price_den: int | None) -> Fraction:
    return Fraction(share_num, share_den) * Fraction(price) / (price_den or 1)
