"""The Prometheus HTTP API over the platform's series: what a collector of raw samples asks, and no more.

Answers and errors have Prometheus' own shape. There are no rules and no targets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sample_data.prometheus_answer import answer, label_names, label_values
from sample_data.prometheus_range import RangeError, range_answer
from sample_data.selector import ParseError, Query, duration, parse
from sample_data.store import Store

Clock = Callable[[], datetime]

BUILD = {
    "version": "2.53.4", "revision": "sample", "branch": "HEAD", "buildUser": "meterline",
    "buildDate": "20260101-00:00:00", "goVersion": "go1.22.12",
}  # fmt: skip


def prometheus_app(store: Store, clock: Clock) -> Starlette:
    """The application. `clock` gives the time of a query that names none."""
    api = _Api(store, clock)
    return Starlette(
        routes=[
            Route("/-/healthy", api.healthy),
            Route("/-/ready", api.healthy),
            Route("/api/v1/query", api.query, methods=["GET", "POST"]),
            Route("/api/v1/query_range", api.query_range, methods=["GET", "POST"]),
            Route("/api/v1/labels", api.labels, methods=["GET", "POST"]),
            Route("/api/v1/label/{name}/values", api.values),
            Route("/api/v1/status/buildinfo", api.buildinfo),
        ]
    )


class _Api:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def healthy(self, request: Request) -> Response:
        return PlainTextResponse("Prometheus Server is Healthy.\n")

    async def buildinfo(self, request: Request) -> Response:
        return _success(BUILD)

    async def labels(self, request: Request) -> Response:
        return _success(await run_in_threadpool(label_names, self._store))

    async def values(self, request: Request) -> Response:
        return _success(await run_in_threadpool(label_values, self._store, request.path_params["name"]))

    async def query(self, request: Request) -> Response:
        words = await _words(request)
        try:
            query = _query(words)
            time_ms = _time(words, "time") if words.get("time") else round(self._clock().timestamp() * 1000)
        except ValueError as error:
            return _bad_data(str(error))
        return _json(await run_in_threadpool(answer, self._store, query, time_ms))

    async def query_range(self, request: Request) -> Response:
        words = await _words(request)
        try:
            start, end, step = _time(words, "start"), _time(words, "end"), _step(words)
            query = _query(words)
            return _json(await run_in_threadpool(range_answer, self._store, query, start, end, step))
        except (ValueError, RangeError) as error:
            return _bad_data(str(error))


async def _words(request: Request) -> dict[str, str]:
    words = dict(parse_qsl(request.url.query, keep_blank_values=True))
    return words | dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def _query(words: Mapping[str, str]) -> Query:
    try:
        return parse(words.get("query", ""))
    except ParseError as error:
        raise ValueError(f'invalid parameter "query": {error}') from error


def _time(words: Mapping[str, str], name: str) -> int:
    text = words.get(name, "")
    try:
        return _milliseconds(text)
    except ValueError as error:
        raise ValueError(f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp') from error


def _step(words: Mapping[str, str]) -> int:
    """Milliseconds, from seconds or a duration."""
    text = words.get("step", "")
    try:
        return duration(text) if text[-1:].isalpha() else round(float(text) * 1000)
    except ValueError as error:
        raise ValueError(f'invalid parameter "step": cannot parse "{text}" to a valid duration') from error


def _milliseconds(text: str) -> int:
    try:
        return round(float(text) * 1000)
    except (ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text) from None
        return round(moment.astimezone(UTC).timestamp() * 1000)


def _success(data: object) -> Response:
    return _json(orjson.dumps({"status": "success", "data": data}))


def _bad_data(message: str) -> Response:
    return _json(orjson.dumps({"status": "error", "errorType": "bad_data", "error": message}), 400)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
