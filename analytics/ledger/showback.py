"""Showback: cost lines of one month grouped by any dimensions, rounded once, rows that add up to the total.

The total is the exact sum of what was asked for, rounded half to even to the cent; rows are apportioned to it by
largest remainder. Every grouping of the same lines has the same total, and a row's three parts (used, held beside the
use, held without a measurement) add up to its cost. The parts add up across a row, not down the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import polars as pl

from analytics.ledger import dimensions
from analytics.ledger.incomplete import incomplete
from analytics.ledger.policy import IdleBy
from analytics.ledger.selection import select
from warehouse.charges import Sums
from warehouse.errors import ConfigurationError
from warehouse.money import apportion, round_half_even

DIMENSIONS = dimensions.DIMENSIONS
HOUR_DIGITS = Decimal("0.000001")
HOURS = pl.Decimal(28, 6)
MONEY = pl.Decimal(18, 2)
PARTS = ("usage_cost", "workload_idle_cost", "unmeasured_cost")


@dataclass(frozen=True, slots=True)
class Showback:
    """A month's bill. `rows`: the columns `by`, gpu_hours (6 decimals), cost and its parts (cents), largest cost first.

    `incomplete` names what is not in it or could not be shared; empty means that the bill is whole.
    """

    month: date
    by: tuple[str, ...]
    rows: pl.DataFrame
    total: Decimal
    gpu_hours: Decimal
    incomplete: tuple[str, ...]


def showback(
    lines: pl.DataFrame,
    transfers: pl.DataFrame | None,
    month: date,
    by: Sequence[str] = ("team",),
    where: Mapping[str, Collection[str]] | None = None,
    idle: Literal["separate", "shared"] = "shared",
    until: date | None = None,
    problems: pl.DataFrame | None = None,
    idle_by: IdleBy = "node",
) -> Showback:
    """The bill of the month that begins on `month` from the tables cost_line and cost_transfer.

    `by` and the keys of `where` are DIMENSIONS or `label:NAME`; `where` keeps lines whose value is among those given,
    in all keys at once. `idle="shared"` adds what the sharing policy moves, `"separate"` shows idle and shared cost as
    rows of their own. A filter never changes what anybody bears; idle cost that nobody was given is kept in the part
    that the kept work would bear (see `selection`; `idle_by`: whose work bears it). `until`: month to date, up to and
    without that report day. `problems`: the table cost_problem. Raises ConfigurationError for what is no dimension.
    """
    if not by:
        raise ConfigurationError("cannot group cost by nothing", f"choose among {', '.join(DIMENSIONS)}, label:NAME")
    selection = select(lines, transfers if idle == "shared" else None, month, where or {}, until, idle_by)
    rows, total, hours = rounded(selection.sums(by), tuple(by))
    return Showback(month, tuple(by), rows, total, hours, incomplete(selection, problems, month, until))


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def rounded(groups: Mapping[tuple[str, ...], Sums], by: tuple[str, ...]) -> tuple[pl.DataFrame, Decimal, Decimal]:
    """Rows, total cost and total GPU-hours. A row from which all was shared out, to exactly nothing, is left out."""
    keys = sorted((key for key in groups if groups[key] != Sums()), key=lambda key: (-groups[key].cost, key))
    sums = [groups[key] for key in keys]
    hours = apportion([one.gpu_hours for one in sums], HOUR_DIGITS)
    costs = apportion([one.cost for one in sums])
    lists = apportion([one.list_cost for one in sums])
    parts = [
        apportion([getattr(one, name) for name in PARTS], total=cost) for one, cost in zip(sums, costs, strict=True)
    ]
    columns = [
        *(pl.Series(column, [key[at] for key in keys], dtype=pl.String) for at, column in enumerate(by)),
        pl.Series("gpu_hours", hours, dtype=HOURS), pl.Series("cost", costs, dtype=MONEY),
        pl.Series("list_cost", lists, dtype=MONEY),
        *(pl.Series(name, [part[at] for part in parts], dtype=MONEY) for at, name in enumerate(PARTS)),
    ]  # fmt: skip
    exact = sum((one.cost for one in sums), Fraction(0))
    return pl.DataFrame(columns), round_half_even(exact), sum(hours, Decimal(0))
