"""Groups of alerts in the log: their timers, and what each integration of a receiver was told of them.

Written by the dispatcher, in the same transactions as the deliveries; read back by it when it starts, when its routes
change and after a write that failed. Nothing is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from warehouse.alert_log.alert import StoredAlert, as_text
from warehouse.alert_log.intake import BATCH, EVENT, stored
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.moment import MICROSECOND, from_us, to_us

STATES = ("routed", "inhibited", "uninhibited", "silenced", "unsilenced", "muted", "unmuted")

SAVE_TIMER = """
INSERT INTO aggregation (group_key, route, receiver, group_labels, began_at, next_flush_at, flushed)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (route, group_key) DO UPDATE SET
    receiver = excluded.receiver, group_labels = excluded.group_labels, began_at = excluded.began_at,
    next_flush_at = excluded.next_flush_at, flushed = excluded.flushed
"""


@dataclass(frozen=True, slots=True)
class Timer:
    """When a group began and is looked at next; `flushed` counts how often it was. `route` is the route's id."""

    group_key: str
    route: str
    receiver: str
    group_labels: Mapping[str, str]
    began_at: datetime
    next_flush_at: datetime
    flushed: int


@dataclass(frozen=True, slots=True)
class Told:
    """What one integration knows of a group: fingerprints, as of its newest delivery in the outbox."""

    firing: frozenset[str]
    resolved: frozenset[str]
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """An event to be written; `detail` is JSON already, as many alerts may share one."""

    at: datetime
    fingerprint: str
    kind: str
    detail: str


def timers(log: AlertLog) -> list[Timer]:
    """All groups, in the order of their routes and keys."""
    return [
        Timer(
            row["group_key"], row["route"], row["receiver"], json.loads(row["group_labels"]),
            from_us(row["began_at"]), from_us(row["next_flush_at"]), row["flushed"],
        )
        for row in log.rows("SELECT * FROM aggregation ORDER BY route, group_key")
    ]  # fmt: skip


def save_timers(tx: Writing, some: Iterable[Timer]) -> None:
    """Store new and changed timers."""
    tx.each(
        SAVE_TIMER,
        [
            (
                one.group_key, one.route, one.receiver, as_text(dict(one.group_labels)),
                to_us(one.began_at), to_us(one.next_flush_at), one.flushed,
            )
            for one in some
        ],
    )  # fmt: skip


def drop_timers(tx: Writing, some: Iterable[tuple[str, str]]) -> None:
    """Forget groups, each by its route's id and its key."""
    tx.each("DELETE FROM aggregation WHERE route = ? AND group_key = ?", some)


def replace_timers(tx: Writing, some: Iterable[Timer]) -> None:
    """Forget all groups but these."""
    tx.execute("DELETE FROM aggregation")
    save_timers(tx, some)


def told(tx: Writing, group_key: str, receiver: str, integration: str) -> Told | None:
    """What the integration knows of the group; None if it never heard of it."""
    rows = tx.rows(
        "SELECT firing, resolved, sent_at FROM notification WHERE group_key = ? AND receiver = ? AND integration = ?",
        (group_key, receiver, integration),
    )
    if not rows:
        return None
    row = rows[0]
    return Told(frozenset(json.loads(row["firing"])), frozenset(json.loads(row["resolved"])), from_us(row["sent_at"]))


def tell(tx: Writing, group_key: str, receiver: str, integration: str, now_known: Told) -> None:
    """Write what the integration knows of the group from now on."""
    tx.execute(
        "INSERT OR REPLACE INTO notification VALUES (?, ?, ?, ?, ?, ?)",
        (
            group_key, receiver, integration, as_text(sorted(now_known.firing)), as_text(sorted(now_known.resolved)),
            to_us(now_known.sent_at),
        ),
    )  # fmt: skip


def told_to_fire(log: AlertLog) -> dict[tuple[str, str], set[str]]:
    """The fingerprints that some integration believes to fire, by (group key, receiver)."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in log.rows("SELECT group_key, receiver, firing FROM notification WHERE firing <> '[]'"):
        found.setdefault((row["group_key"], row["receiver"]), set()).update(json.loads(row["firing"]))
    return found


def fired_after(tx: Writing, fingerprints: Iterable[str], moment: datetime) -> frozenset[str]:
    """Those of the alerts whose present episode began after `moment`."""
    return frozenset(
        row["fingerprint"]
        for some in _batches(sorted(fingerprints))
        for row in tx.rows(
            f"SELECT fingerprint FROM episode WHERE fingerprint IN ({','.join('?' * len(some))}) "
            "AND ended_at IS NULL AND fired_at > ?",
            (*some, to_us(moment)),
        )
    )


def record(tx: Writing, events: Iterable[Happening]) -> None:
    """Append events."""
    tx.each(EVENT, [(to_us(one.at), one.fingerprint, one.kind, one.detail) for one in events])


def firing_alerts(log: AlertLog) -> list[StoredAlert]:
    """All alerts that fire."""
    return stored(log.rows("SELECT * FROM alert WHERE ends_at IS NULL ORDER BY revision, fingerprint"))


def resolved_alerts(log: AlertLog, fingerprints: Iterable[str]) -> list[StoredAlert]:
    """Those of the alerts that are resolved."""
    return [
        alert
        for some in _batches(sorted(fingerprints))
        for alert in stored(
            log.rows(
                f"SELECT * FROM alert WHERE ends_at IS NOT NULL AND fingerprint IN ({','.join('?' * len(some))})", some
            )
        )
    ]


def states(log: AlertLog, since: datetime) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The routing and suppression events of the alerts that fire or ended after `since`, oldest first."""
    rows = log.rows(
        "SELECT e.fingerprint, e.kind, e.detail FROM alert AS a CROSS JOIN event AS e ON e.fingerprint = a.fingerprint "
        f"WHERE (a.ends_at IS NULL OR a.ends_at > ?) AND e.kind IN ({','.join('?' * len(STATES))}) ORDER BY e.id",
        (to_us(since), *STATES),
    )
    for row in rows:
        yield row["fingerprint"], row["kind"], json.loads(row["detail"])


def newest_revision(log: AlertLog) -> int:
    """The revision of the last change of any alert; 0 if there is none."""
    return int(log.rows("SELECT coalesce(max(revision), 0) FROM alert")[0][0])


def next_expiry(log: AlertLog) -> datetime | None:
    """When the next firing alert expires unless it is posted again."""
    rows = log.rows("SELECT min(expires_at) FROM alert WHERE ends_at IS NULL AND expires_at IS NOT NULL")
    earliest: int | None = rows[0][0]
    return from_us(earliest)


def shift(tx: Writing, delta: timedelta) -> None:
    """The clock was put forward by `delta` (back, if negative): move every time that is waited for along with it."""
    by = {"by": delta // MICROSECOND}
    tx.execute("UPDATE aggregation SET began_at = began_at + :by, next_flush_at = next_flush_at + :by", by)
    tx.execute("UPDATE notification SET sent_at = sent_at + :by", by)
    tx.execute("UPDATE alert SET expires_at = expires_at + :by WHERE ends_at IS NULL AND expires_at IS NOT NULL", by)
    tx.execute("UPDATE delivery SET next_at = next_at + :by WHERE state IN ('queued', 'sending')", by)


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
