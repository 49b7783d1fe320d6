"""PagerDuty's Events API v2: an event with a new key opens an incident, one with the key of an open incident joins it.

One routing key stands for the account (an event orchestration): it finds the service by the label that the event's
alerts carry, and gives what has none to the GPU fleet. Whoever is on call acknowledges after a while, as people do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from sample_data.incidents import Course, Entry, Incident, opened
from sample_data.roster import TEAM_OF, Agent

CATCHES_ALL = "GPU fleet"
PRIORITY = {"critical": "P2", "error": "P2", "warning": "P3", "info": "P4"}
TAKEN_AFTER = 9.0
"""Minutes after which the person on call acknowledges."""

ACTIONS = ("trigger", "acknowledge", "resolve")
LABEL = re.compile(r"\bservice=([\w-]+)")


class Opened:
    """Incidents that events have opened. Safe to use from several threads."""

    def __init__(self) -> None:
        self._incidents: list[Incident] = []
        self._lock = Lock()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All of them, in the order in which they were opened; their logs may go on in the future."""
        with self._lock:
            return tuple(self._incidents)

    def take(self, event: Mapping[str, Any], now: float) -> None:
        """An event with dedup_key and event_action, and for a trigger a payload with summary and severity."""
        key, action = str(event["dedup_key"]), event["event_action"]
        with self._lock:
            place = next((n for n, one in enumerate(self._incidents) if one.key == key and _goes_on(one, now)), None)
            if place is None:
                if action == "trigger":
                    self._incidents.append(_opened(key, event["payload"], now))
                return
            self._incidents[place] = _after(self._incidents[place], action, now)


def _opened(key: str, payload: Mapping[str, Any], now: float) -> Incident:
    details = payload.get("custom_details") or {}
    found = LABEL.search(str(details))
    about = found[1] if found else None
    service = about if about in TEAM_OF else CATCHES_ALL
    one = opened(
        int(now), service, str(payload.get("class") or ""), str(payload["summary"]), Course(ack=TAKEN_AFTER), key=key,
        priority=PRIORITY[payload["severity"]],
    )  # fmt: skip
    sent = {name: payload[name] for name in ("class", "component", "group") if payload.get(name)}
    return replace(one, details={**sent, **details})


def _after(one: Incident, action: str, now: float) -> Incident:
    kept = tuple(entry for entry in one.entries if entry.at <= now)
    if action == "trigger":
        return one
    if action == "acknowledge":
        if any(entry.kind == "acknowledge" for entry in kept):
            return one
        return replace(one, entries=(*kept, Entry(int(now), "acknowledge", Agent("Meterline", "integration"))))
    return replace(one, entries=(*kept, Entry(int(now), "resolve", Agent(one.service, "service"))))


def _goes_on(one: Incident, now: float) -> bool:
    return not any(entry.kind == "resolve" and entry.at <= now for entry in one.entries)


def wrong(event: Any) -> list[str]:
    """What is wrong with an event, in PagerDuty's words; nothing when it can be taken."""
    if not isinstance(event, dict):
        return ["JSON object expected"]
    if event.get("event_action") not in ACTIONS:
        return ["'event_action' is missing or invalid"]
    if not event.get("dedup_key"):
        return ["'dedup_key' is missing"]  # the real one makes a key for a trigger; Meterline always sends one
    if event["event_action"] != "trigger":
        return []
    payload = event.get("payload")
    if not isinstance(payload, dict) or not payload.get("summary") or not payload.get("source"):
        return ["'payload.summary' or 'payload.source' is missing"]
    if payload.get("severity") not in PRIORITY:
        return [
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
        ]
    return []
