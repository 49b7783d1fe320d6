"""`meterline budgets` over a version published here: the urgent first, an exit code when one is exceeded now."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from analytics.budget import budget_status
from meterline.budgets import budgets
from meterline.cli.budgets import budgets as command
from warehouse.publication import publish
from warehouse.published import Published

NOW = datetime(2026, 10, 20, tzinfo=UTC)


def status(
    scope: str, state: str, share: float, start: date = date(2026, 10, 1), elapsed: float = 19.5
) -> dict[str, Any]:
    end = date(start.year, start.month + 1, 1)
    return {
        "scope": scope, "period": "month", "start": start, "end": end, "budget": Decimal(100),
        "spent": Decimal(str(share * 100)), "projected": None, "share": share, "threshold": None,
        "elapsed_days": elapsed, "days": (end - start).days, "state": state, "provisional": True,
    }  # fmt: skip


OK, WARNING = status("team:calm", "ok", 0.1), status("team:near", "warning", 0.9)
COMING, OVER = status("team:fast", "projected_over", 0.6), status("service:chat", "over", 1.2)
ENDED = status("team:near", "over", 1.5, date(2026, 9, 1), 30)


def published(tmp_path: Path, *rows: dict[str, Any]) -> Published:
    frame = pl.DataFrame(rows, schema=budget_status.SCHEMA)
    publish(tmp_path / "data", {"budget_status": frame, "meta": pl.DataFrame({"currency": ["EUR"]})}, NOW)
    (tmp_path / "meterline.yaml").write_text("data: data\n")
    return Published.current(tmp_path / "data")


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(command, ["--config", str(tmp_path / "meterline.yaml"), *words], standalone_mode=False)


def test_the_urgent_first_and_ended_periods_on_demand(tmp_path: Path) -> None:
    version = published(tmp_path, OK, WARNING, COMING, OVER, ENDED)
    found = budgets(version)
    assert [row["scope"] for row in found.rows] == ["service:chat", "team:fast", "team:near", "team:calm"]
    assert (found.exceeded, found.currency) == (("service:chat (month)",), "EUR")
    assert [row["start"] for row in budgets(version, ended=True).rows][-1] == date(2026, 9, 1)


def test_an_exceeded_budget_is_1_and_named(tmp_path: Path) -> None:
    published(tmp_path, OK, OVER)
    ran = run(tmp_path)
    assert (ran.return_value, ran.stderr) == (1, "exceeded: service:chat (month)\n")
    assert ran.stdout.splitlines()[1].split()[:2] == ["service:chat", "month"]


@pytest.mark.parametrize("rows", [(OK, WARNING, COMING), (OK, ENDED)], ids=["not yet", "only in the past"])
def test_what_is_not_exceeded_now_is_0(tmp_path: Path, rows: tuple[dict[str, Any], ...]) -> None:
    published(tmp_path, *rows)
    assert run(tmp_path, "--ended").return_value == 0


def test_json(tmp_path: Path) -> None:
    published(tmp_path, OVER)
    ran = run(tmp_path, "--json")
    (row,) = json.loads(ran.stdout)
    assert ran.return_value == 1
    assert set(row) == set(budget_status.SCHEMA)
    assert (row["spent"], row["start"], row["share"]) == ("120.00", "2026-10-01", 1.2)


def test_without_budgets_it_says_how_to_make_one(tmp_path: Path) -> None:
    published(tmp_path)
    ran = run(tmp_path)
    assert ran.return_value == 0
    assert "`budget:`" in ran.stderr
