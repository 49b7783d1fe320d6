"""Where alerts of the sample platform go: receivers that take everything, remember it, and answer 200.

POST /hooks/NAME takes a notification; GET /hooks shows how many each took, GET /hooks/NAME the last ones. It stands in
for a list of tickets and a chat room. The runbooks lie on the same server.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sample_data import runbooks

KEPT = 200
"""Notifications that each receiver remembers."""


@dataclass(frozen=True, slots=True)
class Received:
    """One notification: the JSON that came, or its text where it is none."""

    receiver: str
    at: datetime
    body: Any


class Hooks:
    """What came to each receiver. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._received: defaultdict[str, deque[Received]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._count: defaultdict[str, int] = defaultdict(int)

    def received(self, receiver: str) -> list[Received]:
        """The last notifications of a receiver, in the order in which they came."""
        with self._lock:
            return list(self._received.get(receiver, ()))

    @property
    def counts(self) -> dict[str, int]:
        """How many notifications each receiver took."""
        with self._lock:
            return dict(sorted(self._count.items()))

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/hooks", self._show_all),
                Route("/hooks/{receiver}", self._take, methods=["POST"]),
                Route("/hooks/{receiver}", self._show),
                runbooks.ROUTE,
            ]
        )

    async def _take(self, request: Request) -> Response:
        receiver, body = request.path_params["receiver"], await request.body()
        try:
            content = orjson.loads(body)
        except ValueError:
            content = body.decode(errors="replace")
        with self._lock:
            self._received[receiver].append(Received(receiver, self._clock(), content))
            self._count[receiver] += 1
        return _json({"status": "ok"})

    async def _show_all(self, request: Request) -> Response:
        return _json(self.counts)

    async def _show(self, request: Request) -> Response:
        return _json([{"at": one.at, "body": one.body} for one in self.received(request.path_params["receiver"])])


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
