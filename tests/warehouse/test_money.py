"""Exact money: golden cases and what always holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.money import CENT, apportion, round_half_even

PARTS = st.lists(st.fractions(min_value=-1000, max_value=100000, max_denominator=10**6), min_size=1, max_size=40)


def test_thirds_of_a_hundred() -> None:
    """G04: 33.33 three times is 99.99; the missing cent goes to the first of equal remainders."""
    assert apportion([Fraction(100, 3)] * 3) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_qos_classes_of_the_public_trace_add_up() -> None:
    """Milli-GPU-seconds by QoS at 2.50 an hour: plain rounding of the parts loses a cent."""
    exact = [Fraction(one, 1000) for one in (3279091, 18647999, 3216197, 103533400)]
    parts = apportion(exact, total=Decimal("128676.69"))
    assert sum(parts) == Decimal("128676.69")


def test_a_half_cent_goes_to_the_even_cent() -> None:
    assert round_half_even(Fraction(5, 1000)) == Decimal("0.00")
    assert round_half_even(Fraction(15, 1000)) == Decimal("0.02")
    assert round_half_even(Fraction(-5, 1000)) == Decimal("0.00")


def test_a_total_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        apportion([Fraction(1)], total=Decimal("1.001"))
    with pytest.raises(ValueError, match="too far"):
        apportion([Fraction(1), Fraction(2)], total=Decimal("3.05"))


def test_no_parts() -> None:
    assert apportion([]) == []


@given(PARTS)
def test_parts_add_up_and_stay_within_a_cent(parts: list[Fraction]) -> None:
    rounded = apportion(parts)
    assert sum(rounded) == round_half_even(sum(parts, Fraction(0)))
    assert all(abs(Fraction(cents) - part) < Fraction(CENT) for cents, part in zip(rounded, parts, strict=True))
