"""Prices of units: cost per so many requests or tokens, and prices by kind of token that multiply back to the cost.

A ratio is always cost of all / count of all. What cannot be divided is None, never 0 and never infinite. Money is exact
until a price is rounded to its eight digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from warehouse.money import round_half_even

UNIT_QUANTUM = Decimal("0.00000001")
MILLION = 1_000_000
KINDS = ("in", "out", "cached")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts; None where nobody counted. `input` includes `cached`, as engines count prompt tokens."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None

    @property
    def blended(self) -> int | None:
        """Input + output. Cached ones are input already and are not added again."""
        counted = [count for count in (self.input, self.output) if count is not None]
        return sum(counted) if counted else None

    def billed(self) -> dict[str, int]:
        """Tokens by the kind whose price they bear: no token in two kinds.

        Cached tokens beyond the input (a source that contradicts itself) are not believed.
        """
        cached = min(self.cached or 0, self.input or 0)
        return {"in": (self.input or 0) - cached, "out": self.output or 0, "cached": cached}


def unit_cost(cost: Fraction | None, count: int | None, per: int) -> Decimal | None:
    """`per` x cost / count with eight digits, or None without a known cost or anything to divide by."""
    return round_half_even(cost * per / count, UNIT_QUANTUM) if cost is not None and count else None


def weight_of(tokens: Tokens, weights: Mapping[str, Fraction]) -> Fraction:
    """Tokens in units of one that weighs 1; a kind without a weight weighs 1."""
    return sum((count * weights.get(kind, Fraction(1)) for kind, count in tokens.billed().items()), Fraction(0))


def weighted_prices(
    cost: Fraction | None, tokens: Tokens, weights: Mapping[str, Fraction]
) -> dict[str, Decimal | None]:
    """Price of a million tokens of each of `KINDS`, in proportion to its weight.

    With `Tokens.billed`, sum of tokens x price / 1,000,000 is the cost: exactly before prices are rounded, and within
    half of 10^-14 a token after it (less than half a cent up to 10^12 tokens). None for a kind without tokens.
    """
    whole = weight_of(tokens, weights)
    prices: dict[str, Decimal | None] = {}
    for kind, count in tokens.billed().items():
        known = cost if whole and count else None
        weighted = known * weights.get(kind, Fraction(1)) / whole if known is not None else None
        prices[kind] = unit_cost(weighted, 1, MILLION)
    return prices


def cost_of_failed(cost: Fraction | None, failed: int | None, every: int | None) -> Fraction | None:
    """The part of a cost that failed requests took, if each request took the same; None without requests."""
    return cost * failed / every if cost is not None and failed is not None and every else None
