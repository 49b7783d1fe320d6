"""Exact money: sums as fractions, one rounding per report, parts that add up to the whole to the last digit.

A quantity is an integer, a price a Decimal, a cost their product as a `Fraction`; nothing is rounded on the way. A
report rounds once, by largest remainder, so that its rows add up to its total and the total to the exact cost. Method:
Hamilton's apportionment (largest remainder), ties broken by the rows' order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def round_half_even(value: Fraction, quantum: Decimal = CENT) -> Decimal:
    """`value` as a multiple of `quantum`, a half going to the even neighbour."""
    steps = round(value / Fraction(quantum))  # Fraction rounds half to even, exactly
    return steps * quantum


def apportion(parts: Sequence[Fraction], quantum: Decimal = CENT, total: Decimal | None = None) -> list[Decimal]:
    """Each part as a multiple of `quantum` such that they add up to `total` (default: the rounded sum of the parts).

    Every result is within one quantum of its part when `total` is the default. Parts may be negative (credits).
    Raises ValueError when `total` is not a multiple of `quantum` or is a whole quantum per part away from the sum.
    """
    if not parts:
        return []
    step = Fraction(quantum)
    target = round_half_even(sum(parts, Fraction(0)), quantum) if total is None else total
    steps, rest = divmod(Fraction(target), step)
    if rest:
        raise ValueError(f"{target} is not a multiple of {quantum}")
    floors = [part // step for part in parts]
    missing = int(steps) - sum(floors)
    if not 0 <= missing <= len(parts):
        raise ValueError(f"{target} is too far from the sum of its parts")
    by_remainder = sorted(range(len(parts)), key=lambda index: (-(parts[index] - floors[index] * step), index))
    for index in by_remainder[:missing]:
        floors[index] += 1
    return [count * quantum for count in floors]
