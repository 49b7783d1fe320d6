"""Exact GPU-hours and costs from integer quantities: nothing here is rounded.

A quantity is in milli-unit-seconds (a thousandth of one scheduled unit for one second), `share_num / share_den` says
what part of a physical GPU a unit is, a price is per GPU-hour. Hence hours = q x num / den / 3,600,000 and cost = hours
x price.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

MILLI_UNIT_SECONDS_PER_HOUR = 3_600_000


def hours_of(row: Mapping[str, Any]) -> Fraction:
    """Physical GPU-hours of a row with milli_unit_seconds, share_num and share_den."""
    return Fraction(row["milli_unit_seconds"] * row["share_num"], row["share_den"] * MILLI_UNIT_SECONDS_PER_HOUR)


def cost_of(row: Mapping[str, Any]) -> Fraction:
    """Cost of a row in the report currency; 0 where it has no price (such rows are named as incomplete elsewhere)."""
    return hours_of(row) * Fraction(row["price"]) if row["price"] is not None else Fraction(0)


def numerator_of(row: Mapping[str, Any]) -> Decimal | None:
    """Cost x `denominator_of`, a decimal without rounding, or None without a price."""
    if row["price"] is None:
        return None
    price: Decimal = row["price"]
    return Decimal(row["milli_unit_seconds"] * row["share_num"]) * price


def denominator_of(row: Mapping[str, Any]) -> int:
    return int(row["share_den"]) * MILLI_UNIT_SECONDS_PER_HOUR
