"""The demo over two days of its sample, so that it is quick; `slow` runs the whole month."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from warehouse.ownership import Ownership

ROOT = Path(__file__).resolve().parents[2]
TWO_DAYS = (
    "import sys, meterline.demo as demo; demo.DAYS = 2; from meterline.cli import main; sys.exit(main(sys.argv[1:]))"
)


def summary(cli, tmp_path: Path) -> tuple[dict[str, object], Path]:
    ran = cli("demo", "--once", "--json", "--data", tmp_path / "demo")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out), tmp_path / "demo" / "meterline.yaml"


def soon(found: Callable[[], list[dict[str, Any]]], seconds: float = 60) -> list[dict[str, Any]]:
    """What `found` gives when it gives anything, or nothing after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (rows := found()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return rows


def pages_told(api: str) -> list[dict[str, Any]]:
    """The pages that fire, once there are two and each was sent to somebody."""
    rows = httpx.get(f"{api}/api/v1/alerts", trust_env=False).json()
    pages = [row for row in rows if row["severity"] == "page"]
    return pages if len(pages) >= 2 and all(row["paged_at"] for row in pages) else []


def test_one_cycle_and_what_the_commands_say_afterwards(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import meterline.demo

    monkeypatch.setattr(meterline.demo, "DAYS", 2)
    for _ in range(2):  # a second demo begins anew in the same directory
        found, config = summary(cli, tmp_path)
    assert set(found) == {"kpis", "showback", "data", "seconds"}
    at = found["kpis"][0]["start"]
    assert json.loads(cli("kpis", "--config", config, "--json", "--at", at).out) == found["kpis"]
    bill = json.loads(cli("showback", "--config", config, "--json", "--month", at[:7]).out)
    assert bill["rows"] == found["showback"]
    assert sum(Decimal(row["cost"]) for row in bill["rows"]) == Decimal(bill["total"]) > 0
    known = {row["kpi"]: row for row in found["kpis"] if row["scope"] == "platform"}
    # yesterday's dozen of pages for nothing, two of them acknowledged, and a repair that ended then
    assert (known["alert_precision"]["verdict"], known["alert_precision"]["n"] >= 12) == ("fail", True)
    assert known["mean_time_to_acknowledge"]["value"] > 60
    assert known["mttr_platform"]["value"] > 60
    assert known["platform_incident_count"]["value"] is not None
    assert known["slo_attainment"]["value"] is not None
    today = datetime.now(UTC)
    if today.day > 1:  # runbooks are those of now, and the summary is of yesterday's month
        assert known["runbook_completeness"]["value"] == pytest.approx(5 / 7)


def test_a_directory_of_somebody_else_is_not_touched(cli, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    ran = cli("demo", "--once", "--data", tmp_path)
    assert ran.code == 2
    assert "holds something that is not a demo's" in ran.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_demo_that_runs_is_not_made_anew_under_its_feet(cli, tmp_path: Path) -> None:
    (tmp_path / ".meterline-demo").touch()
    (tmp_path / "kept").touch()
    with Ownership(tmp_path, "meterline demo"):
        ran = cli("demo", "--once", "--data", tmp_path)
    assert ran.code == 4
    assert f"pid {os.getpid()}" in ran.err
    assert (tmp_path / "kept").exists()


def test_it_shows_its_address_soon_stays_and_stops(tmp_path: Path) -> None:
    words = ["demo", "--no-browser", "--data", str(tmp_path / "demo")]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", TWO_DAYS, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            began = time.monotonic()
            addresses = dict(process.stdout.readline().split() for _ in range(2))
            assert time.monotonic() - began < 60
            assert "filled" in process.stdout.readline()
            assert httpx.get(f"{addresses['dashboards']}/_stcore/health", trust_env=False).text == "ok"
            rows = httpx.get(f"{addresses['API']}/api/v1/sources", trust_env=False).json()
            assert {row["status"] for row in rows} == {"ok"}
            texts = (tmp_path / "demo" / "meterline.yaml").read_text()
            assert f"external_url: {addresses['API']}" in texts  # links in messages lead to it
            pages = soon(lambda: pages_told(addresses["API"]))
            assert {(page["alertname"], page["labels"]["team"]) for page in pages} == {
                ("gpu_xid", "assistant"), ("slo_burn", "assistant")
            }  # fmt: skip
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.slow
def test_the_whole_sample(cli, tmp_path: Path) -> None:
    found, _ = summary(cli, tmp_path)
    by_name = {row["kpi"]: row for row in found["kpis"] if row["scope"] == "platform"}
    assert by_name["gpu_utilization_efficiency"]["status"] == "ok"
    assert by_name["training_success_rate"]["status"] in ("ok", "low_confidence")
    assert by_name["drift_detection_coverage"]["value"] is not None
    print(f"\ndemo --once: {found['seconds']} s")
