"""`meterline slo` over a version published here: the urgent first, the method beside the figures, 1 when breached."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from click.testing import CliRunner, Result

from analytics.slo import slo_burn, slo_status
from meterline.cli.slo import slo as command
from meterline.slos import slos
from warehouse.publication import publish
from warehouse.published import Published

NOW = datetime(2026, 10, 20, tzinfo=UTC)


def status(slo: str, state: str, left: float | None, **more: Any) -> dict[str, Any]:
    attainment = None if left is None else 1 - 0.001 * (1 - left)
    return {
        "slo": slo, "objective": "99.9", "service": "chat", "target": 0.999, "method": "Occurrences", "window": "30d",
        "attainment": attainment, "budget_left_ratio": left, "left_minutes": None if left is None else 43.2 * left,
        "window_full": True, "low_traffic": False, "state": state, **more,
    }  # fmt: skip


MET = status("calm", "met", 0.9, exhaustion_days=12.34, window_full=False, low_traffic=True)
BURNING = status("fast", "burning", 0.4, severity="page", firing="page_quick, page_slow", service="tts")
BREACHED = status("broken", "breached", -0.2, exhaustion_days=0.0, slice_s=300, slice_target=0.95, method="Timeslices")
NOTHING = status("mute", "no_data", None)


def burn(slo: str, window: str, seconds: int, rate: float | None, rule: str = "page_quick") -> dict[str, Any]:
    return {"slo": slo, "objective": "99.9", "rule": rule, "window": window, "window_s": seconds, "burn_rate": rate}


def published(tmp_path: Path, *rows: dict[str, Any]) -> Published:
    burns = [
        burn("fast", "1h", 3600, 20.123), burn("fast", "5m", 300, 31.0), burn("fast", "5m", 300, 31.0, "other"),
        burn("mute", "1h", 3600, None),
    ]  # fmt: skip
    tables = {
        "slo_status": pl.DataFrame(rows, schema=slo_status.SCHEMA),
        "slo_burn": pl.DataFrame(burns, schema=slo_burn.SCHEMA),
    }
    publish(tmp_path / "data", tables, NOW)
    (tmp_path / "meterline.yaml").write_text("data: data\n")
    return Published.current(tmp_path / "data")


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["--config", str(tmp_path / "meterline.yaml"), *words], standalone_mode=False)


def test_the_urgent_first_each_with_its_burn_rates_by_window(tmp_path: Path) -> None:
    found = slos(published(tmp_path, MET, NOTHING, BURNING, BREACHED))
    assert [row["slo"] for row in found.rows] == ["broken", "fast", "mute", "calm"]
    assert (found.breached, found.unmeasured) == (("broken 99.9",), ("mute 99.9",))
    assert list(found.rows[1]["burn_rates"].items()) == [("5m", 31.0), ("1h", 20.123)]
    assert found.rows[2]["burn_rates"] == {"1h": None}
    assert found.rows[0]["burn_rates"] == {}


def test_a_breached_objective_is_1_and_named_and_so_is_one_without_data(tmp_path: Path) -> None:
    published(tmp_path, MET, NOTHING, BURNING, BREACHED)
    ran = run(tmp_path)
    assert ran.return_value == 1
    assert ran.stderr.splitlines() == ["breached: broken 99.9", "no data: mute 99.9"]
    lines = {line.split()[0]: line for line in ran.stdout.splitlines()}
    assert "Timeslices 5m 95 %" in lines["broken"]
    assert "-20 %" in lines["broken"]
    assert "99.88 %" in lines["broken"]
    assert "5m=31 1h=20.1" in lines["fast"]
    assert lines["fast"].endswith("fires: page_quick, page_slow")
    assert lines["calm"].endswith("window not full, low traffic")
    assert "12.3d" in lines["calm"]
    assert "100 %" not in lines["mute"]


def test_one_service_alone_and_met_is_0(tmp_path: Path) -> None:
    published(tmp_path, MET, BURNING, BREACHED)
    ran = run(tmp_path, "--service", "tts", "--json")
    assert ran.return_value == 0
    (row,) = json.loads(ran.stdout)
    assert {key: row[key] for key in ("slo", "objective", "method", "attainment", "state")} == {
        "slo": "fast", "objective": "99.9", "method": "Occurrences", "attainment": 0.9994, "state": "burning",
    }  # fmt: skip
    assert row["burn_rates"] == {"5m": 31.0, "1h": 20.123}


def test_without_slos_it_says_how_to_get_one(tmp_path: Path) -> None:
    published(tmp_path)
    ran = run(tmp_path, "--service", "nobody")
    assert ran.return_value == 0
    assert "there is no SLO of nobody" in ran.stderr


def test_what_misses_its_target_never_looks_like_it(tmp_path: Path) -> None:
    published(tmp_path, status("close", "breached", -0.00001, attainment=0.998999999))
    assert " 99.8999 %" in run(tmp_path).stdout


def test_templates_are_a_subcommand(tmp_path: Path) -> None:
    ran = run(tmp_path, "template")
    assert ran.return_value == 0
    assert "latency" in ran.stdout
