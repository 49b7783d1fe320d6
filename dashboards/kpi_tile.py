"""From a published KPI row to its tile: value, target, interval, trend and verdict, as the KPI's unit demands."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import formats
from dashboards.components.tile import Tile, goal_of
from dashboards.queries import frame
from dashboards.view import View

SIGNS = {">=": "≥", "<=": "≤", "==": "="}


def kpi_tile(view: View, row: dict[str, Any], note: str = "") -> Tile:
    """The tile of one row of `queries.frame.kpis`; `note` is a word to add, such as `whole platform`."""
    currency = view.meta.currency
    unit, value = row["unit"], row["value"]
    history = frame.kpi_history(view.results, row["scope"]).filter(
        (pl.col("kpi") == row["kpi"]) & (pl.col("start") < view.period.end)
    )
    band = (row["low"], row["high"]) if row["low"] is not None and row["high"] is not None else None
    ended = not view.period.in_progress(view.meta.facts_to)  # one in progress says "to date" above, on the whole page
    return Tile(
        title=row["title"],
        figure=formats.of_unit(value, unit, currency),
        verdict=_verdict(row),
        status=row["status"],
        target=target_text(row["target"], unit, currency),
        trend=trend_text(view, row, history),
        scope=note,
        note="provisional" if row["provisional"] and ended else "",
        value=value,
        goal=goal_of(row["target"]),
        band=band,
        unit=unit,
        history=_weeks(history, view.period.grain),
        help=row["question"] or "",
    )


def _verdict(row: dict[str, Any]) -> str:
    """Without `n` nobody knows how much the value stands on (a precision of which too little is judged): no colour."""
    return "unjudged" if row["n"] is None and row["value"] is not None and row["target"] else row["verdict"] or "none"


def one(view: View, kpi: str, note: str = "") -> Tile | None:
    """The tile of `kpi` in the chosen scope, else of the whole platform, else None."""
    for scope in dict.fromkeys((view.scope, "platform")):
        found = frame.kpis(view.results, view.period, scope)
        rows = found.filter(kpi=kpi) if found.height else found
        if rows.height:
            elsewhere = "whole platform" if scope != view.scope else ""
            return kpi_tile(view, rows.row(0, named=True), note or elsewhere)
    return None


def target_text(target: str | None, unit: str, currency: str) -> str:
    """`>= 0.95` as `target ≥ 95 %`, in the KPI's unit; a target that is not a number stays as it is written."""
    goal = goal_of(target)
    if not target or goal is None:
        return f"target: {target}" if target else ""
    sign = next((shown for sign, shown in SIGNS.items() if target.startswith(sign)), target[:1])
    text = formats.ratio(goal, 0 if round(goal * 100, 6) == round(goal * 100) else 1) if unit == "ratio" else None
    return f"target {sign} {text or formats.of_unit(goal, unit, currency)}"


def trend_text(view: View, row: dict[str, Any], history: pl.DataFrame) -> str:
    """`▲ +1.2 pt vs October 2026, better`; empty when there is no period before.

    A period that began before the first fact was measured in part only, and is called so.
    """
    before = history.filter((pl.col("grain") == row["grain"]) & (pl.col("start") < view.period.start)).tail(1)
    if before.is_empty() or before["value"][0] is None or row["value"] is None:
        return ""
    facts_from = view.meta.facts_from
    part = facts_from is not None and before["start"][0] < facts_from.date()
    earlier = f"{'part of ' if part else ''}previous {row['grain']}"
    change = row["value"] - before["value"][0]
    text = formats.difference(row["value"], before["value"][0], row["unit"])
    if text.startswith("±"):
        return f"{text} vs {earlier}"
    arrow, better = ("▲" if change > 0 else "▼"), (change > 0) == (row["direction"] != "down")
    return f"{arrow} {text} vs {earlier}, {'better' if better else 'worse'}"


def _weeks(history: pl.DataFrame, grain: str) -> list[float]:
    """The last weekly values (or those of the grain, where weeks are not computed), oldest first."""
    weekly = history.filter(grain="week").drop_nulls("value")
    chosen = weekly if weekly.height >= 3 else history.filter(grain=grain).drop_nulls("value")
    return [float(value) for value in chosen["value"].tail(10).to_list()]
