"""The Airflow API: the shapes of a recorded server, its errors, pages and filters, and runs that go on at the end."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sample_data.airflow_api import airflow_app
from sample_data.grid import utc

RECORDED = Path(__file__).parents[3] / "shared/cases/recorded/airflow"
RUNS, TASKS = "/api/v2/dags/~/dagRuns", "/api/v2/dags/~/dagRuns/~/taskInstances"


@pytest.fixture(scope="module")
def client(month):
    app = airflow_app(month.platform.runs, lambda: month.platform.end, "the-token", "admin", "the-password")
    with TestClient(app, headers={"authorization": "Bearer the-token"}) as client:
        yield client


def recorded(name: str):
    path = RECORDED / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded answers of a real Airflow are not here")
    return json.loads(path.read_text())["body"]


def get(client, path: str, **parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def everything(client, path: str, key: str, **parameters):
    """All rows, page after page by offset."""
    rows = []
    while True:
        body = get(client, path, limit=100, offset=len(rows), **parameters)
        rows += body[key]
        if not body[key]:
            assert len(rows) == body["total_entries"]
            return rows


def shape(value):
    """Keys all the way down; lists by their first entry, scalars by nothing."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key != "conf"}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


@pytest.mark.parametrize(
    ("name", "path", "parameters"),
    [
        ("version", "/api/v2/version", {}),
        ("health", "/api/v2/monitor/health", {}),
        ("dags", "/api/v2/dags", {}),
        ("dagRuns_all", RUNS, {"order_by": "run_after"}),
        ("dagRuns_cursor0", RUNS, {"limit": 5, "cursor": ""}),
        ("taskInstances_all", TASKS, {}),
    ],
)
def test_shapes_are_those_of_a_real_server(client, name, path, parameters):
    assert shape(get(client, path, **parameters)) == shape(recorded(name))


def test_tries_have_the_shape_of_a_real_server(client):
    retried = next(one for one in everything(client, TASKS, "task_instances") if one["try_number"] == 2)
    path = f"/api/v2/dags/{retried['dag_id']}/dagRuns/{retried['dag_run_id']}/taskInstances/{retried['task_id']}/tries"
    body = get(client, path)
    assert shape(body) == shape(recorded("tries_failed"))
    assert [one["try_number"] for one in body["task_instances"]] == [1, 2]
    assert body["task_instances"][0]["state"] == "failed"
    assert body["task_instances"][1]["state"] == retried["state"]


def test_a_run_alone_is_the_run_in_the_list(client):
    first = get(client, RUNS, limit=1)["dag_runs"][0]
    assert get(client, f"/api/v2/dags/{first['dag_id']}/dagRuns/{first['dag_run_id']}") == first


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [({"authorization": "Bearer wrong"}, 403, "Invalid JWT token"), ({"authorization": ""}, 401, "Not authenticated")],
)
@pytest.mark.parametrize("path", ["/api/v2/dags", RUNS, TASKS])
def test_a_token_is_required(client, path, headers, status, detail):
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_signing_in_gives_the_token(client):
    answer = client.post("/auth/token", json={"username": "admin", "password": "the-password"})
    assert (answer.status_code, answer.json()) == (201, {"access_token": "the-token"})
    assert client.post("/auth/token", json={"username": "admin", "password": "x"}).status_code == 401
    assert client.post("/auth/token", content=b"{").status_code == 401


def test_errors_of_parameters_and_names(client):
    wrong = client.get(RUNS, params={"limit": "abc"})
    assert (wrong.status_code, wrong.json()) == (422, recorded("error_422"))
    missing = client.get("/api/v2/dags/nope/dagRuns")
    assert (missing.status_code, missing.json()) == (404, recorded("error_404"))
    assert client.get(RUNS, params={"order_by": "colour"}).status_code == 400
    assert client.get(RUNS, params={"run_after_gte": "monday"}).status_code == 422
    assert client.get(RUNS, params={"cursor": "!"}).status_code == 400
    assert client.get("/api/v2/dags/train_fraud/dagRuns/nope").status_code == 404


@pytest.mark.parametrize(("path", "key"), [(RUNS, "dag_runs"), (TASKS, "task_instances")])
def test_cursor_and_offset_lead_through_the_same_rows(client, path, key):
    rows, cursor = [], ""
    while cursor is not None:
        body = get(client, path, limit=37, cursor=cursor)
        rows += body[key]
        cursor = body["next_cursor"]
    assert rows == everything(client, path, key)
    assert len(rows) > 150


def test_cursors_are_packed_as_the_real_server_packs_them(client):
    # recorded: five rows a page, kQU after the first page, kQo after the second, ~kQY back
    first = get(client, RUNS, limit=5, cursor="")
    assert (first["next_cursor"], first["previous_cursor"]) == ("kQU", None)
    second = get(client, RUNS, limit=5, cursor="kQU")
    assert (second["next_cursor"], second["previous_cursor"]) == ("kQo", "~kQY")


def test_filters_by_time(client, month):
    since = (month.platform.end - timedelta(days=3)).isoformat()
    rows = everything(client, RUNS, "dag_runs")
    later = everything(client, RUNS, "dag_runs", run_after_gte=since)
    cut = since.replace("+00:00", "Z")
    assert [row["dag_run_id"] for row in later] == [row["dag_run_id"] for row in rows if row["run_after"] >= cut]
    before = everything(client, RUNS, "dag_runs", run_after_lt=since)
    assert len(before) + len(later) == len(rows)
    changed = everything(client, RUNS, "dag_runs", updated_at_gte=since)
    assert {row["dag_run_id"] for row in later} <= {row["dag_run_id"] for row in changed}
    # a run that is older but was still going on at that time has changed too
    assert any(row["run_after"] < cut for row in changed)
    tasks = everything(client, TASKS, "task_instances", updated_at_gte=since)
    assert 0 < len(tasks) < len(everything(client, TASKS, "task_instances"))
    failed = everything(client, RUNS, "dag_runs", state="failed")
    assert {row["state"] for row in failed} == {"failed"}


def test_rows_come_in_the_order_asked_for(client):
    rows = get(client, RUNS, order_by="-run_after", limit=100)["dag_runs"]
    assert [row["run_after"] for row in rows] == sorted((row["run_after"] for row in rows), reverse=True)


def test_what_is_running_at_the_end_has_no_end(client, month):
    running = everything(client, RUNS, "dag_runs", state="running")
    assert running
    assert all(row["end_date"] is None and row["duration"] is None for row in running)
    now = month.platform.end.isoformat().replace("+00:00", "Z")
    assert all(row["run_after"] <= now for row in everything(client, RUNS, "dag_runs"))


def test_time_only_adds(month):
    """A run that is over never changes; what is shown an hour later begins with what was shown before."""
    run = next(run for run in month.platform.runs if run.dag.name == "train_fraud" and run.state == "success")
    seen = []
    for moment in (run.queued + 0.1, run.start + 0.1, run.end + 0.1, run.end + 86400):
        app = airflow_app((run,), lambda moment=moment: utc(moment), "t", "u", "p")
        with TestClient(app, headers={"authorization": "bearer t"}) as client:
            seen.append(get(client, RUNS)["dag_runs"][0])
    assert [row["state"] for row in seen] == ["queued", "running", "success", "success"]
    assert seen[2] == seen[3]
    assert [row["start_date"] is None for row in seen] == [True, False, False, False]


def test_a_skipped_training_is_a_success_to_airflow(client):
    tasks = everything(client, TASKS, "task_instances")
    skipped = [row for row in tasks if row["task_id"] == "train" and row["state"] == "skipped"]
    for row in skipped:
        assert get(client, f"/api/v2/dags/{row['dag_id']}/dagRuns/{row['dag_run_id']}")["state"] == "success"
    states = {row["state"] for row in tasks}
    assert {"success", "failed", "upstream_failed", "running"} <= states
    assert all(row["try_number"] == 0 for row in tasks if row["state"] == "upstream_failed")
