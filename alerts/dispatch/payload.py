"""What a notification says: the data of Alertmanager's webhook, version 4, with ours beside it under `meterline`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from warehouse.alert_log.alert import StoredAlert

SHOWN = 1000
"""No notification lists more alerts than this; `truncatedAlerts` says how many more there are."""

NEVER = "0001-01-01T00:00:00Z"
PAGES = frozenset({"page", "critical"})

Links = Callable[[str, datetime], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class About:
    """The group that a notification is about. `links` are those that people can follow from the message."""

    key: str
    receiver: str
    group_labels: Mapping[str, str]
    route_labels: Mapping[str, str]
    external_url: str
    links: Mapping[str, str]


def payload(about: About, alerts: Sequence[StoredAlert], reason: str, at_most: int) -> dict[str, Any]:
    """The notification about `alerts`, of which it lists the first `at_most` (0: as many as ever are listed).

    When not all are listed, those that fire go before the resolved ones; the status and what is common are true of all.
    """
    limit = min(at_most, SHOWN) if at_most else SHOWN
    shown = alerts
    if len(alerts) > limit:
        shown = sorted(alerts, key=lambda alert: alert.ends_at is not None)[:limit]
    return {
        "version": "4",
        "groupKey": about.key,
        "truncatedAlerts": len(alerts) - len(shown),
        "receiver": about.receiver,
        "status": "firing" if any(alert.ends_at is None for alert in alerts) else "resolved",
        "notification_reason": reason,
        "groupLabels": dict(about.group_labels),
        "commonLabels": _common(alert.labels for alert in alerts),
        "commonAnnotations": _common(alert.annotations for alert in alerts),
        "routeLabels": dict(about.route_labels),
        "externalURL": about.external_url,
        "alerts": [_alert(alert) for alert in shown],
        "meterline": {"links": dict(about.links)},
    }


def dedup_key(group_key: str) -> str:
    """What a receiver knows the group by: SHA-256 of its key, as Alertmanager sends to PagerDuty."""
    return hashlib.sha256(group_key.encode()).hexdigest()


def pages(labels: Mapping[str, str]) -> bool:
    """Whether such an alert is to wake somebody."""
    return labels.get("severity") in PAGES


def priority(alerts: Iterable[StoredAlert]) -> int:
    """0 if one that pages fires, 1 if another fires, 2 if all are resolved; the smaller is sent first."""
    lowest = 2
    for alert in alerts:
        if alert.ends_at is None:
            if pages(alert.labels):
                return 0
            lowest = 1
    return lowest


def clock(moment: datetime) -> str:
    """RFC 3339 in UTC, the fraction without trailing zeros, as Go writes it."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"


def _alert(alert: StoredAlert) -> dict[str, Any]:
    return {
        "status": "firing" if alert.ends_at is None else "resolved",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": clock(alert.starts_at),
        "endsAt": NEVER if alert.ends_at is None else clock(alert.ends_at),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }


def _common(sets: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The pairs that all have."""
    left = iter(sets)
    common = dict(next(left, {}))
    for one in left:
        if not common:
            break
        gone = [name for name, value in common.items() if one.get(name) != value]
        for name in gone:
            del common[name]
    return common
