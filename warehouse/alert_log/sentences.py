"""Events of an alert in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from warehouse.alert_log.history import SUPPRESSIONS, Event
from warehouse.alert_log.moment import from_us

Detail = Mapping[str, Any]


def suppression(kind: str, detail: Detail) -> str:
    """What inhibited, silenced or muted an alert."""
    if kind == "inhibited":
        return f"inhibited by the alert {detail.get('by')} (inhibit_rules[{detail.get('rule')}])"
    if kind == "silenced":
        return f"silenced by {', '.join(detail.get('silences', []))}"
    if detail.get("kind") == "inactive":
        return f"muted, as it was outside of the active time interval {detail.get('interval')}"
    return f"muted by the time interval {detail.get('interval')}"


def _routed(detail: Detail) -> Iterator[str]:
    for route in detail.get("routes", []):
        path = " > ".join(step or "{}" for step in route.get("path", []))
        yield f"routed to {route.get('receiver')} by {path}, group {route.get('group_key')}"


def _fired(detail: Detail) -> Iterator[str]:
    origin = {"rule": "a rule of ours", "self": "Meterline about itself", "api": "an alert posted to us"}
    yield f"fired: {origin.get(str(detail.get('origin')), detail.get('origin'))}"


def _resolved(detail: Detail) -> Iterator[str]:
    by = {
        "expiry": "nobody posted it again in time",
        "rule": "the rule's condition is over",
        "api": "its sender said so",
    }
    yield f"resolved: {by.get(str(detail.get('by')), detail.get('by'))}"


def _held(detail: Detail) -> Iterator[str]:
    yield f"held for {detail.get('why')} until {clock(from_us(detail['until']))}"


def _judged(detail: Detail) -> Iterator[str]:
    yield f"judged {detail.get('verdict')} by {detail.get('by')}{_about(detail)}{_note(detail)}"


def _acknowledged(detail: Detail) -> Iterator[str]:
    yield f"acknowledged by {detail.get('by')}{_about(detail)}{_note(detail)}"


def _nothing(detail: Detail) -> Iterator[str]:
    yield from ()


def _reading(detail: Detail) -> Iterator[str]:
    yield f"rule {detail.get('rule')}: {_values(detail)}"


def _values(detail: Detail) -> str:
    against = "" if detail.get("threshold") is None else f", threshold {_number(detail['threshold'])}"
    others = ", ".join(f"{name} {_number(value)}" for name, value in (detail.get("columns") or {}).items())
    return f"value {_number(detail.get('value'))}{against}{others and f' ({others})'}"


def _pending(detail: Detail) -> Iterator[str]:
    since = f" since {clock(from_us(detail['since']))}" if isinstance(detail.get("since"), int) else ""
    yield f"pending by rule {detail.get('rule')}{since}"


def _recovered(detail: Detail) -> Iterator[str]:
    because = detail.get("reason")
    if because == "value":
        because = _values(detail) if detail.get("value") is not None else "its value is back"
    yield f"the condition of rule {detail.get('rule')} is over: {because}"


def _flapping(detail: Detail) -> Iterator[str]:
    yield f"flapping, {detail.get('changes')} changes: it fires on until it has been quiet"


def _pushed(detail: Detail) -> Iterator[str]:
    yield pushed(detail)


def pushed(detail: Detail) -> str:
    """What came of telling an Alertmanager."""
    if "answer" not in detail:
        return f"told to the Alertmanager {detail.get('peer')}"
    said = " ".join(str(part) for part in (detail.get("status"), detail["answer"]) if part)
    return f"the Alertmanager {detail.get('peer')} did not take it: {said}"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


SENTENCES: Mapping[str, Callable[[Detail], Iterator[str]]] = {
    "fired": _fired, "resolved": _resolved, "routed": _routed, "held": _held, "judged": _judged,
    "acknowledged": _acknowledged, "notified": _nothing, "dead": _nothing, "reading": _reading, "pending": _pending,
    "recovered": _recovered, "flapping": _flapping, "pushed": _pushed,
}  # fmt: skip
"""What the attempts tell already (`notified`, `dead`) is not told twice."""


def event_sentences(event: Event) -> Iterator[str]:
    """An event in words; nothing for what the attempts to send tell already."""
    if event.kind in SUPPRESSIONS:
        yield suppression(event.kind, event.detail)
    elif event.kind in SENTENCES:
        yield from SENTENCES[event.kind](event.detail)
    else:
        words = ", ".join(f"{key} {value}" for key, value in event.detail.items())
        yield f"{event.kind}: {words}" if words else event.kind


def _about(detail: Detail) -> str:
    """Of a word that came by a link in an old message."""
    return f", about the time that it fired at {clock(from_us(detail['fired_at']))}" if "fired_at" in detail else ""


def _note(detail: Detail) -> str:
    return f": {detail['note']}" if detail.get("note") else ""


def clock(moment: datetime) -> str:
    """A time for people."""
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
