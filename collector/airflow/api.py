"""Airflow's REST API (v2, Airflow 3): its paths, filters and pages. What the answers mean is decided elsewhere.

Lists are paged by cursor where the server can (3.2 and later), which no change of the list can confuse, else by offset.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import quote

from collector.airflow.documents import run_key, task_key, try_key
from collector.airflow.settings import AirflowSettings
from collector.rest.client import Answer, Parameters, RestClient
from collector.rest.failure import NotFound
from collector.rest.pagers import Page, Row, Shape, cursor, offset, single, whole
from warehouse.errors import BadAnswer, Rejected, Unauthorized

PAGE = 100  # the most that a server gives by default (maximum_page_limit)
ROOT = "/api/v2"
RUNS, TASKS = Shape("dag_runs", "total_entries"), Shape("task_instances", "total_entries")


class AirflowApi:
    """One server, from one thread; use it as a context manager. Every method raises SourceError."""

    def __init__(self, settings: AirflowSettings) -> None:
        self._settings = settings
        self._session_token: str | None = None
        self._client = RestClient(settings, self._authorization)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def version(self) -> str:
        """The server's version. Raises Rejected with a remedy for an Airflow before 3.0."""
        try:
            return str(self._get(f"{ROOT}/version", {}).body["version"])
        except Rejected as error:
            raise Rejected(error.message, "Airflow 3.0 or later is needed, and its base url without /api/v2") from error
        except (KeyError, TypeError):
            raise BadAnswer(f"{self._settings.url} is not Airflow", "check the url of this source") from None

    def health(self) -> dict[str, str]:
        """The state of each component (`scheduler`: `healthy`, ...); components that are not installed are left out."""
        body = self._get(f"{ROOT}/monitor/health", {}).body
        return {
            name: str(part["status"]) for name, part in body.items() if isinstance(part, dict) and part.get("status")
        }

    def dags(self) -> set[str]:
        """The ids of all DAGs that we may read."""
        shape = Shape("dags", "total_entries")
        rows = whole(lambda: offset(self._get, f"{ROOT}/dags", {}, shape, size=PAGE), lambda row: str(row["dag_id"]))
        return {str(row["dag_id"]) for row in rows}

    def runs(self, filters: Parameters) -> list[Row]:
        """Runs of all DAGs."""
        return whole(lambda: self._pages(f"{ROOT}/dags/~/dagRuns", filters, RUNS), run_key)

    def run(self, dag: str, run: str) -> Row | None:
        """One run, or None when it is gone."""
        try:
            body = self._get(_run_path(dag, run), {}).body
        except NotFound:
            return None
        return body if isinstance(body, dict) else None

    def task_instances(self, filters: Parameters, dag: str = "~", run: str = "~") -> list[Row]:
        """Task instances, each with its last try only; of all runs unless one is named."""
        path = f"{_run_path(dag, run)}/taskInstances"
        return whole(lambda: self._pages(path, filters, TASKS), task_key)

    def tries(self, instance: Row) -> list[Row]:
        """All tries of a task instance; none when its run is gone."""
        path = f"{_run_path(instance['dag_id'], instance['dag_run_id'])}/taskInstances/{_part(instance['task_id'])}"
        mapped = "" if instance["map_index"] == -1 else f"/{instance['map_index']}"
        try:
            return whole(lambda: single(self._get, f"{path}{mapped}/tries", {}, TASKS), try_key)
        except NotFound:
            return []

    def _pages(self, path: str, filters: Parameters, shape: Shape) -> Iterator[Page]:
        probe: list[Answer] = []

        def get(address: str, parameters: Parameters) -> Answer:
            """As `_get`, but the first page, which told how this server pages, is not asked for twice."""
            return probe.pop() if probe else self._get(address, parameters)

        limited = {**filters, "limit": PAGE}
        probe.append(self._get(path, {**limited, "cursor": ""}))
        body = probe[0].body
        if isinstance(body, dict) and "next_cursor" in body:
            return cursor(get, path, limited, shape)
        return offset(get, path, {**filters, "order_by": "id"}, shape, size=PAGE)

    def _get(self, path: str, parameters: Parameters) -> Answer:
        signed_in = self._session_token is not None
        self._sign_in()
        try:
            return self._client.get(path, parameters)
        except Unauthorized:
            if not signed_in:
                raise
        self._session_token = None  # it may have expired during a long pass: once more, with a new one
        self._sign_in()
        return self._client.get(path, parameters)

    def _authorization(self) -> str | None:
        token = self._settings.token.read() if self._settings.token is not None else self._session_token
        return f"Bearer {token}" if token else None

    def _sign_in(self) -> None:
        """Trade username and password for a token, unless there is one."""
        settings = self._settings
        if settings.username is None or settings.password is None or self._session_token is not None:
            return
        body = {"username": settings.username, "password": settings.password.read()}
        answer = self._client.post("/auth/token", body).body
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise BadAnswer(f"{settings.url}/auth/token gave no token", "give a `token` to this source")
        self._session_token = answer["access_token"]


def _run_path(dag: str, run: str) -> str:
    return f"{ROOT}/dags/{_part(dag)}/dagRuns/{_part(run)}"


def _part(name: str) -> str:
    """A name as one part of a path: run ids have colons and plus signs. `~`, which stands for all, stays."""
    return quote(name, safe="~")
