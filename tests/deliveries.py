"""Deliveries, clocks and senders for tests of sending."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.delivery.clock import Clock
from alerts.delivery.result import Result
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.outbox import Delivery

T0 = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LABELS = {"alertname": "BurnFast", "service": "checkout", "severity": "page"}
ANNOTATIONS = {
    "summary": "checkout burns its error budget",
    "description": "2 % of the month in 1 h",
    "runbook_url": "https://runbooks.example/burn",
    "owner": "team-pay",
    "burn rate": "16.2",
    "threshold": "14.4",
}


def payload(status: str = "firing", labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A webhook payload of one alert."""
    labels = labels or LABELS
    alert = {
        "status": status,
        "labels": labels,
        "annotations": ANNOTATIONS,
        "startsAt": "2026-11-24T02:41:07Z",
        "endsAt": "2026-11-24T02:58:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": fingerprint(labels),
    }
    return {
        "version": "4",
        "groupKey": '{}:{service="checkout"}',
        "truncatedAlerts": 0,
        "receiver": "oncall",
        "status": status,
        "groupLabels": {"service": "checkout"},
        "commonLabels": labels,
        "commonAnnotations": ANNOTATIONS,
        "externalURL": "http://meterline.example",
        "alerts": [alert],
        "notification_reason": "first notification",
        "routeLabels": {},
        "meterline": {
            "links": {
                "explain": "http://meterline.example/explain/1?a=1&b=2",
                "acknowledge": "http://meterline.example/ack/1",
                "noise": "http://meterline.example/judge/1/noise",
            }
        },
    } | more


def delivery(content: dict[str, Any] | None = None, **more: Any) -> Delivery:
    """A delivery as the outbox gives it, for tests of senders alone."""
    known: dict[str, Any] = {
        "id": 7, "group_key": '{}:{service="checkout"}', "receiver": "oncall", "integration": "webhook[0]",
        "dedup_key": "a" * 64, "reason": "first notification", "priority": 0, "alerts": (fingerprint(LABELS),),
        "payload": content or payload(), "attempts": 0, "cut_off": 0, "created_at": T0, "next_at": T0,
    }  # fmt: skip
    return Delivery(**known | more)


@dataclass
class Hands:
    """Clocks moved by hand: wall time and monotonic seconds together, or wall time alone."""

    wall: datetime = T0
    seconds: float = 1000.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.seconds)

    def pass_(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class ScriptedSender:
    """Gives the results it was given, the last one again and again, and keeps what it was asked to send."""

    results: list[Result]
    sent: list[tuple[Delivery, bool]] = field(default_factory=list)

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        self.sent.append((delivery, repeat))
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]

    def close(self) -> None:
        """Nothing."""


def states(log: AlertLog) -> dict[int, str]:
    """State by delivery."""
    return {row["id"]: row["state"] for row in log.rows("SELECT id, state FROM delivery")}
