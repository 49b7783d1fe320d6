"""Splitting an integer by integer weights so that the parts add up to it, always.

Method: Hamilton's apportionment. Each part is its exact share rounded down; what is left goes, one each, to the largest
remainders, ties to the earlier part. A negative total is split by the same rule and adds up as well. Nothing here knows
what is split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm


@dataclass(frozen=True, slots=True)
class Group:
    """Members who bear `weight` of the whole together, each by its own weight. Weights are integers >= 0, not all 0."""

    weight: int
    members: Sequence[int]


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in parts proportional to `weights`, each within one of its exact share; a weight of 0 gets 0.

    Raises ValueError where a weight is negative or all are 0: there is nobody to bear the total.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and one of them must be positive")
    parts: list[int] = []
    remainders: list[int] = []
    for weight in weights:
        part, remainder = divmod(total * weight, whole)
        parts.append(part)
        remainders.append(remainder)
    missing = total - sum(parts)
    if missing:
        # a reversed sort is stable too: of equal remainders the earlier one comes first
        for index in sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)[:missing]:
            parts[index] += 1
    return parts


def split_groups(total: int, groups: Sequence[Group]) -> list[int]:
    """The parts of all members, group after group: first among the groups, then in each among its members."""
    if len(groups) == 1:
        return split(total, groups[0].members)
    shares = split(total, [group.weight for group in groups])
    return [part for share, group in zip(shares, groups, strict=True) for part in split(share, group.members)]


def exact_unit(total: int, groups: Sequence[Group]) -> int:
    """The least unit in which `split_groups(total * unit, groups)` has nothing to round."""
    whole = sum(group.weight for group in groups)
    return lcm(*(
        Fraction(total * group.weight * gcd(*group.members), whole * sum(group.members)).denominator for group in groups
    ))  # fmt: skip


def as_integers(weights: Sequence[Fraction]) -> list[int]:
    """Weights in the same proportion, without a common factor."""
    scale = lcm(*(weight.denominator for weight in weights))
    numbers = [weight.numerator * (scale // weight.denominator) for weight in weights]
    common = gcd(*numbers) or 1
    return [number // common for number in numbers]
