"""Exact rational money as the warehouse stores it: `numerator / denominator`, a decimal and an integer.

Splitting a node's price or spreading a fee gives fractions that no decimal holds. They are stored as a numerator with
at most 18 decimals (DECIMAL(38, 18)) and a common integer denominator (BIGINT); nothing is rounded.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import polars as pl

DECIMALS = 18
SCALE = 10**DECIMALS
LARGEST = 10**20
MOST_DENOMINATOR = 9 * 10**18

MONEY = pl.Decimal(38, DECIMALS)

Ratio = tuple[tuple[Decimal, ...], int]
"""Numerators and their common denominator."""


def ratio(*amounts: Fraction) -> Ratio | None:
    """`amounts` over their least common denominator, or None when the columns cannot hold them exactly."""
    denominator = math.lcm(*(one.denominator // math.gcd(one.denominator, SCALE) for one in amounts))
    if denominator > MOST_DENOMINATOR or any(abs(one * denominator) >= LARGEST for one in amounts):
        return None
    return tuple(_decimal(one * denominator) for one in amounts), denominator


def over(amount: Fraction, denominator: int) -> Decimal | None:
    """The numerator of `amount` over a given denominator, or None when the column cannot hold it exactly."""
    scaled = amount * denominator
    return _decimal(scaled) if SCALE % scaled.denominator == 0 and abs(scaled) < LARGEST else None


def _decimal(value: Fraction) -> Decimal:
    """Exact: `value` has at most 18 decimals. Built from its digits, because arithmetic would round to 28."""
    units = value.numerator * (SCALE // value.denominator)
    digits = tuple(map(int, str(abs(units))))
    return Decimal((int(units < 0), digits, -DECIMALS))
