"""Real Prometheus, the commands as a user types them, the figures of `small_platform` worked out by hand."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from starlette.testclient import TestClient

import small_platform as case
from meterline.api import create_app
from meterline.cli import main
from servers import prometheus

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.server

CONFIG = """
data: data
teams:
  - {{name: search, namespaces: [search], budget: {{monthly: "100.00"}}}}
  - {{name: research, namespaces: [m*]}}
services:
  - {{name: chat, team: search, tier: 1, path: paved_road, match: {{namespace: sear*, model_name: chat-70b}},
      latency: {{threshold: 1s}}}}
prices:
  gpu_hour:
    - {{model: NVIDIA-H100-80GB-HBM3, price: "2.00", from: 2026-01-01}}
    - {{model: NVIDIA-H100-80GB-HBM3, price: "3.00", from: 2026-10-05T11:00:00Z}}
sources:
  - {{name: prod, type: prometheus, url: '{url}', profiles: [dcgm, kube-state-metrics, vllm]}}
"""
WINDOW = ("--from", "2026-10-05T09:00", "--to", "2026-10-05T12:00Z")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Collected twice (the second time must change nothing) and analysed."""
    directory = tmp_path_factory.mktemp("cli")
    with prometheus.loaded(case.openmetrics(), directory / "prometheus") as url:
        path = directory / "meterline.yaml"
        path.write_text(CONFIG.format(url=url))
        for command in (["check"], ["collect", *WINDOW], ["collect", "--source", "prod", *WINDOW], ["analyze"]):
            assert main([*command, "--config", str(path)]) == 0
        yield path


def test_showback_to_the_cent(cli, config: Path) -> None:
    ran = cli("showback", "--config", config, "--month", "2026-10", "--json")
    bill = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    # 12 GPU-hours: 8 at 2.00 and 4 at 3.00. search: 5,420 s at 2.00 and an hour at 3.00 = 6.0111; research: 2.00
    assert [(row["team"], row["cost"]) for row in bill["rows"]] == [
        ("__idle__", "19.99"), ("search", "6.01"), ("research", "2.00")
    ]  # fmt: skip
    assert (bill["month"], bill["currency"], bill["total"], bill["incomplete"]) == ("2026-10", "USD", "28.00", [])


def test_showback_as_csv_and_as_a_file(cli, config: Path, tmp_path: Path) -> None:
    words = ("showback", "--config", config, "--month", "2026-10", "--by", "team,service")
    printed = cli(*words, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert list(rows[0])[:4] == ["team", "service", "gpu_hours", "cost"]
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("28.00")
    assert ("search", "chat", "6.01") in [(row["team"], row["service"], row["cost"]) for row in rows]
    assert cli(*words, "--format", "csv", "--out", tmp_path / "bill.csv").out == ""
    assert (tmp_path / "bill.csv").read_bytes().decode() == printed


def test_the_table_of_a_pipe_is_plain_and_ends_with_the_total(cli, config: Path) -> None:
    lines = cli("showback", "--config", config, "--month", "2026-10").out.splitlines()
    assert lines[0].split()[:3] == ["TEAM", "GPU_HOURS", "COST"]
    assert lines[-1].split()[:3] == ["total", "12.000000", "28.00"]
    assert len({len(line) for line in lines}) == 1


def test_a_month_without_facts_is_no_bill_of_zero(cli, config: Path) -> None:
    ran = cli("showback", "--config", config, "--month", "2020-01", "--json")
    bill = json.loads(ran.out)
    assert (bill["rows"], bill["total"]) == ([], None)
    assert ran.err == "note: no use or capacity was recorded in 2020-01\n"


def test_grouping_by_an_unknown_column_is_2(cli, config: Path) -> None:
    ran = cli("showback", "--config", config, "--month", "2026-10", "--by", "colour")
    assert (ran.code, "cannot group cost by colour" in ran.err) == (2, True)


def test_kpis_as_the_interface_says(cli, config: Path) -> None:
    ran = cli("kpis", "--config", config, "--at", "2026-10-05", "--json")
    rows = json.loads(ran.out)
    by_name = {(row["kpi"], row["scope"]): row for row in rows}
    efficiency = by_name["gpu_utilization_efficiency", "platform"]
    assert set(efficiency) >= {
        "kpi", "grain", "start", "end", "scope", "value", "unit", "numerator", "denominator", "n", "status", "target",
        "verdict", "provisional", "sources",
    }  # fmt: skip
    # device seconds at their utilization over those measured, as in test_end_to_end
    assert efficiency["value"] == pytest.approx((9000 * 0.5 + 1780 * 0.905) / (9000 + 3560))
    assert (efficiency["start"], efficiency["end"]) == ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert efficiency["sources"] == ["prod"]
    training = by_name["training_success_rate", "platform"]
    assert (training["value"], training["status"]) == (None, "not_collected")
    money = by_name["cost_per_1k_inferences", "service:chat"]
    assert isinstance(money["value"], str)
    assert float(money["value"]) == pytest.approx((5420 / 3600 * 2 + 3) * 1000 / 596)


def test_kpis_of_one_team_and_the_gate(cli, config: Path) -> None:
    words = ("kpis", "--config", config, "--at", "2026-10-05", "--json")
    rows = json.loads(cli(*words, "--team", "search").out)
    assert rows
    assert {row["scope"] for row in rows} == {"team:search"}
    every = json.loads(cli(*words).out)
    failing = any(row["verdict"] == "fail" for row in every)
    assert cli(*words, "--gate").code == (1 if failing else 0)
    availability = json.loads(cli(*words, "--scope", "platform").out)
    passed = [row for row in availability if row["kpi"] == "serving_availability"]
    assert passed[0]["verdict"] == "pass"  # every request of the case succeeds


def test_unit_cost(cli, config: Path) -> None:
    [row] = json.loads(cli("unit-cost", "--config", config, "--month", "2026-10", "--json").out)
    cost = Decimal(5420) / 3600 * 2 + 3
    assert (row["service"], row["month"], row["requests"]) == ("chat", "2026-10", 596)
    assert Decimal(row["per_1k_inferences"]) == (cost * 1000 / 596).quantize(Decimal("1e-8"))
    assert (row["tokens_in"], row["tokens_out"]) == (59_600, 29_800)


def test_drift_names_the_model_without_a_monitor(cli, config: Path) -> None:
    found = json.loads(cli("drift", "--config", config, "--json").out)
    assert found["coverage"] == {"covered": 0, "models": 1, "ratio": 0.0}
    assert [(row["model"], row["status"], row["column"]) for row in found["rows"]] == [("chat-70b", "missing", None)]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/kpis?at=2026-10-05", ("kpis", "--at", "2026-10-05")),
        ("/api/v1/kpis?at=2026-10-05&team=search&grain=week",
         ("kpis", "--at", "2026-10-05", "--team", "search", "--grain", "week")),
        ("/api/v1/showback?month=2026-10&by=team,service", ("showback", "--month", "2026-10", "--by", "team,service")),
        ("/api/v1/unit-cost?month=2026-10", ("unit-cost", "--month", "2026-10")),
        ("/api/v1/drift", ("drift",)),
    ],
)  # fmt: skip
def test_the_api_says_what_the_command_says(cli, config: Path, path: str, words: tuple[str, ...]) -> None:
    client = TestClient(create_app(config.parent / "data"), base_url="http://127.0.0.1")
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == json.loads(cli(*words, "--config", config, "--json").out)


def test_every_published_table_can_be_read_page_by_page(config: Path) -> None:
    client = TestClient(create_app(config.parent / "data"), base_url="http://127.0.0.1")
    whole = client.get("/api/v1/tables/kpi?limit=10000").json()
    pages = [client.get(f"/api/v1/tables/kpi?limit=3&offset={offset}").json() for offset in range(0, whole["total"], 3)]
    assert [row for page in pages for row in page["rows"]] == whole["rows"]
    assert len(whole["rows"]) == whole["total"] > 3
    for table in ("cost_line", "meta", "source_status", "finding"):
        assert client.get(f"/api/v1/tables/{table}").status_code == 200


def test_facts_are_exported_as_they_are(cli, config: Path, tmp_path: Path) -> None:
    ran = cli("export", "facts", "--config", config, "--out", tmp_path / "facts", "--json")
    assert ran.code == 0
    rows = {one["table"]: one["rows"] for one in json.loads(ran.out)}
    held = pl.read_parquet(tmp_path / "facts" / "gpu_allocation.parquet")
    # chat-0 held 9,020 s and train-0 2 x 1,800 s, in thousandths
    assert held["milli_unit_seconds"].sum() == 9_020_000 + 3_600_000
    assert held.height == rows["gpu_allocation"]
    assert rows["pipeline_run"] == 0
    assert {file.name for file in (tmp_path / "facts").iterdir()} == {f"{table}.parquet" for table in rows}


@pytest.mark.parametrize("written", [100, 50_000])
def test_a_killed_collection_loses_and_doubles_nothing(cli, config: Path, tmp_path: Path, written: int) -> None:
    """kill -9 once so many bytes are in the log of the database; collecting again gives the facts of a whole run."""
    text = config.read_text().replace("profiles:", "window: 15m, profiles:")
    schema = 10_000  # bytes; what the migrations and the inventory write is a little less
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meterline.yaml").write_text(text)
    log = tmp_path / "killed" / "data" / "facts.duckdb.wal"
    command = [sys.executable, "-m", "meterline", "collect", "--config", str(tmp_path / "killed" / "meterline.yaml")]
    with subprocess.Popen([*command, *WINDOW], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if log.exists() and log.stat().st_size > schema + written:
                process.kill()
        assert process.returncode == -signal.SIGKILL
    facts = {}
    for name in ("killed", "whole"):
        path = tmp_path / name / "meterline.yaml"
        assert cli("collect", "--config", path, *WINDOW).code == 0
        assert cli("export", "facts", "--config", path, "--out", tmp_path / name / "facts").code == 0
        facts[name] = {file.name: pl.read_parquet(file) for file in (tmp_path / name / "facts").iterdir()}
    assert facts["whole"]["gpu_allocation.parquet"]["milli_unit_seconds"].sum() == 9_020_000 + 3_600_000
    for file, whole in facts["whole"].items():
        assert_frame_equal(whole, facts["killed"][file], check_row_order=False)
