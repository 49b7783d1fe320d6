"""Pages of each shift as a bar, by what they were worth."""

from __future__ import annotations

import altair as alt
import polars as pl

from dashboards.components.chart import day_axis, show
from dashboards.components.markup import draw, key
from dashboards.formats import count
from dashboards.theme import colour

PARTS = (
    ("actionable", "Worth it", "use"), ("noise", "Noise", "harm"), ("other", "Planned or duplicate", "soft"),
    ("unknown", "Not judged", "dim"),
)  # fmt: skip


def shift_bars(shifts: pl.DataFrame) -> None:
    """`shifts` as `queries.on_call.shifts` reads them."""
    parts = [part for part in PARTS if shifts[part[0]].sum()] or [PARTS[-1]]
    draw(key([(token, label, count(float(shifts[column].sum()))) for column, label, token in parts], line=True))
    shades = alt.Scale(domain=[label for _, label, _ in parts], range=[colour(token) for _, _, token in parts])
    bars = (
        alt.Chart(_stacked(shifts, {column: label for column, label, _ in parts}))
        .mark_rect(stroke=colour("paper"), strokeWidth=1)
        .encode(
            x=alt.X("shift_start:T", title=None, axis=day_axis(), scale=alt.Scale(type="utc")),
            x2="shift_end:T",
            y=alt.Y("from:Q", title="pages", axis=alt.Axis(format="d", tickMinStep=1), scale=alt.Scale(zero=True)),
            y2="to:Q",
            color=alt.Color("part:N", legend=None, scale=shades),
            tooltip=[
                alt.Tooltip("shift:N", title="Shift from"), alt.Tooltip("part:N", title="Which were"),
                alt.Tooltip("value:Q", title="Pages"), alt.Tooltip("pages:Q", title="Of"),
                alt.Tooltip("sleep_n:Q", title="In sleep hours"),
            ],
        )
    )  # fmt: skip
    show(bars, 170, "Pages of each shift by what they were worth")


def _stacked(shifts: pl.DataFrame, labels: dict[str, str]) -> pl.DataFrame:
    """A row a shift and part, from where to where its piece of the bar reaches."""
    index = ["shift", "shift_start", "shift_end", "pages", "sleep_n"]
    long = shifts.select(*index, *labels).unpivot(index=index, variable_name="part", value_name="value")
    reach = long.with_columns(pl.col("value").cum_sum().over("shift_start").alias("to"))
    return reach.filter(pl.col("value") > 0).with_columns(
        (pl.col("to") - pl.col("value")).alias("from"), pl.col("part").replace_strict(labels)
    )
