"""From the history of a PagerDuty incident to its row. Pure.

The log tells who acknowledged and resolved; `incidents.acknowledgements` is emptied at resolve. Severity is the worst
priority that the incident ever had; urgency is none, unless the configuration names it. An incident that was merged
into another was resolved by a merge, whose target is its parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from collector.on_call import labels
from collector.on_call.history import INCIDENT, Document, Row, Seen
from collector.on_call.incident import Incident
from collector.on_call.meaning import OnCallSettings
from warehouse.interval import parse_utc

LOG, ALERT = "log_entry", "alert"
INCIDENT_LEFT_OUT = frozenset({"body", "conference_bridge", "custom_fields", "responder_requests"})
LOG_LEFT_OUT = frozenset({"channel", "contexts", "note", "event_details"})
ENGAGED_BY = ("acknowledge_log_entry", "responder_accept_log_entry")
DISENGAGED_BY = ("unacknowledge_log_entry", "snooze_log_entry")


def incident_document(row: Row) -> Document:
    """An incident as it is kept: without what people write freely, which may hold secrets."""
    return Document(
        INCIDENT, str(row["id"]), {key: value for key, value in row.items() if key not in INCIDENT_LEFT_OUT}
    )


def log_document(incident: str, row: Row) -> Document:
    """A log entry as it is kept: of a note only that there was one, of an alert's payload only its labels."""
    kept = {key: value for key, value in row.items() if key not in LOG_LEFT_OUT}
    if row.get("type") == "trigger_log_entry":
        kept["labels"] = labels.only(row.get("channel"))
    return Document(LOG, incident, kept, str(row["id"]))


def alert_document(incident: str, row: Row) -> Document:
    """What is needed of an alert: the key by which it is known where it comes from."""
    return Document(ALERT, incident, {"id": row["id"], "alert_key": row.get("alert_key")}, str(row["id"]))


def incident_of(seen: Seen, settings: OnCallSettings) -> Incident:
    """The incident as it is known now."""
    row = seen.newest
    log = sorted(seen.of(LOG), key=lambda entry: (parse_utc(entry["created_at"]), str(entry["id"])))
    acks = [entry for entry in log if entry["type"] == "acknowledge_log_entry"]
    ack = next((entry for entry in acks if _person(entry, settings)), acks[0] if acks else None)
    resolve = next((entry for entry in reversed(log) if entry["type"] == "resolve_log_entry"), None)
    resolved_at, resolver = _end(row, resolve)
    payload = [entry.get("labels") for entry in log if entry["type"] == "trigger_log_entry"]
    theirs = _summary(row.get("service"))
    severities = [settings.severity_of(_summary(one.get("priority")), one.get("urgency")) for one in seen.versions]
    return Incident(
        id=seen.id,
        created_at=parse_utc(row["created_at"]),
        alert_key=row.get("incident_key") or next((one["alert_key"] for one in seen.of(ALERT)), None),
        title=row.get("title") or row.get("summary"),
        service=settings.service_of(labels.label(payload, labels.SERVICE) or theirs),
        team=settings.team_of(next((_summary(team) for team in row.get("teams") or []), None)),
        rule=labels.label(payload, labels.RULE),
        severity=min((level for level in severities if level is not None), default=None),
        priority=_summary(row.get("priority")),
        paged=row.get("urgency") != "low",
        first_ack_at=parse_utc(ack["created_at"]) if ack else None,
        ack_by=_summary(ack.get("agent")) if ack else None,
        acked_by_person=ack is not None and _person(ack, settings),
        resolved_at=resolved_at,
        resolved_by=_summary(resolver) if resolved_at else None,
        auto_resolved=not _is_person(resolver, settings) if resolved_at and resolver else None,
        escalations=sum(entry["type"] == "escalate_log_entry" for entry in log),
        notes=sum(entry["type"] == "annotate_log_entry" for entry in log),
        engaged_s=_engaged(log, resolved_at, settings),
        linked=bool(row.get("external_references")),
        parent_id=_merged_into(row),
        attributed_to=settings.attributed_to(theirs),
        runbook_url=labels.label(payload, labels.RUNBOOK),
        url=row.get("html_url"),
    )


def _end(row: Row, resolve: Row | None) -> tuple[datetime | None, Row | None]:
    """When it ended and by whom; open incidents have no end, also those that were reopened."""
    if row.get("status") != "resolved":
        return None, None
    if resolve is not None:
        return parse_utc(resolve["created_at"]), resolve.get("agent")
    at = row.get("resolved_at") or row.get("last_status_change_at")
    return (parse_utc(at) if at else None), row.get("last_status_change_by")


def _merged_into(row: Row) -> str | None:
    reason = row.get("resolve_reason")
    if not isinstance(reason, dict) or reason.get("type") != "merge_resolve_reason":
        return None
    target = reason.get("incident")
    return str(target["id"]) if isinstance(target, dict) and target.get("id") else None


def _engaged(log: Sequence[Row], ended_at: datetime | None, settings: OnCallSettings) -> int | None:
    """Seconds in which at least one person had it acknowledged and neither snoozed it nor let it time out."""
    if ended_at is None or not any(entry["type"] in ENGAGED_BY and _person(entry, settings) for entry in log):
        return None
    total = sum((end - begin for begin, end in _spells(log, ended_at, settings)), timedelta())
    return int(total.total_seconds())


def _spells(log: Sequence[Row], ended_at: datetime, settings: OnCallSettings) -> Iterator[tuple[datetime, datetime]]:
    since: datetime | None = None
    for entry in log:
        at = min(parse_utc(entry["created_at"]), ended_at)
        if entry["type"] in ENGAGED_BY and _person(entry, settings):
            since = since or at
        elif entry["type"] in (*DISENGAGED_BY, "resolve_log_entry") and since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, ended_at


def _person(entry: Row, settings: OnCallSettings) -> bool:
    return _is_person(entry.get("agent"), settings)


def _is_person(agent: Row | None, settings: OnCallSettings) -> bool:
    """Agents are users, services, integrations, ...; users that the configuration calls robots are no people."""
    return agent is not None and str(agent.get("type")).startswith("user") and settings.is_person(_summary(agent))


def _summary(thing: Row | None) -> str | None:
    if not isinstance(thing, dict):
        return None
    return thing.get("summary") or thing.get("name")
