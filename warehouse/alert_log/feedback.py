"""What people say about alerts: that they are on it, and whether the page was worth it.

Both belong to the episode, the one time that the alert fired: the newest of each alert, or with `told_at` the one that
was the newest then. So a link in a message of last week says nothing about what fires today. The first acknowledgement
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

EPISODE = """
SELECT max(fired_at) FILTER (WHERE :told_at IS NULL OR fired_at <= :told_at) AS fired_at, max(fired_at) AS newest
FROM episode WHERE fingerprint = :one
"""
FORWARD = """
INSERT INTO delivery (group_key, receiver, integration, dedup_key, reason, priority, alerts, payload, state, created_at,
                      next_at)
SELECT group_key, receiver, integration, dedup_key, 'acknowledged', 0, alerts,
       json_set(payload, '$.status', 'acknowledged', '$.meterline.acknowledged_by', :by), 'queued', :at, :at
FROM delivery
WHERE id IN (SELECT max(id) FROM delivery WHERE integration LIKE 'pagerduty%' GROUP BY group_key, receiver, integration)
  AND reason <> 'acknowledged' AND json_extract(payload, '$.status') = 'firing'
  AND EXISTS (SELECT 1 FROM json_each(alerts) WHERE value IN (
      SELECT said.value FROM json_each(:prints) AS said WHERE NOT EXISTS (
          SELECT 1 FROM episode WHERE fingerprint = said.value AND fired_at > :told_at)))
"""


def acknowledge(
    tx: Writing, fingerprints: Sequence[str], by: str, note: str, now: datetime, told_at: datetime | None = None
) -> int:
    """Somebody is on it; how many alerts are known by these fingerprints."""
    return _record(
        tx, fingerprints, "acknowledged", {"by": by, "note": note}, now,
        "acked_at = coalesce(acked_at, ?), acked_by = coalesce(acked_by, ?)", (to_us(now), by), note, told_at,
    )  # fmt: skip


def judge(
    tx: Writing, fingerprints: Sequence[str], verdict: str, by: str, note: str, now: datetime,
    told_at: datetime | None = None,
) -> int:  # fmt: skip
    """Somebody says what the page was worth; how many alerts are known. Raises ValueError for an unknown verdict."""
    if verdict not in VERDICTS:
        raise ValueError(f"{verdict!r} is no verdict, expected one of {', '.join(VERDICTS)}")
    return _record(
        tx, fingerprints, "judged", {"by": by, "note": note, "verdict": verdict}, now,
        "verdict = ?, verdict_by = ?, verdict_at = ?", (verdict, by, to_us(now)), note, told_at,
    )  # fmt: skip


def _record(
    tx: Writing, fingerprints: Sequence[str], kind: str, detail: dict[str, str], now: datetime, change: str,
    values: tuple[object, ...], note: str, told_at: datetime | None,
) -> int:  # fmt: skip
    known = 0
    for one in fingerprints:
        episode = tx.rows(EPISODE, {"one": one, "told_at": to_us(told_at)})[0]
        if episode["fired_at"] is None:
            continue
        known += 1
        tx.execute(
            f"UPDATE episode SET {change}, notes = notes + ? WHERE fingerprint = ? AND fired_at = ?",
            (*values, int(bool(note)), one, episode["fired_at"]),
        )
        earlier = {} if episode["fired_at"] == episode["newest"] else {"fired_at": episode["fired_at"]}
        tx.execute(
            "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, ?, ?)",
            (to_us(now), one, kind, as_text({**detail, **earlier})),
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


def forward_acknowledgement(
    tx: Writing, fingerprints: Sequence[str], by: str, now: datetime, told_at: datetime | None = None
) -> int:
    """Queue an acknowledgement for each PagerDuty incident that is open for these alerts; how many.

    None for alerts that fired again after `told_at`: that incident is another one.
    """
    values = {"by": by, "at": to_us(now), "prints": as_text(list(fingerprints)), "told_at": to_us(told_at or now)}
    return tx.execute(FORWARD, values)
