"""Overview: every KPI of the period with its target, trend and verdict, and what needs attention."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import words
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.rows import rows_behind
from dashboards.components.tile import Tile, linked_tiles
from dashboards.kpi_tile import kpi_tile
from dashboards.navigation import BY_TOPIC, ENTRIES, page_of
from dashboards.queries import frame
from dashboards.view import View, chosen

TOPICS = ("sources", *BY_TOPIC)


def page(view: View) -> None:
    """The whole page."""
    platform = frame.kpis(view.results, view.period, "platform")
    if platform.is_empty():
        page_title(view.eyebrow("Overview"), "No KPI has been computed for this period")
        empty(
            "No KPIs yet",
            "KPIs are computed from collected facts. Configure at least one source and run the analytics.",
            "sources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9090, "
            "profiles: [dcgm, kube-state-metrics, vllm]}",
        )
        return
    own = {row["kpi"]: row for row in frame.kpis(view.results, view.period, view.scope).to_dicts()}
    ordered = sorted(platform.to_dicts(), key=lambda row: ENTRIES.index(page_of(row["topic"], row["kpi"])))
    rows = [(own.get(row["kpi"], row), row["kpi"] in own) for row in ordered]
    judged = [row for row, is_own in rows if is_own] or [row for row, _ in rows]
    whose = f"{view.team}: " if view.team and own else ""
    page_title(view.eyebrow("Overview"), whose + _finding(judged, view.phrase))
    linked_tiles([_tile(view, row, is_own) for row, is_own in rows])
    rows_behind(pl.DataFrame([row for row, _ in rows], schema=platform.schema), "kpi", "KPIs as published")
    listed = frame.findings(view.results, TOPICS)
    findings(listed.head(12), "What needs attention")
    if listed.height > 12:
        rows_behind(listed, "finding", "All findings")
    if listed.is_empty():
        section("What needs attention", "No analytic has found anything wrong with data, prices, owners or sources.")


def _tile(view: View, row: dict[str, Any], is_own: bool) -> tuple[Tile, str, str]:
    entry = page_of(row["topic"], row["kpi"])
    elsewhere = "" if is_own else "whole platform"
    return kpi_tile(view, row, elsewhere), entry.file, entry.title


def _finding(rows: list[dict[str, Any]], phrase: str) -> str:
    failed = [row["title"] for row in rows if row["verdict"] == "fail"]
    passed = [row["title"] for row in rows if row["verdict"] == "pass"]
    blind = sum(row["value"] is None for row in rows)
    return words.overview(passed, failed, len(rows) - len(passed) - len(failed) - blind, blind, phrase)


page(chosen())
