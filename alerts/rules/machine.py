"""One series of one rule: how a reading moves it between inactive, pending and firing.

    inactive ──over──▶ pending ──`for`──▶ firing ──back, `keep_firing_for`──▶ inactive

Over means that the comparison holds. A firing series is back only on the other side of the clear level. Above that is
the damping of flaps: once there were `changes` beginnings and ends of firing within a time, the alert fires on until
none was seen for that time. No data (a value or a threshold that is None) holds whatever there is.

Pure: time is that of the readings. Whether a series without readings is gone is decided in `replay`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from alerts.rules.model import Op, Rule

Phase = Literal["inactive", "pending", "firing"]
Kind = Literal["pending", "recovered", "fired", "resolved", "flapping", "damped", "quiet"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a series at a time (aware UTC). Without a threshold the rule's own counts.

    `gone` says that the series is known to be fine: a snapshot does not name it.
    """

    at: datetime
    value: float | None
    threshold: float | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class RuleState:
    """Where a series stands after its reading at `at`.

    `since` is when it became over, `fired_at` when its alert began, `back_since` when it came back while firing;
    `changes` are the newest beginnings and ends of firing. `value` and `threshold` are those of the last reading that
    had data.
    """

    at: datetime | None = None
    phase: Phase = "inactive"
    since: datetime | None = None
    fired_at: datetime | None = None
    back_since: datetime | None = None
    changes: tuple[datetime, ...] = ()
    flapping: bool = False
    value: float | None = None
    threshold: float | None = None

    @property
    def shown(self) -> bool:
        """Whether its alert fires: the damping of flaps holds it beyond the series' own firing."""
        return self.phase == "firing" or self.flapping


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at a reading. `flaps` counts the changes within the time of the rule's damping.

    fired and resolved are the alert's; flapping: it would have resolved and is held; quiet: it no longer flaps and
    fires on; damped: a change that nobody hears of; pending and recovered: over, and back before it fired.
    """

    kind: Kind
    at: datetime
    flaps: int = 0


def is_over(op: Op, value: float, threshold: float) -> bool:
    """Whether the comparison holds."""
    match op:
        case ">":
            return value > threshold
        case ">=":
            return value >= threshold
        case "<":
            return value < threshold
        case "<=":
            return value <= threshold
        case "==":
            return value == threshold
        case "!=":
            return value != threshold


def clear_level(op: Op, threshold: float, clear: float) -> float:
    """Where a firing series is back: away from the threshold on the good side, whatever its sign."""
    if clear == 1 or op in ("==", "!="):
        return threshold
    below = op in (">", ">=")  # the good side is below
    return threshold * clear if below == (threshold >= 0) else threshold / clear


def advance(rule: Rule, state: RuleState, reading: Reading) -> tuple[RuleState, Change | None]:
    """The state after `reading`, which is later than the state's last one, and what changed."""
    threshold = reading.threshold if reading.threshold is not None else rule.threshold
    if reading.gone:
        over = still = False
    elif reading.value is None or threshold is None:
        return replace(state, at=reading.at), None
    else:
        over = is_over(rule.op, reading.value, threshold)
        still = over or is_over(rule.op, reading.value, clear_level(rule.op, threshold, rule.clear))
        if not over and state.phase == "inactive" and not state.changes:  # nearly always
            return RuleState(reading.at, value=reading.value, threshold=threshold), None
        state = replace(state, value=reading.value, threshold=threshold)
    moved, change = _moved(rule, replace(state, at=reading.at), reading.at, over, still)
    return _damped(rule, state.shown, moved, change, reading.at)


def _moved(rule: Rule, state: RuleState, at: datetime, over: bool, still: bool) -> tuple[RuleState, Kind | None]:
    if state.phase == "firing":
        if still:
            return replace(state, back_since=None), None
        back_since = state.back_since or at
        if at - back_since < rule.keep_firing_for:
            return replace(state, back_since=back_since), None
        return replace(state, phase="inactive", since=None, back_since=None), "resolved"
    if not over:
        was_pending = state.phase == "pending"
        return replace(state, phase="inactive", since=None), "recovered" if was_pending else None
    since = state.since or at
    if at - since >= rule.wait:
        return replace(state, phase="firing", since=since, back_since=None), "fired"
    return replace(state, phase="pending", since=since), None if state.phase == "pending" else "pending"


def _damped(
    rule: Rule, shown: bool, state: RuleState, kind: Kind | None, at: datetime
) -> tuple[RuleState, Change | None]:
    """What the outside sees of a change of the series itself; `shown` is whether the alert fired before."""
    turned = kind in ("fired", "resolved")
    changes: tuple[datetime, ...] = ()
    quiet = began = False
    if rule.flapping is not None and (turned or state.changes):
        recent = tuple(one for one in state.changes if at - one < rule.flapping.within)
        quiet = state.flapping and not recent
        changes = (*recent, at)[-rule.flapping.changes :] if turned else recent
        began = len(changes) >= rule.flapping.changes and not state.flapping
    flapping = began or (state.flapping and not quiet and rule.flapping is not None)
    fired_at = state.fired_at if shown else at if kind == "fired" else None
    state = replace(state, changes=changes, flapping=flapping, fired_at=fired_at)
    if not state.shown:
        state = replace(state, fired_at=None)
    seen: Kind | None
    if shown and not state.shown:
        seen = "resolved"
    elif shown:
        seen = "flapping" if began else "quiet" if quiet else "damped" if turned else None
    else:
        seen = kind
    return state, None if seen is None else Change(seen, at, len(changes))
