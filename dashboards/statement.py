"""A statement of cost in cents: exact sums of lines, rounded once for each bill, rows that add up to its total.

Pure but for the cache. The total of a bill is its exact sum rounded half to even, rows are apportioned to it by largest
remainder (`warehouse.money`), and the parts of a row to the row. A quarter is the sum of its months' bills. These are
the cents of `meterline showback`: both take sums from `warehouse.charges` and rounding from `warehouse.money`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import streamlit as st

from dashboards.queries import showback
from dashboards.queries.showback import Selection
from dashboards.reading import Results
from warehouse.charges import Sums, exact_sums
from warehouse.money import apportion

HOUR_DIGITS = Decimal("0.000001")
CENTS, HOURS = pl.Decimal(18, 2), pl.Decimal(28, 6)
PARTS = ("usage_cost", "workload_idle_cost", "unmeasured_cost")
"""What the cost of a row is made of: used, held beside the use, held without a measurement."""

BORNE = ("own_usage", "own_idle", "own_unmeasured", "nobody", "shares")
"""What cost is made of by what it was for: the use, idle and unmeasured part of what workloads held themselves;
capacity and commitments that nobody held; overhead and what the sharing policy moved here. `PARTS` count use and idle
of what was moved; these do not."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`rows`: the columns grouped by, gpu_hours, cost, list_cost, the three `PARTS` and the five `BORNE`, dearest
    first; either adds up to `cost`. `total`: the sum of cost; `parts`: the total by `BORNE`, in cents that add up."""

    rows: pl.DataFrame
    total: Decimal
    list_total: Decimal
    parts: dict[str, Decimal]

    def amount(self, column: str, value: str) -> Decimal:
        """Cost of the rows with `value` in `column`."""
        return sum(self.rows.filter(pl.col(column) == value)["cost"].to_list(), Decimal(0))


@st.cache_data(max_entries=200, show_spinner=False)
def statement(results: Results, selection: Selection, by: tuple[str, ...]) -> Statement:
    """The statement of what is selected, grouped by `by`: text columns of a cost line."""
    groups = showback.grouped(results, selection, tuple(dict.fromkeys((*by, "charge"))))
    if groups.is_empty():
        return Statement(pl.DataFrame(), Decimal(0), Decimal(0), dict.fromkeys(BORNE, Decimal(0)))
    rows: dict[tuple[Any, ...], list[Decimal]] = {}
    parts = dict.fromkeys(BORNE, Decimal(0))
    width = 3 + len(PARTS) + len(BORNE)
    for _, bill in groups.sort("bill").group_by("bill", maintain_order=True):
        lines = bill.rename({"kind": "by_kind", "rate_kind": "kind"} if "kind" in by else {"rate_kind": "kind"})
        keys = ["by_kind" if column == "kind" else column for column in by]
        sums = exact_sums(lines, (*keys, "charge"))
        for key, cells in _cents(sums, len(by)).items():
            rows[key] = [old + new for old, new in zip(rows.get(key, [Decimal(0)] * width), cells, strict=True)]
        of_bill = _borne(sums)
        for name, cents in zip(BORNE, apportion([of_bill[name] for name in BORNE]), strict=True):
            parts[name] += cents
    ordered = sorted(rows, key=lambda key: -rows[key][1])  # equal cents stay in the order of the exact sums
    columns = ("gpu_hours", "cost", "list_cost", *PARTS, *BORNE)
    schema: dict[str, pl.DataType] = {column: pl.String() for column in by}
    schema |= {column: HOURS if column == "gpu_hours" else CENTS for column in columns}
    frame = pl.DataFrame([(*key, *rows[key]) for key in ordered], orient="row", schema=schema)
    list_total = sum(frame["list_cost"].to_list(), Decimal(0))
    return Statement(frame, sum(frame["cost"].to_list(), Decimal(0)), list_total, parts)


def by_day(results: Results, selection: Selection) -> pl.DataFrame:
    """Cost of each day by `BORNE`, as floats for a chart, and its exact sum as `cost` rounded to cents.

    Only days of the period: corrections of earlier months belong to no day of it.
    """
    found = _days(results, selection)
    return found.filter(pl.col("report_day").is_between(selection.period.start, selection.period.end, closed="left"))


@st.cache_data(max_entries=200, show_spinner=False)
def _days(results: Results, selection: Selection) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {"report_day": pl.Date()}
    schema |= {**dict.fromkeys(BORNE, pl.Float64()), "cost": CENTS}
    groups = showback.grouped(results, selection, ("report_day", "charge"))
    if groups.is_empty():
        return pl.DataFrame(schema=schema)
    days: dict[Any, dict[tuple[Any, ...], Sums]] = {}
    for key, sums in exact_sums(groups.rename({"rate_kind": "kind"}), ("report_day", "charge")).items():
        days.setdefault(key[0], {})[key] = sums
    found = []
    for day in sorted(days):
        borne = _borne(days[day])
        found.append((day, *(float(borne[name]) for name in BORNE), *apportion([sum(borne.values(), Fraction(0))])))
    return pl.DataFrame(found, orient="row", schema=schema)


def _cents(sums: dict[tuple[Any, ...], Sums], width: int) -> dict[tuple[Any, ...], list[Decimal]]:
    """Hours, cost, list cost, `PARTS` and `BORNE` by the first `width` columns of the key; the last is the charge.

    What was shared out to exactly nothing is left out.
    """
    by_key: dict[tuple[Any, ...], dict[tuple[Any, ...], Sums]] = {}
    for key, one in sums.items():
        by_key.setdefault(key[:width], {})[key] = one
    whole = {key: sum(inside.values(), Sums()) for key, inside in by_key.items()}
    ordered = sorted(
        (key for key in whole if whole[key] != Sums()),
        key=lambda key: (-whole[key].cost, tuple(str(value) for value in key)),
    )
    hours = apportion([whole[key].gpu_hours for key in ordered], HOUR_DIGITS)
    costs = apportion([whole[key].cost for key in ordered])
    lists = apportion([whole[key].list_cost for key in ordered])
    found = {}
    for key, hour, cost, listed in zip(ordered, hours, costs, lists, strict=True):
        one, borne = whole[key], _borne(by_key[key])
        parts = apportion([one.usage_cost, one.workload_idle_cost, one.unmeasured_cost], total=cost)
        found[key] = [hour, cost, listed, *parts, *apportion([borne[name] for name in BORNE], total=cost)]
    return found


def _borne(sums: dict[tuple[Any, ...], Sums]) -> dict[str, Fraction]:
    """Exact cost by `BORNE`; the charge is the last column of the key."""
    found = dict.fromkeys(BORNE, Fraction(0))
    for key, one in sums.items():
        if key[-1] in ("allocation", "shared"):
            found["own_usage"] += one.usage_cost
            found["own_idle"] += one.workload_idle_cost
            found["own_unmeasured"] += one.unmeasured_cost
        else:
            found["nobody" if key[-1] in ("idle", "unused") else "shares"] += one.cost
    return found
