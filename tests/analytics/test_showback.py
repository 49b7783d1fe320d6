"""The bill: every grouping adds up to the same cents, and nothing but the quantities matters to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytic_cases import Case, run_on_duckdb
from analytics.cost import cost_line, unit_cost_month
from analytics.showback import DIMENSIONS, showback
from warehouse.errors import ConfigurationError
from warehouse.money import apportion

OCTOBER = date(2026, 10, 1)
LINE = pl.Schema({
    "day": pl.Date(), "team": pl.String(), "service": pl.String(), "model": pl.String(), "cluster": pl.String(),
    "namespace": pl.String(), "gpu_model": pl.String(), "resource": pl.String(), "price": pl.Decimal(12, 6),
    "share_num": pl.Int64(), "share_den": pl.Int64(), "milli_unit_seconds": pl.Int64(),
})  # fmt: skip
SHARES = ((1, 1), (1, 7), (2, 7), (1, 4), (1, 2))


@st.composite
def line(draw: st.DrawFn) -> dict[str, Any]:
    num, den = draw(st.sampled_from(SHARES))
    return {
        "day": draw(st.dates(date(2026, 9, 29), date(2026, 11, 2))),
        "team": draw(st.sampled_from(("a", "b", "c", "__idle__"))),
        "service": draw(st.sampled_from(("s", "t", "__none__"))),
        "model": draw(st.sampled_from(("m", "__none__"))),
        "cluster": draw(st.sampled_from(("c1", None))),
        "namespace": draw(st.sampled_from(("n1", "n2", None))),
        "gpu_model": draw(st.sampled_from(("H100", "A100", None))),
        "price": draw(st.none() | st.decimals("0", "99", places=6)),
        "share_num": num, "share_den": den,
        "milli_unit_seconds": draw(st.integers(1, 10**13)),
    }  # fmt: skip


LINES = st.lists(line(), max_size=25)
GROUPINGS = st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=4, unique=True)


def frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{column: row.get(column) for column in LINE} for row in rows], schema=LINE)


def exact(rows: Sequence[dict[str, Any]]) -> Fraction:
    """October's cost as a fraction, straight from the definition."""
    return sum(
        (
            Fraction(row["milli_unit_seconds"], 3_600_000) * Fraction(row["share_num"], row["share_den"])
            * Fraction(row["price"])
            for row in rows
            if row["price"] is not None and row["day"].strftime("%Y-%m") == "2026-10"
        ),
        Fraction(0),
    )  # fmt: skip


@given(LINES, GROUPINGS)
def test_every_grouping_adds_up_to_the_exact_total_to_the_cent(rows: list[dict[str, Any]], by: list[str]) -> None:
    bill = showback(frame(rows), OCTOBER, by)
    assert sum(bill.rows["cost"], Decimal(0)) == bill.total == Decimal(round(exact(rows) * 100)) / 100
    assert sum(bill.rows["gpu_hours"], Decimal(0)) == bill.gpu_hours == showback(frame(rows), OCTOBER).gpu_hours
    assert bill.rows["cost"].dtype == pl.Decimal(18, 2)


@given(LINES, GROUPINGS, st.randoms(use_true_random=False), st.data())
def test_splitting_a_line_or_shuffling_them_changes_nothing(
    rows: list[dict[str, Any]], by: list[str], dice: Any, data: st.DataObject
) -> None:
    other = []
    for row in rows:
        part = data.draw(st.integers(0, row["milli_unit_seconds"]))
        other += [{**row, "milli_unit_seconds": part}, {**row, "milli_unit_seconds": row["milli_unit_seconds"] - part}]
    dice.shuffle(other)
    before, after = showback(frame(rows), OCTOBER, by), showback(frame(other), OCTOBER, by)
    assert before.rows.equals(after.rows)
    assert (before.total, before.gpu_hours, before.incomplete) == (after.total, after.gpu_hours, after.incomplete)


@given(LINES)
def test_ten_decimals_of_a_days_lines_add_up_to_the_days_exact_total(rows: list[dict[str, Any]]) -> None:
    lines = cost_line.compute({"cost_quantity": frame(rows)})
    assert lines.height == len(rows)
    for (day,), part in lines.group_by("day"):
        assert isinstance(day, date)
        whole = exact([{**row, "day": OCTOBER} for row in rows if row["day"] == day])
        assert sum(part["cost"].drop_nulls(), Decimal(0)) == Decimal(round(whole * 10**10)) / 10**10


def test_a_hundred_in_three_equal_parts() -> None:
    """Golden case G04: 33.33 three times would lose a cent."""
    rows = [
        {"day": OCTOBER, "team": team, "price": Decimal("1"), "share_num": 1, "share_den": 1,
         "milli_unit_seconds": 120_000_000}
        for team in ("a", "b", "c")
    ]  # fmt: skip
    bill = showback(frame(rows), OCTOBER)
    assert bill.total == Decimal("100.00")
    assert bill.rows["cost"].to_list() == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert apportion([Fraction(100, 3)] * 3) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_an_hour_that_ends_at_midnight_makes_no_row_on_the_next_day() -> None:
    """Golden case G02b, one GPU for an hour at 2.50, moved to the last hour of October."""
    start = datetime(2026, 10, 31, 23)
    buckets = [
        {"namespace": "ml", "pod": "a", "resource": "gpu", "gpu_model": "H100", "share_num": 1, "share_den": 1,
         "ts": start + timedelta(minutes=5 * number), "milli_unit_seconds": 300_000}
        for number in range(12)
    ]  # fmt: skip
    price = {"gpu_model": "H100", "price": "2.50", "valid_from": datetime(2026, 1, 1)}
    window = {"start": datetime(2026, 10, 31), "end": datetime(2026, 11, 2)}
    case = Case("gpu_allocation_day", 1, "", "", (), {"gpu_allocation": buckets, "gpu_price": [price]}, window)
    _, rows = run_on_duckdb(case)
    assert len(rows) == 1
    lines = frame([{**row, "team": "ml"} for row in rows])
    assert showback(lines, OCTOBER).total == Decimal("2.50")
    assert showback(lines, date(2026, 11, 1)).total == Decimal("0.00")


def test_unit_cost_of_a_period_is_a_ratio_of_sums() -> None:
    """Golden case G13: 12.00 a thousand; the mean of ratios is 12.50, without the zero hour it is 8.00."""
    parts = [(Fraction(5), 1000), (Fraction(5), 0), (Fraction(5), 250)]
    each = [unit_cost_month.unit_cost(cost, count, 1000) for cost, count in parts]
    assert each == [Decimal("5.00"), None, Decimal("20.00")]
    whole = unit_cost_month.unit_cost(sum((cost for cost, _ in parts), Fraction(0)), 1250, 1000)
    assert whole == Decimal("12.00")


def test_what_has_no_price_is_named_and_costs_nothing() -> None:
    an_hour = {"day": OCTOBER, "team": "a", "share_num": 1, "share_den": 1, "milli_unit_seconds": 3_600_000}
    rows = [{**an_hour, "gpu_model": "B200"}, an_hour]
    bill = showback(frame(rows), OCTOBER)
    assert (bill.total, bill.gpu_hours) == (Decimal("0.00"), Decimal("2.000000"))
    assert [text.split(" has")[0] for text in bill.incomplete] == ["B200", "unknown GPU model"]


@pytest.mark.parametrize("by", [(), ("colour",), ("team", "price")])
def test_cost_cannot_be_grouped_by_anything(by: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="cannot group cost by"):
        showback(frame([]), OCTOBER, by)


def test_a_bill_of_nothing_is_zero() -> None:
    bill = showback(frame([]), OCTOBER, ("team", "day"))
    assert (bill.total, bill.gpu_hours, bill.rows.height, bill.incomplete) == (Decimal("0.00"), Decimal(0), 0, ())
