"""Cost: what GPUs cost, whose work it was, and what a thousand inferences cost. Money is exact throughout."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.markup import draw, key, share_bar
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.kpi_tile import one
from dashboards.names import IDLE, NO_SERVICE, UNOWNED, said
from dashboards.queries import cost, frame
from dashboards.view import View, chosen
from warehouse.money import apportion

BY = {"team": "Team", "service": "Service", "model": "Model", "cluster": "Cluster", "gpu_model": "GPU model"}
PARTS = (
    ("owned", "Teams' work", "use"),
    ("unowned", "No owner", "dim"),
    ("idle", "Requested by nobody", "idle"),
)


def page(view: View) -> None:
    """The whole page."""
    bill = _bill(view, "team")
    if bill.is_empty():
        page_title(view.eyebrow("Cost"), f"Nothing was charged {view.phrase}")
        empty(
            "No cost in this period",
            "Cost is capacity and requests from kube-state-metrics times a price list. Configure a Prometheus source "
            "with that profile and a price for every GPU model, or choose another period.",
            'prices:\n  gpu_hour:\n    - {model: NVIDIA-H100-80GB-HBM3, price: "2.50", from: 2026-01-01}',
        )
        return
    amounts = dict(bill.select("key", "cost").rows())
    total = sum(amounts.values(), Decimal(0))
    page_title(view.eyebrow("Cost"), _finding(view, amounts, total))
    _figures(view, amounts, total)
    _unpriced(view)
    _days(view, amounts, total)
    _showback(view, total)
    _unit_costs(view)
    findings(frame.findings(view.results, ("cost",)))


def _bill(view: View, by: str) -> pl.DataFrame:
    """Showback in cents whose rows add up to the total, for every grain."""
    rows = cost.showback(view.results, view.period, by)
    if rows.is_empty() or view.period.grain != "week":
        return rows
    cents = apportion([Fraction(amount) for amount in rows["cost"].to_list()])
    return rows.with_columns(pl.Series("cost", cents, dtype=pl.Decimal(18, 2)))


def _finding(view: View, amounts: dict[str, Decimal], total: Decimal) -> str:
    nothing = Decimal(0)
    if view.team:
        return words.cost_of_team(view.team, amounts.get(view.team, nothing), total, view.meta.currency, view.phrase)
    return words.cost(total, amounts.get(IDLE, nothing), amounts.get(UNOWNED, nothing), view.meta.currency, view.phrase)


def _figures(view: View, amounts: dict[str, Decimal], total: Decimal) -> None:
    def part(title: str, amount: Decimal) -> Tile:
        share = f"{formats.ratio(float(amount / total))} of the total" if total else ""
        return Tile(title, formats.money(amount, view.meta.currency), verdict="", target=share)

    nothing = Decimal(0)
    idle, unowned = amounts.get(IDLE, nothing), amounts.get(UNOWNED, nothing)
    shown = [Tile("GPU spend", formats.money(total, view.meta.currency), verdict="", target="all teams")]
    if view.team:
        shown.append(part(f"Of {view.team}", amounts.get(view.team, nothing)))
    shown += [part("Teams' work", total - idle - unowned), part("Requested by nobody", idle), part("No owner", unowned)]
    kpi = one(view, "cost_per_1k_inferences")
    tiles(shown + ([kpi] if kpi else []), small=True)


def _unpriced(view: View) -> None:
    rows = cost.unpriced(view.results, view.period)
    if rows.height:
        named = ", ".join(f"{row['gpu_model']} ({formats.hours(row['gpu_hours'])})" for row in rows.to_dicts())
        empty("The bill is not whole", f"No price is configured for {named}: these hours are in no amount here.",
              'prices:\n  gpu_hour:\n    - {model: ..., price: "...", from: ...}')  # fmt: skip


def _days(view: View, amounts: dict[str, Decimal], total: Decimal) -> None:
    days = cost.by_day(view.results, view.period, view.team)
    if days.is_empty():
        return
    parts = PARTS[:1] if view.team else PARTS
    nothing = Decimal(0)
    idle, unowned = amounts.get(IDLE, nothing), amounts.get(UNOWNED, nothing)
    owned = amounts.get(view.team, nothing) if view.team else total - idle - unowned
    sums = {"owned": owned, "unowned": unowned, "idle": idle}  # the bill's cents, not a second rounding
    currency = view.meta.currency
    whole = days.with_columns((pl.col("owned") + pl.col("unowned") + pl.col("idle")).alias("sum"))
    dearest = whole.sort("sum").row(-1, named=True)
    section(
        f"The dearest day was {dearest['day']:%-d %B} with {formats.cents(dearest['sum'], currency)}",
        f"Cost a day in {currency}"
        + (f" of {view.team}." if view.team else ", by whether somebody used what was bought."),
    )
    draw(key([(token, label, formats.money(sums[column], currency)) for column, label, token in parts], line=True))
    chart.daily_stack(
        days, parts, f"{currency} a day", "Cost of each day by whether the capacity was requested and owned"
    )
    lines = cost.lines(view.results, view.period, view.team)
    rows_behind(lines, "cost_line", "Cost lines behind this")


def _showback(view: View, total: Decimal) -> None:
    section("Who and what the spend was for", "Every grouping adds up to the same total, to the cent.")
    by = st.segmented_control(
        "Group by", list(BY), default="team", required=True, format_func=lambda name: BY[name], key="showback-by",
        label_visibility="collapsed",
    )  # fmt: skip
    rows = _bill(view, by or "team")
    most = max((float(amount) for amount in rows["cost"].to_list()), default=1.0) or 1.0
    table(
        rows,
        [
            Column(BY[by or "team"], lambda row: said(row["key"])),
            Column("", lambda row: _bar(row, most), html=True, wide=True),
            Column("Cost", lambda row: formats.money(row["cost"], view.meta.currency), number=True),
            Column("Share", lambda row: formats.ratio(float(row["cost"] / total) if total else None), number=True),
            Column("GPU-hours", lambda row: formats.hours(row["gpu_hours"]), number=True),
        ],
        most=20,
    )
    rows_behind(
        rows, f"showback_{by}", "Showback as published" if view.period.grain != "week" else "Showback of the week"
    )


def _bar(row: dict[str, Any], most: float) -> str:
    token = {IDLE: "idle", UNOWNED: "dim", NO_SERVICE: "pale", "": "pale"}.get(row["key"], "use")
    width = max(float(row["cost"]), 0) / most * 100
    return f'<div style="width:{width:.1f}%;min-width:2px">{share_bar([(1, token)], "ml-cellbar")}</div>'


def _unit_costs(view: View) -> None:
    rows = cost.unit_costs(view.results, view.period, view.team)
    if rows.is_empty():
        section("Unit costs")
        empty("No unit costs", "They need services in the configuration that match serving metrics.",
              "services:\n  - {name: chat, team: search, tier: 1, "
            "match: {namespace: search, model_name: chat-70b}}")  # fmt: skip
        return
    currency = view.meta.currency
    blind = rows.filter(pl.col("per_1k_inferences").is_null() & (pl.col("cost") > 0))
    names = ", ".join(sorted(set(blind["service"].to_list())))
    section(
        f"{names} cost money and served nothing that can be counted" if names else "What a thousand inferences cost",
        "By calendar month. Serving cost over successful requests; idle hours of the service's own pods included.",
    )
    table(
        rows,
        [
            Column("Service", lambda row: str(row["service"])),
            Column("Month", lambda row: f"{row['month']:%b %Y}"),
            Column("Cost", lambda row: formats.money(row["cost"], currency), number=True),
            Column("Requests", lambda row: formats.count(row["requests"]), number=True),
            Column("Per 1k inferences", lambda row: formats.money(row["per_1k_inferences"], currency), number=True),
            Column("Per 1M tokens", lambda row: formats.money(row["per_1m_tokens"], currency), number=True),
            Column("Cost on counted days", lambda row: formats.ratio(row["coverage"]), number=True),
        ],
        most=30,
    )
    rows_behind(rows, "unit_cost_month", "Unit costs as published")


page(chosen())
