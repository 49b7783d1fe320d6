"""Silences: matchers that keep notifications back for a span of time. Alertmanager's rules for changing them.

A silence that is changed in what it matches or in its past gets a new id and the old one ends, so that what was
suppressed by which silence stays true.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from warehouse.alert_log.alert import as_text
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.moment import from_us, to_us


@dataclass(frozen=True, slots=True)
class Silence:
    """`matchers` are `{name, op, value}`, op one of =, !=, =~, !~; all of them must match. `[starts_at, ends_at)`."""

    id: str
    matchers: tuple[Mapping[str, str], ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    updated_at: datetime

    def state(self, now: datetime) -> Literal["pending", "active", "expired"]:
        """As Alertmanager names it."""
        if now >= self.ends_at:
            return "expired"
        return "active" if now >= self.starts_at else "pending"


def silences(log: AlertLog, now: datetime, *, expired: bool = False) -> list[Silence]:
    """Those that are active or pending at `now`, and with `expired` those that are over; the next to end first."""
    rows = log.rows("SELECT * FROM silence WHERE ends_at > ? OR ? ORDER BY ends_at, id", (to_us(now), expired))
    return [
        Silence(
            row["id"], tuple(json.loads(row["matchers"])), from_us(row["starts_at"]), from_us(row["ends_at"]),
            row["created_by"], row["comment"], from_us(row["updated_at"]),
        )
        for row in rows
    ]  # fmt: skip


def stamp(log: AlertLog) -> tuple[int, int]:
    """What differs whenever a silence was added or changed."""
    row = log.rows("SELECT count(*), coalesce(max(updated_at), 0) FROM silence")[0]
    return int(row[0]), int(row[1])


def put(
    tx: Writing, matchers: Sequence[Mapping[str, str]], starts_at: datetime, ends_at: datetime, created_by: str,
    comment: str, now: datetime, replaces: str | None = None,
) -> str:  # fmt: skip
    """Store a silence and return its id; with `replaces` change that one, or end it and make a new one.

    Raises KeyError when `replaces` names none.
    """
    text = as_text([dict(matcher) for matcher in matchers])
    starts_at = max(starts_at, now) if replaces is None else starts_at
    if replaces is not None:
        old = tx.rows("SELECT * FROM silence WHERE id = ?", (replaces,))
        if not old:
            raise KeyError(replaces)
        over = old[0]["ends_at"] <= to_us(now)
        began = old[0]["starts_at"] <= to_us(now)
        same = old[0]["matchers"] == text and (not began or old[0]["starts_at"] == to_us(starts_at))
        if same and not over:
            tx.execute(
                "UPDATE silence SET starts_at = ?, ends_at = ?, created_by = ?, comment = ?, updated_at = ? "
                "WHERE id = ?",
                (to_us(starts_at), to_us(ends_at), created_by, comment, _stamp(tx, now), replaces),
            )
            return replaces
        expire(tx, replaces, now)
        starts_at = max(starts_at, now)
    made = str(uuid.uuid4())
    tx.execute(
        "INSERT INTO silence VALUES (?, ?, ?, ?, ?, ?, ?)",
        (made, text, to_us(starts_at), to_us(ends_at), created_by, comment, _stamp(tx, now)),
    )
    return made


def expire(tx: Writing, silence: str, now: datetime) -> bool:
    """End a silence now; whether there was one that was not over."""
    at = to_us(now)
    return bool(
        tx.execute(
            "UPDATE silence SET ends_at = ?, starts_at = min(starts_at, ?), updated_at = ? "
            "WHERE id = ? AND ends_at > ?",
            (at, at, _stamp(tx, now), silence, at),
        )
    )


def _stamp(tx: Writing, now: datetime) -> int:
    # two changes within one microsecond, or a clock that went back, must still be seen as changes
    newest = int(tx.rows("SELECT coalesce(max(updated_at), 0) FROM silence")[0][0])
    return max(to_us(now), newest + 1)
