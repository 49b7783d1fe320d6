"""Unit costs as a whole: every kind of scope adds up to the platform, tenants to their service, order means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.economics.attribution import COUNTS, to_models, to_teams
from analytics.unit.unit_cost_month import compute
from warehouse.charges import QUANTITY

FIRST = date(2026, 10, 29)
COST = pl.Schema({
    "billing_month": pl.Date(), "month": pl.Date(), "report_day": pl.Date(), "charge_class": pl.String(),
    "team": pl.String(), "service": pl.String(), "model": pl.String(), "namespace": pl.String(), "kind": pl.String(),
    "share_num": pl.Int64(), "share_den": pl.Int64(), "price": pl.Decimal(38, 18), "price_den": pl.Int64(),
    "quantity": QUANTITY, "cost_double": pl.Float64(),
})  # fmt: skip
REQUESTS = pl.Schema({
    "report_day": pl.Date(), "month": pl.Date(), "service": pl.String(), "namespace": pl.String(), "model": pl.String(),
    "tenant": pl.String(), **dict.fromkeys(COUNTS, pl.Float64()),
})  # fmt: skip
SERVICES = pl.DataFrame(
    {"service": ["s", "t"], "team": ["a", None], "model": ["m", None]}, schema_overrides={"model": pl.String}
)
WEIGHTS = pl.DataFrame({"token": ["in", "out", "cached"], "weight": [Decimal("1"), Decimal("4"), Decimal("0.1")]})
DAY = st.integers(0, 5).map(lambda number: FIRST + timedelta(number))  # over the end of October
SERVICE, NAMESPACE, MODEL = (
    st.sampled_from("stu"),
    st.sampled_from(["n1", "n2", None]),
    st.sampled_from(["m", "k", None]),
)


@st.composite
def line(draw: st.DrawFn) -> dict[str, Any]:
    day, price = draw(DAY), draw(st.none() | st.decimals("0", "99", places=3))
    den, quantity = draw(st.sampled_from((1, 3, 7))), draw(st.integers(1, 10**10))
    month = day.replace(day=1)
    row = {
        "billing_month": draw(st.just(month) | st.just(date(2026, 11, 1))), "month": month, "report_day": day,
        "team": draw(st.sampled_from("abc")), "service": draw(st.sampled_from(["s", "t", "u", "__none__"])),
        "model": draw(st.sampled_from(["m", "k", "__none__"])), "namespace": draw(NAMESPACE),
        "kind": draw(st.sampled_from(["gpu", "cpu"])), "share_num": 1, "share_den": den, "price": price, "price_den": 1,
        "quantity": quantity,
    }  # fmt: skip
    return row | {"cost_double": None if price is None else float(exact([row]))}


@st.composite
def counted(draw: st.DrawFn) -> dict[str, Any]:
    day, good, failed = draw(DAY), draw(st.integers(0, 10**6)), draw(st.integers(0, 10**4))
    inputs = draw(st.none() | st.integers(0, 10**9))
    return {
        "report_day": day, "month": day.replace(day=1), "service": draw(SERVICE), "namespace": draw(NAMESPACE),
        "model": draw(MODEL), "tenant": draw(st.sampled_from(["x", "y", None])), "requests_all": good + failed,
        "requests": good, "failed": failed, "tokens_in": inputs, "tokens_out": draw(st.none() | st.integers(0, 10**9)),
        "tokens_cached": None if inputs is None else draw(st.none() | st.integers(0, inputs)),
    }  # fmt: skip


LINES, COUNTED = st.lists(line(), max_size=20), st.lists(counted(), max_size=20)
Rows = Sequence[dict[str, Any]]


def exact(rows: Rows) -> Fraction:
    """Cost straight from the definition."""
    return sum(
        (Fraction(row["quantity"], 3_600_000 * row["share_den"]) * Fraction(row["price"]) for row in rows
         if row["price"] is not None), Fraction(0),
    )  # fmt: skip


def frame(rows: Rows, schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def unit_costs(lines: Rows, requests: Rows) -> pl.DataFrame:
    tables = {
        "owner_cost_day": frame(lines, COST), "request_report_day": frame(requests, REQUESTS), "service": SERVICES,
        "token_weight": WEIGHTS,
    }  # fmt: skip
    return compute(tables)


@settings(max_examples=60)
@given(LINES, COUNTED)
def test_every_kind_of_scope_adds_up_to_the_platform_and_tenants_to_their_service(lines: Rows, requests: Rows) -> None:
    found = unit_costs(lines, requests)
    for month in (date(2026, 10, 1), date(2026, 11, 1)):
        borne = [row for row in lines if row["billing_month"] == month and row["service"] != "__none__"]
        known = [row for row in borne if row["price"] is not None]
        whole = Decimal(round(exact(borne) * 100)) / 100 if known else None
        rows = found.filter(pl.col("month") == month)
        for kind in ("platform", "service", "model", "team"):
            costs = rows.filter(pl.col("scope_kind") == kind)["cost"].drop_nulls().to_list()
            assert (sum(costs) if costs else None) == whole
        tenants = rows.filter(pl.col("scope_kind") == "tenant")
        for service, cost in rows.filter(pl.col("scope_kind") == "service").select("scope", "cost").rows():
            parts = tenants.filter(pl.col("service") == service)["cost"].drop_nulls().to_list()
            assert not parts or sum(parts) == cost
    assert not found.select("month", "scope_kind", "scope").is_duplicated().any()
    shares = found["coverage"].drop_nulls()
    assert shares.is_between(0, 1).all()


@settings(max_examples=40)
@given(LINES, COUNTED, st.randoms(use_true_random=False), st.data())
def test_splitting_lines_or_shuffling_changes_nothing(
    lines: Rows, requests: Rows, dice: Any, data: st.DataObject
) -> None:
    other = []
    for row in lines:
        part = data.draw(st.integers(0, row["quantity"]))
        halves = [{**row, "quantity": part}, {**row, "quantity": row["quantity"] - part}]
        other += [{**half, "cost_double": None if row["price"] is None else float(exact([half]))} for half in halves]
    mixed = list(requests)
    dice.shuffle(other)
    dice.shuffle(mixed)
    money = pl.col("month", "scope_kind", "scope", "cost")
    before, after = (unit_costs(*both).select(money) for both in ((lines, requests), (other, mixed)))
    assert before.sort("month", "scope_kind", "scope").equals(after.sort("month", "scope_kind", "scope"))


@settings(max_examples=60)
@given(LINES, COUNTED)
def test_no_request_is_lost_or_counted_twice_on_its_way_to_teams(lines: Rows, requests: Rows) -> None:
    cost = frame(lines, COST).filter(pl.col("service") != "__none__")
    before = frame(requests, REQUESTS)
    after = to_teams(before, cost, SERVICES)
    for name in COUNTS:
        assert abs((after[name].sum() or 0) - (before[name].sum() or 0)) <= 1e-9 * (before[name].sum() or 1)
    modelled = to_models(before, cost, SERVICES)
    assert modelled.height == before.height
    assert modelled["requests_all"].sum() == before["requests_all"].sum()


def test_nothing_is_a_table_without_rows() -> None:
    assert unit_costs([], []).is_empty()
