"""PagerDuty's REST API v2: its paths, filters and pages. What the answers mean is decided elsewhere.

A list ends at 10,000 rows: a window with more is halved until it fits. Incidents can be asked for by their creation
only, so what changed is found by the log entries of the account.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from collector.pagerduty.settings import PagerDutySettings
from collector.rest.client import Answer, RestClient
from collector.rest.failure import NotFound
from collector.rest.pagers import Row, Shape
from warehouse.errors import BadAnswer
from warehouse.interval import Interval, isoformat

PAGE = 100
MOST = 10_000
"""The server refuses offset + limit beyond this."""

STATUSES = ("triggered", "acknowledged", "resolved")
SECOND = timedelta(seconds=1)

Fixed = tuple[tuple[str, str], ...]


class PagerDutyApi:
    """One account, from one thread; use it as a context manager. Every method raises SourceError."""

    def __init__(self, settings: PagerDutySettings) -> None:
        self._client = RestClient(settings, lambda: f"Token token={settings.token.read()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def services(self) -> list[str]:
        """The names of the services that we may see."""
        return [str(row.get("name") or row.get("summary")) for row in self._pages("/services", "services", ())]

    def priorities(self) -> list[str]:
        """The account's priorities, the worst first; none where the account has none."""
        try:
            return [str(row.get("name") or row.get("summary")) for row in self._pages("/priorities", "priorities", ())]
        except NotFound:
            return []

    def created(self, window: Interval) -> dict[str, Row]:
        """Incidents by id that were created in `window`, whatever became of them."""
        fixed = (*(("statuses[]", status) for status in STATUSES), ("sort_by", "created_at:asc"))
        return {_id(row): row for row in self._between("/incidents", "incidents", window, fixed)}

    def changed(self, window: Interval) -> set[str]:
        """The ids of incidents about which anything was logged in `window`."""
        rows = self._between("/log_entries", "log_entries", window, (("is_overview", "false"),))
        return {_id(incident) for row in rows if isinstance(incident := row.get("incident"), dict)}

    def incident(self, incident: str) -> Row | None:
        """One incident, or None when it is gone."""
        try:
            body = self._get(f"/incidents/{quote(incident, safe='')}", ()).body
        except NotFound:
            return None
        found = body.get("incident") if isinstance(body, dict) else None
        if not isinstance(found, dict):
            raise BadAnswer(f"incident {incident}: the answer has no `incident`", "check the url of this source")
        return found

    def log_entries(self, incident: str) -> list[Row]:
        """Everything that was logged about one incident, with what its alerts were triggered with."""
        path = f"/incidents/{quote(incident, safe='')}/log_entries"
        fixed = (("time_zone", "UTC"), ("is_overview", "false"), ("include[]", "channels"))
        try:
            return list({_id(row): row for row in self._pages(path, "log_entries", fixed)}.values())
        except NotFound:
            return []

    def first_alert(self, incident: str) -> Row | None:
        """The alert that opened an incident, or None where a person did."""
        path = f"/incidents/{quote(incident, safe='')}/alerts"
        fixed = (("sort_by", "created_at:asc"), ("limit", "1"))
        try:
            rows = Shape("alerts").page(path, self._get(path, fixed)).rows
        except NotFound:
            return None
        return rows[0] if rows else None

    def _between(self, path: str, key: str, window: Interval, fixed: Fixed) -> Iterator[Row]:
        bounds = (("since", isoformat(window.start)), ("until", isoformat(window.end)), ("time_zone", "UTC"))
        try:
            yield from list(self._pages(path, key, (*fixed, *bounds)))
        except _TooMany as error:
            halves = window.halves(SECOND)
            if halves is None:
                raise BadAnswer(f"{path} has more than {MOST:,} rows in one second", "report this") from error
            for half in halves:
                yield from self._between(path, key, half, fixed)

    def _pages(self, path: str, key: str, fixed: Fixed) -> Iterator[Row]:
        shape, position = Shape(key), 0
        while True:
            if position + PAGE > MOST:
                raise _TooMany
            answer = self._get(path, (*fixed, ("limit", str(PAGE)), ("offset", str(position))))
            page = shape.page(path, answer)
            yield from page.rows
            if not page.rows or answer.body.get("more") is not True:
                return
            position += len(page.rows)

    def _get(self, path: str, parameters: Fixed) -> Answer:
        """The answer; names such as `statuses[]` come more than once, which a mapping cannot hold."""
        return self._client.get(f"{path}?{urlencode(parameters)}" if parameters else path)


class _TooMany(Exception):
    """A list goes on where the server ends it."""


def _id(row: Row) -> str:
    try:
        return str(row["id"])
    except KeyError:
        raise BadAnswer("a row of the answer has no `id`", "check the url and the API's version") from None
