"""Readings of many series, in order: the states after them and every change on the way.

The present and the past are replayed by this one function, so a backtest says what evaluation would have done. An
interval replayed in pieces gives what it gives at once.

A series is gone when the signal went on without it for longer than `absent_after`. Time alone makes nothing absent: a
signal that stands still (a collector is down) holds every alert. In a snapshot a series without a row is fine at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from alerts.rules.machine import Change, Reading, RuleState, advance
from alerts.rules.model import Rule
from alerts.rules.readings import NO_SERIES, Readings

Why = Literal["value", "absent", "not in the snapshot"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of one series; `row` is that of its reading, None when it has no reading."""

    series: str
    change: Change
    state: RuleState
    row: int | None
    why: Why = "value"


@dataclass(slots=True)
class Replayed:
    """States of the series that are remembered, and what happened.

    `moved` are the series with a new state and the row of their newest reading; `forgotten` are those that are gone.
    `frontier` is the newest time of the signal.
    """

    states: dict[str, RuleState]
    frontier: datetime | None
    transitions: list[Transition] = field(default_factory=list)
    moved: dict[str, int | None] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)


def replay(rule: Rule, states: Mapping[str, RuleState], frontier: datetime | None, readings: Readings) -> Replayed:
    """Move `states`, which are those at `frontier`, by the readings."""
    done = Replayed(dict(states), frontier)
    if rule.snapshot:
        _snapshots(rule, done, readings)
    else:
        _series(rule, done, readings)
    return done


def _series(rule: Rule, done: Replayed, readings: Readings) -> None:
    frontier, states, gone_after = done.frontier, done.states, rule.gone_after
    timeline = sorted({*readings.times, *((frontier,) if frontier else ())})
    place, before = -1, None
    for row, (series, reading) in enumerate(readings):
        at = reading.at
        while place + 1 < len(timeline) and timeline[place + 1] <= at:
            before = timeline[place] if place >= 0 else None
            place += 1
        if series == NO_SERIES:
            continue
        state = states.get(series)
        if state is not None and state.at is not None:
            if at <= state.at:
                continue
            if before is not None and before - state.at > gone_after:
                _gone(done, series, state, timeline[bisect_right(timeline, state.at + gone_after)])
                state = None
        _advance(rule, done, series, state, reading, row)
    if timeline:
        done.frontier = timeline[-1]
        edge = done.frontier - gone_after
        for series, state in list(states.items()):
            if state.at is not None and state.at < edge:
                _gone(done, series, state, timeline[bisect_right(timeline, state.at + gone_after)])
                done.forgotten.add(series)
                done.moved.pop(series, None)
    done.forgotten -= states.keys()


def _snapshots(rule: Rule, done: Replayed, readings: Readings) -> None:
    frontier, at = done.frontier, None
    named: set[str] = set()
    for row, (series, reading) in enumerate(readings):
        if frontier is not None and reading.at <= frontier:
            continue
        if reading.at != at:
            if at is not None:
                _others_are_fine(rule, done, named, at)
            at, named = reading.at, set()
        if series == NO_SERIES or series in named:
            continue
        named.add(series)
        _advance(rule, done, series, done.states.get(series), reading, row)
    if at is not None:
        _others_are_fine(rule, done, named, at)
        done.frontier = at
    done.forgotten -= done.states.keys()


def _others_are_fine(rule: Rule, done: Replayed, named: set[str], at: datetime) -> None:
    for series in [one for one in done.states if one not in named]:
        state, change = advance(rule, done.states[series], Reading(at, None, gone=True))
        if change is not None:
            done.transitions.append(Transition(series, change, state, None, "not in the snapshot"))
        if state.phase == "inactive" and not state.changes:
            del done.states[series]
            done.forgotten.add(series)
            done.moved.pop(series, None)
        else:
            done.states[series] = state
            done.moved[series] = done.moved.get(series)


def _advance(rule: Rule, done: Replayed, series: str, state: RuleState | None, reading: Reading, row: int) -> None:
    after, change = advance(rule, state or RuleState(), reading)
    done.states[series] = after
    done.moved[series] = row
    if change is not None:
        done.transitions.append(Transition(series, change, after, row))


def _gone(done: Replayed, series: str, state: RuleState, at: datetime) -> None:
    """The series is over, whatever it was, and begins anew when it comes back."""
    del done.states[series]
    if state.shown or state.phase == "pending":
        change = Change("resolved" if state.shown else "recovered", at)
        done.transitions.append(Transition(series, change, RuleState(at), None, "absent"))
