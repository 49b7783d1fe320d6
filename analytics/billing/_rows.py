"""Rows of a reconciliation for people, from exact sums. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from analytics.billing._comparison import Compared, Key, names
from warehouse.money import round_half_even

HOURS = Decimal("0.000001")

Rounding = Callable[[Sequence[Fraction]], Sequence[Decimal]]
"""How one column is rounded: row by row, or so that its rows add up (`warehouse.money.apportion`)."""


def rows_of(rows: Mapping[Key, Compared], rounding: Rounding) -> list[dict[str, Any]]:
    """The rows of one day or month, those that compare first.

    metered_cost is null for what nothing meters and where nothing has a price; billed and effective are null where no
    charge could be converted; difference = effective - metered, null where either is null or lacks a charge.
    """
    keys = sorted(rows, key=lambda key: key.order)
    metered = _column([_metered(key, rows[key]) for key in keys], rounding)
    billed = _column([rows[key].billed if _has_sum(rows[key]) else None for key in keys], rounding)
    effective = _column([rows[key].effective if _has_sum(rows[key]) else None for key in keys], rounding)
    return [
        _row(key, rows[key], *money) for key, *money in zip(keys, metered, billed, effective, strict=True)
    ]  # fmt: skip


def _row(
    key: Key, row: Compared, metered: Decimal | None, billed: Decimal | None, effective: Decimal | None
) -> dict[str, Any]:
    comparable = metered is not None and effective is not None and not row.unrated
    return {
        "sku": key.sku if key.kind is None else names(row.skus),
        "service_name": key.service if key.kind is None else names(row.services),
        "kind": key.kind, "gpu_model": key.gpu_model,
        "metered_hours": round_half_even(row.hours, HOURS) if row.metered_at_all else None,
        "metered_cost": metered, "billed_cost": billed, "effective_cost": effective,
        "difference": effective - metered if comparable and effective is not None and metered is not None else None,
        "billed_in": names(row.unrated or row.currencies), "status": row.status(key),
    }  # fmt: skip


def _has_sum(row: Compared) -> bool:
    """Nothing billed is 0; something billed of which no part could be converted is unknown."""
    return row.rated or not row.unrated


def _metered(key: Key, row: Compared) -> Fraction | None:
    if key.kind is None:
        return None
    return row.metered if row.metered_at_all else Fraction(0)


def _column(values: Sequence[Fraction | None], rounding: Rounding) -> list[Decimal | None]:
    rounded = iter(rounding([value for value in values if value is not None]))
    return [None if value is None else next(rounded) for value in values]
