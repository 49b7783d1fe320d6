"""What the log knows of an alert, read back: its episodes, events, notifications and every attempt to send them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row
from typing import Any

from warehouse.alert_log.alert import StoredAlert
from warehouse.alert_log.intake import stored
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us, to_us

SUPPRESSIONS = ("inhibited", "silenced", "muted")
CHANGES = """
SELECT json_group_object(kind, id) FROM (
    SELECT kind, max(id) AS id FROM event
    WHERE event.fingerprint = a.fingerprint
      AND kind IN ('inhibited', 'uninhibited', 'silenced', 'unsilenced', 'muted', 'unmuted')
    GROUP BY kind
)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed for an alert; the kinds are in schema.sql."""

    at: datetime
    kind: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request. Without `finished_at` it was cut off, and nobody knows whether the receiver took it."""

    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    status: int | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Notification:
    """A delivery of the outbox with its attempts. `state`: queued, sending, sent, accepted, dead."""

    id: int
    receiver: str
    integration: str
    reason: str
    state: str
    created_at: datetime
    next_at: datetime
    finished_at: datetime | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that the alert fired. `paged_at` is the first notification that was sent while it did."""

    started_at: datetime
    fired_at: datetime
    ended_at: datetime | None
    paged_at: datetime | None
    acked_at: datetime | None
    acked_by: str | None
    verdict: str | None
    verdict_by: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """When a group that the alert is in is looked at next, and whether it ever was."""

    next_at: datetime
    before: bool


@dataclass(frozen=True, slots=True)
class History:
    """All of one alert, oldest first. `looks` are those of the groups that it was routed to, as far as they exist."""

    alert: StoredAlert
    episodes: tuple[Episode, ...]
    events: tuple[Event, ...]
    notifications: tuple[Notification, ...]
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert as it is now, with its newest episode; `suppressed` says by what (inhibited, silenced, muted)."""

    alert: StoredAlert
    episode: Episode
    suppressed: tuple[str, ...]

    def state(self, now: datetime) -> str:
        """resolved, suppressed, acknowledged or active."""
        if self.alert.resolved(now):
            return "resolved"
        if self.suppressed:
            return "suppressed"
        return "acknowledged" if self.episode.acked_at else "active"


def matching(log: AlertLog, prefix: str) -> list[str]:
    """The fingerprints that begin with `prefix`, at most 20."""
    rows = log.rows(
        "SELECT fingerprint FROM alert WHERE substr(fingerprint, 1, length(:p)) = :p ORDER BY fingerprint LIMIT 20",
        {"p": prefix.lower()},
    )
    return [row["fingerprint"] for row in rows]


def history(log: AlertLog, fingerprint: str, events: int = 1000) -> History | None:
    """Everything that is kept of an alert, the newest `events` of its events; None when it is not known."""
    alerts = stored(log.rows("SELECT * FROM alert WHERE fingerprint = ?", (fingerprint,)))
    if not alerts:
        return None
    found = log.rows(
        "SELECT * FROM (SELECT * FROM event WHERE fingerprint = ? ORDER BY id DESC LIMIT ?) ORDER BY id",
        (fingerprint, events),
    )
    happened = tuple(Event(from_us(row["at"]), row["kind"], json.loads(row["detail"])) for row in found)
    return History(
        alerts[0],
        tuple(
            _episode(row)
            for row in log.rows("SELECT * FROM episode WHERE fingerprint = ? ORDER BY fired_at", (fingerprint,))
        ),
        happened,
        _notifications(log, fingerprint),
        _looks(log, happened),
    )


def _looks(log: AlertLog, events: Sequence[Event]) -> tuple[Look, ...]:
    routed = next((event for event in reversed(events) if event.kind == "routed"), None)
    places = [(route["receiver"], route["group_key"]) for route in routed.detail.get("routes", [])] if routed else []
    return tuple(
        Look(from_us(row["next_flush_at"]), row["flushed"] > 0)
        for place in places
        for row in log.rows("SELECT * FROM aggregation WHERE receiver = ? AND group_key = ?", place)
    )


def _notifications(log: AlertLog, fingerprint: str) -> tuple[Notification, ...]:
    rows = log.rows(
        "SELECT * FROM delivery WHERE EXISTS (SELECT 1 FROM json_each(alerts) WHERE value = ?) "
        "ORDER BY id DESC LIMIT 200",
        (fingerprint,),
    )
    return tuple(
        Notification(
            row["id"], row["receiver"], row["integration"], row["reason"], row["state"], from_us(row["created_at"]),
            from_us(row["next_at"]), from_us(row["finished_at"]), attempts_of(log, row["id"]),
        )
        for row in reversed(rows)
    )  # fmt: skip


def attempts_of(log: AlertLog, delivery: int) -> tuple[Attempt, ...]:
    """Every request that was made for a delivery."""
    rows = log.rows("SELECT * FROM attempt WHERE delivery_id = ? ORDER BY id", (delivery,))
    return tuple(
        Attempt(from_us(row["started_at"]), from_us(row["finished_at"]), row["outcome"], row["status"], row["answer"])
        for row in rows
    )


def listed(log: AlertLog, *, since: datetime | None = None, limit: int = 1000) -> list[Listed]:
    """The firing alerts, and those that ended at `since` or later; firing ones first, then the newest."""
    rows = log.rows(
        f"""
        SELECT a.*, e.started_at, e.fired_at, e.ended_at, e.paged_at, e.acked_at, e.acked_by, e.verdict, e.verdict_by,
               ({CHANGES}) AS changes
        FROM alert AS a
        JOIN episode AS e ON e.fingerprint = a.fingerprint
            AND e.fired_at = (SELECT max(fired_at) FROM episode WHERE fingerprint = a.fingerprint)
        WHERE a.ends_at IS NULL OR a.ends_at >= ?
        ORDER BY a.ends_at IS NOT NULL, a.starts_at DESC, a.fingerprint LIMIT ?
        """,
        (to_us(since) if since else 1 << 62, limit),
    )
    return [
        Listed(alert, _episode(row), _in_force(json.loads(row["changes"])))
        for alert, row in zip(stored(rows), rows, strict=True)
    ]


def newest_episode(log: AlertLog, fingerprint: str) -> Episode | None:
    """The last time that the alert fired."""
    rows = log.rows("SELECT * FROM episode WHERE fingerprint = ? ORDER BY fired_at DESC LIMIT 1", (fingerprint,))
    return _episode(rows[0]) if rows else None


def suppressions(log: AlertLog, fingerprint: str) -> tuple[str, ...]:
    """What keeps its notifications back now, by the newest event of each kind."""
    rows = log.rows(f"SELECT ({CHANGES}) AS changes FROM (SELECT ? AS fingerprint) AS a", (fingerprint,))
    return _in_force(json.loads(rows[0]["changes"]))


def suppressor(log: AlertLog, fingerprint: str, kind: str) -> Mapping[str, Any]:
    """The detail of the newest event of `kind`, one of SUPPRESSIONS; empty when there is none."""
    rows = log.rows(
        "SELECT detail FROM event WHERE fingerprint = ? AND kind = ? ORDER BY id DESC LIMIT 1", (fingerprint, kind)
    )
    found: Mapping[str, Any] = json.loads(rows[0]["detail"]) if rows else {}
    return found


def _in_force(newest: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(kind for kind in SUPPRESSIONS if newest.get(kind, 0) > newest.get(f"un{kind}", 0))


def _episode(row: Row) -> Episode:
    return Episode(
        from_us(row["started_at"]), from_us(row["fired_at"]), from_us(row["ended_at"]), from_us(row["paged_at"]),
        from_us(row["acked_at"]), row["acked_by"], row["verdict"], row["verdict_by"],
    )  # fmt: skip
