"""Drift: which models are watched, whose watch is late, and which columns moved past their threshold."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.markup import text
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.kpi_tile import one
from dashboards.queries import drift, frame
from dashboards.view import View, chosen

STATUSES = {
    "covered": ("✓ covered", "ml-pass"),
    "stale": ("▲ stale", "ml-inconclusive"),
    "insufficient_sample": ("≈ too few rows", "ml-inconclusive"),
    "missing": ("✕ no monitor", "ml-fail"),
}


def page(view: View) -> None:
    """The whole page."""
    models = drift.models(view.results, view.team)
    if models.is_empty():
        page_title(view.eyebrow("Drift"), "No production model is known yet")
        empty(
            "No models to watch",
            "Models are the services of the configuration that serve one; drift scores come from an Evidently "
            "workspace. List the services and add the workspace as a source, or choose another team.",
            "sources:\n  - {name: drift, type: evidently, path: ./workspace, every: 1d}\n"
            "services:\n  - {name: chat, team: search, tier: 1, match: {namespace: search, model_name: chat-70b}}",
        )
        return
    moved = drift.drifted_now(view.results, view.team)
    state = f"state at {formats.moment(view.meta.facts_to)}"
    page_title(" · ".join(["Drift", state, view.team or "all teams"]), _finding(models))
    _figures(view, models, moved)
    _models(models)
    _moved(moved)
    _one_model(view, models)
    findings(frame.findings(view.results, ("drift",)))


def _finding(models: pl.DataFrame) -> str:
    rows = models.to_dicts()
    uncovered = [row["model"] for row in rows if row["status"] != "covered"]
    drifted = [row["model"] for row in rows if row["drifted_columns"]]
    return words.drift([row["status"] for row in rows], uncovered, drifted)


def _figures(view: View, models: pl.DataFrame, moved: pl.DataFrame) -> None:
    kpi = one(view, "drift_detection_coverage")
    late = models.filter(status="stale").height
    missing = models.filter(status="missing").height
    shown = [
        Tile("Models", formats.count(models.height), verdict="", target="in production"),
        Tile("Monitors late", formats.count(late), verdict="", target="no result within two of their periods"),
        Tile("Without a monitor", formats.count(missing), verdict="", target="never a result"),
        Tile("Columns drifted", formats.count(moved.height), verdict="", target="in the last result of each model"),
    ]
    tiles(([kpi] if kpi else []) + shown, small=True)


def _models(models: pl.DataFrame) -> None:
    section("Models, those that need attention first", "Late is measured against each monitor's own period.")
    table(
        models,
        [
            Column("Model", lambda row: str(row["model"])),
            Column("Watch", lambda row: _status(row["status"]), html=True),
            Column("Drifted", _drifted, number=True, html=True),
            Column("Team", lambda row: str(row["team"] or formats.DASH)),
            Column("Tier", lambda row: str(row["tier"] or formats.DASH), number=True),
            Column("Last result", lambda row: formats.moment(row["last_result_at"])),
            Column("Expected every", lambda row: formats.seconds(row["expected_every_s"]), number=True),
            Column("Monitor", lambda row: str(row["monitor"] or formats.DASH)),
        ],
        most=40,
    )
    rows_behind(models, "drift_model", "Models as published")


def _moved(moved: pl.DataFrame) -> None:
    if moved.is_empty():
        return
    section("Columns past their threshold in the last result")
    table(
        moved,
        [
            Column("Column", lambda row: str(row["column_name"])),
            Column("Model", lambda row: str(row["model"])),
            Column("Method", lambda row: str(row["method"])),
            Column("Score", lambda row: _score(row["score"]), number=True),
            Column("Threshold", lambda row: _score(row["threshold"]), number=True),
            Column("Result of", lambda row: formats.moment(row["ts"])),
        ],
        most=20,
    )


def _one_model(view: View, models: pl.DataFrame) -> None:
    watched = models.filter(pl.col("last_result_at").is_not_null()).sort(
        "drifted_columns", descending=True, nulls_last=True
    )
    if watched.is_empty():
        return
    section("One model", "Scores as its monitor reported them; the dashed line is the column's threshold.")
    left, right = st.columns(2)
    with left:
        model = st.selectbox("Model", watched["model"].to_list(), key="model", bind="query-params")
    series = drift.series(view.results, model) if model else pl.DataFrame()
    if series.is_empty():
        return
    flagged = (
        series.group_by("column_name")
        .agg(pl.col("drifted").sum())
        .sort(["drifted", "column_name"], descending=[True, False])
    )
    with right:
        column = st.selectbox("Column", flagged["column_name"].to_list(), key=f"column-{model}")
    own = series.filter(column_name=column).sort("ts")
    limits = own["threshold"].drop_nulls()
    limit = float(limits[-1]) if limits.len() else None
    last = own.row(-1, named=True)
    state = "past its threshold" if last["drifted"] else "within its threshold"
    section(f"{column} of {model} is {state}: {_score(last['score'])}", f"Method: {last['method']}.")
    chart.lines(own, "ts", [("score", "score", "accent")], "score", f"Drift score of {column} of {model}", rule=limit,
                rule_label=f"threshold {_score(limit)}")  # fmt: skip
    rows_behind(series, "drift_series", "Scores behind this")


def _score(value: float | None) -> str:
    return formats.DASH if value is None else f"{value:.3g}"


def _status(status: str) -> str:
    label, css_class = STATUSES.get(status, (status, "ml-none"))
    return f'<span class="ml-verdict {css_class}">{text(label)}</span>'


def _drifted(row: dict[str, Any]) -> str:
    if row["columns"] is None:
        return formats.DASH
    shown = f"{formats.count(row['drifted_columns'])} of {formats.count(row['columns'])}"
    return f'<span class="ml-fail">✕ {shown}</span>' if row["drifted_columns"] else shown


page(chosen())
