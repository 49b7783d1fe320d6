"""Unit cost: what a thousand inferences, a million tokens and a training run cost, and how much of that is counted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.kpi_tile import one
from dashboards.names import said_of_scope
from dashboards.queries import frame, unit_cost
from dashboards.view import View, chosen

SCOPES = {"service": "Service", "model": "Model", "team": "Team", "tenant": "Tenant"}
NO_COUNT = "no request counted"
NO_TOKENS = "no tokens counted"


def page(view: View) -> None:
    """The whole page."""
    services = unit_cost.unit_costs(view.results, view.period, "service", view.team)
    runs = unit_cost.training_runs(view.results, view.period, view.team)
    if services.is_empty() and runs.is_empty():
        page_title(view.eyebrow("Unit cost"), f"No unit cost is known {view.phrase}")
        empty(
            "No unit costs in this period",
            "They need services in the configuration that match pods with a cost and series that count requests.",
            "services:\n  - {name: chat, team: search, tier: 1, match: {namespace: search, model_name: chat-70b}}",
        )
        return
    whole = _newest(unit_cost.unit_costs(view.results, view.period, "platform"))
    page_title(view.eyebrow("Unit cost"), _finding(view, services, whole))
    _figures(view, whole)
    if services.height:
        _scopes(view)
    _training(view, runs)
    findings(frame.findings(view.results, ("unit",)))


def _newest(rows: pl.DataFrame) -> dict[str, Any]:
    return rows.row(0, named=True) if rows.height else {}


def _finding(view: View, services: pl.DataFrame, whole: dict[str, Any]) -> str:
    blind = (
        services.filter(pl.col("per_1k_inferences").is_null() & (pl.col("cost") > 0)) if services.height else services
    )
    names = sorted(set(blind["service"].to_list())) if blind.height else []
    ranked = services.drop_nulls("per_1k_inferences").sort("per_1k_inferences") if services.height else services
    of_team = view.team and ranked.height == 1
    per_1k = ranked["per_1k_inferences"][0] if of_team else None if view.team else whole.get("per_1k_inferences")
    dearest = str(ranked["service"][-1]) if ranked.height > 1 else None
    if view.team and not of_team and ranked.height:
        amount = formats.money(_short(ranked["per_1k_inferences"][-1]), view.meta.currency)
        return f"{view.team}: a thousand inferences of {dearest} cost {amount}, more than of its other services"
    text = formats.money(_short(per_1k), view.meta.currency) if per_1k is not None else ""
    return (f"{view.team}: " if view.team else "") + words.unit_cost(text, dearest, names, view.phrase)


def _short(value: Decimal) -> Decimal:
    """Four significant digits for reading; all eight decimals stand in the rows."""
    return Decimal(f"{value:.4g}") if value else value


def _figures(view: View, whole: dict[str, Any]) -> None:
    currency = view.meta.currency
    kpi = one(view, "cost_per_1k_inferences")
    month = f"{whole['month']:%b %Y}, all teams" if whole else ""

    def figure(column: str) -> str:
        value = whole.get(column)
        return formats.money(_short(value), currency) if value is not None else formats.DASH

    shown = [
        Tile("Per 1M tokens, in and out", figure("per_1m_tokens"), verdict="", target=month),
        Tile("Cost of what was served", figure_of(whole.get("cost"), currency), verdict="", target=month),
        Tile("Cost of failed requests", figure_of(whole.get("failed_cost"), currency), verdict="",
             target=f"{formats.count(whole.get('failed'))} failed"),
        Tile("Counted", formats.ratio(whole.get("coverage")), verdict="", target="of the cost has a request count"),
    ]  # fmt: skip
    tiles(([kpi] if kpi else []) + (shown if whole else []), small=True)


def figure_of(amount: Decimal | None, currency: str) -> str:
    """An amount with all its digits; a dash where there is none."""
    return formats.money(amount, currency)


def _scopes(view: View) -> None:
    section(
        "What a thousand inferences cost",
        "Cost over successful requests, by calendar month: a ratio of sums, so hours without requests keep their cost. "
        "A figure counts for the part of the cost named beside it.",
    )
    kind = st.segmented_control(
        "Of", list(SCOPES), default="service", required=True, key="unit-of", bind="query-params",
        format_func=lambda name: SCOPES[name], label_visibility="collapsed",
    ) or "service"  # fmt: skip
    rows = unit_cost.unit_costs(view.results, view.period, kind, view.team)
    if rows.is_empty():
        tenants = "The serving metrics carry no tenant label, or nothing was served in the period."
        empty(f"No unit cost by {kind}", tenants if kind == "tenant" else "Nothing was served in the period.")
        return
    _dots(view, rows, kind)
    _per_inference(view, rows, kind)
    _per_token(view, rows, kind)
    rows_behind(rows, f"unit_cost_{kind}", "Unit costs as published")


def _dots(view: View, rows: pl.DataFrame, kind: str) -> None:
    known = rows.drop_nulls("per_1k_inferences")
    if known.height < 2:
        return
    points = known.select(
        pl.col("scope").map_elements(said_of_scope, pl.String).alias("name"),
        pl.col("per_1k_inferences").cast(pl.Float64).alias("value"),
        (pl.col("month") == pl.col("month").max()).alias("newest"), pl.col("month").dt.strftime("%b %Y").alias("of"),
    )  # fmt: skip
    chart.dots(points, f"{view.meta.currency} per 1k inferences", f"Cost per thousand inferences by {kind}")


def _first(kind: str, several: bool) -> list[Column]:
    month = [Column("Month", lambda row: f"{row['month']:%b %Y}")] if several else []
    return [Column(SCOPES[kind], lambda row: said_of_scope(row["scope"])), *month]


def _counted(row: dict[str, Any]) -> str:
    value = row["coverage"]
    if value is None:
        return formats.DASH
    bar = f'<i style="width:{min(max(value, 0), 1) * 100:.0f}%"></i>'
    return f'<span class="ml-covered"><b>{formats.ratio(value, 0)}</b><span aria-hidden="true">{bar}</span></span>'


def _money(column: str, currency: str, absent: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: formats.money(_short(row[column]), currency) if row[column] is not None else absent


def _per_inference(view: View, rows: pl.DataFrame, kind: str) -> None:
    currency = view.meta.currency
    table(
        rows,
        [
            *_first(kind, rows["month"].n_unique() > 1),
            Column("Per 1k inferences", _money("per_1k_inferences", currency, NO_COUNT), number=True),
            Column("Cost counted", _counted, html=True),
            Column("Cost", lambda row: formats.money(row["cost"], currency), number=True),
            Column("Successful requests", lambda row: formats.count(row["requests"]), number=True),
            Column("Failed", lambda row: formats.count(row["failed"]), number=True),
            Column("Cost of failed", lambda row: formats.money(row["failed_cost"], currency), number=True),
        ],
        most=30,
    )


def _per_token(view: View, rows: pl.DataFrame, kind: str) -> None:
    counted = rows.drop_nulls("per_1m_tokens")
    section(
        "What a million tokens cost",
        "In and out: cost over both kinds together. Input, output and cached: prices in the ratio of "
        "unit_cost.token_weights that multiply back to the same cost. Only where the runtime counts tokens.",
    )
    if counted.is_empty():
        empty(
            "No tokens were counted", "None of these runtimes counts tokens; the profiles of vLLM, TGI and others do."
        )
        return
    currency = view.meta.currency
    table(
        counted,
        [
            *_first(kind, rows["month"].n_unique() > 1),
            Column("In and out", _money("per_1m_tokens", currency, NO_TOKENS), number=True),
            Column("Cost counted", _counted, html=True),
            Column("Input", _money("weighted_in", currency, formats.DASH), number=True),
            Column("Output", _money("weighted_out", currency, formats.DASH), number=True),
            Column("Cached", _money("weighted_cached", currency, formats.DASH), number=True),
            Column("Tokens in", lambda row: formats.compact(row["tokens_in"]), number=True),
            Column("Tokens out", lambda row: formats.compact(row["tokens_out"]), number=True),
        ],
        most=30,
    )


def _training(view: View, runs: pl.DataFrame) -> None:
    months = unit_cost.training_months(view.results, view.period)
    if months.is_empty() and runs.is_empty():
        section("Training runs")
        empty(
            "No training run has a known cost",
            "A run costs what its pods held: pods need a label that names the run, and a pipeline source the runs.",
        )
        return
    currency = view.meta.currency
    dearest = months.drop_nulls("per_successful_run").sort("per_successful_run") if months.height else months
    if dearest.height:
        row = dearest.row(-1, named=True)
        section(
            f"A successful run of {row['pipeline']} costs {formats.cents(row['per_successful_run'], currency)}",
            "By calendar month, all teams. Failed runs are paid by the successful ones.",
        )
    else:
        section("Training runs", "By calendar month, all teams.")
    _run_days(view, runs)
    table(
        months,
        [
            Column("Pipeline", lambda row: str(row["pipeline"])),
            Column("Month", lambda row: f"{row['month']:%b %Y}"),
            Column("Per successful run", _money("per_successful_run", currency, "none succeeded"), number=True),
            Column("Per run", _money("per_run", currency, formats.DASH), number=True),
            Column("Runs", lambda row: formats.count(row["runs"]), number=True),
            Column("Successful", lambda row: formats.count(row["successful"]), number=True),
            Column("Cost", lambda row: formats.money(row["cost"], currency), number=True),
            Column("Cost not known of", lambda row: formats.count(row["runs_without_cost"]), number=True),
        ],
        most=30,
    )
    rows_behind(runs, "training_run_cost", "Training runs that ended in the period")


def _run_days(view: View, runs: pl.DataFrame) -> None:
    known = runs.drop_nulls("cost") if runs.height else runs
    if known.is_empty():
        return
    amount, good = pl.col("cost").cast(pl.Float64), pl.col("state") == "success"
    days = (
        known.group_by(pl.col("ended_at").dt.date().alias("day"))
        .agg(amount.filter(good).sum().alias("good"), amount.filter(~good).sum().alias("other"))
        .sort("day")
    )
    chart.daily_stack(
        days, [("good", "Successful runs", "use"), ("other", "Failed and cancelled runs", "harm")],
        f"{view.meta.currency} a day", "Cost of training runs by the day they ended and how", height=150, keyed=True,
    )  # fmt: skip


page(chosen())
