"""What people say about alerts: that they are on it, and whether the page was worth it.

Both belong to the episode, the one time that the alert fired: the newest of each alert. The first acknowledgement
stays; of the verdicts the last one counts. Every word is an event too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

from warehouse.alert_log.alert import as_text
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.moment import to_us

Verdict = Literal["actionable", "noise", "planned", "duplicate"]
VERDICTS: tuple[str, ...] = get_args(Verdict)

NEWEST = "fired_at = (SELECT max(fired_at) FROM episode AS newer WHERE newer.fingerprint = episode.fingerprint)"


def acknowledge(tx: Writing, fingerprints: Sequence[str], by: str, note: str, now: datetime) -> int:
    """Somebody is on it; how many alerts are known by these fingerprints."""
    return _record(
        tx, fingerprints, "acknowledged", {"by": by, "note": note}, now,
        "acked_at = coalesce(acked_at, ?), acked_by = coalesce(acked_by, ?)", (to_us(now), by), note,
    )  # fmt: skip


def judge(tx: Writing, fingerprints: Sequence[str], verdict: str, by: str, note: str, now: datetime) -> int:
    """Somebody says what the page was worth; how many alerts are known. Raises ValueError for an unknown verdict."""
    if verdict not in VERDICTS:
        raise ValueError(f"{verdict!r} is no verdict, expected one of {', '.join(VERDICTS)}")
    return _record(
        tx, fingerprints, "judged", {"by": by, "note": note, "verdict": verdict}, now,
        "verdict = ?, verdict_by = ?, verdict_at = ?", (verdict, by, to_us(now)), note,
    )  # fmt: skip


def _record(
    tx: Writing, fingerprints: Sequence[str], kind: str, detail: dict[str, str], now: datetime, change: str,
    values: tuple[object, ...], note: str,
) -> int:  # fmt: skip
    known = 0
    for one in fingerprints:
        changed = tx.execute(
            f"UPDATE episode SET {change}, notes = notes + ? WHERE fingerprint = ? AND {NEWEST}",
            (*values, int(bool(note)), one),
        )
        if changed:
            known += 1
            tx.execute(
                "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, ?, ?)",
                (to_us(now), one, kind, as_text(detail)),
            )
    return known


def told_of(log: AlertLog, dedup_key: str, before: datetime) -> tuple[str, ...]:
    """The alerts of the newest notification of a group that was queued at `before` or earlier."""
    rows = log.rows(
        "SELECT value FROM json_each((SELECT alerts FROM delivery WHERE dedup_key = ? AND created_at <= ? "
        "AND reason <> 'acknowledged' ORDER BY id DESC LIMIT 1))",
        (dedup_key, to_us(before)),
    )
    return tuple(row["value"] for row in rows)


def forward_acknowledgement(tx: Writing, fingerprints: Sequence[str], by: str, now: datetime) -> int:
    """Queue an acknowledgement for each PagerDuty incident that these alerts opened; how many."""
    queued = 0
    at = to_us(now)
    for one in fingerprints:
        queued += tx.execute(
            """
            INSERT INTO delivery (group_key, receiver, integration, dedup_key, reason, priority, alerts, payload, state,
                                  created_at, next_at)
            SELECT d.group_key, d.receiver, d.integration, d.dedup_key, 'acknowledged', 0, d.alerts,
                   json_set(d.payload, '$.status', 'acknowledged', '$.meterline.acknowledged_by', :by), 'queued', :at,
                   :at
            FROM delivery AS d
            WHERE d.integration LIKE 'pagerduty%' AND d.reason <> 'acknowledged'
              AND EXISTS (SELECT 1 FROM json_each(d.alerts) WHERE value = :one)
              AND json_extract(d.payload, '$.status') = 'firing'
              AND d.id = (SELECT max(id) FROM delivery AS n WHERE n.group_key = d.group_key
                          AND n.receiver = d.receiver AND n.integration = d.integration)
            """,
            {"by": by, "at": at, "one": one},
        )
    return queued
