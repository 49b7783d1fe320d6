"""Showback: cost lines of one month grouped by any columns, rounded once, rows that add up to the total.

Pure over published cost lines. The total is the exact sum of the month, rounded half to even to the cent; rows are
apportioned to it by largest remainder, so every grouping of the same month shows the same total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl

from analytics.exact import cost_of, hours_of
from warehouse.errors import ConfigurationError
from warehouse.money import apportion, round_half_even

DIMENSIONS = ("team", "service", "model", "cluster", "namespace", "gpu_model", "day")
HOUR_DIGITS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Showback:
    """A month's bill. `rows` has the grouping columns, gpu_hours (6 decimals) and cost (cents), largest cost first.

    `incomplete` names what is not in it (GPU models without a price); empty means that the bill is whole.
    """

    month: date
    by: tuple[str, ...]
    rows: pl.DataFrame
    total: Decimal
    gpu_hours: Decimal
    incomplete: tuple[str, ...]


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def showback(lines: pl.DataFrame, month: date, by: Sequence[str] = ("team",)) -> Showback:
    """The bill of the month that begins on `month` (UTC) from the table cost_line.

    Raises ConfigurationError for a column that cost cannot be grouped by.
    """
    unknown = [column for column in by if column not in DIMENSIONS]
    if unknown or not by:
        raise ConfigurationError(
            f"cannot group cost by {', '.join(unknown) or 'nothing'}", f"choose among {', '.join(DIMENSIONS)}"
        )
    inside = lines.filter(pl.col("day").is_between(month, next_month(month), closed="left"))
    groups: dict[tuple[str, ...], tuple[Fraction, Fraction]] = {}
    unpriced = set()
    for row in inside.to_dicts():
        key = tuple(str(row[column]) if row[column] is not None else "" for column in by)
        so_far = groups.get(key, (Fraction(0), Fraction(0)))
        groups[key] = (so_far[0] + hours_of(row), so_far[1] + cost_of(row))
        if row["price"] is None:
            unpriced.add(row["gpu_model"] or "unknown GPU model")
    keys = sorted(groups, key=lambda key: (-groups[key][1], key))
    hours = apportion([groups[key][0] for key in keys], HOUR_DIGITS)
    costs = apportion([groups[key][1] for key in keys])
    rows = pl.DataFrame(
        {column: [key[position] for key in keys] for position, column in enumerate(by)},
        schema=dict.fromkeys(by, pl.String),
    ).with_columns(
        pl.Series("gpu_hours", hours, dtype=pl.Decimal(28, 6)), pl.Series("cost", costs, dtype=pl.Decimal(18, 2))
    )
    exact = sum((cost for _, cost in groups.values()), Fraction(0))
    return Showback(
        month, tuple(by), rows, round_half_even(exact), sum(hours, Decimal(0)),
        tuple(f"{model} has no price, its hours are in gpu_hours and not in cost" for model in sorted(unpriced)),
    )  # fmt: skip
