"""An Airflow that answers over HTTP with what a real one answered, and can be moved on through its recorded history.

It pages by cursor or by offset, `cap` rows at a time; `changed` stands for the server's own times of change: with
`updated_at_gte` only rows of those runs are handed out (None: all).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

RECORDINGS = Path(__file__).parents[1] / "data" / "airflow"
Body = dict[str, Any]


def recorded(name: str) -> Any:
    """The body of a recording."""
    return json.loads((RECORDINGS / f"{name}.json").read_text())["body"]


class RecordedAirflow:
    def __init__(self, *, cursors: bool = True, cap: int = 100) -> None:
        self.cursors, self.cap = cursors, cap
        self.token, self.password = "fixture-token", "fixture-password"
        self.runs: list[Body] = recorded("dagRuns_all")["dag_runs"]
        self.tasks: list[Body] = recorded("taskInstances_all")["task_instances"]
        tries = [recorded(name)["task_instances"] for name in ("tries_failed", "tries_retry_then_success")]
        self.tries = {_task_of(one[0]): one for one in [*tries, recorded("clear_4_tries")["task_instances"][:2]]}
        self.changed: set[str] | None = None
        self.broken: tuple[int, Any] | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def clear_is_queued(self) -> None:
        """fx-05-fail was cleared: its run is queued again, and its failed tasks have lost their state and times."""
        self.replace_run(recorded("clear_2_queued"))
        for task in self.tasks:
            if task["dag_run_id"] == "fx-05-fail" and task["task_id"] != "extract":
                task.update(state=None, start_date=None, end_date=None, queued_when=None)

    def clear_is_over(self) -> None:
        """fx-05-fail ran again and failed again, with two more tries."""
        self.replace_run(recorded("clear_3_after"))
        tries = recorded("clear_4_tries")["task_instances"]
        for task in self.tasks:
            if task["dag_run_id"] == "fx-05-fail" and task["task_id"] == "train":
                task.update(tries[-1])
                self.tries[_task_of(task)] = tries

    def replace_run(self, run: Body) -> None:
        self.runs = [run if old["dag_run_id"] == run["dag_run_id"] else old for old in self.runs]

    def delete_run(self, run: str) -> None:
        self.runs = [old for old in self.runs if old["dag_run_id"] != run]
        self.tasks = [old for old in self.tasks if old["dag_run_id"] != run]

    def app(self) -> Starlette:
        runs = "/api/v2/dags/{dag}/dagRuns"
        tasks = f"{runs}/{{run}}/taskInstances"
        return Starlette(
            routes=[
                Route("/auth/token", self._sign_in, methods=["POST"]),
                Route("/api/v2/version", self._open("version")),
                Route("/api/v2/monitor/health", self._open("health")),
                Route("/api/v2/dags", self._dags),
                Route(runs, self._list_runs),
                Route(f"{runs}/{{run}}", self._one_run),
                Route(tasks, self._list_tasks),
                Route(f"{tasks}/{{task}}/tries", self._list_tries),
                Route(f"{tasks}/{{task}}/{{index:int}}/tries", self._list_tries),
            ]
        )

    async def _sign_in(self, request: Request) -> Response:
        given = await request.json()
        if given != {"username": "ana", "password": self.password}:
            return JSONResponse({"detail": "Invalid credentials"}, 401)
        return JSONResponse({"access_token": self.token}, 201)

    def _open(self, name: str) -> Any:
        async def answer(request: Request) -> Response:
            return self._refusal(request, secured=False) or JSONResponse(recorded(name))

        return answer

    async def _dags(self, request: Request) -> Response:
        names = sorted({run["dag_id"] for run in self.runs})
        rows = [{"dag_id": name} for name in names]
        return self._refusal(request) or JSONResponse({"dags": rows, "total_entries": len(rows)})

    async def _list_runs(self, request: Request) -> Response:
        return self._refusal(request) or self._page("dag_runs", self._filtered(self.runs, request), request)

    async def _list_tasks(self, request: Request) -> Response:
        rows = self._filtered(self.tasks, request)
        if request.path_params["run"] != "~":
            rows = [row for row in rows if row["dag_run_id"] == request.path_params["run"]]
        return self._refusal(request) or self._page("task_instances", rows, request)

    async def _one_run(self, request: Request) -> Response:
        found = [run for run in self.runs if run["dag_run_id"] == request.path_params["run"]]
        missing = JSONResponse(recorded("error_404"), 404)
        return self._refusal(request) or (JSONResponse(found[0]) if found else missing)

    async def _list_tries(self, request: Request) -> Response:
        names = request.path_params
        rows = self.tries.get((names["run"], names["task"], names.get("index", -1)))
        if rows is None:
            return self._refusal(request) or JSONResponse(recorded("error_404"), 404)
        return self._refusal(request) or JSONResponse({"task_instances": rows, "total_entries": len(rows)})

    def _refusal(self, request: Request, *, secured: bool = True) -> Response | None:
        self.asked.append((request.url.path, dict(request.query_params)))
        if self.broken is not None:
            return JSONResponse(self.broken[1], self.broken[0])
        if secured and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse(recorded("error_401"), 403)
        return None

    def _filtered(self, rows: list[Body], request: Request) -> list[Body]:
        given = request.query_params
        first, end = (
            _moment(given.get("run_after_gte", "2000-01-01T00:00Z")),
            _moment(given.get("run_after_lt", "2100-01-01T00:00Z")),
        )
        chosen = [row for row in rows if first <= _moment(row["run_after"]) < end]
        if "updated_at_gte" in given and self.changed is not None:
            chosen = [row for row in chosen if row["dag_run_id"] in self.changed]
        return chosen

    def _page(self, name: str, rows: list[Body], request: Request) -> Response:
        given = request.query_params
        by_cursor = self.cursors and "cursor" in given
        start = int(given["cursor"] or 0) if by_cursor else int(given.get("offset", 0))
        end = start + min(int(given.get("limit", 50)), self.cap)
        body: Body = {name: rows[start:end], "total_entries": len(rows)}
        if self.cursors:
            body["next_cursor"] = str(end) if by_cursor and end < len(rows) else None
        return JSONResponse(body)


def _task_of(row: Body) -> tuple[str, str, int]:
    return row["dag_run_id"], row["task_id"], row["map_index"]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def serving(airflow: RecordedAirflow) -> Iterator[RecordedAirflow]:
    """`airflow` at its `url`, on loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        airflow.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(airflow.app(), log_level="warning", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            thread.join(0.01)
        try:
            yield airflow
        finally:
            server.should_exit = True
            thread.join(10)
