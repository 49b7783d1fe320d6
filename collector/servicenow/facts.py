"""From the history of a ServiceNow incident to its row. Pure.

Acknowledged is the first change of state to one in which somebody works, by the audit where it may be read; else by the
first answer in which it was so, an upper bound. An incident that was resolved before we first saw it, without an
audit, has no known acknowledgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from collector.on_call.history import INCIDENT, Document, Row, Seen
from collector.on_call.incident import Incident, engaged
from collector.servicenow.api import moment
from collector.servicenow.settings import ServiceNowSettings

CHANGE, NOTE = "state_change", "work_note"


def incident_document(row: Row) -> Document:
    """An incident as it is kept: only the fields that were asked for are there."""
    return Document(INCIDENT, str(row["sys_id"]), row)


def change_documents(rows: Iterable[Row] | None) -> list[Document]:
    """Changes of state as they are kept."""
    return [Document(CHANGE, str(row["documentkey"]), row, str(row["sys_id"])) for row in rows or ()]


def note_documents(rows: Iterable[Row] | None) -> list[Document]:
    """Work notes as they are kept."""
    return [Document(NOTE, str(row["element_id"]), row, str(row["sys_id"])) for row in rows or ()]


def incident_of(seen: Seen, settings: ServiceNowSettings) -> Incident:
    """The incident as it is known now."""
    row = seen.newest
    acked_at, ack_by = _acknowledged(seen, settings)
    by_person = acked_at is not None and settings.is_person(ack_by)
    over = row.get("state") in settings.resolved
    resolved_at = moment(row.get("resolved_at") or row.get("closed_at")) if over else None
    resolver = row.get("resolved_by.user_name") or row.get("closed_by.user_name") or None
    theirs = row.get("business_service.name") or row.get("cmdb_ci.name") or None
    severities = [settings.severity_of(one.get("priority")) for one in seen.versions]
    who = row.get(settings.attribution_field) if settings.attribution_field else None
    return Incident(
        id=seen.id,
        created_at=_opened(seen),
        alert_key=row.get("correlation_id") or None,
        title=row.get("short_description") or row.get("number"),
        service=settings.service_of(theirs),
        team=settings.team_of(row.get("assignment_group.name")),
        severity=min((level for level in severities if level is not None), default=None),
        priority=row.get("priority") or None,
        paged=row.get("priority") in settings.pages,
        started_at=moment(row.get(settings.started_field)) if settings.started_field else None,
        first_ack_at=acked_at,
        ack_by=ack_by,
        acked_by_person=by_person,
        resolved_at=resolved_at,
        resolved_by=resolver if over else None,
        auto_resolved=not settings.is_person(resolver) if resolved_at and resolver else None,
        escalations=int(row.get("reassignment_count") or 0),
        notes=sum(settings.is_person(note.get("sys_created_by")) for note in seen.of(NOTE)),
        engaged_s=engaged(acked_at, resolved_at) if by_person else None,
        linked=any(row.get(field) for field in ("problem_id", "caused_by", "rfc")),
        close_code=settings.meaning_of(row.get("close_code")) if over else None,
        parent_id=row.get("parent_incident") or None,
        attributed_to=who or settings.attributed_to(theirs),
        root_cause=row.get("problem_id") or None,
        url=f"{settings.url}/nav_to.do?uri={settings.table}.do?sys_id={seen.id}",
    )


def _opened(seen: Seen) -> datetime:
    at = moment(seen.newest.get("opened_at")) or moment(seen.newest.get("sys_updated_on"))
    assert at is not None  # rows are asked for by one of the two
    return at


def _acknowledged(seen: Seen, settings: ServiceNowSettings) -> tuple[datetime | None, str | None]:
    changes = sorted(
        (str(one["sys_created_on"]), str(one.get("user") or "")) for one in seen.of(CHANGE)
        if one.get("newvalue") in settings.acknowledged
    )  # fmt: skip
    if changes:
        by_people = [one for one in changes if settings.is_person(one[1])]
        at, user = (by_people or changes)[0]
        return moment(at), user or None
    for version in seen.versions:
        if version.get("state") in settings.acknowledged:
            return moment(version.get("sys_updated_on")), _worker(version)
    return None, None


def _worker(version: Row) -> str | None:
    return version.get("assigned_to.user_name") or version.get("sys_updated_by") or None
