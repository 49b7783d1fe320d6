"""The HTTP API: published results as JSON, and what a monitoring system wants to know about this service.

Without authentication, on loopback unless the configuration says otherwise. Results are read-only: a request is
answered from one published version; nothing here opens the warehouse. Alerts are in `api_alerts`, where something can
be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from meterline import results
from meterline.alerting.vitals import Watch
from meterline.api_alerts.answering import Desk
from meterline.api_alerts.compatible import Compatible
from meterline.api_alerts.ours import Ours
from meterline.api_alerts.saying import SayingPage
from meterline.bill import Asked
from meterline.exposition import CONTENT_TYPE, exposition, of_alerts, of_results
from meterline.month import parse_month
from meterline.output import as_json
from warehouse.errors import ConfigurationError, MeterlineError, NothingPublished
from warehouse.interval import parse_utc
from warehouse.published import Published

NextRuns = Callable[[], Mapping[str, datetime]]

LARGEST_PAGE = 10_000
DEFAULT_PAGE = 1_000
PATHS = "see /api/v1/kpis, /api/v1/showback, /api/v1/unit-cost, /api/v1/drift, /api/v1/sources, /api/v1/tables/NAME"


def create_app(
    data: Path, address: str = "127.0.0.1", next_runs: NextRuns = dict, desk: Desk | None = None,
    external_url: str | None = None,
) -> Starlette:  # fmt: skip
    """The application over the results in `data`. `next_runs` says when each source is collected next.

    With a `desk` it takes alerts too. `external_url` is how people elsewhere reach it: its host is answered as well.
    """
    answers = _Answers(data, next_runs, desk)
    routes = [
        Route("/healthz", answers.healthz),
        Route("/readyz", answers.readyz),
        Route("/metrics", answers.metrics),
        Route("/api/v1/kpis", answers.kpis),
        Route("/api/v1/showback", answers.showback),
        Route("/api/v1/unit-cost", answers.unit_cost),
        Route("/api/v1/drift", answers.drift),
        Route("/api/v1/sources", answers.sources),
        Route("/api/v1/tables/{name}", answers.table),
    ]
    if desk is not None:
        routes += [*Compatible(desk).routes(), *Ours(desk).routes(), *SayingPage(desk).routes()]
    # on loopback, a web page elsewhere must not reach us by a name of its own that resolves to 127.0.0.1
    own = ["127.0.0.1", "localhost", "[::1]", *([urlsplit(external_url).hostname or ""] if external_url else [])]
    hosts = own if is_loopback(address) else ["*"]
    return Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        exception_handlers={MeterlineError: _failed, HTTPException: _refused},
    )


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _json(value: Any, status: int = 200) -> Response:
    return Response(as_json(value, indent=False), status, media_type="application/json")


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, MeterlineError)
    status = 400 if isinstance(error, ConfigurationError) else 503
    return JSONResponse({"error": error.message, "remedy": error.remedy}, status)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    remedy = PATHS if error.status_code == 404 else None
    return JSONResponse({"error": error.detail, "remedy": remedy}, error.status_code)


class _Answers:
    def __init__(self, data: Path, next_runs: NextRuns, desk: Desk | None) -> None:
        self._data = data
        self._next_runs = next_runs
        self._watch = Watch(desk.log, desk.routing, desk.clock) if desk is not None else None
        self._kept: Published | None = None

    def _published(self) -> Published:
        """The current version; the last one is kept open, as it takes longer to open than to answer from."""
        current = Published.current(self._data)
        kept = self._kept
        if kept is None or kept.version != current.version:
            self._kept = kept = current
        return kept

    def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(self, request: Request) -> Response:
        published = self._published()
        return _json({"version": published.version, "published_at": published.published_at})

    def kpis(self, request: Request) -> Response:
        query = request.query_params
        team, scope = query.get("team"), query.get("scope")
        at = _parse(query["at"], parse_utc) if "at" in query else None
        rows = results.kpis(self._published(), query.get("grain", "month"), at, f"team:{team}" if team else scope)
        return _json(rows)

    def showback(self, request: Request) -> Response:
        """`month`, `by=team,service`, `where=team=search` (again for more), `idle=shared|separate`."""
        query = request.query_params
        asked = Asked.of(query.get("by", "team"), query.getlist("where"), query.get("idle", "shared"))
        return _json(results.bill(self._published(), _month(request), asked).as_dict())

    def unit_cost(self, request: Request) -> Response:
        return _json(results.unit_costs(self._published(), _month(request)))

    def drift(self, request: Request) -> Response:
        return _json(results.drift(self._published()))

    def sources(self, request: Request) -> Response:
        following = self._next_runs()
        rows = results.rows_of(self._published(), "source_status", "SELECT * FROM source_status ORDER BY source")
        return _json([{**row, "next_run_at": following.get(row["source"])} for row in rows])

    def table(self, request: Request) -> Response:
        published, name = self._published(), request.path_params["name"]
        if name not in published.tables:
            error = {"error": f"no table is named {name}", "remedy": f"tables: {', '.join(sorted(published.tables))}"}
            return JSONResponse(error, 404)
        limit, offset = _whole(request, "limit", DEFAULT_PAGE, 1, LARGEST_PAGE), _whole(request, "offset", 0, 0, 2**62)
        rows = published.query(
            f'SELECT * FROM "{name}" LIMIT $limit OFFSET $offset', {"limit": limit, "offset": offset}
        ).to_dicts()
        total = published.manifest["tables"][name]["rows"]
        place = {"table": name, "version": published.version, "total": total, "offset": offset, "limit": limit}
        return _json({**place, "rows": rows})

    def metrics(self, request: Request) -> Response:
        try:
            published = self._published()
        except NothingPublished:
            families = of_results(0, [])
        else:
            sources = results.rows_of(published, "source_status", "SELECT * FROM source_status ORDER BY source")
            families = of_results(int(published.version[1:]), sources)
        if self._watch is not None:
            families += of_alerts(self._watch.look())
        return PlainTextResponse(exposition(families), media_type=CONTENT_TYPE)


def _month(request: Request) -> Any:
    if "month" not in request.query_params:
        raise ConfigurationError("the parameter month is missing", "add ?month=YYYY-MM")
    return _parse(request.query_params["month"], parse_month)


def _parse(text: str, parser: Callable[[str], Any]) -> Any:
    try:
        return parser(text)
    except ValueError as error:
        raise ConfigurationError(str(error), "times are ISO 8601 and UTC, a + in a URL is written %2B") from error


def _whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ConfigurationError(f"{name} is {text!r}", f"expected a whole number from {least} to {most}")
    return int(text)
