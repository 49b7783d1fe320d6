"""An incident as PagerDuty's REST API v2 hands it out at a moment: what has not happened by then is not there."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sample_data.grid import utc
from sample_data.incidents import Entry, Incident
from sample_data.roster import PRIORITIES, TEAM_OF, made_id, reference

Body = dict[str, Any]

SITE = "https://sample.pagerduty.com"
SUMMARIES = {
    "trigger": "Triggered through the API", "assign": "Assigned", "notify": "Notified by push",
    "acknowledge": "Acknowledged", "annotate": "Note added", "escalate": "Escalated", "resolve": "Resolved",
}  # fmt: skip


def incident_body(one: Incident, number: int, now: float) -> Body:
    """The incident as it is at `now`; `number` is the account's count. It must have been opened by then."""
    log = [entry for entry in one.entries if entry.at <= now]
    last = next(entry for entry in reversed(log) if entry.kind in ("trigger", "acknowledge", "resolve"))
    status = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}[last.kind]
    acks = [entry for entry in log if entry.kind == "acknowledge"] if status == "acknowledged" else []
    assigned = next(entry.to for entry in reversed(log) if entry.to is not None)
    return {
        "id": one.id,
        "type": "incident",
        "summary": f"[#{number}] {one.title}",
        "self": f"https://api.pagerduty.com/incidents/{one.id}",
        "html_url": f"{SITE}/incidents/{one.id}",
        "incident_number": number,
        "title": one.title,
        "created_at": moment(one.created),
        "updated_at": moment(log[-1].at),
        "status": status,
        "incident_key": one.key,
        "service": reference("service", one.service),
        "teams": [reference("team", one.team)],
        "assignments": [] if status == "resolved" else [{"at": moment(log[-1].at), "assignee": assigned.reference}],
        "acknowledgements": [{"at": moment(ack.at), "acknowledger": ack.agent.reference} for ack in acks],
        "last_status_change_at": moment(last.at),
        "last_status_change_by": last.agent.reference,
        "resolved_at": moment(last.at) if status == "resolved" else None,
        "urgency": "high" if one.urgent else "low",
        "priority": reference("priority", one.priority) if one.priority else None,
        "resolve_reason": _reason(one) if status == "resolved" else None,
        "external_references": [_ticket(one.ticket)] if one.ticket and acks_seen(log) else [],
        "alert_counts": {"all": 1, "triggered": int(status != "resolved"), "resolved": int(status == "resolved")},
        "is_mergeable": status != "resolved",
    }  # fmt: skip


def log_bodies(one: Incident, now: float, *, channels: bool = False) -> list[Body]:
    """The incident's log up to `now`, the newest first; with `channels`, with what the alert was triggered with."""
    bodies = [_entry(one, place, entry, channels) for place, entry in enumerate(one.entries) if entry.at <= now]
    return bodies[::-1]


def alert_body(one: Incident, now: float) -> Body:
    """The alert behind the incident."""
    over = one.entries[-1].kind == "resolve" and one.entries[-1].at <= now
    return {
        "id": made_id("A", one.id), "type": "alert", "summary": one.title, "alert_key": one.key,
        "created_at": moment(one.created), "status": "resolved" if over else "triggered",
        "service": reference("service", one.service), "incident": {"id": one.id, "type": "incident_reference"},
    }  # fmt: skip


def service_bodies() -> list[Body]:
    """The services of the account."""
    return [
        reference("service", name) | {"type": "service", "name": name, "status": "active",
                                      "teams": [reference("team", team)]}
        for name, team in TEAM_OF.items()
    ]  # fmt: skip


def priority_bodies() -> list[Body]:
    """The priorities of the account, the worst first."""
    return [reference("priority", name) | {"type": "priority", "name": name} for name in PRIORITIES]


def moment(at: float) -> str:
    """As PagerDuty writes times when asked for UTC."""
    return utc(int(at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def acks_seen(log: list[Entry]) -> bool:
    """Whether anybody has acknowledged yet: nobody writes a ticket before."""
    return any(entry.kind == "acknowledge" for entry in log)


def _entry(one: Incident, place: int, entry: Entry, channels: bool) -> Body:
    channel: Body = {"type": "auto" if entry.kind == "notify" else "note" if entry.kind == "annotate" else "api"}
    if entry.text:
        channel["summary"] = entry.text
    if channels and entry.kind == "trigger":
        channel |= {"summary": one.title, "cef_details": {"severity": "critical", "details": _details(one)}}
    body: Body = {
        "id": made_id("R", one.id, place),
        "type": f"{entry.kind}_log_entry",
        "summary": SUMMARIES[entry.kind],
        "created_at": moment(entry.at),
        "agent": entry.agent.reference,
        "channel": channel,
        "service": reference("service", one.service),
        "incident": {"id": one.id, "type": "incident_reference", "summary": one.title},
        "teams": [reference("team", one.team)],
    }
    if entry.to is not None:
        body["user" if entry.kind == "notify" else "assignees"] = (
            entry.to.reference if entry.kind == "notify" else [entry.to.reference]
        )
    return body


def _details(one: Incident) -> Body:
    if one.details is not None:
        return dict(one.details)
    return {"alertname": one.rule} | ({"service": one.about} if one.about else {})


def _reason(one: Incident) -> Body | None:
    if one.merged_into is None:
        return None
    return {"type": "merge_resolve_reason", "incident": {"id": one.merged_into, "type": "incident_reference"}}


def _ticket(name: str) -> Body:
    return {
        "id": name, "type": "external_reference", "summary": f"Jira {name}",
        "external_url": f"https://jira.sample.example/browse/{quote(name)}",
    }  # fmt: skip
