"""Many series in their order: what lags, what vanishes, what a snapshot does not name; pieces and the whole."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alert_rules import MINUTE, T0, rows, rule
from alerts.rules.machine import RuleState
from alerts.rules.readings import readings
from alerts.rules.replay import Replayed, replay
from warehouse.errors import MeterlineError


def run(frame: pl.DataFrame, before: Replayed | None = None, **written: object) -> Replayed:
    tested = rule(**{"labels": ["pod"], "every": "1m", "late": "5m", "absent_after": "10m", **written})
    states, frontier = (before.states, before.frontier) if before else ({}, None)
    return replay(tested, states, frontier, readings(tested, frame))


def told(done: Replayed) -> list[tuple[str, str, float, str]]:
    """(pod, kind, minute, why) in the order of time."""
    found = [(one.series[8:-2], one.change.kind, (one.change.at - T0) / MINUTE, one.why) for one in done.transitions]
    return sorted(found, key=lambda one: (one[2], one[0]))


def test_a_series_is_over_when_the_signal_went_on_without_it() -> None:
    done = run(rows((0, "a", 11), (0, "b", 1), (5, "b", 1), (10, "b", 1), (11, "b", 1), (12, "b", 1)))
    assert told(done) == [("a", "fired", 0, "value"), ("a", "resolved", 11, "absent")]
    assert set(done.states) == {'{"pod":"b"}'}
    assert done.forgotten == {'{"pod":"a"}'}


def test_a_signal_that_stands_still_ends_nothing() -> None:
    """A collector was down for ten hours: a fires on, though its next reading is long after the last."""
    done = run(rows((0, "a", 11), (0, "b", 1), (600, "a", 11), (600, "b", 1)))
    assert told(done) == [("a", "fired", 0, "value")]


def test_a_series_that_comes_back_begins_anew() -> None:
    done = run(rows((0, "a", 11), *((n, "b", 1) for n in range(0, 21, 5)), (20, "a", 11)))
    assert told(done) == [
        ("a", "fired", 0, "value"), ("a", "resolved", 15, "absent"), ("a", "fired", 20, "value"),
    ]  # fmt: skip


def test_a_series_that_lags_is_read_when_it_comes() -> None:
    first = run(rows((0, "a", 1), (0, "b", 1), (4, "b", 1)))
    again = run(rows((0, "a", 1), (2, "a", 11), (4, "b", 1), (6, "b", 1)), first)
    assert told(again) == [("a", "fired", 2, "value")]


def test_rows_without_labels_say_only_that_time_went_on() -> None:
    done = run(rows((0, "a", 11), (11, None, None)))
    assert told(done) == [("a", "fired", 0, "value"), ("a", "resolved", 11, "absent")]
    assert done.frontier == T0 + 11 * MINUTE


def test_a_snapshot_ends_what_it_does_not_name() -> None:
    frame = rows((0, "a", 11), (0, "b", 11), (5, "a", 11), (10, None, None))
    assert told(run(frame, snapshot=True)) == [
        ("a", "fired", 0, "value"), ("b", "fired", 0, "value"), ("b", "resolved", 5, "not in the snapshot"),
        ("a", "resolved", 10, "not in the snapshot"),
    ]  # fmt: skip


def test_a_snapshot_that_was_read_before_changes_nothing() -> None:
    first = run(rows((0, "a", 11), (5, "b", 11)), snapshot=True)
    again = run(rows((0, "a", 11), (5, "b", 11)), first, snapshot=True)
    assert again.transitions == []
    assert again.states == first.states


def test_without_any_row_nothing_happens() -> None:
    first = run(rows((0, "a", 11)))
    again = run(rows(), first)
    assert (again.transitions, again.states, again.frontier) == ([], first.states, first.frontier)


def test_of_two_rows_of_one_time_the_one_that_is_further_over_counts() -> None:
    assert told(run(rows((0, "a", 1), (0, "a", 11)))) == [("a", "fired", 0, "value")]
    assert told(run(rows((0, "a", 11), (0, "a", 1)), op="<", threshold=5)) == [("a", "fired", 0, "value")]


def test_a_rule_without_labels_has_one_series() -> None:
    done = run(rows((0, None, 11), (1, None, 1)), labels=[])
    assert [one.change.kind for one in done.transitions] == ["fired", "resolved"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"ts": [datetime(2026, 1, 1)], "pod": ["a"]}), "no column value"),
        (pl.DataFrame({"ts": ["x"], "pod": ["a"], "value": [1.0]}), "ts of the rule tested is String"),
        (pl.DataFrame({"ts": [datetime(2026, 1, 1)], "pod": ["a"], "value": ["x"]}), "is no number"),
    ],
)
def test_a_signal_that_is_no_signal_is_named(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(MeterlineError, match=message):
        run(frame)


series = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from("abc"), st.one_of(st.none(), st.sampled_from([1.0, 9.5, 11.0]))
    ),
    max_size=40, unique_by=lambda row: row[:2],
)  # fmt: skip
written = st.fixed_dictionaries({
    "wait": st.sampled_from([timedelta(0), 2 * MINUTE]), "keep_firing_for": st.sampled_from([timedelta(0), 3 * MINUTE]),
    "clear": st.sampled_from([1, 0.9]), "flapping": st.sampled_from([None, {"changes": 3, "within": "8m"}]),
    "snapshot": st.booleans(),
})  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(series, written, st.lists(st.integers(0, 41), max_size=3))
def test_pieces_give_what_the_whole_gives(values: list, rule_of: dict, cuts: list[int]) -> None:
    whole = run(rows(*values), **rule_of)
    pieces, transitions = Replayed({}, None), []
    for end in [*sorted(cuts), 41]:
        begin = -1 if pieces.frontier is None else (pieces.frontier - T0) / MINUTE - 5
        pieces = run(rows(*[row for row in values if begin <= row[0] < end]), pieces, **rule_of)
        transitions += told(pieces)
    assert sorted(transitions) == sorted(told(whole))
    assert pieces.states == whole.states
    assert pieces.frontier == whole.frontier


@given(series)
def test_no_series_is_remembered_that_the_signal_left_behind(values: list) -> None:
    done = run(rows(*values))
    for state in done.states.values():
        assert isinstance(state, RuleState)
        assert done.frontier is not None
        assert state.at is not None
        assert done.frontier - state.at <= 10 * MINUTE
