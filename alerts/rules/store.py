"""Where rules stand, as rows of the log: states by series, how far each rule was evaluated, and its last error.

`rule_state` holds the series that pend, fire, or did so lately. All others are in one row of `setting` a rule: of them
only the time of their last reading is needed, and there are a hundred thousand. That row also counts the readings that
the next interval will see again, so that those that came too late can be told from them. It is there once the signal
had rows: `rule_clock.evaluated_to` is then the newest time of the signal, before that where the first interval begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from alerts.rules.machine import RuleState
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.moment import EPOCH, from_us, to_us

QUIET = "rule_quiet:"
UPSERT = """
INSERT INTO rule_state (rule, labels, state, detail) VALUES (?, ?, ?, ?)
ON CONFLICT (rule, labels) DO UPDATE SET state = excluded.state, detail = excluded.detail
"""
CLOCK = """
INSERT INTO rule_clock (rule, evaluated_to, evaluated_at, error) VALUES (?, ?, ?, ?)
ON CONFLICT (rule) DO UPDATE SET
    evaluated_to = excluded.evaluated_to, evaluated_at = excluded.evaluated_at, error = excluded.error
"""
SETTING = "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clock:
    """How far a rule was evaluated. `frontier` is None while its signal had no rows; `since` is where it began then."""

    evaluated_at: datetime
    since: datetime
    frontier: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule's series stand, the labels of the alerts that fire, and how many readings there were since when."""

    states: Mapping[str, RuleState]
    labels: Mapping[str, Labels]
    seen: int
    seen_since: datetime


def clocks(log: AlertLog) -> dict[str, Clock]:
    """The clock of every rule that was ever evaluated."""
    rows = log.rows(f"SELECT c.*, s.key FROM rule_clock AS c LEFT JOIN setting AS s ON s.key = '{QUIET}' || c.rule")
    found = {}
    for row in rows:
        to = from_us(row["evaluated_to"])
        found[row["rule"]] = Clock(from_us(row["evaluated_at"]), to, to if row["key"] else None, row["error"])
    return found


def standing(log: AlertLog, rule: str) -> Standing:
    """Where the series of one rule stand."""
    states: dict[str, RuleState] = {}
    labels: dict[str, Labels] = {}
    seen, since = 0, EPOCH
    for row in log.rows("SELECT value FROM setting WHERE key = ?", (QUIET + rule,)):
        stored = orjson.loads(row["value"])
        seen, since = stored["seen"], from_us(stored["since"])
        for at, series in stored["quiet"].items():
            states |= dict.fromkeys(series, RuleState(from_us(int(at))))
    for row in log.rows("SELECT labels, state, detail FROM rule_state WHERE rule = ?", (rule,)):
        detail = orjson.loads(row["detail"])
        states[row["labels"]] = _state(row["state"], detail)
        if "alert" in detail:
            labels[row["labels"]] = detail["alert"]
    return Standing(states, labels, seen, since)


def store_standing(tx: Writing, rule: str, before: Standing, after: Standing) -> None:
    """Write what is different from `before`."""
    quiet: dict[datetime | None, list[str]] = {}
    loud: dict[str, RuleState] = {}
    for series, state in after.states.items():
        if _is_quiet(state):
            quiet.setdefault(state.at, []).append(series)
        else:
            loud[series] = state
    stored = {series for series, state in before.states.items() if not _is_quiet(state)}
    tx.each(UPSERT, [(rule, series, *_row(state, after.labels.get(series))) for series, state in loud.items()])
    gone = [(rule, series) for series in stored - loud.keys()]
    tx.each("DELETE FROM rule_state WHERE rule = ? AND labels = ?", gone)
    times = {str(to_us(at)): series for at, series in quiet.items()}
    stored_row = {"quiet": times, "seen": after.seen, "since": to_us(after.seen_since)}
    tx.execute(SETTING, (QUIET + rule, orjson.dumps(stored_row).decode()))


def store_clock(tx: Writing, rule: str, clock: Clock) -> None:
    """Write how far the rule was evaluated."""
    to = clock.frontier or clock.since
    tx.execute(CLOCK, (rule, to_us(to), to_us(clock.evaluated_at), clock.error))


def forget_rule(tx: Writing, rule: str) -> None:
    """Drop all that is known of the rule."""
    tx.execute("DELETE FROM rule_state WHERE rule = ?", (rule,))
    tx.execute("DELETE FROM rule_clock WHERE rule = ?", (rule,))
    tx.execute("DELETE FROM setting WHERE key = ?", (QUIET + rule,))


def _is_quiet(state: RuleState) -> bool:
    return state.phase == "inactive" and not state.changes and not state.flapping


def _row(state: RuleState, labels: Labels | None) -> tuple[str, str]:
    detail: dict[str, object] = {
        "at": to_us(state.at), "back_since": to_us(state.back_since), "changes": [to_us(one) for one in state.changes],
        "fired_at": to_us(state.fired_at), "phase": state.phase, "since": to_us(state.since),
        "threshold": state.threshold, "value": state.value,
    }  # fmt: skip
    if state.shown and labels is not None:
        detail["alert"] = labels
    return "flapping" if state.flapping else state.phase, orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode()


def _state(name: str, detail: Mapping[str, Any]) -> RuleState:
    return RuleState(
        from_us(detail["at"]), detail["phase"], from_us(detail["since"]), from_us(detail["fired_at"]),
        from_us(detail["back_since"]), tuple(from_us(one) for one in detail["changes"]), name == "flapping",
        detail["value"], detail["threshold"],
    )  # fmt: skip
