"""Integers split by weights: exact sums, nobody more than one away from the exact share, ties to the earlier."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger.distribute import Group, as_integers, exact_unit, split, split_groups

WEIGHTS = st.lists(st.integers(0, 10**20), min_size=1, max_size=30).filter(any)
GROUPS = st.lists(st.builds(Group, st.integers(1, 9), WEIGHTS), min_size=1, max_size=5)


@given(st.integers(-(10**30), 10**30), WEIGHTS)
def test_parts_add_up_and_are_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


@given(st.integers(-(10**12), 10**12), GROUPS)
def test_in_the_exact_unit_nothing_is_rounded(total: int, groups: list[Group]) -> None:
    unit = exact_unit(total, groups)
    whole = sum(group.weight for group in groups)
    exact = [
        Fraction(total * group.weight * member, whole * sum(group.members))
        for group in groups
        for member in group.members
    ]
    assert [Fraction(part, unit) for part in split_groups(total * unit, groups)] == exact


def test_what_is_left_goes_to_the_largest_remainders_and_of_equals_to_the_earlier() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    # 5/7 x 10 = 7.14, 1/7 x 10 = 1.43 twice: one is left, and the second has the first of the largest remainders
    assert split(10, [5, 1, 1]) == [7, 2, 1]
    assert split(-10, [5, 1, 1]) == [-7, -1, -2]  # floors -8, -2, -2; remainders 6/7, 4/7, 4/7
    assert split(0, [3, 4]) == [0, 0]


def test_a_group_bears_its_weight_whatever_its_members_weigh() -> None:
    assert split_groups(12, [Group(1, [1, 2]), Group(1, [100])]) == [2, 4, 6]
    assert split_groups(12, [Group(1, [1]), Group(3, [1, 2])]) == [3, 3, 6]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_without_anybody_to_bear_it_there_is_no_split(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights must not be negative"):
        split(1, weights)


def test_weights_become_the_smallest_integers_in_proportion() -> None:
    assert as_integers([Fraction(1, 2), Fraction(1, 3), Fraction(0)]) == [3, 2, 0]
    assert as_integers([Fraction(4), Fraction(6)]) == [2, 3]
