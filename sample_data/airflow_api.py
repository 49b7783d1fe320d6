"""Airflow 3's public REST API (v2) over the platform's pipelines, read only, with its errors.

A wrong token is refused with 403, as on the real server. Nothing can be triggered, cleared or changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sample_data import airflow_records as records
from sample_data.airflow_pages import BadParameter, page
from sample_data.pipelines import DAGS, Run

Clock = Callable[[], datetime]
NAMES = frozenset(dag.name for dag in DAGS)


def airflow_app(runs: tuple[Run, ...], clock: Clock, token: str, username: str, password: str) -> Starlette:
    """The application. `token` is what it accepts, and what `POST /auth/token` gives for the credentials."""
    api = _Api(runs, clock, token, username, password)
    dag_runs = "/api/v2/dags/{dag}/dagRuns"
    return Starlette(
        routes=[
            Route("/auth/token", api.sign_in, methods=["POST"]),
            Route("/api/v2/version", api.version),
            Route("/api/v2/monitor/health", api.health),
            Route("/api/v2/dags", api.dags),
            Route(dag_runs, api.dag_runs),
            Route(f"{dag_runs}/{{run}}", api.dag_run),
            Route(f"{dag_runs}/{{run}}/taskInstances", api.task_instances),
            Route(f"{dag_runs}/{{run}}/taskInstances/{{task}}/tries", api.tries),
        ],
        exception_handlers={BadParameter: _refused, HTTPException: _failed},
    )


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadParameter)
    return JSONResponse({"detail": error.detail}, error.status)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code)


class _Api:
    def __init__(self, runs: tuple[Run, ...], clock: Clock, token: str, username: str, password: str) -> None:
        self._runs = runs
        self._clock = clock
        self._token = token
        self._credentials = {"username": username, "password": password}

    async def sign_in(self, request: Request) -> Response:
        try:
            given: Any = await request.json()
        except ValueError:
            given = None
        if given != self._credentials:
            return JSONResponse({"detail": "Invalid credentials"}, 401)
        return JSONResponse({"access_token": self._token}, 201)

    async def version(self, request: Request) -> Response:
        return JSONResponse({"version": "3.3.2", "git_version": ".release:sample"})

    async def health(self, request: Request) -> Response:
        beat = self._clock().isoformat()
        return JSONResponse({
            "metadatabase": {"status": "healthy"},
            "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": beat},
            "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
            "dag_processor": {"status": "healthy", "latest_dag_processor_heartbeat": beat},
        })  # fmt: skip

    async def dags(self, request: Request) -> Response:
        self._authorize(request)
        whole = page("dags", records.dags(self._now()), request.query_params)
        return JSONResponse({"dags": whole["dags"], "total_entries": whole["total_entries"]})

    async def dag_runs(self, request: Request) -> Response:
        self._authorize(request)
        runs = records.dag_runs(self._of_dag(request), self._now())
        return JSONResponse(page("dag_runs", runs, request.query_params))

    async def dag_run(self, request: Request) -> Response:
        self._authorize(request)
        (record,) = records.dag_runs((self._run(request),), self._now())
        return JSONResponse(record.body)

    async def task_instances(self, request: Request) -> Response:
        self._authorize(request)
        runs = self._of_dag(request) if request.path_params["run"] == "~" else (self._run(request),)
        whole = page("task_instances", records.task_instances(runs, self._now()), request.query_params)
        return JSONResponse(whole)

    async def tries(self, request: Request) -> Response:
        self._authorize(request)
        run, name = self._run(request), request.path_params["task"]
        task = next((task for task in run.tasks if task.name == name), None)
        if task is None:
            known = f"dag_id: `{run.dag.name}`, task_id: `{name}`"
            raise HTTPException(404, f"The Task Instance with {known} was not found")
        bodies = records.tries(run, task, self._now())
        return JSONResponse({"task_instances": bodies, "total_entries": len(bodies)})

    def _now(self) -> float:
        return self._clock().timestamp()

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HTTPException(401, "Not authenticated")
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            raise HTTPException(403, "Invalid JWT token")

    def _of_dag(self, request: Request) -> tuple[Run, ...]:
        dag = request.path_params["dag"]
        if dag != "~" and dag not in NAMES:
            raise HTTPException(404, f"The Dag with ID: `{dag}` was not found")
        return tuple(run for run in self._runs if dag in ("~", run.dag.name))

    def _run(self, request: Request) -> Run:
        name, now = request.path_params["run"], self._now()
        for run in self._of_dag(request):
            if records.run_id(run) == name and run.queued <= now:
                return run
        dag = request.path_params["dag"]
        raise HTTPException(404, f"The DagRun with dag_id: `{dag}` and run_id: `{name}` was not found")
