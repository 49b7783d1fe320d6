"""What one evaluation of a rule writes: alerts that begin, go on with new texts or end, and events.

Several beginnings and ends of one series within an evaluation (we were down for a while) are told as the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import orjson

from alerts.rules.firing import Labels, alert_labels, firing, over, texts_of
from alerts.rules.machine import RuleState
from alerts.rules.model import Rule
from alerts.rules.readings import Readings
from alerts.rules.replay import Replayed, Transition
from alerts.rules.store import Standing, forget_rule
from alerts.rules.wording import plain
from warehouse.alert_log.alert import Alert, as_text, fingerprint
from warehouse.alert_log.intake import EVENT, accept
from warehouse.alert_log.log import Writing
from warehouse.alert_log.moment import to_us

Prints = tuple[str, ...]
Event = tuple[int, str, str, str]
NEW = RuleState()
REMOVED = "the rule is no longer configured"


def write_outcome(
    tx: Writing, rule: Rule, before: Standing, read: Readings, done: Replayed, now: datetime
) -> tuple[Prints, Prints, Mapping[str, Labels]]:
    """Write it inside of `tx`; the fingerprints of alerts that began and ended, labels by series of those that fire."""
    writer = _Writer(tx, rule, read, now)
    by_series: dict[str, list[Transition]] = {}
    for transition in done.transitions:
        by_series.setdefault(transition.series, []).append(transition)
    labels = dict(before.labels)
    for series in [one for one in done.moved if one in by_series or done.states[one].shown]:
        was, known = before.states.get(series, NEW), labels.pop(series, None)
        found = writer.series(series, was, known, done.states[series], done.moved[series], by_series.get(series, []))
        if found is not None:
            labels[series] = found
    for series in done.forgotten & by_series.keys():
        was, known = before.states.get(series, NEW), labels.pop(series, None)
        writer.series(series, was, known, None, None, by_series[series])
    fired, resolved = writer.post()
    return fired, resolved, labels


def write_removal(tx: Writing, rule: str, before: Standing, now: datetime) -> Prints:
    """End the alerts of a rule that is no longer there, and forget it."""
    ended = [
        over(labels, _texts(tx, labels), before.states[series].fired_at or now, now)
        for series, labels in before.labels.items()
    ]
    accepted = accept(tx, ended, now, None, origin="rule")
    detail = as_text({"rule": rule, "reason": REMOVED})
    tx.each(EVENT, [(to_us(now), one, "recovered", detail) for one in accepted.resolved])
    forget_rule(tx, rule)
    return accepted.resolved


class _Writer:
    """Collects the alerts of one rule, each at most once as ended and once as begun, and their events."""

    def __init__(self, tx: Writing, rule: Rule, read: Readings, now: datetime) -> None:
        self._tx, self._rule, self._read, self._now = tx, rule, read, now
        self._first: list[Alert] = []
        self._second: list[Alert] = []
        self._events: list[Event] = []

    def series(
        self, series: str, was: RuleState, known: Labels | None, state: RuleState | None, row: int | None,
        transitions: list[Transition],
    ) -> Labels | None:  # fmt: skip
        """One series from `was` to `state` (None: gone). The labels of its alert while it fires."""
        row = row if row is not None else max((one.row for one in transitions if one.row is not None), default=None)
        fields = self._read.fields(row) if row is not None else {}
        end = next((one for one in reversed(transitions) if one.change.kind == "resolved"), None)
        begun = next((one for one in reversed(transitions) if one.change.kind == "fired"), None)
        labels = known or {}
        if known is None or (row is not None and self._read.readings[row].value is not None):
            labels = alert_labels(self._rule, series, self._fields(begun, fields) if begun else fields)
        if known is not None and labels["severity"] == known["severity"]:
            labels = known  # an alert keeps its labels: a pod that moves to another node is no other alert
        shown = state is not None and state.shown
        if was.shown and known is not None and (end is not None or (shown and labels != known)):
            first_end = next((one for one in transitions if one.change.kind == "resolved"), None)
            at = first_end.change.at if first_end else state.at if state and state.at else self._now
            self._end(known, was.fired_at or at, at, first_end, first_end.state if first_end else None, fields)
        elif end is not None and begun is not None and not shown:  # began and ended since the last evaluation
            began = begun.change.at
            texts = texts_of(self._rule, begun.state, self._fields(begun, fields))
            self._first.append(firing(labels, texts, began))
            self._second.append(over(labels, texts, began, end.change.at))
        if shown:
            assert state is not None
            texts = texts_of(self._rule, state, fields) if fields else _texts(self._tx, labels)
            self._second.append(firing(labels, texts, state.fired_at or self._now))
            if begun is not None:
                self._event("reading", labels, begun.change.at, self._values(begun, fields))
        self._phase(labels, was, state, transitions)
        return labels if shown else None

    def _end(
        self, labels: Labels, since: datetime, at: datetime, by: Transition | None, state: RuleState | None,
        fields: Mapping[str, object],
    ) -> None:  # fmt: skip
        row_fields = self._fields(by, fields) if by and by.row is not None else {}
        texts = texts_of(self._rule, state, row_fields) if state and row_fields else _texts(self._tx, labels)
        self._first.append(over(labels, texts, since, at))
        reason = "its severity changed" if by is None else by.why
        self._event("recovered", labels, at, {"reason": reason, **(self._values(by, fields) if by else {})})

    def _phase(self, labels: Labels, was: RuleState, state: RuleState | None, transitions: list[Transition]) -> None:
        """Events of a series that is only over for a while, or no longer; and of flapping."""
        if not transitions:
            return
        last = transitions[-1]
        flap = next((one for one in transitions if one.state.flapping), None)
        if flap is not None and not was.flapping:
            self._event("flapping", labels, flap.change.at, {"changes": flap.change.flaps})
        if last.change.kind == "pending" and state is not None:
            self._event("pending", labels, last.change.at, {"since": to_us(state.since), **self._values(last, {})})
        elif last.change.kind == "recovered" and was.phase == "pending":
            self._event("recovered", labels, last.change.at, {"reason": last.why})
        elif last.change.kind == "quiet":
            self._event("recovered", labels, last.change.at, {"reason": "no longer flapping"})

    def _fields(self, transition: Transition, otherwise: Mapping[str, object]) -> Mapping[str, object]:
        return self._read.fields(transition.row) if transition.row is not None else otherwise

    def _values(self, transition: Transition, otherwise: Mapping[str, object]) -> dict[str, object]:
        """Value, threshold and all other columns of the reading, for explanations."""
        fields = self._fields(transition, otherwise)
        others = {one: value for one, value in fields.items() if one not in ("ts", "value", "threshold")}
        state = transition.state
        return {
            "value": state.value, "threshold": state.threshold,
            "columns": {one: v if isinstance(v, int | float) else plain(v) for one, v in others.items()},
        }  # fmt: skip

    def _event(self, kind: str, labels: Labels, at: datetime, detail: Mapping[str, object]) -> None:
        found = orjson.loads(orjson.dumps({"rule": self._rule.name, "at": to_us(at), **detail}))  # no NaN in JSON
        self._events.append((to_us(self._now), fingerprint(labels), kind, as_text(found)))

    def post(self) -> tuple[Prints, Prints]:
        """Hand over what was collected."""
        first = accept(self._tx, self._first, self._now, None, origin="rule")
        second = accept(self._tx, self._second, self._now, None, origin="rule")
        self._tx.each(EVENT, self._events)
        return first.fired + second.fired, first.resolved + second.resolved


def _texts(tx: Writing, labels: Labels) -> Labels:
    """The texts that the alert has in the log."""
    rows = tx.rows("SELECT annotations FROM alert WHERE fingerprint = ?", (fingerprint(labels),))
    texts: Labels = orjson.loads(rows[0]["annotations"]) if rows else {}
    return texts
