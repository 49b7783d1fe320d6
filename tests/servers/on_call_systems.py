"""On-call systems that answer over HTTP as their documentation says: filters, pages and limits.

Each is a list of rows (of tests/data/on_call) and an `answer` to a request, served by `scripted` servers; `first` are
steps that come before (a 429, a 503). They filter as the vendor does, so a wrong question gets the wrong rows.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from servers.scripted import Asked, Handler, Scripted, Step, reply, scripted

DATA = Path(__file__).parents[1] / "data" / "on_call"
Row = dict[str, Any]


def rows_of(name: str) -> Any:
    """The rows of a file of tests/data/on_call."""
    return json.loads((DATA / f"{name}.json").read_text())


class System(Protocol):
    def answer(self, asked: Asked) -> Step:
        """The step for a request."""


@contextmanager
def serving(system: System, *first: Step) -> Iterator[Scripted]:
    """`system` on loopback, after the steps `first`."""

    def route(handler: Handler) -> None:
        handler.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each answer waits 40 ms
        system.answer(handler.asked)(handler)

    with scripted(*first, route) as server:
        yield server


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class PagerDuty:
    """`most`: offset + limit beyond it is refused."""

    def __init__(self, *, page: int = 100, most: int = 10_000) -> None:
        self.incidents: list[Row] = rows_of("pagerduty_incidents")
        self.log: dict[str, list[Row]] = rows_of("pagerduty_log_entries")
        self.page, self.most = page, most

    def answer(self, asked: Asked) -> Step:
        if asked.headers.get("authorization") != "Token token=pd-key":
            return reply('{"error": {"message": "Invalid token", "code": 2006}}', 401)
        parts = asked.path.strip("/").split("/")
        if parts == ["incidents"]:
            return self._list("incidents", self._between(self.incidents, asked), asked)
        if parts == ["log_entries"]:
            every = [{**row, "incident": {"id": key}} for key, rows in self.log.items() for row in rows]
            return self._list("log_entries", self._between(every, asked), asked)
        if parts[0] == "incidents" and parts[2:] == ["log_entries"]:
            return self._list("log_entries", self.log.get(parts[1], []), asked)
        if parts[0] == "incidents" and parts[2:] == ["alerts"]:
            return self._list("alerts", [{"id": "PALERT1", "alert_key": f"alert-of-{parts[1]}"}], asked)
        if parts == ["services"]:
            return self._list(
                "services", [{"id": "PIJ90N7", "name": "Inference"}, {"id": "PB", "name": "Batch"}], asked
            )
        if parts == ["priorities"]:
            return self._list("priorities", [{"id": "1", "name": "P1"}, {"id": "2", "name": "Urgent"}], asked)
        found = [row for row in self.incidents if row["id"] == parts[1]] if parts[0] == "incidents" else []
        return reply(json.dumps({"incident": found[0]})) if found else reply('{"error": {"message": "Not Found"}}', 404)

    def _between(self, rows: list[Row], asked: Asked) -> list[Row]:
        since, until = at(asked.fields["since"]), at(asked.fields["until"])
        return [row for row in rows if since <= at(row["created_at"]) < until]

    def _list(self, key: str, rows: list[Row], asked: Asked) -> Step:
        limit, offset = min(int(asked.fields.get("limit", 25)), self.page), int(asked.fields.get("offset", 0))
        if int(asked.fields.get("limit", 25)) + offset > self.most:
            return reply('{"error": {"message": "Invalid Input", "errors": ["Offset + limit is too large"]}}', 400)
        body = {key: rows[offset : offset + limit], "limit": limit, "offset": offset, "total": None}
        return reply(json.dumps({**body, "more": offset + limit < len(rows)}))


class Alerts:
    """Opsgenie (`site` None), or JSM Operations of a site."""

    def __init__(self, *, site: str | None = None) -> None:
        self.site = site
        self.alerts: list[Row] = rows_of("jsm_alerts" if site else "opsgenie_alerts")
        self.logs: list[Row] = rows_of("jsm_logs") if site else []
        self.notes: list[Row] = []
        self.authorization = "Basic YW5hQGV4YW1wbGUuY29tOnRvaw==" if site else "GenieKey og-key"

    def answer(self, asked: Asked) -> Step:
        if asked.headers.get("authorization") != self.authorization:
            return reply('{"message": "Could not authenticate", "took": 0.001}', 401)
        root = f"/jsm/ops/api/{self.site}/v1/alerts" if self.site else "/v2/alerts"
        if not asked.path.startswith(root):
            return reply('{"message": "not found"}', 404)
        alert, _, what = asked.path[len(root) :].strip("/").partition("/")
        if what:
            return self._rows({"logs": self.logs, "notes": self.notes}[what])
        if alert:
            found = [row for row in self.alerts if row["id"] == alert]
            return reply(json.dumps(found[0] if self.site else {"data": found[0]})) if found else reply("{}", 404)
        size, offset = int(asked.fields["size" if self.site else "limit"]), int(asked.fields.get("offset", 0))
        listed = [self._short(row) for row in self._chosen(asked.fields.get("query", ""))]
        return self._rows(listed[offset : offset + size])

    def _rows(self, rows: list[Row]) -> Step:
        return reply(json.dumps({"values" if self.site else "data": rows, "took": 0.1}))

    def _short(self, row: Row) -> Row:
        return {key: value for key, value in row.items() if key not in ("details", "extraProperties", "description")}

    def _chosen(self, query: str) -> list[Row]:
        rows = sorted(self.alerts, key=lambda row: at(row["createdAt"]))
        for field, sign, value in re.findall(r"(\w+) (>=|<) (\d+)", query):
            rows = [row for row in rows if (at(row[field]).timestamp() * 1000 >= int(value)) == (sign == ">=")]
        return rows


class ServiceNow:
    """`zone_hours` shifts dates in queries, as for a user whose time zone is not GMT. `forbidden` tables answer 403."""

    def __init__(self, *, zone_hours: int = 0, forbidden: tuple[str, ...] = ()) -> None:
        self.tables: dict[str, list[Row]] = {
            "incident": rows_of("servicenow_incidents"), "sys_audit": rows_of("servicenow_audit"),
            "sys_journal_field": rows_of("servicenow_journal"),
        }  # fmt: skip
        self.zone_hours, self.forbidden = zone_hours, forbidden

    def answer(self, asked: Asked) -> Step:
        table = asked.path.rpartition("/")[2]
        if asked.headers.get("authorization") != "Basic c25vdzpwdw==" or table in self.forbidden:
            return reply('{"error": {"message": "User Not Authorized", "detail": null}, "status": "failure"}', 403)
        if asked.fields["sysparm_display_value"] != "false":
            return reply('{"error": {"message": "times would be local"}}', 400)
        rows = self._chosen(self.tables[table], asked.fields["sysparm_query"])
        limit, offset = int(asked.fields["sysparm_limit"]), int(asked.fields["sysparm_offset"])
        wanted = asked.fields["sysparm_fields"].split(",")
        page = [{key: row[key] for key in wanted if key in row} for row in rows[offset : offset + limit]]
        more = offset + limit < len(rows)
        links = {"Link": '<https://elsewhere.example/next>; rel="next"'} if more else {}
        return reply(json.dumps({"result": page}), headers=links)

    def _chosen(self, rows: list[Row], query: str) -> list[Row]:
        for term in query.split("^"):
            if term.startswith("ORDERBYDESC"):
                rows = sorted(rows, key=lambda row: row[term.removeprefix("ORDERBYDESC")], reverse=True)
            elif term.startswith("ORDERBY") and not term.endswith("sys_id"):
                rows = sorted(rows, key=lambda row: (row[term.removeprefix("ORDERBY")], row["sys_id"]))
            elif found := re.fullmatch(r"([\w.]+)(>=|<|IN|=)(.*)", term):
                rows = [row for row in rows if self._holds(row, *found.groups())]
        return rows

    def _holds(self, row: Row, column: str, sign: str, value: str) -> bool:
        if column not in row:
            return True  # tablename and the like, which the rows here do not carry
        if sign in ("IN", "="):
            return row[column] in value.split(",")
        moment = datetime.fromisoformat(row[column]).timestamp() + self.zone_hours * 3600
        wanted = datetime.fromisoformat(value).timestamp()
        return moment >= wanted if sign == ">=" else moment < wanted
