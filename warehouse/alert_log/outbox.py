"""The outbox: what is to be sent, in order for each receiver, and every attempt to send it.

A delivery is queued in the same transaction as the entry of the notification log that speaks of it, so either both
exist or none. It is sent at least once: an attempt is written before the request leaves, and its end after the answer,
so that a kill between the two is seen (`cut_off`) and the repeat can say that it may be one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Row
from typing import Any

from warehouse.alert_log.alert import as_text
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.moment import from_us, to_us

OPEN = "('queued', 'sending')"

WAITING = f"""
SELECT d.*, (SELECT count(*) FROM attempt WHERE delivery_id = d.id AND finished_at IS NULL) AS cut_off
FROM delivery AS d
WHERE d.receiver = :receiver AND d.integration = :integration AND d.state IN {OPEN} AND d.next_at {{due}} :now
  AND NOT EXISTS (
      SELECT 1 FROM delivery AS older
      WHERE older.receiver = d.receiver AND older.integration = d.integration AND older.group_key = d.group_key
        AND older.id < d.id AND older.state IN {OPEN})
ORDER BY d.priority, d.id LIMIT 1
"""
"""Two questions, what is due and then what is not: each walks along an index and stops at the first."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification for one integration of a receiver.

    `attempts` were made before; `cut_off` of them have no known end. `priority` 0 goes first. `payload` is
    Alertmanager's webhook data (version 4) with ours beside it.
    """

    id: int
    group_key: str
    receiver: str
    integration: str
    dedup_key: str
    reason: str
    priority: int
    alerts: tuple[str, ...]
    payload: Mapping[str, Any]
    attempts: int
    cut_off: int
    created_at: datetime
    next_at: datetime


def enqueue(
    tx: Writing, *, group_key: str, receiver: str, integration: str, dedup_key: str, reason: str, priority: int,
    alerts: Sequence[str], payload: Mapping[str, Any], now: datetime,
) -> int:  # fmt: skip
    """Queue one delivery; its id."""
    at = to_us(now)
    return tx.insert(
        "INSERT INTO delivery (group_key, receiver, integration, dedup_key, reason, priority, alerts, payload, state, "
        "created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
        (
            group_key,
            receiver,
            integration,
            dedup_key,
            reason,
            priority,
            as_text(list(alerts)),
            as_text(payload),
            at,
            at,
        ),
    )


def waiting(log: AlertLog, receiver: str, integration: str, now: datetime) -> Delivery | None:
    """The delivery that this integration is to send next, whose `next_at` may be ahead.

    First what is due, then the smallest priority number, then the oldest; never one before an older one of its group.
    """
    place = {"receiver": receiver, "integration": integration, "now": to_us(now)}
    rows = log.rows(WAITING.format(due="<="), place) or log.rows(WAITING.format(due=">"), place)
    return _delivery(rows[0]) if rows else None


def begin_attempt(tx: Writing, delivery: int, now: datetime) -> int:
    """Write that a request is about to leave; the attempt's id."""
    tx.execute("UPDATE delivery SET state = 'sending', attempts = attempts + 1 WHERE id = ?", (delivery,))
    return tx.insert("INSERT INTO attempt (delivery_id, started_at) VALUES (?, ?)", (delivery, to_us(now)))


def end_attempt(
    tx: Writing, attempt: int, now: datetime, *, outcome: str, status: int | None, answer: str,
    again_at: datetime | None = None,
) -> None:  # fmt: skip
    """Write what came of a request.

    `outcome` is sent, accepted, dead, or failed: then it is tried again at `again_at`.
    """
    at = to_us(now)
    tx.execute(
        "UPDATE attempt SET finished_at = ?, outcome = ?, status = ?, answer = ? WHERE id = ?",
        (at, outcome, status, answer[:2000], attempt),
    )
    which = "WHERE id = (SELECT delivery_id FROM attempt WHERE id = ?)"
    if outcome == "failed":
        assert again_at is not None
        tx.execute(f"UPDATE delivery SET state = 'queued', next_at = ? {which}", (to_us(again_at), attempt))
        return
    tx.execute(f"UPDATE delivery SET state = ?, finished_at = ? {which}", (outcome, at, attempt))
    if outcome in ("sent", "accepted"):
        _mark_paged(tx, attempt, at)


def _mark_paged(tx: Writing, attempt: int, at: int) -> None:
    row = tx.rows(
        "SELECT id, alerts, receiver, reason, created_at FROM delivery "
        "WHERE id = (SELECT delivery_id FROM attempt WHERE id = ?)",
        (attempt,),
    )[0]
    prints = json.loads(row["alerts"])
    # one that waited long does not speak of an alert that began again meanwhile (later than now: a clock put back)
    tx.each(
        "UPDATE episode SET paged_at = ? WHERE fingerprint = ? AND paged_at IS NULL AND ended_at IS NULL "
        "AND (fired_at <= ? OR fired_at > ?)",
        [(at, one, row["created_at"], at) for one in prints],
    )
    detail = as_text({"delivery": row["id"], "receiver": row["receiver"], "reason": row["reason"]})
    tx.each(
        "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, 'notified', ?)",
        [(at, one, detail) for one in prints],
    )


def open_integrations(log: AlertLog) -> list[tuple[str, str]]:
    """The (receiver, integration) pairs that have something to send."""
    rows = log.rows(f"SELECT DISTINCT receiver, integration FROM delivery WHERE state IN {OPEN}")
    return [(row["receiver"], row["integration"]) for row in rows]


def _delivery(row: Row) -> Delivery:
    return Delivery(
        row["id"], row["group_key"], row["receiver"], row["integration"], row["dedup_key"], row["reason"],
        row["priority"], tuple(json.loads(row["alerts"])), json.loads(row["payload"]), row["attempts"], row["cut_off"],
        from_us(row["created_at"]), from_us(row["next_at"]),
    )  # fmt: skip
