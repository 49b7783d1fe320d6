"""What PagerDuty makes of events: incidents by `dedup_key`, of which a repeated trigger opens no second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Incident:
    """All incidents of one key: how often one was opened, and how many triggers it took in all."""

    state: Literal["triggered", "acknowledged", "resolved"] = "resolved"
    opened: int = 0
    triggers: int = 0


@dataclass
class Incidents:
    """The incidents of one account."""

    by_key: dict[str, Incident] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer for an event, as Events API v2 gives them."""
        if wrong := _wrong(event):
            return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
        key, action = event["dedup_key"], event["event_action"]
        incident = self.by_key.get(key)
        if action == "trigger":
            incident = self.by_key.setdefault(key, Incident())
            incident.triggers += 1
            if incident.state == "resolved":
                incident.opened += 1
                incident.state = "triggered"
        elif incident is not None and incident.state != "resolved":
            incident.state = "acknowledged" if action == "acknowledge" else "resolved"
        return 202, {"status": "success", "message": "Event processed", "dedup_key": key}


def _wrong(event: Mapping[str, Any]) -> list[str]:
    wrong = []
    if not event.get("routing_key"):
        wrong.append("'routing_key' is missing or blank")
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        wrong.append("'event_action' is invalid")
    if not 0 < len(event.get("dedup_key", "")) <= 255:
        wrong.append("'dedup_key' is missing or too long")
    if event.get("event_action") == "trigger":
        payload = event.get("payload", {})
        if not 0 < len(payload.get("summary", "")) <= 1024:
            wrong.append("'payload.summary' is missing or too long")
        if not payload.get("source"):
            wrong.append("'payload.source' is missing or blank")
        if payload.get("severity") not in ("critical", "error", "warning", "info"):
            wrong.append("'payload.severity' is invalid (must be one of: critical, error, warning, info)")
        wrong += ["'links' is invalid" for link in event.get("links", ()) if not link.get("href")]
    return wrong
