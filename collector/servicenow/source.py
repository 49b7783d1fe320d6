"""The ServiceNow source: incidents that changed since the last pass, with what journal and audit know of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from collector.on_call import collecting
from collector.on_call.collecting import Question
from collector.on_call.history import Document
from collector.servicenow.api import ServiceNowApi
from collector.servicenow.facts import change_documents, incident_document, incident_of, note_documents
from collector.servicenow.settings import ServiceNowSettings
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.interval import Interval

UNREAD = {
    "sys_audit": "sys_audit may not be read: acknowledgements are as old as the pass that first saw them",
    "sys_journal_field": "sys_journal_field may not be read: work notes are no evidence of work",
}


class ServiceNowSource:
    """One configured instance."""

    def __init__(self, settings: ServiceNowSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def check(self) -> list[str]:
        """That incidents, their audit and their journal may be read, and the newest one."""
        with ServiceNowApi(self._settings) as api:
            newest = api.newest()
            lines = [f"ServiceNow at {self._settings.url}, table {self._settings.table}"]
            if newest is None:
                return [*lines, "there is no incident that this user may read"]
            lines.append(f"the newest incident, {newest.get('number')}, changed on {newest.get('sys_updated_on')} UTC")
            return lines + _unread(api, {str(newest["sys_id"])})

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. An interval takes the incidents that were opened in it."""
        notes: set[str] = set()
        with ServiceNowApi(self._settings) as api:
            collected = collecting.collect(
                warehouse, self._settings, lambda question: _documents(api, question, notes),
                lambda seen: incident_of(seen, self._settings), interval, now, progress,
            )  # fmt: skip
        return replace(collected, notes=tuple(sorted(notes)))


def _documents(api: ServiceNowApi, question: Question, notes: set[str]) -> list[Document]:
    rows = api.incidents(question.window, by_change=question.by_change, open_end=question.last)
    if not rows:
        return []
    changes, journal = api.state_changes(rows), api.work_notes(rows)
    notes |= {
        UNREAD[table] for table, found in (("sys_audit", changes), ("sys_journal_field", journal)) if found is None
    }
    return [
        *(incident_document(row) for row in rows.values()), *change_documents(changes), *note_documents(journal)
    ]  # fmt: skip


def _unread(api: ServiceNowApi, incidents: set[str]) -> list[str]:
    asked = (("sys_audit", api.state_changes(incidents)), ("sys_journal_field", api.work_notes(incidents)))
    return [UNREAD[table] for table, found in asked if found is None]


SOURCE = ServiceNowSource
