"""From the history of an alert to its row. Pure.

Opsgenie tells in `report` how long after its creation an alert was acknowledged and closed, and by whom; where it does
not (JSM leaves it out of some answers), the log does. Without both, an acknowledgement is as old as the first answer in
which it was seen: an upper bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from collector.jsm.settings import JsmSettings
from collector.on_call import labels
from collector.on_call.history import INCIDENT, Document, Row, Seen
from collector.on_call.incident import Incident, engaged
from warehouse.interval import EPOCH, parse_utc

LOG, NOTE = "log_entry", "note"
LEFT_OUT = frozenset({"description", "details", "extraProperties", "actions"})


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to an alert: when, and by whom where that is known."""

    at: datetime
    by: str | None


def alert_document(row: Row) -> Document:
    """An alert as it is kept: of its free details only the labels."""
    kept = {key: value for key, value in row.items() if key not in LEFT_OUT}
    payload = [row.get("details"), row.get("extraProperties"), row.get("description")]
    return Document(INCIDENT, str(row["id"]), {**kept, "labels": labels.only(payload)})


def note_document(alert: str, row: Row) -> Document:
    """That there was a note and whose, not its text."""
    at = str(row.get("createdAt"))
    part = str(row.get("id") or row.get("offset") or at).replace("/", "_")
    return Document(NOTE, alert, {"createdAt": at, "owner": row.get("owner")}, part)


def log_document(alert: str, row: Row) -> Document:
    """A log entry as it is kept."""
    at = str(row.get("createdAt"))
    kept = {key: row.get(key) for key in ("log", "type", "owner", "createdAt")}
    return Document(LOG, alert, kept, str(row.get("offset") or at).replace("/", "_"))


def incident_of(seen: Seen, settings: JsmSettings) -> Incident:
    """The alert as it is known now; what follows the last closing is a new alert over there."""
    row = seen.newest
    created_at = parse_utc(row["createdAt"])
    ack, close = _acknowledged(seen, created_at), _closed(seen, created_at)
    by_person = ack is not None and settings.is_person(ack.by)
    found = row.get("labels")
    theirs = row.get("entity") or row.get("integrationName") or (row.get("integration") or {}).get("name")
    severities = [settings.severity_of(one.get("priority")) for one in seen.versions]
    verdict = settings.verdict_of([str(tag) for tag in row.get("tags") or []])
    return Incident(
        id=seen.id,
        created_at=created_at,
        alert_key=row.get("alias"),
        title=row.get("message"),
        service=settings.service_of(labels.label(found, labels.SERVICE) or theirs),
        team=settings.team_of(labels.label(found, labels.TEAM) or _team(row)),
        rule=labels.label(found, labels.RULE),
        severity=min((level for level in severities if level is not None), default=None),
        priority=row.get("priority"),
        paged=row.get("priority") is None or row["priority"] in settings.pages,
        first_ack_at=ack.at if ack else None,
        ack_by=ack.by if ack else None,
        acked_by_person=by_person,
        resolved_at=close.at if close else None,
        resolved_by=close.by if close else None,
        auto_resolved=not settings.is_person(close.by) if close and close.by else None,
        escalations=sum(_is("escalated", entry) for entry in seen.of(LOG)),
        notes=sum(settings.is_person(note.get("owner")) for note in seen.of(NOTE)),
        engaged_s=engaged(ack.at, close.at) if ack and by_person and close else None,
        outcome=verdict,
        attributed_to=settings.attributed_to(theirs),
        runbook_url=labels.label(found, labels.RUNBOOK),
    )


def _acknowledged(seen: Seen, created_at: datetime) -> Act | None:
    told = _told(_reported(seen.newest, "ack", "acknowledgedBy", created_at), _logged(seen, "acknowledged"))
    return told or _observed(seen, "acknowledged", True, "owner")


def _closed(seen: Seen, created_at: datetime) -> Act | None:
    if seen.newest.get("status") != "closed":
        return None
    told = _told(_reported(seen.newest, "close", "closedBy", created_at), _logged(seen, "closed"))
    return told or _observed(seen, "status", "closed", None)


def _told(reported: Act | None, logged: Act | None) -> Act | None:
    """What the alert itself says goes before its log; by whom, whichever of them knows."""
    if reported is None:
        return logged
    return reported if reported.by or logged is None else Act(reported.at, logged.by)


def _reported(row: Row, what: str, by: str, created_at: datetime) -> Act | None:
    """What an alert's report says: milliseconds since its creation, or a time."""
    report: Mapping[str, Any] = row.get("report") or {}
    value, who = report.get(f"{what}Time"), report.get(by) or None
    if value is None:
        value = row.get(f"{what}Time")
    if isinstance(value, int | float) and not isinstance(value, bool):
        milliseconds = timedelta(milliseconds=value)
        return Act(EPOCH + milliseconds if EPOCH + milliseconds >= created_at else created_at + milliseconds, who)
    return Act(parse_utc(value), who) if isinstance(value, str) and value else None


def _logged(seen: Seen, what: str) -> Act | None:
    entries = [Act(parse_utc(str(one["createdAt"])), one.get("owner")) for one in seen.of(LOG) if _is(what, one)]
    if not entries:
        return None
    return min(entries, key=lambda act: act.at) if what == "acknowledged" else max(entries, key=lambda act: act.at)


def _observed(seen: Seen, key: str, value: object, by: str | None) -> Act | None:
    """The first answer that says so, at the time of change that it carries."""
    for row, observed_at in zip(seen.versions, seen.observed_at, strict=True):
        if row.get(key) == value:
            at = row.get("updatedAt")
            return Act(parse_utc(at) if at else observed_at.replace(tzinfo=UTC), row.get(by) or None if by else None)
    return None


def _is(what: str, entry: Row) -> bool:
    return _texts()[what].match(str(entry.get("log") or "").strip()) is not None


@cache
def _texts() -> dict[str, re.Pattern[str]]:
    table = yaml.safe_load((files("collector.jsm") / "log_texts.yaml").read_text(encoding="utf-8"))
    return {what: re.compile(text, re.IGNORECASE) for what, text in table.items()}


def _team(row: Row) -> str | None:
    teams = [one for one in row.get("responders") or row.get("teams") or [] if one.get("type", "team") == "team"]
    return str(teams[0].get("name") or teams[0].get("id")) if teams else None
