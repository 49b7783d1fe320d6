"""The source for JSM Operations and Opsgenie: alerts that changed since the last pass, with their notes and log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collector.jsm.api import JsmApi
from collector.jsm.facts import alert_document, incident_of, log_document, note_document
from collector.jsm.settings import JsmSettings
from collector.on_call import collecting
from collector.on_call.collecting import Question
from collector.on_call.history import Document
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.interval import Interval


class JsmSource:
    """One configured site or account."""

    def __init__(self, settings: JsmSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def check(self) -> list[str]:
        """That alerts may be read, and the newest one."""
        with JsmApi(self._settings) as api:
            newest = api.newest()
        what = "Opsgenie" if self._settings.is_opsgenie else "JSM Operations"
        lines = [f"{what} at {self._settings.url}"]
        if self._settings.is_opsgenie:
            lines.append("Opsgenie ends on 2027-04-05: move to JSM, with cloud_id and token here")
        return [*lines, f"the newest alert is of {newest['createdAt']}" if newest else "there is no alert yet"]

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. An interval takes the alerts that were created in it."""
        with JsmApi(self._settings) as api:
            return collecting.collect(
                warehouse, self._settings, lambda question: list(_documents(api, question)),
                lambda seen: incident_of(seen, self._settings), interval, now, progress,
            )  # fmt: skip


def _documents(api: JsmApi, question: Question) -> Iterator[Document]:
    listed = api.alerts(question.window, by_change=question.by_change, open_end=question.last)
    for alert, short in listed.items():
        row = {**short, **(api.alert(alert) or {})}
        yield alert_document(row)
        if not row.get("acknowledged") and row.get("status") != "closed":
            continue  # nobody has touched it
        for note in api.notes(alert):
            yield note_document(alert, note)
        if not row.get("report"):
            for entry in api.logs(alert):
                yield log_document(alert, entry)


SOURCE = JsmSource
