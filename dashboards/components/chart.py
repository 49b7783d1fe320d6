"""Charts by Altair in the page's own look: SVG, so colours follow the theme; labelled directly where a line ends.

Values are drawn as floats (a picture has no cents); exact figures stand in the key and in the rows behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from dashboards.components.markup import draw, key
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


def daily_stack(
    frame: pl.DataFrame, parts: Sequence[Part], unit: str, alternative: str, height: int = 230, *, keyed: bool = False
) -> None:
    """Parts of a whole by day, stacked from the first part up. `frame` has `day` and a column for each part.

    `keyed` draws a key above; without it the page has drawn one with figures.
    """
    if keyed:
        draw(key([(token, label, "") for _, label, token in parts], line=True))
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
        "value:Q", title=unit, scale=alt.Scale(zero=zero, nice=True), axis=alt.Axis(format=",~f" if zero else form)
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


def dots(frame: pl.DataFrame, unit: str, alternative: str) -> None:
    """A dot for each `name` at its `value`, the older ones (`newest` false) hollow; `of` says of when. One line a name,
    largest value on top; the scale is logarithmic where values differ more than fiftyfold."""
    order = frame.filter("newest").sort("value", descending=True)["name"].to_list()
    order += [name for name in frame["name"].unique(maintain_order=True).to_list() if name not in order]
    low, high = float(frame["value"].min() or 0), float(frame["value"].max() or 0)  # type: ignore[arg-type]
    log = low > 0 and high / low > 50
    x = alt.X("value:Q", title=unit, scale=alt.Scale(type="log" if log else "linear", zero=not log, nice=True),
              axis=alt.Axis(format="~g", grid=True, gridColor=colour("line"), tickCount=5))  # fmt: skip
    y = alt.Y("name:N", title=None, sort=order,
              axis=alt.Axis(domain=False, ticks=False, labelColor=colour("ink"), labelLimit=150))  # fmt: skip
    base = alt.Chart(frame)
    tip = [
        alt.Tooltip("name:N", title="Of"),
        alt.Tooltip("of:N", title="In"),
        alt.Tooltip("value:Q", format=",.4~g", title=unit),
    ]
    older = base.transform_filter("!datum.newest").mark_point(size=60, color=colour("dark"), strokeWidth=1.5)
    newest = base.transform_filter("datum.newest").mark_point(size=80, filled=True, opacity=1, color=colour("use"))
    label = base.transform_filter("datum.newest").mark_text(align="left", dx=8, fontWeight=600, fill=colour("ink"))
    layers = [older.encode(x=x, y=y, tooltip=tip), newest.encode(x=x, y=y, tooltip=tip),
              label.encode(x=x, y=y, text=alt.Text("value:Q", format=",.4~g"))]  # fmt: skip
    show(alt.layer(*layers), 26 * len(order) + 46, alternative, right=52)


def course(
    frame: pl.DataFrame, ahead: pl.DataFrame | None, limit: float, limit_label: str, unit: str, alternative: str,
    height: int = 220,
) -> None:  # fmt: skip
    """What was spent so far (`day`, `spent`) as an area, the way to the end (`day`, `projected`) dashed, a limit."""
    x = alt.X("day:T", title=None, axis=day_axis())
    tops = [limit, *frame["spent"].to_list(), *(ahead["projected"].to_list() if ahead is not None else ())]
    highest = max(float(top) for top in tops)
    y = alt.Y("spent:Q", title=unit, scale=alt.Scale(domain=[0, highest * 1.12], nice=False))
    tip = [alt.Tooltip("day:T", format="%a %-d %b %Y", title="Day"), alt.Tooltip("spent:Q", format=",.0f", title=unit)]
    layers: list[Any] = [
        alt.Chart(frame).mark_area(color=colour("soft"), opacity=0.45).encode(x=x, y=y),
        alt.Chart(frame).mark_line(color=colour("use"), strokeWidth=1.8).encode(x=x, y=y, tooltip=tip),
    ]
    if ahead is not None:
        way = alt.Chart(ahead.rename({"projected": "spent"}))
        layers.append(
            way.mark_line(color=colour("use"), strokeDash=[5, 4], strokeWidth=1.6).encode(x=x, y=y, tooltip=tip)
        )
    at = pl.DataFrame({"spent": [limit], "label": [limit_label]})
    layers.append(alt.Chart(at).mark_rule(strokeDash=[4, 3], color=colour("ink")).encode(y=y))
    halo: dict[str, Any] = {"stroke": colour("paper"), "strokeWidth": 4}
    for ground in (halo, {}):
        mark = alt.Chart(at).mark_text(align="left", dy=-7, x=4, fill=colour("ink"), **ground)
        layers.append(mark.encode(y=y, text="label:N"))
    show(alt.layer(*layers), height, alternative)


def day_axis() -> alt.Axis:
    """Days as `3 Nov`, only as many as fit."""
    return alt.Axis(format="%-d %b", tickCount=6, labelOverlap=True, grid=False)


def _range(pairs: Sequence[tuple[str, str]]) -> alt.Scale:
    return alt.Scale(domain=[label for label, _ in pairs], range=[colour(token) for _, token in pairs])
