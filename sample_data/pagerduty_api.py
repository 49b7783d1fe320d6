"""The part of PagerDuty that Meterline talks to: REST API v2 for reading incidents, Events API v2 for opening them.

The month before the platform's end is here whatever the platform's days are. A wrong token is refused with 401, a page
beyond the 10,000th row with 400, as on the real server. Nothing can be changed but by events.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sample_data import pagerduty_records as records
from sample_data.calendar import Calendar
from sample_data.incidents import Incident
from sample_data.incidents_drawn import drawn_incidents
from sample_data.incidents_known import known_incidents
from sample_data.pagerduty_events import Opened, wrong

Clock = Callable[[], datetime]
DEFAULT_LIMIT, MAXIMUM_LIMIT = 25, 100
MOST = 10_000
FIRST_NUMBER = 4171
DEFAULT_SPAN = timedelta(days=30)


def all_incidents(calendar: Calendar, seed: int) -> tuple[Incident, ...]:
    """Every incident of the month before the calendar's end, in the order in which they were opened."""
    return tuple(
        sorted((*known_incidents(calendar, seed), *drawn_incidents(calendar, seed)), key=lambda one: one.created)
    )


def pagerduty_app(incidents: Iterable[Incident], clock: Clock, token: str, routing_key: str) -> Starlette:
    """The application. `token` reads, `routing_key` opens: two different secrets, as there."""
    api = _Api(tuple(incidents), clock, token, routing_key)
    return Starlette(
        routes=[
            Route("/v2/enqueue", api.enqueue, methods=["POST"]),
            Route("/incidents", api.incidents),
            Route("/incidents/{incident}", api.incident),
            Route("/incidents/{incident}/log_entries", api.log),
            Route("/incidents/{incident}/alerts", api.alerts),
            Route("/log_entries", api.log_entries),
            Route("/services", api.services),
            Route("/priorities", api.priorities),
        ],
        exception_handlers={HTTPException: _failed},
    )


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {400: 2001, 401: 2006, 404: 2100}.get(error.status_code, 2000)
    return JSONResponse({"error": {"message": error.detail, "code": code}}, error.status_code)


class _Api:
    def __init__(self, history: tuple[Incident, ...], clock: Clock, token: str, routing_key: str) -> None:
        self._history = history
        self._opened = Opened()
        self._clock = clock
        self._token = token
        self._routing_key = routing_key

    async def enqueue(self, request: Request) -> Response:
        try:
            event: Any = await request.json()
        except ValueError:
            event = None
        errors = wrong(event)
        if not errors and not secrets.compare_digest(
            str(event.get("routing_key")).encode(), self._routing_key.encode()
        ):
            errors = ["Invalid routing key"]
        if errors:
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return JSONResponse(body, 400)
        self._opened.take(event, self._now())
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}, 202)

    async def incidents(self, request: Request) -> Response:
        self._authorize(request)
        since, until = self._window(request)
        statuses = request.query_params.getlist("statuses[]")
        bodies = [
            records.incident_body(one, number, self._now())
            for number, one in self._known()
            if since <= int(one.created) < until
        ]
        chosen = [body for body in bodies if not statuses or body["status"] in statuses]
        if request.query_params.get("sort_by") == "created_at:desc":
            chosen.reverse()
        return _page("incidents", chosen, request)

    async def incident(self, request: Request) -> Response:
        self._authorize(request)
        number, one = self._named(request)
        return JSONResponse({"incident": records.incident_body(one, number, self._now())})

    async def log(self, request: Request) -> Response:
        self._authorize(request)
        _, one = self._named(request)
        channels = "channels" in request.query_params.getlist("include[]")
        return _page("log_entries", records.log_bodies(one, self._now(), channels=channels), request)

    async def alerts(self, request: Request) -> Response:
        self._authorize(request)
        _, one = self._named(request)
        return _page("alerts", [records.alert_body(one, self._now())], request)

    async def log_entries(self, request: Request) -> Response:
        self._authorize(request)
        since, until = self._window(request)
        bodies = [
            body
            for _, one in self._known()
            for body in records.log_bodies(one, self._now())
            if since <= datetime.fromisoformat(body["created_at"]).timestamp() < until
        ]
        return _page("log_entries", sorted(bodies, key=lambda body: str(body["created_at"]), reverse=True), request)

    async def services(self, request: Request) -> Response:
        self._authorize(request)
        return _page("services", records.service_bodies(), request)

    async def priorities(self, request: Request) -> Response:
        self._authorize(request)
        return _page("priorities", records.priority_bodies(), request)

    def _known(self) -> list[tuple[int, Incident]]:
        everything = (*self._history, *self._opened.incidents)
        happened = sorted((one for one in everything if one.created <= self._now()), key=lambda one: one.created)
        return list(enumerate(happened, FIRST_NUMBER))

    def _named(self, request: Request) -> tuple[int, Incident]:
        name = request.path_params["incident"]
        for number, one in self._known():
            if one.id == name:
                return number, one
        raise HTTPException(404, "Not Found")

    def _window(self, request: Request) -> tuple[float, float]:
        now = self._clock()
        given = request.query_params
        try:
            until = datetime.fromisoformat(given["until"]) if "until" in given else now
            since = datetime.fromisoformat(given["since"]) if "since" in given else until - DEFAULT_SPAN
        except ValueError as error:
            raise HTTPException(400, "Invalid Input Provided") from error
        return since.timestamp(), until.timestamp()

    def _now(self) -> float:
        return self._clock().timestamp()

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Token token=")
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            raise HTTPException(401, "Invalid token")


def _page(key: str, rows: list[records.Body], request: Request) -> Response:
    try:
        limit = min(int(request.query_params.get("limit", DEFAULT_LIMIT)), MAXIMUM_LIMIT)
        offset = int(request.query_params.get("offset", 0))
    except ValueError as error:
        raise HTTPException(400, "Invalid Input Provided") from error
    if limit < 1 or offset < 0 or offset + limit > MOST:
        raise HTTPException(400, "Invalid Input Provided")
    page = rows[offset : offset + limit]
    return JSONResponse(
        {key: page, "limit": limit, "offset": offset, "total": None, "more": offset + limit < len(rows)}
    )
