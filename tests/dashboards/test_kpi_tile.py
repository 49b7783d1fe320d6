"""From a KPI row to its tile: the target in the KPI's unit, the change judged by the KPI's direction."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from dashboards.kpi_tile import target_text, trend_text
from dashboards.period import containing
from dashboards.queries.frame import Meta
from dashboards.reading import Results
from dashboards.view import View


@pytest.mark.parametrize(
    ("target", "unit", "said"),
    [
        (">= 0.95", "ratio", "target ≥ 95 %"),
        (">= 0.995", "ratio", "target ≥ 99.5 %"),
        ("<= 900", "s", "target ≤ 15.0 min"),
        ("< 2", "currency", "target < 2 USD"),
        ("falling", "currency", "target: falling"),
        (None, "ratio", ""),
    ],
)
def test_targets_are_said_in_the_unit_of_the_kpi(target: str | None, unit: str, said: str) -> None:
    assert target_text(target, unit, "USD").replace("\u00a0", " ") == said


def view(facts_from: datetime) -> View:
    facts = Meta("USD", "UTC", None, facts_from, datetime(2026, 11, 24))
    return View(Results("nowhere", "v000001"), facts, containing(date(2026, 11, 1), "month"), None)


HISTORY = pl.DataFrame(
    [("month", date(2026, 10, 1), 0.60), ("month", date(2026, 11, 1), 0.62), ("week", date(2026, 10, 26), 0.1)],
    schema=["grain", "start", "value"],
    orient="row",
)


@pytest.mark.parametrize(
    ("now", "unit", "direction", "said"),
    [
        (0.62, "ratio", "up", "▲ +2.0 pt vs previous month, better"),
        (0.62, "ratio", "down", "▲ +2.0 pt vs previous month, worse"),
        (0.45, "s", "down", "▼ −25.0 % vs previous month, better"),
        (0.60, "ratio", "up", "±0.0 pt vs previous month"),
        (None, "ratio", "up", ""),
    ],
)
def test_a_change_is_judged_by_the_direction_of_the_kpi(
    now: float | None, unit: str, direction: str, said: str
) -> None:
    row = {"grain": "month", "value": now, "unit": unit, "direction": direction}
    assert trend_text(view(datetime(2026, 1, 1)), row, HISTORY).replace("\u00a0", " ") == said


def test_a_period_that_was_measured_in_part_is_called_so() -> None:
    row = {"grain": "month", "value": 0.62, "unit": "ratio", "direction": "up"}
    assert "vs part of previous month" in trend_text(view(datetime(2026, 10, 25)), row, HISTORY)


def test_without_a_period_before_there_is_no_trend() -> None:
    row = {"grain": "quarter", "value": 0.62, "unit": "ratio", "direction": "up"}
    assert trend_text(view(datetime(2026, 1, 1)), row, HISTORY) == ""
