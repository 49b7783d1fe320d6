"""Numbers as people read them: nothing becomes 0 that is unknown, money loses no digit, 99.99 % is not 100 %."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import formats

NB = "\u00a0"


@pytest.mark.parametrize("write", [formats.ratio, formats.hours, formats.count, formats.seconds, formats.moment])
def test_what_is_not_known_is_a_dash(write: object) -> None:
    assert callable(write)
    assert write(None) == "–"
    assert formats.money(None, "USD") == formats.cents(None, "USD") == formats.of_unit(None, "s", "USD") == "–"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.4123, "41.2 %"),
        (1.0, "100.0 %"),
        (0.0, "0.0 %"),
        (0.99996, "99.996 %"),
        (0.00001, "< 0.1 %"),
        (0.0005, "0.1 %"),
    ],
)
def test_ratio_never_rounds_into_perfection(value: float, said: str) -> None:
    assert formats.ratio(value).replace(NB, " ") == said


@given(st.decimals(min_value=0, max_value=10**12, places=8, allow_nan=False, allow_infinity=False))
def test_money_keeps_every_digit(amount: Decimal) -> None:
    shown = formats.money(amount, "USD").removesuffix(f"{NB}USD").replace(",", "")
    assert Decimal(shown) == amount
    assert len(shown.split(".")[1]) >= 2


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=10, allow_nan=False, allow_infinity=False))
def test_cents_are_within_half_a_cent(amount: Decimal) -> None:
    shown = Decimal(formats.cents(amount, "USD").removesuffix(f"{NB}USD").replace(",", "").replace("−", "-"))
    assert abs(shown - amount) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0623, "62 ms"),
        (2.014, "2.01 s"),
        (61.0, "61.0 s"),
        (900.0, "15.0 min"),
        (7300.0, "2.0 h"),
        (172800.0, "2.0 d"),
    ],
)
def test_durations(value: float, said: str) -> None:
    assert formats.seconds(value).replace(NB, " ") == said


def test_differences_have_a_sign_and_a_unit() -> None:
    assert formats.difference(0.62, 0.6, "ratio").replace(NB, " ") == "+2.0 pt"
    assert formats.difference(8.0, 10.0, "currency").replace(NB, " ") == "−20.0 %"
    assert formats.difference(0.5, 0.5, "ratio").replace(NB, " ") == "±0.0 pt"
    assert formats.difference(1.0, 0.0, "s") == "–"


def test_compact_counts() -> None:
    assert [formats.compact(value).replace(NB, " ") for value in (950, 12_345, 12_300_000, 1.5e9)] == [
        "950", "12.3 k", "12.3 M", "1.5 bn",
    ]  # fmt: skip
