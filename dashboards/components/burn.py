"""Pictures of an error budget: how it went down in its window and where it ends, and how fast it burnt each hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import altair as alt
import polars as pl

from dashboards.components.chart import day_axis, show
from dashboards.theme import colour

MOMENT = "%a %-d %b %H:%M"
TIMES = alt.Scale(type="utc")
HALO: dict[str, Any] = {"stroke": colour("paper"), "strokeWidth": 4}


def budget_course(history: pl.DataFrame, ahead: Sequence[tuple[datetime, float]], alternative: str) -> None:
    """What was left of the budget at each `ts` (`left_ratio`), a line at zero, and the way `ahead` dashed, its end
    labelled with its time where the budget is gone there."""
    shown = _labelled(history.select("ts", pl.col("left_ratio").alias("left")).drop_nulls())
    x = alt.X("ts:T", title=None, axis=day_axis(), scale=TIMES)
    low = min([0.0, *shown["left"].to_list(), *(left for _, left in ahead)])
    y = alt.Y("left:Q", title="budget left", axis=alt.Axis(format=".0%", tickCount=4),
              scale=alt.Scale(domain=[low * 1.08, 1.0], nice=False))  # fmt: skip
    tip = [alt.Tooltip("at:N", title="Time (UTC)"), alt.Tooltip("left:Q", format=".1%", title="Budget left")]
    zero = pl.DataFrame({"left": [0.0], "label": ["used up"]})
    layers: list[Any] = [
        alt.Chart(shown).mark_area(color=colour("soft"), opacity=0.35).encode(x=x, y=y),
        alt.Chart(zero).mark_rule(color=colour("ink"), strokeWidth=1.4).encode(y=y),
        alt.Chart(shown).mark_line(color=colour("use"), strokeWidth=1.8).encode(x=x, y=y, tooltip=tip),
    ]
    if len(ahead) > 1:
        way = _labelled(pl.DataFrame({"ts": [at for at, _ in ahead], "left": [left for _, left in ahead]}))
        layers.append(
            alt.Chart(way)
            .mark_line(color=colour("bad"), strokeDash=[5, 4], strokeWidth=1.8)
            .encode(x=x, y=y, tooltip=tip)
        )
        layers.append(
            alt.Chart(way.tail(1)).mark_point(color=colour("bad"), filled=True, size=46, opacity=1)
            .encode(x=x, y=y, tooltip=tip)
        )  # fmt: skip
    for ground in (HALO, {}):
        mark = alt.Chart(zero).mark_text(align="left", dy=-7, x=4, fill=colour("ink"), **ground)
        layers.append(mark.encode(y=y, text="label:N"))
    show(alt.layer(*layers), 190, alternative, right=8)


def hourly_burn(history: pl.DataFrame, limit: float | None, limit_label: str, alternative: str) -> None:
    """The burn rate of each hour as a line; `limit` is what a rule fires above, drawn dashed."""
    shown = _labelled(history.select("ts", pl.col("hour_burn_rate").alias("burn")).drop_nulls())
    x = alt.X("ts:T", title=None, axis=day_axis(), scale=TIMES)
    y = alt.Y("burn:Q", title="times", axis=alt.Axis(format=",~f", tickCount=3), scale=alt.Scale(zero=True, nice=True))
    tip = [alt.Tooltip("at:N", title="Hour to (UTC)"), alt.Tooltip("burn:Q", format=".2f", title="Burn rate")]
    layers: list[Any] = [
        alt.Chart(shown).mark_line(color=colour("use"), strokeWidth=1.4, interpolate="step-before")
        .encode(x=x, y=y, tooltip=tip)
    ]  # fmt: skip
    if limit is not None:
        at = pl.DataFrame({"burn": [limit], "label": [limit_label]})
        layers.append(alt.Chart(at).mark_rule(strokeDash=[4, 3], color=colour("ink")).encode(y=y))
        for ground in (HALO, {}):
            mark = alt.Chart(at).mark_text(align="left", dy=-7, x=4, fill=colour("ink"), **ground)
            layers.append(mark.encode(y=y, text="label:N"))
    show(alt.layer(*layers), 130, alternative, right=8)


def _labelled(frame: pl.DataFrame) -> pl.DataFrame:
    """With the time as text: a browser would show its own time zone."""
    return frame.with_columns(pl.col("ts").dt.strftime(MOMENT).alias("at"))
