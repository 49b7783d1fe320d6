"""ServiceNow's Table API: its queries and pages. What the rows mean is decided elsewhere.

Rows are read by the time of change (or opening), each page from where the last one ended: a row that changes while we
read moves to the end, and an offset would then skip another. Values are asked for raw: times are UTC then.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from collector.rest.client import RestClient
from collector.rest.pagers import Row, Shape
from collector.servicenow.settings import ServiceNowSettings
from warehouse.errors import BadAnswer, Unauthorized
from warehouse.interval import Interval, naive, parse_utc

PAGE = 500
IDS = 50
"""How many incidents one question about their journal or audit names: it must fit into an address."""

FIELDS = (
    "sys_id", "number", "short_description", "state", "priority", "opened_at", "resolved_at", "closed_at",
    "close_code", "assigned_to.user_name", "resolved_by.user_name", "closed_by.user_name", "assignment_group.name",
    "business_service.name", "cmdb_ci.name", "correlation_id", "parent_incident", "problem_id", "caused_by", "rfc",
    "reassignment_count", "sys_updated_on", "sys_updated_by",
)  # fmt: skip
RESULT = Shape("result")


class ServiceNowApi:
    """One instance, from one thread; use it as a context manager. Every method raises SourceError."""

    def __init__(self, settings: ServiceNowSettings) -> None:
        self._settings = settings
        self._client = RestClient(settings, self._authorization)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def incidents(self, window: Interval, *, by_change: bool, open_end: bool = False) -> dict[str, Row]:
        """Incidents by sys_id that were opened in `window`, or changed in it; `open_end` leaves its end out."""
        column = "sys_updated_on" if by_change else "opened_at"
        narrowed = (None if open_end else f"{column}<{_text(window.end)}", self._settings.only)
        extra = (self._settings.started_field, self._settings.attribution_field)
        fields = (*FIELDS, *(name for name in extra if name))
        found: dict[str, Row] = {}
        for row in self._since(self._settings.table, column, window.start, narrowed, fields):
            found[_id(row)] = row
        return found

    def state_changes(self, incidents: Iterable[str]) -> list[Row] | None:
        """What the audit knows of changes of state; None when it may not be read."""
        query = f"tablename={self._settings.table}^fieldname=state"
        fields = ("sys_id", "documentkey", "oldvalue", "newvalue", "user", "sys_created_on")
        return self._beside("sys_audit", query, "documentkey", incidents, fields)

    def work_notes(self, incidents: Iterable[str]) -> list[Row] | None:
        """Which work notes there are, without their text; None when the journal may not be read."""
        fields = ("sys_id", "element_id", "sys_created_by", "sys_created_on")
        return self._beside(
            "sys_journal_field", f"name={self._settings.table}^element=work_notes", "element_id", incidents, fields
        )

    def newest(self) -> Row | None:
        """The incident that changed last, to see that the credentials may read."""
        rows = self._rows(self._settings.table, "ORDERBYDESCsys_updated_on", FIELDS, 1, 0)[0]
        return rows[0] if rows else None

    def _since(
        self, table: str, column: str, start: datetime, narrowed: Iterable[str | None], fields: tuple[str, ...]
    ) -> Iterator[Row]:
        since, position = _text(start), 0
        rest = "".join(f"^{one}" for one in narrowed if one) + f"^ORDERBY{column}^ORDERBYsys_id"
        while True:
            rows, more = self._rows(table, f"{column}>={since}{rest}", fields, PAGE, position)
            if rows and str(rows[0][column]) < since:
                raise BadAnswer(
                    f"{self._settings.url} was asked for what is since {since} and gave {rows[0][column]}",
                    "set the time zone of the integration user to GMT: queries are read in it",
                )
            yield from rows
            if not more or not rows:
                return
            last = str(rows[-1][column])
            position = position + len(rows) if last == since else 0  # more than a page of one second
            since = last

    def _beside(
        self, table: str, query: str, key: str, incidents: Iterable[str], fields: tuple[str, ...]
    ) -> list[Row] | None:
        wanted, found = sorted(incidents), []
        try:
            for first in range(0, len(wanted), IDS):
                named = f"{query}^{key}IN{','.join(wanted[first : first + IDS])}^ORDERBYsys_created_on^ORDERBYsys_id"
                position, more = 0, True
                while more:
                    rows, more = self._rows(table, named, fields, PAGE, position)
                    found += rows
                    position += len(rows)
                    more = more and bool(rows)
        except Unauthorized:
            return None
        return found

    def _rows(
        self, table: str, query: str, fields: tuple[str, ...], limit: int, position: int
    ) -> tuple[list[Row], bool]:
        """One page and whether there is more. Pages may be short: rows that we may not see are taken out of them."""
        path = f"/api/now/table/{table}"
        answer = self._client.get(path, {
            "sysparm_query": query, "sysparm_fields": ",".join(fields), "sysparm_limit": limit,
            "sysparm_offset": position, "sysparm_display_value": "false", "sysparm_exclude_reference_link": "true",
        })  # fmt: skip
        rows = RESULT.page(path, answer).rows
        return rows, "next" in answer.links or len(rows) >= limit

    def _authorization(self) -> str:
        settings = self._settings
        if settings.token is not None:
            return f"Bearer {settings.token.read()}"
        assert settings.password is not None
        return "Basic " + b64encode(f"{settings.username}:{settings.password.read()}".encode()).decode()


def moment(text: str | None) -> datetime | None:
    """A time of the Table API, which is UTC as it was asked for; None when it is empty."""
    return parse_utc(text) if text else None


def _text(at: datetime) -> str:
    return naive(at).strftime("%Y-%m-%d %H:%M:%S")


def _id(row: Row) -> str:
    try:
        return str(row["sys_id"])
    except KeyError:
        raise BadAnswer("a row of the answer has no `sys_id`", "check the url of this source") from None
