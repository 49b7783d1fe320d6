"""PagerDuty Events API v2: one incident a group of alerts, opened once and resolved when the last alert is.

PagerDuty drops a repeated trigger with the `dedup_key` of an open incident, so a repeat after a kill opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from alerts.delivery.exchange import Exchange
from alerts.delivery.message import Message, message_of, moment, pagerduty_severity
from alerts.delivery.result import NOT_SENT, Result
from alerts.delivery.senders.templates import literal
from alerts.routing.receivers import PagerDutySettings
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import ConfigurationError

SUMMARY_LENGTH = 1024
KEY_LENGTH = 255
EVENT_BYTES = 512_000
MOST_ALERTS = 100
WORDS = ("critical", "error", "warning", "info")
ACKNOWLEDGED = "acknowledged"
"""The reason of a delivery that says that somebody has taken the incident."""
PLACE = ("service", "instance", "node", "cluster", "namespace")
COMPONENT = ("component", "model", "pod")
GROUP = ("cluster", "namespace", "team")


class PagerDutySender:
    """Sends events with the integration's routing key."""

    def __init__(self, settings: PagerDutySettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings.http_config, settings.timeout)

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """One event: trigger, resolve, or acknowledge for a delivery with the reason `acknowledged`."""
        try:
            key = self._settings.key()
        except ConfigurationError as error:
            return Result("failed", None, NOT_SENT + error.message)
        return self._exchange.post(self._settings.url, self._body(delivery, repeat, key), secrets=[key])

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def _body(self, delivery: Delivery, repeat: bool, key: str) -> bytes:
        most = MOST_ALERTS
        while True:
            body = orjson.dumps(event_of(delivery, repeat, self._settings, most) | {"routing_key": key})
            if len(body) <= EVENT_BYTES or most == 0:
                return body
            most //= 2


def event_of(delivery: Delivery, repeat: bool, settings: PagerDutySettings, most: int = MOST_ALERTS) -> dict[str, Any]:
    """The event without its routing key, with the details of at most `most` alerts."""
    payload = delivery.payload
    known: dict[str, Any] = {"dedup_key": delivery.dedup_key[:KEY_LENGTH]}
    if delivery.reason == ACKNOWLEDGED:
        return known | {"event_action": "acknowledge"}
    if payload.get("status") == "resolved":
        return known | {"event_action": "resolve"}
    message = message_of(payload, most)
    labels: Mapping[str, str] = payload.get("commonLabels") or {}
    severity = literal(settings.severity)
    details: dict[str, Any] = {
        "reason": message.reason,
        "alerts": [_details(message, place) for place in range(len(message.items))],
        "alerts_left_out": message.left_out,
        **{name: text for name, text in settings.details.items() if literal(text)},
    }
    if repeat:
        details["possible_repeat"] = True
    starts = [one for alert in payload.get("alerts") or () if (one := moment(str(alert.get("startsAt", ""))))]
    client_url = literal(settings.client_url) or str(payload.get("externalURL") or "")
    event = {
        "summary": message.title[:SUMMARY_LENGTH],
        "source": literal(settings.source) or _first(labels, PLACE) or "meterline",
        "severity": severity if severity in WORDS else pagerduty_severity(severity or message.severity),
        "component": literal(settings.component) or _first(labels, COMPONENT),
        "group": literal(settings.group) or _first(labels, GROUP),
        "class": literal(settings.class_) or labels.get("alertname", ""),
        "custom_details": details,
    }
    if starts:
        event["timestamp"] = min(starts).isoformat()
    links = dict.fromkeys([*message.links, *(link for item in message.items[:5] for link in item.links)])
    return known | {
        "event_action": "trigger",
        "payload": {name: value for name, value in event.items() if value != ""},
        "links": [{"href": address, "text": title} for title, address in links],
        "client": literal(settings.client) or "Meterline",
        **({"client_url": client_url} if client_url else {}),
    }


def _details(message: Message, place: int) -> dict[str, str]:
    item = message.items[place]
    return {"alert": item.title, "status": item.status, "description": item.description, **dict(message.facts(item))}


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")
