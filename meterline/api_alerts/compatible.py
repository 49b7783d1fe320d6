"""The part of Alertmanager's API v2 that senders and amtool use: Prometheus can be pointed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alerts.dispatch.silences import Silences
from alerts.routing.matcher import Matcher, matches_all
from alerts.routing.matcher_text import parse_matchers
from alerts.routing.route import match
from meterline.alerting.posted import Posted, parse_posted
from meterline.alerting.silencing import checked, stored
from meterline.api_alerts.answering import Desk, answer, body_of, fields_of, text_of
from warehouse.alert_log import history, silences
from warehouse.alert_log.history import Listed
from warehouse.alert_log.intake import accept
from warehouse.alert_log.silences import Silence
from warehouse.errors import ConfigurationError, MeterlineError, WarehouseError
from warehouse.interval import isoformat, parse_utc

TIMES = "times are RFC 3339, such as 2026-10-05T10:00:00Z"
MATCHERS = 'expected [{"name": "service", "value": "chat", "isRegex": false, "isEqual": true}]'


class Compatible:
    """The routes and their answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._started = desk.clock()

    def routes(self) -> list[Route]:
        return [
            Route("/api/v2/alerts", self.post_alerts, methods=["POST"]),
            Route("/api/v2/alerts", self.get_alerts),
            Route("/api/v2/silences", self.post_silence, methods=["POST"]),
            Route("/api/v2/silences", self.get_silences),
            Route("/api/v2/silence/{id}", self.get_silence),
            Route("/api/v2/silence/{id}", self.delete_silence, methods=["DELETE"]),
            Route("/api/v2/receivers", self.get_receivers),
            Route("/api/v2/status", self.get_status),
            Route("/-/reload", self.reload, methods=["POST"]),
            Route("/-/healthy", self.healthy),
            Route("/-/ready", self.healthy),
        ]

    async def post_alerts(self, request: Request) -> Response:
        body = await body_of(request)
        try:
            refused = await run_in_threadpool(self._accept, body)
        except WarehouseError as error:  # nothing of it is stored for certain: the sender must repeat
            return JSONResponse({"error": error.message, "remedy": error.remedy}, 503, {"Retry-After": "10"})
        except ConfigurationError as error:
            return JSONResponse({"code": 400, "message": str(error)}, 400)
        if refused:
            return JSONResponse("; ".join(refused), 400)
        return Response(status_code=200)

    def _accept(self, body: bytes) -> list[str]:
        now = self._desk.clock()
        posted: Posted = parse_posted(body, now, classic=self._desk.classic)
        if posted.alerts:
            with self._desk.log.transaction() as tx:
                accept(tx, posted.alerts, now, self._desk.routing().resolve_timeout)
            self._desk.wake()
        return posted.refused

    def get_alerts(self, request: Request) -> Response:
        """`filter` (matchers), `active`, `silenced`, `inhibited`, `receiver`, as Alertmanager has them."""
        query, now = request.query_params, self._desk.clock()
        wanted = _filters(query.getlist("filter"))
        hidden = {kind for kind in history.SUPPRESSIONS if query.get(kind, "true") == "false"}
        active = query.get("active", "true") != "false"
        silencing = Silences()
        silencing.read(self._desk.log, now)
        rows = []
        for one in history.listed(self._desk.log, limit=100_000):
            if not matches_all(wanted, one.alert.labels):
                continue
            kept_back = self._kept_back(one, silencing.matching(one.alert.labels, now))
            if not hidden.intersection(kept_back) if kept_back else active:
                rows.append(self._gettable(one, kept_back))
        return answer(rows)

    def _kept_back(self, one: Listed, silenced: Sequence[str]) -> dict[str, list[str]]:
        """What keeps an alert back, by kind: silences as they are now, the rest as its group was looked at last."""
        log, found = self._desk.log, {"silenced": list(silenced)} if silenced else {}
        if "inhibited" in one.suppressed:
            found["inhibited"] = [history.suppressor(log, one.alert.fingerprint, "inhibited").get("by", "?")]
        if "muted" in one.suppressed:
            found["muted"] = [history.suppressor(log, one.alert.fingerprint, "muted").get("interval", "?")]
        return found

    def _gettable(self, one: Listed, kept_back: Mapping[str, list[str]]) -> dict[str, Any]:
        alert = one.alert
        return {
            "fingerprint": alert.fingerprint,
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "generatorURL": alert.generator_url,
            "startsAt": alert.starts_at,
            "endsAt": alert.ends_at or alert.expires_at or datetime(1, 1, 1, tzinfo=UTC),
            "updatedAt": alert.received_at,
            "receivers": [{"name": route.receiver} for route in match(self._desk.routing().root, alert.labels)],
            "status": {
                "state": "suppressed" if kept_back else "active",
                **{f"{kind}By": kept_back.get(kind, []) for kind in history.SUPPRESSIONS},
            },
        }

    async def post_silence(self, request: Request) -> Response:
        fields = await fields_of(request)
        return answer({"silenceID": await run_in_threadpool(self._put, fields)})

    def _put(self, fields: dict[str, Any]) -> str:
        now = self._desk.clock()
        starts, ends = _moment(fields, "startsAt"), _moment(fields, "endsAt")
        if ends <= starts or ends <= now:
            raise ConfigurationError("the silence ends before it starts, or in the past", TIMES)
        chosen = stored(checked([_posted_matcher(one) for one in _list(fields, "matchers")]))
        try:
            with self._desk.log.transaction() as tx:
                made = silences.put(
                    tx, chosen, starts, ends, text_of(fields, "createdBy", ""), text_of(fields, "comment", ""), now,
                    replaces=text_of(fields, "id", "") or None,
                )  # fmt: skip
        except KeyError as error:
            raise ConfigurationError(f"there is no silence {error}", "leave out `id` to make a new one") from error
        self._desk.wake()
        return made

    def get_silences(self, request: Request) -> Response:
        now = self._desk.clock()
        wanted = _filters(request.query_params.getlist("filter"))
        rows = silences.silences(self._desk.log, now, expired=True)
        return answer([_gettable_silence(one, now) for one in rows if _covers(one, wanted)])

    def get_silence(self, request: Request) -> Response:
        now, name = self._desk.clock(), request.path_params["id"]
        for one in silences.silences(self._desk.log, now, expired=True):
            if one.id == name:
                return answer(_gettable_silence(one, now))
        return JSONResponse(f"silence {name} not found", 404)

    def delete_silence(self, request: Request) -> Response:
        with self._desk.log.transaction() as tx:
            ended = silences.expire(tx, request.path_params["id"], self._desk.clock())
        self._desk.wake()
        return Response(status_code=200) if ended else JSONResponse("silence not found, or over already", 404)

    def get_receivers(self, request: Request) -> Response:
        return answer([{"name": name} for name in self._desk.routing().receivers])

    def get_status(self, request: Request) -> Response:
        return answer({
            "cluster": {"peers": [], "status": "disabled"},
            "versionInfo": {"version": "meterline", "branch": "", "buildDate": "", "buildUser": "", "goVersion": "",
                            "revision": ""},
            "config": {"original": self._desk.routing().text},
            "uptime": isoformat(self._started),
        })  # fmt: skip

    async def reload(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise HTTPException(403, "a web page elsewhere may not ask for this")
        try:
            await run_in_threadpool(self._desk.reload)
        except MeterlineError as error:
            return JSONResponse({"error": f"the old configuration stays: {error.message}", "remedy": error.remedy}, 500)
        return Response(status_code=200)

    def healthy(self, request: Request) -> Response:
        return Response("OK", media_type="text/plain")


def _filters(texts: list[str]) -> list[Matcher]:
    try:
        return [matcher for text in texts for matcher in parse_matchers(text)]
    except ValueError as error:
        raise ConfigurationError(f"filter: {error}", 'expected for example filter=service="chat"') from error


def _covers(silence: Silence, wanted: list[Matcher]) -> bool:
    """Whether the silence has a matcher of the same name whose value fits, for each filter."""
    return all(
        any(one["name"] == want.name and want.matches({want.name: one["value"]}) for one in silence.matchers)
        for want in wanted
    )


def _gettable_silence(silence: Silence, now: datetime) -> dict[str, Any]:
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": silence.updated_at,
        "startsAt": silence.starts_at,
        "endsAt": silence.ends_at,
        "createdBy": silence.created_by,
        "comment": silence.comment,
        "matchers": [
            {
                "name": one["name"], "value": one["value"], "isRegex": "~" in one["op"],
                "isEqual": not one["op"].startswith("!"),
            }
            for one in silence.matchers
        ],
    }  # fmt: skip


def _posted_matcher(entry: Any) -> Matcher:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise ConfigurationError("a matcher is not an object with a name", MATCHERS)
    value = entry.get("value", "")
    if not isinstance(value, str):
        raise ConfigurationError(f"the value of {entry['name']} is not a text", MATCHERS)
    equal, regex = entry.get("isEqual", True) is not False, bool(entry.get("isRegex"))
    try:
        return Matcher(entry["name"], ("=~" if equal else "!~") if regex else ("=" if equal else "!="), value)
    except ValueError as error:
        raise ConfigurationError(f"{entry['name']}: {error}", MATCHERS) from error


def _list(fields: dict[str, Any], key: str) -> list[Any]:
    value = fields.get(key)
    if not isinstance(value, list):
        raise ConfigurationError(f"{key} is not a list", MATCHERS)
    return value


def _moment(fields: dict[str, Any], key: str) -> datetime:
    try:
        return parse_utc(text_of(fields, key))
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{key}: {error}", TIMES) from error
