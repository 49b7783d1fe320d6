"""Statements in cents: equal to the fixture's own arithmetic and to `meterline showback`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from analytics.ledger.showback import showback
from dashboards.period import Period
from dashboards.queries.showback import DIMENSIONS, Selection
from dashboards.reading import Results, current
from dashboards.statement import BORNE, PARTS, by_day, statement
from published.bills import GROUPINGS, with_exact
from published.version import tables
from warehouse.money import round_half_even

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1), "month")
NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1), "month")
QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1), "quarter")
WEEK = Period(date(2026, 11, 16), date(2026, 11, 23), "week")


@pytest.fixture
def results(published: Path) -> Results:
    return current(published)


@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("period", [OCTOBER, NOVEMBER], ids=["closed October", "open November"])
def test_a_month_is_the_bill_as_published(results: Results, by: str, period: Period) -> None:
    found = statement(results, Selection(period, shared=True), (by,))
    bill = tables()["showback_month"].filter((pl.col("month") == period.start) & (pl.col("by") == by))
    assert dict(found.rows.select(by, "cost").rows()) == dict(bill.select("key", "cost").rows())
    assert found.total == sum(bill["cost"].to_list(), Decimal(0))


@pytest.mark.parametrize("by", DIMENSIONS)
@pytest.mark.parametrize("idle", ["shared", "separate"])
def test_the_cents_and_their_order_are_those_of_the_command(results: Results, by: str, idle: str) -> None:
    found = statement(results, Selection(NOVEMBER, shared=idle == "shared"), (by,))
    lines, transfers = tables()["cost_line"], tables()["cost_transfer"]
    command = showback(lines, transfers, NOVEMBER.start, (by,), idle=idle)  # type: ignore[arg-type]
    columns = [by, "gpu_hours", "cost", "list_cost", *PARTS]
    assert found.rows.select(columns).rows() == command.rows.select(columns).rows()
    assert found.total == command.total


@pytest.mark.parametrize("period", [OCTOBER, NOVEMBER, QUARTER, WEEK], ids=lambda period: period.grain)
@pytest.mark.parametrize("shared", [True, False])
def test_every_grouping_of_every_period_has_the_same_total(results: Results, period: Period, shared: bool) -> None:
    totals = set()
    for by in DIMENSIONS:
        found = statement(results, Selection(period, shared=shared), (by,))
        totals.add(found.total)
        assert sum(found.rows["cost"].to_list(), Decimal(0)) == found.total
        for names in (PARTS, BORNE):
            parts = found.rows.select(pl.sum_horizontal(names)).to_series()
            assert parts.to_list() == found.rows["cost"].to_list()
        assert sum(found.parts.values(), Decimal(0)) == found.total
    assert len(totals) == 1


def test_sharing_moves_cost_and_changes_no_total(results: Results) -> None:
    apart = statement(results, Selection(NOVEMBER), ("team",))
    shared = statement(results, Selection(NOVEMBER, shared=True), ("team",))
    assert apart.total == shared.total
    assert apart.amount("team", "__idle__") > shared.amount("team", "__idle__")
    assert "__shared__" in apart.rows["team"].to_list()
    assert "__shared__" not in shared.rows["team"].to_list()


def test_a_quarter_is_the_sum_of_its_bills(results: Results) -> None:
    months = [statement(results, Selection(period, shared=True), ("team",)) for period in (OCTOBER, NOVEMBER)]
    whole = statement(results, Selection(QUARTER, shared=True), ("team",))
    assert whole.total == sum((one.total for one in months), Decimal(0))
    search = [one.amount("team", "search") for one in months]
    assert whole.amount("team", "search") == sum(search, Decimal(0))


def test_a_week_is_the_days_as_they_are_known_today(results: Results) -> None:
    rows = with_exact(tables()["cost_line"], tables()["cost_transfer"])
    exact = sum((row["exact"] for row in rows if WEEK.start <= row["report_day"] < WEEK.end), Fraction(0))
    assert statement(results, Selection(WEEK, shared=True), ("team",)).total == round_half_even(exact)


def test_a_place_holds_its_lines_and_days_add_up(results: Results) -> None:
    rows = with_exact(tables()["cost_line"], tables()["cost_transfer"])
    place = (("team", "assist"), ("service", "chat"))
    exact = [
        row for row in rows
        if (row["team"], row["service"]) == ("assist", "chat") and row["billing_month"] == NOVEMBER.start
    ]  # fmt: skip
    found = statement(results, Selection(NOVEMBER, place, shared=True), ("pod",))
    assert found.total == round_half_even(sum((row["exact"] for row in exact), Fraction(0)))
    assert set(found.rows["pod"].to_list()) == {"chat-0", "chat-1"}
    days = by_day(results, Selection(NOVEMBER, place, shared=True))
    for day, cost in days.select("report_day", "cost").rows():
        of_day = sum((row["exact"] for row in exact if row["report_day"] == day), Fraction(0))
        assert cost == round_half_even(of_day)


def test_nothing_selected_is_an_empty_statement(results: Results) -> None:
    found = statement(results, Selection(NOVEMBER, (("team", "nobody"),)), ("team",))
    assert found.rows.is_empty()
    assert found.total == 0
    assert by_day(results, Selection(NOVEMBER, (("team", "nobody"),))).is_empty()
