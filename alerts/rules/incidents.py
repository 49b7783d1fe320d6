"""Which incidents an alert belongs to: those of its service that were open around the time at which it fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from alerts.rules.wording import plain

AROUND = timedelta(minutes=30)
"""An incident may be opened so long after a page ended, or be over so long before it began."""

NOT_ONE = frozenset({"noise", "duplicate", "planned"})
"""What people said of incidents that were none."""

OURS = "meterline"
"""The source of incidents that are pages of ours: one counts only when a person called it actionable, else a rule that
already pages would prove itself right."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of an on-call system; `ended` is None while it is open. A service of "" is none in particular."""

    source: str
    id: str
    service: str
    began: datetime
    ended: datetime | None

    def belongs_to(self, service: str, began: datetime, ended: datetime) -> bool:
        """Whether it was open at some time between AROUND before `began` and AROUND after `ended`."""
        if self.service and service and self.service != service:
            return False
        return self.began <= ended + AROUND and (self.ended is None or self.ended >= began - AROUND)


def incidents_of(frame: pl.DataFrame) -> Sequence[Incident]:
    """Rows (source, id, service, created_at, resolved_at, outcome) that count as incidents, the earliest first."""
    found = []
    for row in frame.iter_rows(named=True):
        outcome, source, began = row.get("outcome"), plain(row.get("source")), _utc(row.get("created_at"))
        if began is None or outcome in NOT_ONE or (source == OURS and outcome != "actionable"):
            continue
        ended = _utc(row.get("resolved_at"))
        found.append(Incident(source, plain(row.get("id")), plain(row.get("service")), began, ended))
    return sorted(found, key=lambda one: (one.began, one.source, one.id))


def _utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
