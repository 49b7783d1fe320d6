"""Alerts for our own pages and scripts: what fires, why somebody was paged or not, and what people say about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meterline.alerting.explaining import explained, listed_row, meant
from meterline.api_alerts.answering import Desk, answer, fields_of, text_of
from warehouse.alert_log import feedback
from warehouse.alert_log.history import history, listed
from warehouse.errors import ConfigurationError

RECENT = timedelta(days=7)


class Ours:
    """The routes and their answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/alerts", self.alerts),
            Route("/api/v1/alerts/{fingerprint}", self.one),
            Route("/api/v1/alerts/{fingerprint}/acknowledge", self.acknowledge, methods=["POST"]),
            Route("/api/v1/alerts/{fingerprint}/judge", self.judge, methods=["POST"]),
            Route("/api/v1/groups/{dedup_key}", self.group),
        ]

    def alerts(self, request: Request) -> Response:
        """`all=1`: also those that ended in the last seven days."""
        now = self._desk.clock()
        since = now - RECENT if request.query_params.get("all") else None
        return answer([listed_row(one, now) for one in listed(self._desk.log, since=since, limit=10_000)])

    def one(self, request: Request) -> Response:
        known = meant(self._desk.log, request.path_params["fingerprint"])
        return answer(explained(known, self._desk.clock()))

    def group(self, request: Request) -> Response:
        """The alerts of the newest notification of a group, each explained."""
        log, now = self._desk.log, self._desk.clock()
        prints = feedback.told_of(log, request.path_params["dedup_key"], now)
        if not prints:
            raise ConfigurationError("no notification of this group is kept", "see /api/v1/alerts?all=1")
        found = [history(log, one) for one in prints[:100]]
        return answer([explained(one, now) for one in found if one is not None])

    async def acknowledge(self, request: Request) -> Response:
        """`{"by": "mo", "note": "on it"}`"""
        return answer(await run_in_threadpool(self._acknowledge, request, await fields_of(request)))

    def _acknowledge(self, request: Request, fields: dict[str, Any]) -> dict[str, Any]:
        known, now, by = self._known(request), self._desk.clock(), text_of(fields, "by")
        with self._desk.log.transaction() as tx:
            feedback.acknowledge(tx, [known], by, text_of(fields, "note", ""), now)
            feedback.forward_acknowledgement(tx, [known], by, now)
        self._desk.wake()
        return {"fingerprint": known, "acknowledged_by": by}

    async def judge(self, request: Request) -> Response:
        """`{"verdict": "noise", "by": "mo", "note": ""}`"""
        return answer(await run_in_threadpool(self._judge, request, await fields_of(request)))

    def _judge(self, request: Request, fields: dict[str, Any]) -> dict[str, Any]:
        known, verdict = self._known(request), text_of(fields, "verdict")
        try:
            with self._desk.log.transaction() as tx:
                feedback.judge(
                    tx, [known], verdict, text_of(fields, "by"), text_of(fields, "note", ""), self._desk.clock()
                )
        except ValueError as error:
            raise ConfigurationError(str(error), 'expected {"verdict": "noise", "by": "mo"}') from error
        return {"fingerprint": known, "verdict": verdict}

    def _known(self, request: Request) -> str:
        return meant(self._desk.log, request.path_params["fingerprint"]).alert.fingerprint
