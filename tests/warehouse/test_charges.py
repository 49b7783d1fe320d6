"""Exact sums over cost lines, held against the definition of a cost: one fraction a line."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from warehouse.charges import LINE, Sums, exact_sums

COLUMNS = ("team", "kind", "quantity", "used", "share_num", "share_den", "list_price", "price", "price_den")
LINES = st.lists(
    st.fixed_dictionaries({
        "team": st.sampled_from(["a", "b", None]),
        "kind": st.sampled_from(["gpu", "cpu"]),
        "quantity": st.integers(-(10**15), 10**15),
        "used": st.none() | st.integers(0, 10**15),
        "share_num": st.integers(1, 9),
        "share_den": st.integers(1, 2**27),
        "list_price": st.none() | st.decimals(0, 100, places=6),
        "price": st.none() | st.decimals(0, 100, places=12),
        "price_den": st.none() | st.integers(1, 10**6),
    }),
    max_size=12,
)  # fmt: skip


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: LINE[name] for name in COLUMNS})


def by_definition(row: dict[str, Any]) -> Sums:
    """hours = quantity x share / 3,600,000; cost = hours x price."""
    share = Fraction(row["share_num"], row["share_den"]) / 3_600_000
    price = Fraction(row["price"] or 0) / (row["price_den"] or 1)
    listed = Fraction(row["list_price"] or 0) / (row["price_den"] or 1)
    hours, worked = row["quantity"] * share, (row["used"] or 0) * share
    measured = row["used"] is not None
    return Sums(
        cost=hours * price, list_cost=hours * listed, usage_cost=worked * price if measured else Fraction(0),
        workload_idle_cost=(hours - worked) * price if measured else Fraction(0),
        unmeasured_cost=Fraction(0) if measured else hours * price,
        gpu_hours=hours if row["kind"] == "gpu" else Fraction(0),
        unpriced_hours=hours if row["price"] is None else Fraction(0),
    )  # fmt: skip


@given(LINES, st.sampled_from([("team",), ("team", "kind"), (), ("price",)]))
def test_sums_are_those_of_one_fraction_a_line(rows: list[dict[str, Any]], by: tuple[str, ...]) -> None:
    expected: defaultdict[tuple[Any, ...], Sums] = defaultdict(Sums)
    for row in rows:
        expected[tuple(row[name] for name in by)] += by_definition(row)
    assert exact_sums(frame(rows), by) == dict(expected)


@given(LINES)
def test_parts_of_a_sum_add_up(rows: list[dict[str, Any]]) -> None:
    for sums in exact_sums(frame(rows), ("team",)).values():
        assert sums.usage_cost + sums.workload_idle_cost + sums.unmeasured_cost == sums.cost
