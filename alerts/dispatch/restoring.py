"""The groups as the log has them: after a start, when the routes changed, after a write that failed.

The log is the truth and memory a copy, so all three are the same reading. A group whose receiver and key are still
those of a route goes on with its timer and with what its integrations know; others are new, or dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.dispatch.groups import Groups, State
from alerts.dispatch.reception import Reception
from alerts.dispatch.silences import Silences
from alerts.dispatch.suppression import Receivable, Suppression, release, release_elsewhere
from alerts.routing.inhibition import Inhibitor
from alerts.routing.load import Routing
from warehouse.alert_log.alert import as_text
from warehouse.alert_log.groups import (
    Timer,
    firing_alerts,
    newest_revision,
    record,
    replace_timers,
    resolved_alerts,
    states,
    timers,
    told_to_fire,
)
from warehouse.alert_log.log import AlertLog

RECENT = timedelta(days=1)
"""How long after its end an alert may still be marked as suppressed by a process that was killed then."""


def restore(log: AlertLog, routing: Routing, now: datetime, *, hurry: bool) -> tuple[Groups, Suppression, int]:
    """Groups, what suppresses alerts, and the revision up to which changes are in them; timers are written anew."""
    revision = newest_revision(log)  # first: what changes while we read is read again
    silences = Silences()
    silences.read(log, now)
    suppression = Suppression(Inhibitor(routing.inhibit_rules), routing.time_intervals, silences)
    reception = Reception(Groups(routing.root), suppression, now, _timers(log), hurry)
    before: dict[str, State] = {}
    for fingerprint, kind, detail in states(log, now - RECENT):
        _remember(before.setdefault(fingerprint, State()), kind, detail)
    for alert in firing_alerts(log):
        reception.take(alert, before.pop(alert.fingerprint, None))
    _take_ended(log, reception, before)
    for fingerprint, state in before.items():
        release(fingerprint, state, now, reception.events)
    for fingerprint, member in reception.groups.members.items():
        told = [place.told for place in member.places]
        release_elsewhere(fingerprint, member.state, told, now, reception.events)
    with log.transaction() as tx:
        replace_timers(tx, [group.timer() for group in reception.groups])
        record(tx, reception.events)
    return reception.groups, suppression, revision


def _timers(log: AlertLog) -> dict[Receivable, list[Timer]]:
    found: dict[Receivable, list[Timer]] = {}
    for timer in timers(log):
        found.setdefault((timer.receiver, timer.group_key), []).append(timer)
    return found


def _take_ended(log: AlertLog, reception: Reception, before: dict[str, State]) -> None:
    told_of: dict[str, set[Receivable]] = {}
    for (key, receiver), fingerprints in told_to_fire(log).items():
        for one in fingerprints - reception.groups.members.keys():
            told_of.setdefault(one, set()).add((receiver, key))
    for alert in resolved_alerts(log, told_of):
        if reception.take_ended(alert, before.get(alert.fingerprint), told_of[alert.fingerprint]):
            before.pop(alert.fingerprint, None)


def _remember(state: State, kind: str, detail: Mapping[str, Any]) -> None:
    match kind:
        case "routed":
            state.routed = as_text(detail)
        case "inhibited" | "uninhibited":
            state.inhibited = (detail["by"], detail["rule"]) if kind == "inhibited" else None
        case "silenced" | "unsilenced":
            state.silenced = tuple(detail["silences"]) if kind == "silenced" else ()
        case "muted":
            state.muted[detail["receiver"], detail["group_key"]] = detail["interval"], detail["kind"]
        case "unmuted":
            state.muted.pop((detail["receiver"], detail["group_key"]), None)
