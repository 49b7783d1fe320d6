"""`meterline alerts backtest` on a published version: by name, by file, as text and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from meterline.cli.alert_backtest import backtest
from warehouse.errors import ConfigurationError, MeterlineError
from warehouse.publication import publish

NOW = datetime(2026, 10, 31, tzinfo=UTC)
FILE = """
name: mine
title: Mine
severity: page
signal: {sql: "SELECT hour AS ts, service, p95_s AS value FROM serving_hour WHERE hour >= $since AND hour < $until"}
threshold: 5
labels: [service]
absent_after: 1d
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    began = (NOW - timedelta(days=2)).replace(tzinfo=None)
    hours = [
        {"hour": began + timedelta(hours=n), "service": "chat", "p95_s": 9.0 if n in (3, 4, 30) else 1.0}
        for n in range(40)
    ]
    incident = {
        "source": "pd", "id": "1", "service": "chat", "team": "search", "severity": 1, "outcome": None,
        "created_at": began + timedelta(hours=3, minutes=10), "resolved_at": began + timedelta(hours=4),
    }  # fmt: skip
    publish(
        tmp_path / "data",
        {"serving_hour": pl.DataFrame(hours), "on_call_incident_recent": pl.DataFrame([incident])},
        NOW,
    )
    path = tmp_path / "meterline.yaml"
    path.write_text("data: data\nreport: {timezone: Europe/Berlin}\n")
    (tmp_path / "mine.yaml").write_text(FILE)
    return path


def run(config: Path, *words: str) -> Any:
    return CliRunner().invoke(backtest, [*words, "--config", str(config)], standalone_mode=False)


def test_a_file_that_is_not_enabled_is_tried(config: Path) -> None:
    """Pages of 2 h at 03:00 and of 1 h at 06:00 of the next day, UTC: 04:00 and 07:00 in Berlin, in winter."""
    done = run(config, str(config.parent / "mine.yaml"))
    assert done.return_value == 0, done.exception
    assert done.output.splitlines()[0] == "mine: on the last 30 days: 2 pages, 1 of them with an incident"
    assert "2 in sleeping hours (22:00 to 08:00 Europe/Berlin)" in done.output


def test_json_has_the_figures_and_the_text(config: Path) -> None:
    found = json.loads(run(config, str(config.parent / "mine.yaml"), "--json", "--days", "1").output)
    assert (found["rule"], found["pages"], found["with_incident"], found["longest_duration_s"]) == ("mine", 1, 0, 3600)
    assert found["firings"][0]["began"] == "2026-10-30T06:00:00Z"
    assert found["text"].startswith("on the last 1 days: 1 page, 0 of them")


def test_a_name_that_nobody_has_and_a_rule_without_tables_are_told(config: Path) -> None:
    assert "cost_jump" in str(run(config, "cost_jmp").exception)
    assert isinstance(run(config, "cost_jmp").exception, ConfigurationError)
    missing = run(config, "drift_column").exception
    assert isinstance(missing, MeterlineError)
    assert "has no table drift_model, drift_series" in str(missing)
    assert "slo_event" in str(run(config, "slo_burn").exception)
