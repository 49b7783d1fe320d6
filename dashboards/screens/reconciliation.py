"""Reconciliation: what was metered beside what the provider billed, and what in the bills could not be used."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import caption, findings, page_title, section
from dashboards.components.markup import draw, key
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.queries import frame, reconciliation
from dashboards.view import View, chosen
from warehouse.money import apportion

STATUSES = {
    "matched": ("✓ both", "ml-pass"), "not_metered": ("○ not metered", "ml-none"),
    "not_billed": ("▲ not billed", "ml-inconclusive"), "no_rate": ("✕ no rate", "ml-fail"),
    "other": ("– other", "ml-none"),
}  # fmt: skip
STACK = (
    ("matched", "Metered and billed", "use"),
    ("not_billed", "Metered, not billed", "idle"),
    ("not_metered", "Billed, not metered", "dark"),
)
MONEY = ("metered_cost", "billed_cost", "effective_cost")
CONFIGURE = (
    "sources:\n  - {name: bill, type: focus, path: billing/*.csv}   # FOCUS 1.0 to 1.2, CSV or Parquet\n"
    'billing:\n  skus:\n    - {sku: "gpu-h100-*", model: NVIDIA-H100-80GB-HBM3}\n    - {sku: "cpu*", resource: cpu}'
)


def page(view: View) -> None:
    """The whole page."""
    rows = reconciliation.by_sku(view.results, view.period)
    if rows.is_empty():
        page_title(view.eyebrow("Reconciliation", by_team=False), f"No bill to compare with {view.phrase}")
        empty(
            "No bill has been collected for this period",
            "The provider's bill comes as FOCUS files, which AWS, Azure, Google Cloud and Oracle export. Add a source "
            "of type focus, and say which SKU stands for which GPU model.",
            CONFIGURE,
        )
        findings(frame.findings(view.results, ("billing",)))
        return
    rows = _in_cents(rows)
    matched = rows.filter(status="matched")
    difference = _sum(matched, "difference")
    gaps = rows.filter(~pl.col("status").is_in(("matched", "other"))).height
    page_title(
        view.eyebrow("Reconciliation", by_team=False),
        words.reconciliation(difference, _sum(matched, "metered_cost"), gaps, view.meta.currency, view.phrase),
    )
    _figures(view, rows, matched)
    _days(view, rows)
    _skus(view, rows)
    findings(frame.findings(view.results, ("billing",)), "What was tolerated, refused or counted once")


def _in_cents(rows: pl.DataFrame) -> pl.DataFrame:
    """Each column of money in cents whose rows add up to the column's exact sum, rounded once."""
    cents = [
        pl.Series(column, apportion([Fraction(amount) for amount in rows[column].to_list()]), dtype=pl.Decimal(18, 2))
        for column in MONEY
    ]
    rounded = rows.with_columns(*cents)
    return rounded.with_columns(
        (pl.col("effective_cost") - pl.col("metered_cost")).cast(pl.Decimal(18, 2)).alias("difference")
    )


def _sum(rows: pl.DataFrame, column: str) -> Decimal:
    return sum(rows[column].to_list(), Decimal(0))


def _figures(view: View, rows: pl.DataFrame, matched: pl.DataFrame) -> None:
    currency = view.meta.currency
    metered = _sum(matched, "metered_cost")
    difference = _sum(matched, "difference")

    def tile(title: str, amount: Decimal, note: str) -> Tile:
        return Tile(title, formats.money(amount, currency), verdict="", target=note)

    share = f"{formats.ratio(float(abs(difference) / metered), 2)} of it" if metered else ""
    only = {status: rows.filter(status=status) for status in STATUSES}
    tiles(
        [
            tile("Metered and billed", metered, "as metered"),
            tile("Difference", difference, f"billed less metered, {share}" if share else "billed less metered"),
            tile("Not billed", _sum(only["not_billed"], "metered_cost"), "metered only"),
            tile("Not metered", _sum(only["not_metered"], "effective_cost"), "billed only"),
            tile("Other charges", _sum(only["other"], "effective_cost"), "of SKUs that nothing meters"),
            Tile(
                "Without a rate", formats.count(only["no_rate"].height), verdict="", target="SKUs in another currency"
            ),
        ],
        small=True,
    )


def _days(view: View, rows: pl.DataFrame) -> None:
    currency = view.meta.currency
    days = reconciliation.by_day(view.results, view.period)
    both = days.drop_nulls("difference")
    worst = both.sort(pl.col("difference").abs()).row(-1, named=True) if both.height else None
    title = (
        f"The widest gap is on {worst['day']:%-d %B}: {formats.cents(worst['difference'], currency)}"
        if worst and worst["difference"]
        else "Metered and billed, day by day"
    )
    upto = f" The bill reaches to {both['day'][-1]:%-d %B}." if both.height else " Nothing has been billed yet."
    section(title, f"Cost a day in {currency}; commitments amortized as the provider does it; UTC days.{upto}")
    sums = {
        "matched": _sum(rows.filter(status="matched"), "metered_cost"),
        "not_billed": _sum(rows.filter(status="not_billed"), "metered_cost"),
        "not_metered": _sum(rows.filter(status="not_metered"), "effective_cost"),
    }
    draw(key([(token, label, formats.money(sums[name], currency)) for name, label, token in STACK], line=True))
    chart.daily_stack(days, STACK, f"{currency} a day", "Cost of each day by whether it was metered, billed or both")
    if both.height:
        caption(f"Billed less metered, in {currency} a day, over what has both sides.")
        chart.daily_stack(both, [("difference", "Billed less metered", "harm")], "difference",
                          "Difference of each day over what has both sides", height=110)  # fmt: skip
    rows_behind(reconciliation.days(view.results, view.period), "reconciliation_day", "Days and SKUs behind this")


def _skus(view: View, rows: pl.DataFrame) -> None:
    currency = view.meta.currency
    section(
        "By SKU", "Billed is the effective cost: commitments amortized, credits taken off. Rows add up to the cent."
    )
    table(
        rows,
        [
            Column("SKU", lambda row: str(row["sku"] or "(no SKU)")),
            Column("What", _what),
            Column("Metered", lambda row: _amount(row, "metered_cost", currency), number=True),
            Column("Billed", lambda row: _amount(row, "effective_cost", currency), number=True),
            Column("Difference", lambda row: _difference(row, currency), number=True),
            Column("Days", lambda row: formats.count(row["days"]), number=True),
            Column("Status", _status, html=True),
        ],
        most=40,
    )
    rows_behind(rows, "reconciliation_sku", "SKUs in cents")


def _what(row: dict[str, Any]) -> str:
    return str(
        row["gpu_model"]
        or {"cpu": "CPU", "memory": "Memory"}.get(row["kind"] or "")
        or row["service_name"]
        or formats.DASH
    )


def _amount(row: dict[str, Any], column: str, currency: str) -> str:
    missing = {"metered_cost": ("not_metered", "no_rate", "other"), "effective_cost": ("not_billed", "no_rate")}[column]
    return formats.DASH if row["status"] in missing else formats.money(row[column], currency)


def _difference(row: dict[str, Any], currency: str) -> str:
    if row["status"] != "matched":
        return formats.DASH
    share = (
        f" ({formats.signed(float(row['difference'] / row['metered_cost']) * 100, 2)}{formats.NBSP}%)"
        if row["metered_cost"]
        else ""
    )
    return formats.money(row["difference"], currency) + share


def _status(row: dict[str, Any]) -> str:
    label, css_class = STATUSES.get(row["status"], (row["status"], "ml-none"))
    return f'<span class="ml-verdict {css_class}">{label}</span>'


page(chosen())
