"""One incident as every on-call system tells it, and its row in the table on_call_incident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl

from warehouse.interval import naive

VERDICTS = ("actionable", "noise", "planned", "duplicate")

TIME = pl.Datetime("us")
SCHEMA = pl.Schema({
    "source": pl.String(), "id": pl.String(), "alert_key": pl.String(), "title": pl.String(), "service": pl.String(),
    "team": pl.String(), "rule": pl.String(), "severity": pl.Int32(), "priority": pl.String(), "paged": pl.Boolean(),
    "created_at": TIME, "started_at": TIME, "first_ack_at": TIME, "ack_by": pl.String(),
    "acked_by_person": pl.Boolean(), "resolved_at": TIME, "resolved_by": pl.String(), "auto_resolved": pl.Boolean(),
    "escalations": pl.Int32(), "notes": pl.Int32(), "engaged_s": pl.Int64(), "linked": pl.Boolean(),
    "outcome": pl.String(), "outcome_by": pl.String(), "close_code": pl.String(), "parent_id": pl.String(),
    "attributed_to": pl.String(), "root_cause": pl.String(), "runbook_url": pl.String(), "url": pl.String(),
    "observed_at": TIME,
})  # fmt: skip
"""The columns of on_call_incident, in its order."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What is known now. Times are aware UTC; None is "the system does not tell", never "no" or 0.

    `first_ack_at` is the first acknowledgement by a person, else the first by anything; `acked_by_person` says which.
    `engaged_s`: seconds from a person's acknowledgement to the end. `outcome` is a person's verdict, `close_code` the
    meaning of a code that was chosen at closing, both one of `VERDICTS`. `started_at` is when the impact began.
    """

    id: str
    created_at: datetime
    alert_key: str | None = None
    title: str | None = None
    service: str | None = None
    team: str | None = None
    rule: str | None = None
    severity: int | None = None
    priority: str | None = None
    paged: bool = True
    started_at: datetime | None = None
    first_ack_at: datetime | None = None
    ack_by: str | None = None
    acked_by_person: bool = False
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    auto_resolved: bool | None = None
    escalations: int = 0
    notes: int = 0
    engaged_s: int | None = None
    linked: bool = False
    outcome: str | None = None
    outcome_by: str | None = None
    close_code: str | None = None
    parent_id: str | None = None
    attributed_to: str | None = None
    root_cause: str | None = None
    runbook_url: str | None = None
    url: str | None = None


def incident_rows(source: str, incidents: Iterable[Incident], observed_at: datetime) -> pl.DataFrame:
    """Rows of on_call_incident, one for each of `incidents`; `observed_at` is aware UTC."""
    rows = [
        {name: naive(value) if isinstance(value, datetime) else value for name, value in asdict(one).items()}
        | {"source": source, "observed_at": naive(observed_at)}
        for one in incidents
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def engaged(acked_at: datetime | None, ended_at: datetime | None) -> int | None:
    """Whole seconds from an acknowledgement to the end; None while either is missing, or where clocks disagree."""
    if acked_at is None or ended_at is None or ended_at < acked_at:
        return None
    return int((ended_at - acked_at).total_seconds())
