"""The published fixture has the columns and types that analytics write: pages are tested over what they will meet."""

from __future__ import annotations

from importlib import import_module

import pytest

from analytic_cases import types
from published.version import tables
from warehouse.charges import LINE

RESULTS = (
    "unit.unit_cost_month", "unit.training_run_cost", "unit.training_cost_month", "budget.budget_status",
    "budget.budget_event", "billing.reconciliation_day", "billing.reconciliation_month",
    "slo.slo_status", "slo.slo_burn",
)  # fmt: skip


@pytest.mark.parametrize("analytic", RESULTS)
def test_the_fixture_is_as_the_analytics_write_it(analytic: str) -> None:
    schema = import_module(f"analytics.{analytic}").SCHEMA
    assert dict(tables()[analytic.partition(".")[2]].schema) == dict(schema)


@pytest.mark.parametrize(
    "table",
    ["slo_budget_history", "slo_event", "on_call_month", "on_call_shift", "on_call_incident_recent", "rule_feedback",
     "runbook_status"],
)  # fmt: skip
def test_the_fixture_has_the_columns_of_results_in_sql(table: str) -> None:
    assert tables()[table].columns == list(types()[table])


@pytest.mark.parametrize("table", ["cost_line", "cost_transfer"])
def test_lines_are_lines(table: str) -> None:
    frame = tables()[table]
    assert dict(frame.select(LINE.names()).schema) == dict(LINE)
    assert set(frame.columns) - set(LINE) == {"billing_month", "charge_class", "gpu_hours", "cost"}
