"""The state machine gives the changes that were worked out by hand in cases/*.yaml."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_rules import MINUTE, T0, cases, rule
from alerts.rules.machine import Reading, RuleState, advance, clear_level


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['file']}: {case['what'].strip()[:60]}")
def test_changes_are_those_worked_out_by_hand(case: dict) -> None:
    tested, state, changes = rule(**case["rule"]), RuleState(), []
    for minute, value, *threshold in case["readings"]:
        state, change = advance(tested, state, Reading(T0 + minute * MINUTE, value, *threshold))
        if change is not None:
            changes.append([(change.at - T0) / MINUTE, change.kind])
    assert changes == case["changes"]


readings = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 8.5, 9.5, 10.5, 20.0])), max_size=60)
settings = st.fixed_dictionaries({
    "wait": st.sampled_from([0, 1, 3]), "keep_firing_for": st.sampled_from([0, 2, 5]),
    "clear": st.sampled_from([1, 0.9]),
    "flapping": st.sampled_from([None, {"changes": 2, "within": "10m"}, {"changes": 4, "within": "1h"}]),
})  # fmt: skip


@given(readings, settings)
def test_what_is_seen_begins_and_ends_in_turn_and_never_without_data(values: list[float | None], written: dict) -> None:
    written |= {name: written[name] * MINUTE for name in ("wait", "keep_firing_for")}
    tested, state, shown = rule(op=">", threshold=10, **written), RuleState(), False
    for minute, value in enumerate(values):
        before = state
        state, change = advance(tested, state, Reading(T0 + minute * MINUTE, value))
        if value is None:
            assert change is None
            assert (state.phase, state.shown) == (before.phase, before.shown)
        if change is not None and change.kind == "fired":
            assert not shown
            assert value > 10
            shown = True
        elif change is not None and change.kind == "resolved":
            assert shown
            shown = False
        assert state.shown == shown
        assert (state.fired_at is not None) == shown


@given(readings)
def test_damping_hides_changes_and_never_an_alert_that_burns(values: list[float | None]) -> None:
    """Whenever the undamped rule fires, the damped one does."""
    damped, plain = rule(op=">", threshold=10), rule(op=">", threshold=10, flapping=None)
    one, other = RuleState(), RuleState()
    for minute, value in enumerate(values):
        reading = Reading(T0 + minute * MINUTE, value)
        one, other = advance(damped, one, reading)[0], advance(plain, other, reading)[0]
        assert one.shown or not other.shown


def test_a_snapshot_that_does_not_name_a_series_ends_it_as_a_good_value_would() -> None:
    tested = rule(op=">", threshold=10, keep_firing_for="2m")
    state, _ = advance(tested, RuleState(), Reading(T0, 11))
    state, change = advance(tested, state, Reading(T0 + MINUTE, None, gone=True))
    assert change is None
    state, change = advance(tested, state, Reading(T0 + 3 * MINUTE, None, gone=True))
    assert change is not None
    assert (change.kind, change.at) == ("resolved", T0 + 3 * MINUTE)


def test_the_alert_began_when_it_fired_not_when_its_wait_began() -> None:
    tested, state = rule(op=">", threshold=10, wait="5m"), RuleState()
    for minute in range(7):
        state, _ = advance(tested, state, Reading(T0 + minute * MINUTE, 11))
    assert state.since == T0
    assert state.fired_at == T0 + timedelta(minutes=5)


def test_a_clear_level_of_zero_is_zero() -> None:
    assert clear_level(">", 0, 0.5) == 0
    assert clear_level("<", 0, 0.5) == 0
