"""Spend from published cost lines: grouped as integers in SQL, added up exactly in `dashboards.statement`.

Months and quarters are bills: the lines that the report of a month bears, corrections of earlier months among them. A
week is no billing period: its lines are those of its days in the report's time zone, as they are known today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from dashboards.period import Period
from dashboards.reading import Parameter, Results
from warehouse.charges import IDLE, NO_SERVICE, SHARED, UNALLOCATED

DIMENSIONS = ("cost_center", "team", "service", "model", "namespace", "pod", "cluster", "gpu_model", "kind", "pricing")
"""What cost can be grouped by and drilled into: columns of a cost line."""

_ABSENT = {"cost_center": UNALLOCATED, "service": NO_SERVICE, "model": NO_SERVICE, "namespace": "", "pod": ""}


def shown(column: str) -> str:
    """SQL for the value that a line shows in `column`, never null: idle and shared cost have no service, no cost center
    and often no namespace, and show as what they are there. The same rule as `meterline showback` has."""
    if column not in _ABSENT:
        return f"coalesce({column}, '')"
    nobodys = f"team IN ('{IDLE}', '{SHARED}') AND coalesce({column}, '{NO_SERVICE}') = '{NO_SERVICE}'"
    return f"CASE WHEN {nobodys} THEN team ELSE coalesce({column}, '{_ABSENT[column]}') END"


BEHIND = (
    "report_day", "charge", "team", "cost_center", "service", "model", "cluster", "node", "namespace", "pod", "kind",
    "gpu_model", "pricing", "quantity", "used", "share_num", "share_den", "list_price", "price", "price_den",
    "gpu_hours", "cost", "pool", "commitment", "region", "resource", "labels", "day", "month", "billing_month",
    "charge_class",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """Which lines: of a period, with `where` (column, the value shown there), with or without transfers.

    `shared` True adds the lines that the sharing policy moves, so that idle and shared cost stand with who bears it.
    """

    period: Period
    where: tuple[tuple[str, str], ...] = ()
    shared: bool = False

    def sql(self) -> str:
        """`FROM ... WHERE ...`."""
        moved = " UNION ALL BY NAME SELECT * FROM cost_transfer" if self.shared else ""
        day = "report_day" if self.period.grain == "week" else "billing_month"
        kept = "".join(f" AND {shown(column)} = $w{place}" for place, (column, _) in enumerate(self.where))
        return f"FROM (SELECT * FROM cost_line{moved}) AS line WHERE {day} >= $start AND {day} < $end{kept}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The tables."""
        return ("cost_line", "cost_transfer") if self.shared else ("cost_line",)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """What `$name` in `sql` stands for."""
        return {
            "start": self.period.start, "end": self.period.end,
            **{f"w{place}": value for place, (_, value) in enumerate(self.where)},
        }  # fmt: skip


def grouped(results: Results, selection: Selection, by: Sequence[str]) -> pl.DataFrame:
    """Integer sums by bill, `by` and everything that a unit-second's cost depends on (`warehouse.charges.RATE`).

    `bill` is the month whose report bears the lines; null in a week. Columns of `by` are as `shown`.
    """
    bill = "CAST(NULL AS DATE)" if selection.period.grain == "week" else "billing_month"
    text = {column: f"{shown(column)} AS {column}, " for column in by} | {"report_day": "report_day, "}
    keys = "".join(text[column] for column in by)
    return results.rows(
        f"SELECT {bill} AS bill, {keys}kind AS rate_kind, share_num, share_den, list_price, price, price_den, "
        f"CAST(sum(quantity) AS DECIMAL(38, 0)) AS quantity, CAST(sum(used) AS DECIMAL(38, 0)) AS used "
        f"{selection.sql()} GROUP BY {', '.join(str(place + 1) for place in range(len(by) + 7))}, used IS NULL",
        selection.needs, **selection.parameters,
    )  # fmt: skip


def lines(results: Results, selection: Selection, most: int | None = None) -> pl.DataFrame:
    """The lines themselves, largest first; at most `most`. `cost` and `gpu_hours` are rounded for reading."""
    sql = (
        f"SELECT {', '.join(BEHIND)} {selection.sql()} "
        "ORDER BY abs(cost) DESC NULLS FIRST, report_day, cluster, namespace, pod, kind, charge"
    )
    if most is None:
        return results.unkept(sql, selection.needs, **selection.parameters)
    return results.rows(f"{sql} LIMIT {most}", selection.needs, **selection.parameters)


def line_count(results: Results, selection: Selection) -> int:
    """How many lines there are."""
    rows = results.rows(f"SELECT count(*) AS n {selection.sql()}", selection.needs, **selection.parameters)
    return int(rows["n"][0]) if rows.height else 0


def shares_out(results: Results) -> bool:
    """Whether the configured policy moves anything."""
    return results.rows("SELECT 1 FROM cost_transfer LIMIT 1", ("cost_transfer",)).height > 0


def has_cost_centers(results: Results) -> bool:
    """Whether any line belongs to a cost center."""
    return results.rows("SELECT 1 FROM cost_line WHERE cost_center IS NOT NULL LIMIT 1", ("cost_line",)).height > 0


def unpriced(results: Results, selection: Selection) -> pl.DataFrame:
    """What has no price: kind, GPU model, unit-hours (GPU-hours, core-hours, GiB-hours) and days, most hours first."""
    return results.rows(
        "SELECT kind, gpu_model, sum(CAST(quantity AS DOUBLE) * share_num / share_den / 3600000) AS hours, "
        f"min(report_day) AS first_day, max(report_day) AS last_day {selection.sql()} AND price IS NULL "
        "AND charge <> 'transfer' GROUP BY kind, gpu_model ORDER BY hours DESC, kind, gpu_model",
        selection.needs, **selection.parameters,
    )  # fmt: skip


def bill_problems(results: Results, period: Period) -> pl.DataFrame:
    """What is wrong with prices and rates at some time in the period."""
    return results.rows(
        "SELECT subject, valid_from, valid_to, problem, remedy FROM cost_problem "
        "WHERE (valid_from IS NULL OR valid_from < $end) AND (valid_to IS NULL OR valid_to > $start) "
        "ORDER BY subject, valid_from",
        ("cost_problem",), start=period.start, end=period.end,
    )  # fmt: skip


def closings(results: Results, period: Period) -> pl.DataFrame:
    """Months of the period, open or closed, with the corrections that they bear and that were made of them."""
    return results.rows(
        "SELECT month, status, closed_at, published_version, corrections, corrections_cost, corrected, corrected_cost, "
        "note FROM closing WHERE month >= $start AND month < $end ORDER BY month",
        ("closing",), start=period.start, end=period.end,
    )  # fmt: skip
