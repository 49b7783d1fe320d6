"""Error budgets against exact fractions and against slo-generator, recorded; the rest worked by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reliability.error_budget import days_to_exhaustion, error_budget

CASES = json.loads((Path(__file__).parents[2] / "data" / "slo" / "error_budget.json").read_text())["cases"]


def name(case: dict[str, Any]) -> str:
    return f"{case['goal']}-{case['window']}-{case['good']}-{case['bad']}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_budgets_are_the_exact_fractions(case: dict[str, Any]) -> None:
    minutes = case["window_s"] // 60
    budget = error_budget(case["good"], case["good"] + case["bad"], Decimal(case["goal"]), minutes)
    assert budget.attainment == case["sli"]
    assert budget.burn_rate == case["burn_rate"]
    assert budget.total == case["allowed_bad_events"]
    assert budget.consumed == case["bad"]
    assert budget.left_ratio == case["budget_remaining_ratio"]
    assert budget.budget_minutes == case["budget_minutes"]
    assert budget.consumed_minutes == case["budget_consumed_minutes"]
    assert budget.left_minutes == case["budget_remaining_minutes"]
    assert budget.met is case["slo_met"]
    whole = days_to_exhaustion(1.0, budget.burn_rate, minutes)  # the file asks it of an untouched budget
    assert whole == pytest.approx(case["days_to_exhaustion_at_this_rate"], rel=1e-12) if whole else not case["bad"]


@pytest.mark.parametrize("case", CASES, ids=name)
def test_slo_generator_says_the_same_within_its_rounding(case: dict[str, Any]) -> None:
    """It rounds the SLI to 6 digits and the burn rate to 1, and works its minutes out from the rounded SLI."""
    theirs = case["slo_generator"]
    minutes = case["window_s"] // 60
    ours = error_budget(case["good"], case["good"] + case["bad"], Decimal(case["goal"]), minutes)
    assert ours.attainment is not None
    assert ours.burn_rate is not None
    assert ours.attainment == pytest.approx(theirs["sli_measurement"], abs=0.5e-6 + 1e-12)
    rounding = 0.5e-6 / float(1 - Decimal(case["goal"])) + 0.05 + 1e-9
    assert ours.burn_rate == pytest.approx(theirs["error_budget_burn_rate"], abs=rounding)
    assert ours.budget_minutes == pytest.approx(theirs["error_budget_minutes"], rel=1e-9)
    assert ours.consumed_minutes == pytest.approx(theirs["error_minutes"], abs=0.5e-6 * minutes + 1e-9)
    assert ours.left_minutes == pytest.approx(theirs["error_budget_remaining_minutes"], abs=0.5e-6 * minutes + 1e-9)


def test_nothing_measured_is_neither_0_nor_100_percent() -> None:
    budget = error_budget(0, 0, Decimal("0.99"), 1440)
    assert budget.attainment is budget.left_ratio is budget.burn_rate is budget.met is None
    assert budget.budget_minutes == 14.4


def test_a_calendar_period_that_is_not_over_has_the_budget_of_the_whole() -> None:
    """30 days at 99.9 %: 43.2 minutes. All bad for 10 of the first 2880: 33.2 are left, though 99.653 % is below
    target. 1000 events a minute: 2,880,000 so far, 43,200,000 in all, of which 43,200 may be bad and 10,000 were."""
    budget = error_budget(2_870_000, 2_880_000, Decimal("0.999"), 43_200, 2_880)
    assert budget.attainment == pytest.approx(0.9965277777777778)
    assert budget.met is True
    assert budget.total == 43_200
    assert budget.left == 33_200
    assert budget.left_ratio == pytest.approx(33.2 / 43.2)
    assert budget.left_minutes == pytest.approx(33.2)
    assert budget.burn_rate == pytest.approx((10 / 2880) / 0.001)


def test_the_days_that_are_left_are_those_of_what_is_left() -> None:
    assert days_to_exhaustion(0.5, 2.0, 30 * 1440) == 7.5
    assert days_to_exhaustion(-0.1, 2.0, 30 * 1440) == 0.0
    assert days_to_exhaustion(0.5, 0.0, 30 * 1440) is None
    assert days_to_exhaustion(None, 2.0, 30 * 1440) is None
    assert days_to_exhaustion(0.5, None, 30 * 1440) is None


def test_a_target_of_everything_has_no_budget() -> None:
    budget = error_budget(99, 100, Decimal(1), 60)
    assert budget.met is False
    assert budget.left_ratio is budget.burn_rate is None
    assert error_budget(100, 100, Decimal(1), 60).met is True


@given(
    good=st.integers(0, 10**9), bad=st.integers(0, 10**9),
    target=st.decimals("0", "0.999999", places=6), minutes=st.integers(1, 10**6),
)  # fmt: skip
def test_what_is_left_and_what_is_consumed_are_the_whole(good: int, bad: int, target: Decimal, minutes: int) -> None:
    budget = error_budget(good, good + bad, target, minutes)
    if good + bad == 0:
        return
    assert budget.total is not None
    assert budget.consumed is not None
    assert budget.left is not None
    assert budget.consumed_minutes is not None
    assert budget.left_minutes is not None
    assert budget.consumed + budget.left == pytest.approx(budget.total, rel=1e-12, abs=1e-6)
    assert budget.consumed_minutes + budget.left_minutes == pytest.approx(budget.budget_minutes, rel=1e-9, abs=1e-9)
    assert budget.met is (budget.left >= 0)
