"""Evaluation into a real log: what is stored, what fires, and that neither a kill nor a pause changes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alert_rules import MINUTE, T0, events, firing, rows, rule, source
from alerts.rules.evaluate import Evaluation, Evaluator, Outcome
from alerts.rules.model import Rule
from alerts.rules.signal import SignalInactive
from alerts.rules.store import standing
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.log import AlertLog
from warehouse.errors import MeterlineError, WarehouseError

LABELLED = {
    "labels": ["pod"],
    "every": "1m",
    "late": "5m",
    "absent_after": "10m",
    "severity": "page",
    "owner": "{team}",
}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path) as opened:
        yield opened


def run(log: AlertLog, frame, minute: float, *rules: Rule) -> Evaluation:
    return Evaluator(log, rules or [rule(**LABELLED)], {"sql": source(frame)}).run(T0 + minute * MINUTE, due_only=False)


def test_an_alert_has_labels_that_stay_and_texts_that_follow_the_value(log: AlertLog) -> None:
    tested = rule(
        **LABELLED, runbook_url="https://example.org/{pod}", why="because", what_to_do="restart it",
        annotations={"summary": "{pod} is at {value:whole} of {threshold}, {gone}"},
    )  # fmt: skip
    frame = rows((0, "a", "red", 11.4), (1, "a", "blue", 12.4), columns=("pod", "team", "value"))
    first = run(log, frame, 1, tested).outcomes[0]
    labels = {"alertname": "tested", "severity": "page", "pod": "a", "team": "red", "owner": "red"}
    assert first.fired == (fingerprint(labels),)
    assert firing(log)["a"] == (T0, {
        "summary": "a is at 11 of 10, ?", "description": "because", "what_to_do": "restart it", "value": "11.4",
        "threshold": "10", "runbook_url": "https://example.org/a",
    })  # fmt: skip
    second = run(log, frame, 2, tested).outcomes[0]
    assert (second.fired, second.resolved) == ((), ())
    assert firing(log)["a"][1]["summary"] == "a is at 12 of 10, ?"
    assert json.loads(log.rows("SELECT labels FROM alert")[0]["labels"]) == labels


def test_what_fires_resolves_at_the_reading_that_is_back(log: AlertLog) -> None:
    frame = rows((0, "a", 11), (3, "a", 5))
    run(log, frame, 1)
    ended = run(log, frame, 9).outcomes[0]
    assert len(ended.resolved) == 1
    row = log.rows("SELECT starts_at, ends_at, annotations FROM alert")[0]
    assert row["ends_at"] - row["starts_at"] == 3 * 60 * 1_000_000
    assert json.loads(row["annotations"])["value"] == "5"
    reasons = [detail["reason"] for _, detail in events(log, "recovered")]
    assert reasons == ["value"]


def test_explanations_find_the_reading_with_all_its_columns(log: AlertLog) -> None:
    run(log, rows((0, "a", 12, 14.4), columns=("pod", "value", "burn_long")), 1)
    ((_, detail),) = events(log, "reading")
    assert detail["rule"] == "tested"
    assert (detail["value"], detail["threshold"], detail["columns"]) == (12, 10, {"pod": "a", "burn_long": 14.4})
    assert [kind for kind, _ in events(log)] == ["fired", "reading"]


def test_a_wait_is_told_and_so_is_its_end(log: AlertLog) -> None:
    tested = rule(**LABELLED, wait="5m")
    frame = rows((0, "a", 11), (2, "a", 5))
    run(log, frame, 1, tested)
    run(log, frame, 3, tested)
    assert [kind for kind, _ in events(log)] == ["pending", "recovered"]
    assert firing(log) == {}


def test_a_restart_goes_on_with_the_stored_state(tmp_path: Path) -> None:
    tested, frame = rule(**LABELLED, wait="5m"), rows((0, "a", 11), (5, "a", 11))
    with AlertLog(tmp_path) as log:
        run(log, frame, 1, tested)
        assert log.rows("SELECT state FROM rule_state")[0]["state"] == "pending"
    with AlertLog(tmp_path) as log:
        run(log, frame, 6, tested)
        assert firing(log)["a"][0] == T0 + 5 * MINUTE


class Killed(BaseException):
    """Not an Exception: nothing may catch it."""


def test_a_kill_in_the_middle_leaves_the_state_before_and_the_next_run_the_state_after(
    log: AlertLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = rows((0, "a", 11), (1, "b", 11))
    with monkeypatch.context() as cut:

        def killed(*_: object) -> None:
            raise Killed

        cut.setattr("alerts.rules.evaluate.store_clock", killed)  # the last statement of the transaction
        with pytest.raises(Killed):
            run(log, frame, 2)
    for table in ("alert", "event", "episode", "rule_state", "rule_clock"):
        assert log.rows(f"SELECT * FROM {table}") == []
    run(log, frame, 2)
    assert set(firing(log)) == {"a", "b"}


def test_began_and_ended_while_we_were_down_is_an_episode_and_no_alert_that_fires(log: AlertLog) -> None:
    run(log, rows((0, "a", 1)), 1)
    run(log, rows((0, "a", 1), (10, "a", 11), (20, "a", 1)), 60)
    assert firing(log) == {}
    (episode,) = log.rows("SELECT * FROM episode")
    assert episode["ended_at"] - episode["started_at"] == 10 * 60 * 1_000_000


def test_ended_and_began_again_while_we_were_down_is_a_second_episode(log: AlertLog) -> None:
    frame = rows((0, "a", 11), (10, "a", 1), (20, "a", 11))
    run(log, frame, 1)
    run(log, frame, 60)
    assert firing(log)["a"][0] == T0 + 20 * MINUTE
    assert [row["ended_at"] is None for row in log.rows("SELECT * FROM episode ORDER BY fired_at")] == [False, True]


def test_a_rule_that_is_gone_takes_its_alerts_with_it_and_says_so(log: AlertLog) -> None:
    other = rule(**LABELLED | {"name": "other"})
    frame = rows((0, "a", 11))
    run(log, frame, 1, rule(**LABELLED), other)
    outcome = run(log, frame, 2, other, rule(**LABELLED, enabled=False)).outcomes[0]
    assert (outcome.rule, outcome.status, len(outcome.resolved)) == ("tested", "removed", 1)
    assert [detail["reason"] for _, detail in events(log, "recovered")] == ["the rule is no longer configured"]
    assert {row["rule"] for row in log.rows("SELECT rule FROM rule_state")} == {"other"}
    assert len(firing(log)) == 1


def test_another_severity_is_another_alert(log: AlertLog) -> None:
    frame = rows((0, "a", "ticket", 11), (1, "a", "page", 20), columns=("pod", "severity", "value"))
    run(log, frame, 1)
    outcome = run(log, frame, 2).outcomes[0]
    assert (len(outcome.fired), len(outcome.resolved)) == (1, 1)
    row = log.rows("SELECT labels FROM alert WHERE ends_at IS NULL")[0]
    assert json.loads(row["labels"])["severity"] == "page"


def test_no_data_and_no_rows_hold(log: AlertLog) -> None:
    frame = rows((0, "a", 11), (1, "a", None), (30, "a", None))
    for minute in (1, 2, 31, 300):
        run(log, frame, minute)
    assert set(firing(log)) == {"a"}
    assert len(log.rows("SELECT * FROM episode")) == 1


def test_a_series_that_vanishes_is_resolved_when_the_signal_went_on(log: AlertLog) -> None:
    run(log, rows((0, "a", 11), (0, "b", 1)), 1)
    outcome = run(log, rows((0, "a", 11), (0, "b", 1), (11, "b", 1)), 12).outcomes[0]
    assert len(outcome.resolved) == 1
    assert [detail["reason"] for _, detail in events(log, "recovered")] == ["absent"]
    assert set(standing(log, "tested").states) == {'{"pod":"b"}'}


def test_flapping_is_told_once_and_the_alert_fires_on(log: AlertLog) -> None:
    frame = rows(*((minute, "a", 11 if minute % 2 == 0 else 5) for minute in range(9)))
    for minute in range(1, 10):
        run(log, frame, minute)
    assert [kind for kind, _ in events(log, "fired", "resolved", "flapping")] == [
        "fired", "resolved", "fired", "flapping",
    ]  # fmt: skip
    assert events(log, "flapping")[0][1]["changes"] == 4
    assert "flapping" in firing(log)["a"][1]
    assert log.rows("SELECT state FROM rule_state")[0]["state"] == "flapping"


def test_readings_that_come_too_late_are_counted(log: AlertLog) -> None:
    on_time = [(0, "a", 1), (1, "a", 1), (3, "a", 1)]
    assert run(log, rows(*on_time), 4).outcomes[0].late == 0
    assert run(log, rows((-4, "a", 1), *on_time), 5).outcomes[0].late == 0, "of before the first interval"
    assert run(log, rows(*on_time, (2, "a", 11)), 6).outcomes[0].late == 1
    assert firing(log) == {}
    assert run(log, rows(*on_time, (2, "a", 11)), 7).outcomes[0].late == 0


def test_a_rule_that_fails_stops_no_other_and_is_told_the_second_time(log: AlertLog) -> None:
    broken = rule(name="broken", severity="page", owner="platform")
    fine = rule(**LABELLED)
    given_rows = source(rows((0, "a", 11), (2, "a", 11)))
    failing = True

    def sometimes(one: Rule, since, until):
        if one.name == "broken" and failing:
            raise MeterlineError("the query failed")
        return given_rows(one, since, until)

    evaluator = Evaluator(log, [broken, fine], {"sql": sometimes})
    first = evaluator.run(T0 + MINUTE)
    assert first.failed == {"broken": "the query failed"}
    assert set(firing(log)) == {"a"}
    assert log.rows("SELECT error FROM rule_clock WHERE rule = 'broken'")[0]["error"] == "the query failed"
    evaluator.run(T0 + 6 * MINUTE)
    assert set(firing(log)) == {"a", "MeterlineRuleFailing"}
    failing = False
    evaluator.run(T0 + 11 * MINUTE)
    assert "MeterlineRuleFailing" in firing(log), "one good evaluation may be luck"
    evaluator.run(T0 + 16 * MINUTE)
    assert "MeterlineRuleFailing" not in firing(log)


def test_the_alert_about_a_failing_rule_goes_with_the_rule(log: AlertLog) -> None:
    def broken(*_: object):
        raise MeterlineError("the query failed")

    for minute in (0, 5):
        Evaluator(log, [rule()], {"sql": broken}).run(T0 + minute * MINUTE)
    assert set(firing(log)) == {"MeterlineRuleFailing"}
    Evaluator(log, [], {}).run(T0 + 6 * MINUTE)
    assert firing(log) == {}


@pytest.mark.parametrize("defect", [ZeroDivisionError("x"), WarehouseError("the warehouse is damaged")])
def test_a_defect_in_a_signal_is_that_of_its_rule(log: AlertLog, defect: Exception) -> None:
    def broken(*_: object):
        raise defect

    assert str(defect) in Evaluator(log, [rule()], {"sql": broken}).run(T0).failed["tested"]


def test_what_has_no_signal_yet_is_inactive(log: AlertLog) -> None:
    def nothing(*_: object):
        raise SignalInactive("v000001 has no table quota_event")

    slo = rule(name="slo", signal={"slo": "burn"})
    outcomes = Evaluator(log, [rule(), slo], {"sql": nothing}).run(T0).outcomes
    assert outcomes == (
        Outcome("tested", "inactive", "v000001 has no table quota_event"),
        Outcome("slo", "inactive", "nothing here gives signals of the kind slo"),
    )
    assert log.rows("SELECT * FROM rule_clock") == []


def test_a_rule_is_asked_when_it_is_due(log: AlertLog) -> None:
    asked: list[str] = []

    def noted(one: Rule, since, until):
        asked.append(one.name)
        return rows()

    evaluator = Evaluator(log, [rule(name="often", every="1m"), rule(name="seldom", every="5m")], {"sql": noted})
    for seconds in (0, 57, 114, 171, 228, 285):  # a timer that is a little early
        evaluation = evaluator.run(T0 + timedelta(seconds=seconds))
    assert asked.count("often") == 6
    assert asked.count("seldom") == 2
    assert evaluation.next_at == T0 + timedelta(seconds=345)
    evaluator.run(T0 - timedelta(hours=1))
    assert asked[-2:] == ["often", "seldom"], "a clock that was set back keeps nothing from being evaluated"


def test_a_clock_that_jumps_resolves_and_fires_nothing(log: AlertLog) -> None:
    frame = rows((0, "a", 11), (0, "b", 1))
    run(log, frame, 1)
    for minute in (61, -59, 2, 60 * 24 * 3):
        outcome = run(log, frame, minute).outcomes[0]
        assert (outcome.status, outcome.fired, outcome.resolved) == ("evaluated", (), ())
    assert set(firing(log)) == {"a"}


def test_after_a_long_pause_only_a_day_is_read(log: AlertLog) -> None:
    asked = []

    def noted(_: Rule, since, until):
        asked.append(since)
        return rows((0, "a", 1))

    evaluator = Evaluator(log, [rule(**LABELLED)], {"sql": noted})
    evaluator.run(T0 + MINUTE)
    evaluator.run(T0 + timedelta(days=9))
    assert asked[0] == T0 - 4 * MINUTE, "at first as far back as a series may lag"
    assert asked[1] == T0 + timedelta(days=8) - 5 * MINUTE


values = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from([None, 1.0, 9.5, 11.0])),
    max_size=30, unique_by=lambda row: row[:2],
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values, st.lists(st.integers(1, 40), max_size=3), st.sampled_from(["0m", "2m"]), st.booleans())
def test_evaluating_in_pieces_ends_where_evaluating_at_once_does(
    tmp_path_factory: pytest.TempPathFactory, made: list, cuts: list[int], wait: str, snapshot: bool
) -> None:
    tested = rule(**LABELLED, wait=wait, clear=0.9, flapping={"changes": 3, "within": "9m"}, snapshot=snapshot)
    ends = []
    for moments in ([0, 42], [0, *sorted(cuts), 42]):
        with AlertLog(tmp_path_factory.mktemp("log")) as log:
            for minute in moments:
                run(log, rows(*made), minute, tested)
            ends.append((standing(log, "tested"), firing(log)))
    assert ends[0] == ends[1]


def test_many_rules_of_many_series_are_evaluated_each_on_its_own(log: AlertLog) -> None:
    rules = [rule(**LABELLED | {"name": f"rule_{n}"}) for n in range(20)]
    pods = [f"pod-{n:04}" for n in range(50)]
    frame = rows(*((minute, pod, 11 if pod == "pod-0007" else 1) for minute in range(1, 6) for pod in pods))
    for minute in (2, 3, 4, 5):
        evaluation = run(log, frame, minute, *rules)
    assert sum(one.readings for one in evaluation.outcomes) == 20 * 4 * 50  # all within what may be late
    assert len(log.rows("SELECT * FROM alert")) == 20
