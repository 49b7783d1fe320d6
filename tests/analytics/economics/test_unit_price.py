"""Unit prices: golden cases, and that prices by kind of token multiply back to the cost."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.economics.unit_price import Tokens, cost_of_failed, unit_cost, weighted_prices

GOLDEN = Path(__file__).parents[2] / "data" / "finops" / "golden_cases.json"
COUNT = st.none() | st.integers(0, 10**12)
COST = st.fractions(0, 10**7, max_denominator=10**9)
WEIGHT = st.decimals("0.01", "100", places=2).map(Fraction)
WEIGHTS = st.fixed_dictionaries({"in": WEIGHT, "out": WEIGHT, "cached": WEIGHT})


def golden(name: str) -> list[dict[str, Any]]:
    loaded = json.loads(GOLDEN.read_text())
    every = loaded["cases"] if isinstance(loaded, dict) else loaded
    return [case for case in every if case["id"].split("-")[0] == name]


@pytest.mark.parametrize("case", golden("G12"), ids=lambda case: case["id"])
def test_g12_blended_input_output_and_weighted_prices(case: dict[str, Any]) -> None:
    given, wanted = case["input"], case["expected"]
    cost = Fraction(given["cost"])
    tokens = Tokens(given["input_tokens"], given["output_tokens"])
    assert unit_cost(cost, given["requests"], 1000) == Decimal(wanted["per_1k_inferences"])
    assert unit_cost(cost, tokens.blended, 10**6) == Decimal(wanted["per_1m_tokens"])
    if "per_1m_input_only" in wanted:
        assert unit_cost(cost, tokens.input, 10**6) == Decimal(wanted["per_1m_input_only"])
    assert unit_cost(cost, tokens.output, 10**6) == Decimal(wanted["per_1m_output_only"])
    if "weighted_1_to_4" in wanted:
        prices = weighted_prices(cost, tokens, {"in": Fraction(1), "out": Fraction(4)})
        assert prices["in"] == Decimal(wanted["weighted_1_to_4"]["input"])
        assert prices["out"] == Decimal(wanted["weighted_1_to_4"]["output"])
        assert prices["cached"] is None


def test_g13_a_period_is_a_ratio_of_sums() -> None:
    (case,) = golden("G13")
    hours = [(Fraction(cost), count) for cost, count in case["input"]["hours"]]
    wanted = [None if one is None else Decimal(one) for one in case["expected"]["per_1k"]]
    assert [unit_cost(cost, count, 1000) for cost, count in hours] == wanted
    whole, requests = sum((cost for cost, _ in hours), Fraction(0)), sum(count for _, count in hours)
    assert unit_cost(whole, requests, 1000) == Decimal(case["expected"]["period_per_1k"])


def test_golden_cases_are_there() -> None:
    assert [case["id"] for case in golden("G12")]
    assert len(golden("G13")) == 1


@given(COST, COUNT, COUNT, COUNT, WEIGHTS)
def test_tokens_times_prices_are_the_cost(
    cost: Fraction, inputs: int | None, outputs: int | None, cached: int | None, weights: dict[str, Fraction]
) -> None:
    tokens = Tokens(inputs, outputs, cached)
    billed, prices = tokens.billed(), weighted_prices(cost, tokens, weights)
    assert sum(billed.values()) == (inputs or 0) + (outputs or 0)  # no token twice, whatever was cached
    assert {kind for kind, price in prices.items() if price is not None} == {
        kind for kind, count in billed.items() if count
    }
    back = sum(
        (Fraction(price) * billed[kind] / 10**6 for kind, price in prices.items() if price is not None), Fraction(0)
    )
    if any(billed.values()):
        assert abs(back - cost) <= Fraction(sum(billed.values()), 2 * 10**14)


@given(COST, st.integers(1, 10**12), st.integers(1, 10**12), WEIGHTS)
def test_prices_are_to_each_other_as_the_weights(
    cost: Fraction, inputs: int, outputs: int, weights: dict[str, Fraction]
) -> None:
    prices = weighted_prices(cost, Tokens(inputs, outputs), weights)
    assert prices["in"] is not None
    assert prices["out"] is not None
    left, right = Fraction(prices["in"]) * weights["out"], Fraction(prices["out"]) * weights["in"]
    assert abs(left - right) <= Fraction(1, 2 * 10**8) * (weights["in"] + weights["out"])


def test_more_cached_than_input_is_not_believed() -> None:
    assert Tokens(100, 10, 250).billed() == {"in": 0, "out": 10, "cached": 100}
    assert Tokens(None, 10, 250).billed() == {"in": 0, "out": 10, "cached": 0}


def test_nothing_to_divide_by_is_none() -> None:
    assert unit_cost(Fraction(5), 0, 1000) is None
    assert unit_cost(Fraction(5), None, 1000) is None
    assert unit_cost(None, 5, 1000) is None
    assert Tokens().blended is None
    assert weighted_prices(Fraction(5), Tokens(0, 0), {}) == {"in": None, "out": None, "cached": None}
    assert weighted_prices(None, Tokens(5, 5), {}) == {"in": None, "out": None, "cached": None}
    assert weighted_prices(Fraction(5), Tokens(5, None), {"in": Fraction(0)}) == {
        "in": None,
        "out": None,
        "cached": None,
    }


def test_cost_of_failed_requests() -> None:
    assert cost_of_failed(Fraction(15), 60, 1350) == Fraction(2, 3)
    assert cost_of_failed(Fraction(15), 0, 10) == 0
    assert cost_of_failed(Fraction(15), 0, 0) is None
    assert cost_of_failed(None, 1, 2) is None
