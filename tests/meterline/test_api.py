"""The API over a published version made here: errors, sources, metrics, and who may ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from meterline.api import create_app, is_loopback
from warehouse.publication import publish

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
SOURCES = pl.DataFrame(
    {
        "source": ["flows", "prod"], "type": ["airflow", "prometheus"], "status": ["never", "failing"],
        "succeeded_at": [None, datetime(2026, 10, 5, 11, 59, 30)], "failures": [0, 3], "message": [None, "401"],
    }
)  # fmt: skip


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    money = pl.DataFrame({"cost": [Decimal("0.10")], "nan": [float("nan")]})
    publish(tmp_path, {"source_status": SOURCES, "money": money}, NOW)
    return TestClient(create_app(tmp_path, next_runs=lambda: {"prod": NOW}), base_url="http://localhost")


def test_nothing_published_is_told_and_not_an_error_of_health(tmp_path: Path) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1")
    assert client.get("/healthz").text == "ok\n"
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["error"] == f"no results are published in {tmp_path}"
    assert "meterline collect" in ready.json()["remedy"]
    assert "meterline_published_version 0\n" in client.get("/metrics").text


def test_metrics(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert lines == [
        "meterline_published_version 1",
        'meterline_source_failures{source="flows"} 0',
        'meterline_source_failures{source="prod"} 3',
        # 2026-10-05T11:59:30Z
        'meterline_source_last_success_timestamp_seconds{source="prod"} 1791201570.000',
    ]


def test_sources_with_their_next_run(client: TestClient) -> None:
    flows, prod = client.get("/api/v1/sources").json()
    assert (flows["status"], flows["next_run_at"], flows["succeeded_at"]) == ("never", None, None)
    assert (prod["failures"], prod["next_run_at"]) == (3, "2026-10-05T12:00:00Z")
    assert prod["succeeded_at"] == "2026-10-05T11:59:30Z"


def test_money_is_a_string_and_what_json_cannot_hold_is_null(client: TestClient) -> None:
    assert client.get("/api/v1/tables/money").json()["rows"] == [{"cost": "0.10", "nan": None}]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/v1/showback", 400, "the parameter month is missing"),
        ("/api/v1/showback?month=2026-1", 400, "'2026-1' is not a month, expected for example 2026-10"),
        ("/api/v1/kpis?grain=day", 400, "'day' is not a grain"),
        ("/api/v1/kpis?at=soon", 400, "'soon' is not an ISO 8601 date or time"),
        ("/api/v1/kpis", 503, "v000001 has no table kpi: what computes it has not succeeded yet"),
        ("/api/v1/tables/secret", 404, "no table is named secret"),
        ("/api/v1/tables/..%2Fmanifest", 404, "Not Found"),
        ("/api/v1/tables/money?limit=0", 400, "limit is '0'"),
        ("/api/v1/tables/money?offset=-1", 400, "offset is '-1'"),
        ("/nowhere", 404, "Not Found"),
    ],
)
def test_errors_are_json_with_a_cause(client: TestClient, path: str, status: int, error: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["remedy"]


def test_writing_is_not_possible(client: TestClient) -> None:
    assert client.post("/api/v1/sources").status_code == 405


def test_on_loopback_a_foreign_host_name_is_refused(tmp_path: Path) -> None:
    rebound = TestClient(create_app(tmp_path, "127.0.0.1"), base_url="http://evil.example")
    assert rebound.get("/healthz").status_code == 400
    open_to_all = TestClient(create_app(tmp_path, "0.0.0.0"), base_url="http://meterline.example")
    assert open_to_all.get("/healthz").status_code == 200


def test_loopback() -> None:
    assert [is_loopback(one) for one in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "host.example")] == [
        True, True, True, False, False
    ]  # fmt: skip


def test_answers_follow_the_newest_version_and_many_may_ask_at_once(client: TestClient, tmp_path: Path) -> None:
    def total(_: int) -> tuple[str, int]:
        answer = client.get("/api/v1/tables/money?limit=5").json()
        return answer["version"], len(answer["rows"])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(total, range(64))) == {("v000001", 1)}
        publish(tmp_path, {"money": pl.DataFrame({"cost": [1, 2, 3]})}, NOW)
        assert set(pool.map(total, range(64))) == {("v000002", 3)}
