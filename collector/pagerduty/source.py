"""The PagerDuty source: incidents that were logged about since the last pass, each with its whole log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collector.on_call import collecting
from collector.on_call.collecting import Question
from collector.on_call.history import Document
from collector.pagerduty.api import PagerDutyApi
from collector.pagerduty.facts import alert_document, incident_document, incident_of, log_document
from collector.pagerduty.settings import PagerDutySettings
from collector.rest.pagers import Row
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.interval import Interval


class PagerDutySource:
    """One configured account."""

    def __init__(self, settings: PagerDutySettings) -> None:
        self.name = settings.name
        self._settings = settings

    def check(self) -> list[str]:
        """The services that the key may read, and priorities that have no severity."""
        with PagerDutyApi(self._settings) as api:
            services, priorities = sorted(api.services()), api.priorities()
        shown = f": {', '.join(services[:10])}" if services else ""
        lines = [f"PagerDuty at {self._settings.url}", f"{len(services)} services{shown}"]
        lines += [] if priorities else ["the account has no priorities, so its incidents have no severity"]
        return lines + [
            f"priority {name!r} has no severity: add it to `severity`"
            for name in priorities
            if self._settings.severity_of(name) is None
        ]

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. An interval takes the incidents that were created in it."""
        with PagerDutyApi(self._settings) as api:
            return collecting.collect(
                warehouse, self._settings, lambda question: list(_documents(api, question)),
                lambda seen: incident_of(seen, self._settings), interval, now, progress,
            )  # fmt: skip


def _documents(api: PagerDutyApi, question: Question) -> Iterator[Document]:
    for row in _incidents(api, question):
        incident = str(row["id"])
        yield incident_document(row)
        for entry in api.log_entries(incident):
            yield log_document(incident, entry)
        if not row.get("incident_key"):
            alert = api.first_alert(incident)
            if alert is not None:
                yield alert_document(incident, alert)


def _incidents(api: PagerDutyApi, question: Question) -> Iterator[Row]:
    if not question.by_change:
        yield from api.created(question.window).values()
        return
    for incident in sorted(api.changed(question.window)):
        row = api.incident(incident)
        if row is not None:
            yield row


SOURCE = PagerDutySource
