"""The alert API of JSM Operations (v1) and of Opsgenie (v2): the same alerts under other paths, keys and parameters.

Lists are read in the order of creation, which no update changes. They end at 20,000 rows; then the list goes on with
those created since the last one.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from collector.jsm.settings import JsmSettings
from collector.rest.client import RestClient
from collector.rest.failure import NotFound
from collector.rest.pagers import Row, Shape
from warehouse.errors import BadAnswer
from warehouse.interval import EPOCH, Interval, parse_utc

PAGE = 100
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the two differ: `root` of alerts, `rows` of an answer, the parameter for the `size` of a page."""

    root: str
    rows: str
    size: str


class JsmApi:
    """One site or account, from one thread; use it as a context manager. Every method raises SourceError."""

    def __init__(self, settings: JsmSettings) -> None:
        site = Dialect(f"/jsm/ops/api/{quote(settings.cloud_id or '', safe='')}/v1/alerts", "values", "size")
        self.dialect = Dialect("/v2/alerts", "data", "limit") if settings.is_opsgenie else site
        self._settings = settings
        self._client = RestClient(settings, self._authorization)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def alerts(self, window: Interval, *, by_change: bool, open_end: bool = False) -> dict[str, Row]:
        """Alerts by id that were created in `window`, or changed in it; `open_end` leaves its end out."""
        field = "updatedAt" if by_change else "createdAt"
        end = "" if open_end else f" AND {field} < {_ms(window.end)}"
        found: dict[str, Row] = {}
        since: int | None = None
        while True:
            after = "" if since is None else f" AND createdAt >= {since}"
            rows, whole = self._pages(f"{field} >= {_ms(window.start)}{end}{after}")
            found.update((_id(row), row) for row in rows)
            if whole:
                return found
            newest = _ms(parse_utc(rows[-1]["createdAt"]))
            if newest == since:
                raise BadAnswer(f"more than {MOST:,} alerts in one millisecond", "report this")
            since = newest

    def newest(self) -> Row | None:
        """The alert that was created last, to see that the credentials may read."""
        rows = self._rows(self.dialect.root, {self.dialect.size: 1, "sort": "createdAt", "order": "desc"})
        return rows[0] if rows else None

    def alert(self, alert: str) -> Row | None:
        """One alert with its details, which lists leave out; None when it is gone."""
        try:
            body = self._client.get(self._path(alert)).body
        except NotFound:
            return None
        found = body.get("data", body) if isinstance(body, dict) else None
        if not isinstance(found, dict) or "id" not in found:
            raise BadAnswer(f"alert {alert}: the answer is no alert", "check the url of this source")
        return found

    def notes(self, alert: str) -> list[Row]:
        """The first 100 notes of an alert."""
        return self._beside(alert, "notes")

    def logs(self, alert: str) -> list[Row]:
        """The first 100 entries of an alert's log, oldest first."""
        return self._beside(alert, "logs")

    def _beside(self, alert: str, what: str) -> list[Row]:
        try:
            return self._rows(f"{self._path(alert)}/{what}", {self.dialect.size: PAGE, "order": "asc"})
        except NotFound:
            return []

    def _pages(self, query: str) -> tuple[list[Row], bool]:
        """The rows of a query and whether they are all of them."""
        rows: list[Row] = []
        while len(rows) + PAGE <= MOST:
            page = self._rows(
                self.dialect.root,
                {"query": query, "sort": "createdAt", "order": "asc", self.dialect.size: PAGE, "offset": len(rows)},
            )
            rows += page
            if len(page) < PAGE:
                return rows, True
        return rows, False

    def _rows(self, path: str, parameters: dict[str, Any]) -> list[Row]:
        return Shape(self.dialect.rows).page(path, self._client.get(path, parameters)).rows

    def _path(self, alert: str) -> str:
        return f"{self.dialect.root}/{quote(alert, safe='')}"

    def _authorization(self) -> str:
        settings = self._settings
        if settings.api_key is not None:
            return f"GenieKey {settings.api_key.read()}"
        assert settings.token is not None
        token = settings.token.read()
        if settings.username is None:
            return f"Bearer {token}"
        return "Basic " + b64encode(f"{settings.username}:{token}".encode()).decode()


def _ms(moment: datetime) -> int:
    return int((moment - EPOCH).total_seconds() * 1000)


def _id(row: Row) -> str:
    try:
        return str(row["id"])
    except KeyError:
        raise BadAnswer("an alert of the answer has no `id`", "check the url and the API's version") from None
