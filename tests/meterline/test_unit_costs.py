"""`meterline unit-cost` over a version published here: what a row is, in which order, and what is said of nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from analytics.unit import training_cost_month, training_run_cost, unit_cost_month
from meterline import results
from meterline.cli.unit_costs import BY as OFFERED
from meterline.cli.unit_costs import unit_cost
from meterline.unit_costs import BY, unit_costs
from warehouse.errors import ConfigurationError, MeterlineError
from warehouse.publication import publish
from warehouse.published import Published

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 5, tzinfo=UTC)
UNITS: list[dict[str, Any]] = [
    {"scope_kind": "platform", "scope": "platform", "cost": "30.00", "requests": 1000, "per_1k_inferences": "30"},
    {"scope_kind": "service", "scope": "chat", "service": "chat", "team": "search", "cost": "10.00", "requests": 500,
     "per_1k_inferences": "20", "coverage": 0.91},
    {"scope_kind": "service", "scope": "embed", "service": "embed", "team": "ml", "cost": "20.00", "requests": 500},
    {"scope_kind": "service", "scope": "remote", "service": "remote", "requests": 7},
    {"scope_kind": "tenant", "scope": "chat/acme", "service": "chat", "tenant": "acme", "cost": "6.00"},
]  # fmt: skip
RUNS: list[dict[str, Any]] = [
    {"system": "airflow", "pipeline": "train", "run_id": "r1", "state": "success", "cost": "3.00", "gpu_hours": 1.5},
    {"system": "airflow", "pipeline": "train", "run_id": "r2", "state": "failed", "cost": "5.00", "gpu_hours": 2.5},
]


def table(rows: list[dict[str, Any]], schema: pl.Schema, month: date = OCTOBER) -> pl.DataFrame:
    money = {name for name, kind in schema.items() if isinstance(kind, pl.Decimal)}
    values = [
        {name: Decimal(row[name]) if name in money and row.get(name) else row.get(name) for name in schema}
        | {"month": month}
        for row in rows
    ]
    return pl.DataFrame(values, schema=schema)


@pytest.fixture
def published(tmp_path: Path) -> Published:
    runs = table(RUNS, training_run_cost.SCHEMA)
    tables = {
        "unit_cost_month": pl.concat(
            [table(UNITS, unit_cost_month.SCHEMA), table(UNITS[1:2], unit_cost_month.SCHEMA, date(2026, 11, 1))]
        ),
        "training_run_cost": runs,
        "training_cost_month": training_cost_month.compute({"training_run_cost": runs}),
    }
    publish(tmp_path / "data", tables, NOW)
    (tmp_path / "meterline.yaml").write_text("data: data\n")
    return Published.current(tmp_path / "data")


def run(published: Published, *words: str) -> Result:
    config = published.directory.parent / "meterline.yaml"
    return CliRunner().invoke(unit_cost, ["--config", str(config), *words], standalone_mode=False)


def test_a_row_a_service_dearest_first_unknown_cost_last(published: Published) -> None:
    rows = unit_costs(published, OCTOBER)
    assert [(row["service"], row["cost"], row["month"]) for row in rows] == [
        ("embed", Decimal("20.00"), "2026-10"), ("chat", Decimal("10.00"), "2026-10"), ("remote", None, "2026-10"),
    ]  # fmt: skip
    assert results.unit_costs(published, OCTOBER) == rows
    assert [row["service"] for row in unit_costs(published, date(2026, 11, 1))] == ["chat"]


@pytest.mark.parametrize(
    ("by", "names"),
    [("platform", ["platform"]), ("tenant", ["chat/acme"]), ("model", []), ("service", ["embed", "chat", "remote"])],
)
def test_other_scopes(published: Published, by: str, names: list[str]) -> None:
    assert [row["scope"] for row in unit_costs(published, OCTOBER, by)] == names


def test_training_runs_and_what_a_successful_one_costs(published: Published) -> None:
    assert [row["run_id"] for row in unit_costs(published, OCTOBER, "run")] == ["r2", "r1"]
    (row,) = unit_costs(published, OCTOBER, "pipeline")
    assert (row["runs"], row["successful"], row["per_run"], row["per_successful_run"]) == (2, 1, Decimal(4), Decimal(8))


def test_what_cannot_be_asked_for_is_named(published: Published, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no unit costs by 'colour'"):
        unit_costs(published, OCTOBER, "colour")
    publish(tmp_path / "other", {"nothing": pl.DataFrame({"a": [1]})}, NOW)
    with pytest.raises(MeterlineError, match="has no table training_run_cost"):
        unit_costs(Published.current(tmp_path / "other"), OCTOBER, "run")


def test_json_has_every_column_and_money_as_text(published: Published) -> None:
    ran = run(published, "--month", "2026-10", "--json")
    assert ran.return_value == 0
    chat = json.loads(ran.stdout)[1]
    assert set(chat) == set(unit_cost_month.SCHEMA)
    assert (chat["month"], chat["cost"], chat["per_1k_inferences"], chat["coverage"]) == (
        "2026-10", "10.00", "20.00000000", 0.91,
    )  # fmt: skip


@pytest.mark.parametrize("by", OFFERED)
def test_every_view_has_a_table(published: Published, by: str) -> None:
    ran = run(published, "--month", "2026-10", "--by", by)
    assert ran.return_value == 0
    assert ran.stdout.split()[0] in ("SERVICE", "SCOPE", "PIPELINE")
    assert bool(ran.stderr) == (by in ("model", "team"))


def test_a_month_of_nothing_is_said_on_stderr(published: Published) -> None:
    ran = run(published, "--month", "2026-01", "--by", "tenant")
    assert ran.stderr == "no serving metrics with a tenant label were counted in 2026-01\n"
    assert ran.return_value == 0


def test_the_command_offers_what_there_is() -> None:
    assert OFFERED == BY
