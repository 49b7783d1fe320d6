"""A notification as a person must read it at 3 a.m.: what, how bad, since when, which values, and what to do first.

The senders differ only in how they draw this. Every text in it comes from labels and annotations, so each sender
escapes it for its medium; addresses that are not http(s) are dropped here. Nothing in it depends on when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from alerts.delivery.wording import (
    ANNOTATIONS_WITH_A_PLACE,
    LABELS_NOT_REPEATED,
    LINKS,
    OWNERS,
    RUNBOOKS,
    SEVERITIES,
    SUMMARIES,
)

TITLE_LENGTH = 250
Link = tuple[str, str]
"""What to call it, and the address."""


@dataclass(frozen=True, slots=True)
class Item:
    """One alert. `since` and `until` are texts in UTC, `until` empty while it fires."""

    status: Literal["firing", "resolved"]
    title: str
    description: str
    severity: str
    since: str
    until: str
    values: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    owner: str
    links: tuple[Link, ...]

    @property
    def when(self) -> str:
        """`since 2026-11-24 08:29 UTC`, or from when until when."""
        return f"since {self.since}" if not self.until else f"{self.since} to {self.until}"


@dataclass(frozen=True, slots=True)
class Message:
    """One notification. `links` are for all of it; `left_out` alerts are not among `items`."""

    status: Literal["firing", "resolved"]
    title: str
    severity: str
    items: tuple[Item, ...]
    left_out: int
    links: tuple[Link, ...]
    reason: str

    def facts(self, item: Item) -> list[tuple[str, str]]:
        """Name and text of what is known about `item`, most urgent first."""
        facts = [("When", item.when)]
        if item.severity and item.severity != self.severity:
            facts.append(("Severity", item.severity))
        facts += item.values
        if item.owner:
            facts.append(("Owner", item.owner))
        if item.labels:
            facts.append(("Labels", ", ".join(f"{name}={value}" for name, value in item.labels)))
        return facts


def message_of(payload: Mapping[str, Any], most: int = 20) -> Message:
    """The message for a webhook payload; at most `most` alerts are written out, firing ones first."""
    given: Sequence[Mapping[str, Any]] = payload.get("alerts") or ()
    alerts = sorted(given, key=lambda alert: (alert.get("status") == "resolved", _rank(_labels(alert))))
    links = (payload.get("meterline") or {}).get("links") or {}
    items = tuple(_item(alert, links.get(alert.get("fingerprint", ""))) for alert in alerts[:most])
    left_out = len(alerts) - len(items) + int(payload.get("truncatedAlerts") or 0)
    severity = min((_labels(alert) for alert in alerts), key=_rank, default={}).get("severity", "")
    status: Literal["firing", "resolved"] = "resolved" if payload.get("status") == "resolved" else "firing"
    return Message(
        status, _title(payload, items, status, severity), severity, items, left_out, _links(links),
        str(payload.get("notification_reason") or ""),
    )  # fmt: skip


def moment(text: str) -> datetime | None:
    """A time of a payload; None for none (Go writes the year 1) and for what is no time."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year > 1 else None


def pagerduty_severity(severity: str) -> str:
    """Our severity in the four words of PagerDuty."""
    return SEVERITIES.get(severity, (0, "error"))[1]


def _item(alert: Mapping[str, Any], links: object) -> Item:
    labels, annotations = _labels(alert), {k: str(v) for k, v in (alert.get("annotations") or {}).items()}
    resolved = alert.get("status") == "resolved"
    runbook = next((annotations[name] for name in RUNBOOKS if annotations.get(name)), "")
    generator = str(alert.get("generatorURL") or "")
    own = (
        *_link("Runbook", runbook),
        *_links(links if isinstance(links, Mapping) else {}),
        *_link("Source", generator),
    )
    return Item(
        status="resolved" if resolved else "firing",
        title=_line(_summary(labels, annotations)),
        description=annotations.get("description", ""),
        severity=_line(labels.get("severity", "")),
        since=_utc(str(alert.get("startsAt", ""))),
        until=_utc(str(alert.get("endsAt", ""))) if resolved else "",
        values=tuple((k, v) for k, v in annotations.items() if k not in ANNOTATIONS_WITH_A_PLACE and v),
        labels=tuple((_line(k), _line(v)) for k, v in sorted(labels.items()) if k not in LABELS_NOT_REPEATED),
        owner=_line(next((both[name] for name in OWNERS for both in (annotations, labels) if both.get(name)), "")),
        links=own,
    )


def _title(payload: Mapping[str, Any], items: Sequence[Item], status: str, severity: str) -> str:
    alerts = payload.get("alerts") or ()
    firing = sum(alert.get("status") != "resolved" for alert in alerts)
    mark = "[RESOLVED]" if status == "resolved" else f"[FIRING:{firing}]"
    common = {k: str(v) for k, v in (payload.get("commonAnnotations") or {}).items()}
    if len(alerts) == 1:
        what = items[0].title
    else:
        labels = {k: str(v) for k, v in (payload.get("commonLabels") or {}).items()}
        group = ", ".join(f"{name}={value}" for name, value in (payload.get("groupLabels") or {}).items())
        what = _summary(labels, common) or group or f"{len(alerts)} alerts"
    text = " ".join(f"{mark} {severity}: {what}".split() if severity else f"{mark} {what}".split())
    return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"


def _line(text: str) -> str:
    """`text` without lines of its own, which would look like ours."""
    return " ".join(text.split())


def _summary(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    said = next((annotations[name] for name in SUMMARIES if annotations.get(name)), "")
    name = labels.get("alertname", "")
    return f"{name}: {said}" if name and said else said or name


def _labels(alert: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (alert.get("labels") or {}).items()}


def _rank(labels: Mapping[str, str]) -> int:
    return SEVERITIES.get(labels.get("severity", ""), (9, ""))[0]


def _links(links: Mapping[str, Any]) -> tuple[Link, ...]:
    return tuple(
        link
        for name, address in links.items()
        if isinstance(address, str)
        for link in _link(LINKS.get(name, name.replace("_", " ").capitalize()), address)
    )


def _link(title: str, address: str) -> tuple[Link, ...]:
    """At most one; the characters that end an address in some medium are encoded."""
    if not address.startswith(("http://", "https://")) or len(address) > 2000:
        return ()
    for mark in " |<>\"\\'\n\r\t":
        address = address.replace(mark, f"%{ord(mark):02X}")
    return ((title, address),)


def _utc(text: str) -> str:
    found = moment(text)
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if found else "an unknown time"
