"""Alerts come in: merged with what is known of them, stored, and resolved when nobody repeats them.

The merging is Alertmanager's: an alert that overlaps its stored self keeps the earlier start; an explicit end rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Row

import orjson

from warehouse.alert_log.alert import Alert, StoredAlert, as_text, fingerprints
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.moment import from_us, to_us

BATCH = 500

UPSERT = """
INSERT INTO alert (fingerprint, labels, annotations, generator_url, origin, starts_at, ends_at, expires_at, received_at,
                   revision)
VALUES (:fingerprint, :labels, :annotations, :generator_url, :origin, :starts_at, :ends_at, :expires_at, :received_at,
        :revision)
ON CONFLICT (fingerprint) DO UPDATE SET
    annotations = excluded.annotations, generator_url = excluded.generator_url, origin = excluded.origin,
    starts_at = excluded.starts_at, ends_at = excluded.ends_at, expires_at = excluded.expires_at,
    received_at = excluded.received_at, revision = excluded.revision
"""
EVENT = "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, ?, ?)"
BEGIN_EPISODE = """
INSERT INTO episode (fingerprint, started_at, fired_at) VALUES (?, ?, ?)
ON CONFLICT (fingerprint, fired_at) DO UPDATE SET ended_at = NULL -- it ended and fired again in one microsecond
"""
END_EPISODE = "UPDATE episode SET ended_at = ? WHERE fingerprint = ? AND ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The fingerprints in the order of the alerts, and which of them began or ceased to fire."""

    fingerprints: tuple[str, ...]
    fired: tuple[str, ...]
    resolved: tuple[str, ...]


def accept(
    tx: Writing, alerts: Sequence[Alert], now: datetime, resolve_timeout: timedelta | None, origin: str = "api"
) -> Accepted:
    """Store `alerts`; they are safe once the transaction ends.

    Without an end of its own a firing alert resolves `resolve_timeout` after `now`, unless it is posted again; with
    None it fires until an end is posted (rules of ours: a stopped evaluation must not look like a recovery).
    """
    prints = fingerprints([alert.labels for alert in alerts])
    known = _known(tx, prints)
    revision, at = next_revision(tx), to_us(now)
    rows: dict[str, dict[str, object]] = {}
    events: list[tuple[int, str, str, str]] = []
    fired: list[str] = []
    resolved: list[str] = []
    for one, alert in zip(prints, alerts, strict=True):
        before = known.get(one)
        row = _merged(one, alert, before, now, resolve_timeout, origin)
        was_firing = before is not None and before["ends_at"] is None
        if row["ends_at"] is None and not was_firing:
            fired.append(one)
            events.append((at, one, "fired", as_text({"origin": origin, "starts_at": row["starts_at"]})))
        elif row["ends_at"] is not None and was_firing:
            resolved.append(one)
            events.append((at, one, "resolved", as_text({"by": origin})))
        changed = before is None or any(row[key] != before[key] for key in ("annotations", "starts_at", "ends_at"))
        row["revision"] = revision if changed or before is None else before["revision"]
        rows[one] = row
        known[one] = row
    tx.each(UPSERT, rows.values())
    tx.each(EVENT, events)
    tx.each(BEGIN_EPISODE, [(one, rows[one]["starts_at"], at) for one in fired])
    tx.each(END_EPISODE, [(rows[one]["ends_at"] or at, one) for one in resolved])
    return Accepted(prints, tuple(fired), tuple(resolved))


def _merged(
    one: str, alert: Alert, before: dict[str, object] | None, now: datetime, timeout: timedelta | None, origin: str
) -> dict[str, object]:
    at, starts_at, ends_at = to_us(now), to_us(alert.starts_at), to_us(alert.ends_at)
    over = ends_at is not None and ends_at <= at
    expires_at = None if over else ends_at if ends_at is not None else None if timeout is None else to_us(now + timeout)
    if before is not None:
        old_start, old_end = before["starts_at"], before["ends_at"]
        assert isinstance(old_start, int)
        if not isinstance(old_end, int) or starts_at < old_end:
            starts_at = min(starts_at, old_start)
        if over and isinstance(old_end, int):
            ends_at = max(old_end, ends_at or 0)  # a repeated end is no new one
    return {
        "fingerprint": one,
        "labels": as_text({name: value for name, value in alert.labels.items() if value}),
        "annotations": as_text(dict(alert.annotations)),
        "generator_url": alert.generator_url,
        "origin": origin,
        "starts_at": starts_at,
        "ends_at": ends_at if over else None,
        "expires_at": expires_at,
        "received_at": at,
    }


def expire(tx: Writing, now: datetime) -> tuple[str, ...]:
    """Resolve the alerts that were not posted again in time; their fingerprints."""
    at = to_us(now)
    due = tx.rows("SELECT fingerprint, expires_at FROM alert WHERE ends_at IS NULL AND expires_at <= ?", (at,))
    if not due:
        return ()
    revision = next_revision(tx)
    tx.each(
        "UPDATE alert SET ends_at = expires_at, revision = ? WHERE fingerprint = ?",
        [(revision, row["fingerprint"]) for row in due],
    )
    tx.each(EVENT, [(at, row["fingerprint"], "resolved", as_text({"by": "expiry"})) for row in due])
    tx.each(END_EPISODE, [(row["expires_at"], row["fingerprint"]) for row in due])
    return tuple(row["fingerprint"] for row in due)


def prolong(tx: Writing, until: datetime) -> int:
    """Let no firing alert expire before `until`: its sender could not reach us while we were down. How many."""
    return tx.execute(
        "UPDATE alert SET expires_at = :until WHERE ends_at IS NULL AND expires_at < :until", {"until": to_us(until)}
    )


def next_revision(tx: Writing) -> int:
    """A number that is greater than that of every stored alert."""
    return int(tx.rows("SELECT coalesce(max(revision), 0) + 1 FROM alert")[0][0])


def changed_since(log: AlertLog, revision: int) -> list[StoredAlert]:
    """The alerts that changed after `revision`, in the order of their changes; from 0 all that are stored."""
    return stored(log.rows("SELECT * FROM alert WHERE revision > ? ORDER BY revision, fingerprint", (revision,)))


def stored(rows: Iterable[Row]) -> list[StoredAlert]:
    """Rows of the table alert as values."""
    return [
        StoredAlert(
            row["fingerprint"], orjson.loads(row["labels"]), orjson.loads(row["annotations"]), row["generator_url"],
            row["origin"], from_us(row["starts_at"]), from_us(row["ends_at"]), from_us(row["expires_at"]),
            from_us(row["received_at"]), row["revision"],
        )
        for row in rows
    ]  # fmt: skip


def _known(tx: Writing, prints: Sequence[str]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for start in range(0, len(prints), BATCH):
        some = prints[start : start + BATCH]
        marks = ",".join("?" * len(some))
        for row in tx.rows(f"SELECT * FROM alert WHERE fingerprint IN ({marks})", some):
            found[row["fingerprint"]] = dict(row)
    return found
