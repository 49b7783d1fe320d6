"""A picture of when what fired: a line a name, a bar a time, in the colour of the severity, which stands beside it."""

from __future__ import annotations

from datetime import datetime

import altair as alt
import polars as pl

from dashboards.components.chart import day_axis, show
from dashboards.components.markup import draw, key
from dashboards.components.states import SEVERITY_TOKENS
from dashboards.theme import colour
from dashboards.words import many

LINE = 24
"""Pixels a name."""

MOMENT = "%a %-d %b %H:%M"


def timeline(bars: pl.DataFrame, since: datetime, now: datetime) -> None:
    """`bars` as `queries.alert_times.bars` makes them; the span is naive UTC."""
    shown = bars.with_columns(
        pl.format("{} · {}", "name", "severity").alias("line"), pl.col("rank").cast(pl.String).alias("shade"),
        pl.col("start").dt.strftime(MOMENT).alias("from"),
        pl.when("open").then(pl.lit("fires")).otherwise(pl.col("end").dt.strftime(MOMENT)).alias("to"),
    )  # fmt: skip
    order = shown.sort("place", "rank")["line"].unique(maintain_order=True).to_list()
    domain = [_utc(since), _utc(now)]
    x = alt.X("start:T", title=None, axis=day_axis(), scale=alt.Scale(domain=domain, type="utc"))
    axis = alt.Axis(domain=False, ticks=False, labelColor=colour("ink"), labelLimit=230, grid=True)
    y = alt.Y("line:N", title=None, sort=order, axis=axis)
    ranks = sorted(shown["shade"].unique().to_list())
    shades = alt.Scale(domain=ranks, range=[colour(SEVERITY_TOKENS[int(rank)]) for rank in ranks])
    marks = (
        alt.Chart(shown)
        .mark_bar(height=11, strokeWidth=2)
        .encode(
            x=x, x2="end:T", y=y, color=alt.Color("shade:N", legend=None, scale=shades),
            stroke=alt.Stroke("shade:N", legend=None, scale=shades),
            tooltip=[
                alt.Tooltip("line:N", title="Alert"),
                alt.Tooltip("from:N", title="From (UTC)"),  # as text: a browser would show its own time zone
                alt.Tooltip("to:N", title="To (UTC)"),
                alt.Tooltip("alerts:Q", title="Times"),
                alt.Tooltip("pages:Q", title="Of them notified"),
            ],
        )
    )  # fmt: skip
    worst = shown.sort("rank", "severity")["severity"].unique(maintain_order=True).to_list()
    of = dict(shown.select("severity", "rank").unique().iter_rows())
    draw(key([(SEVERITY_TOKENS[of[one]], one, _many(shown, one)) for one in worst], line=True))
    show(marks, LINE * len(order) + 34, "When which alert fired in the last seven days")


def _many(bars: pl.DataFrame, severity: str) -> str:
    return many(int(bars.filter(severity=severity)["alerts"].sum()), "time")


def _utc(moment: datetime) -> alt.DateTime:
    return alt.DateTime(
        year=moment.year, month=moment.month, date=moment.day, hours=moment.hour, minutes=moment.minute, utc=True
    )
