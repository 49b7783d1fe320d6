"""Charts by Altair in the page's own look: SVG, so colours follow the theme; labelled directly where a line ends.

Values are drawn as floats (a picture has no cents); exact figures stand in the key and in the rows behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from dashboards.theme import chart_configuration, colour

Part = tuple[str, str, str]
"""A column, its label and its colour token."""


def show(chart: alt.LayerChart | alt.Chart | alt.FacetChart, height: int, alternative: str, right: int = 2) -> None:
    """Draw a chart as wide as the page and `height` pixels high; `alternative` says in words what it shows, `right`
    is the room in pixels for labels at the ends of lines."""
    finished = chart.properties(
        height=height,
        usermeta={"embedOptions": {"renderer": "svg"}},
        padding={"left": 2, "top": 8, "right": right, "bottom": 2},
    )
    finished = finished.configure(**chart_configuration())
    st.altair_chart(finished, width="stretch", theme=None, alt=alternative)


def daily_stack(frame: pl.DataFrame, parts: Sequence[Part], unit: str, alternative: str, height: int = 230) -> None:
    """Parts of a whole by day, stacked from the first part up. `frame` has `day` and a column for each part."""
    columns = [column for column, _, _ in parts]
    labels = {column: label for column, label, _ in parts}
    long = (
        frame.select("day", *(pl.col(column).cast(pl.Float64) for column in columns))
        .unpivot(index="day", variable_name="part", value_name="value")
        .with_columns(
            pl.col("part").replace_strict({column: place for place, column in enumerate(columns)}).alias("place"),
            pl.col("part").replace_strict(labels),
        )
    )
    bars = (
        alt.Chart(long)
        .mark_bar(stroke=colour("paper"), strokeWidth=1)
        .encode(
            x=alt.X("yearmonthdate(day):T", title=None, axis=day_axis()),
            y=alt.Y("value:Q", title=unit, stack="zero"),
            color=alt.Color("part:N", legend=None, scale=_range([(label, token) for _, label, token in parts])),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("day:T", format="%a %-d %b %Y", title="Day"), alt.Tooltip("part:N", title="Part"),
                alt.Tooltip("value:Q", format=",.1f", title=unit),
            ],
        )
    )  # fmt: skip
    show(bars, height, alternative)


def lines(
    frame: pl.DataFrame, time: str, series: Sequence[Part], unit: str, alternative: str,
    *, rule: float | None = None, rule_label: str = "", height: int = 220, zero: bool = True,
    form: str = ",.3~f", right: int = 40,
) -> None:  # fmt: skip
    """Lines over `time`, each with its label at its end; `rule` is a threshold drawn dashed across."""
    labels = {column: label for column, label, _ in series}
    long = (
        frame.select(time, *(pl.col(column).cast(pl.Float64) for column in labels))
        .unpivot(index=time, variable_name="series", value_name="value")
        .with_columns(pl.col("series").replace_strict(labels))
    )
    x = alt.X(f"{time}:T", title=None, axis=day_axis())
    y = alt.Y(
        "value:Q", title=unit, scale=alt.Scale(zero=zero, nice=True), axis=alt.Axis(format="~g" if zero else form)
    )
    shade = alt.Color("series:N", legend=None, scale=_range([(label, token) for _, label, token in series]))
    base = alt.Chart(long)
    shown = "%a %-d %b %H:%M" if frame.schema[time] != pl.Date else "%a %-d %b"
    marks = base.mark_line(strokeWidth=1.6, interpolate="linear").encode(
        x=x, y=y, color=shade,
        tooltip=[
            alt.Tooltip(f"{time}:T", format=shown, title="Time (UTC)"), alt.Tooltip("series:N", title="Series"),
            alt.Tooltip("value:Q", format=form, title=unit),
        ],
    )  # fmt: skip
    layers: list[Any] = [marks]
    ends = long.drop_nulls("value").sort(time).group_by("series", maintain_order=True).last()
    if ends.height:
        layers.append(
            alt.Chart(ends).mark_text(align="left", dx=5, fontWeight=600).encode(x=x, y=y, text="series:N", color=shade)
        )
    if rule is not None:
        at = pl.DataFrame({"value": [rule], "label": [rule_label]})
        layers.append(alt.Chart(at).mark_rule(strokeDash=[4, 3], color=colour("ink")).encode(y="value:Q"))
        halo: dict[str, Any] = {"stroke": colour("paper"), "strokeWidth": 4}
        for ground in (halo, {}):  # the label stays legible where a line crosses it
            layers.append(
                alt.Chart(at)
                .mark_text(align="left", dy=-7, x=4, fill=colour("ink"), **ground)
                .encode(y="value:Q", text="label:N")
            )
    show(alt.layer(*layers), height, alternative, right=right)


def day_axis() -> alt.Axis:
    """Days as `3 Nov`, only as many as fit."""
    return alt.Axis(format="%-d %b", tickCount=6, labelOverlap=True, grid=False)


def _range(pairs: Sequence[tuple[str, str]]) -> alt.Scale:
    return alt.Scale(domain=[label for label, _ in pairs], range=[colour(token) for _, token in pairs])
