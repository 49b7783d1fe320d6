"""Days of a KPI -> its weeks, months and quarters, for the platform and for each team, service or pipeline.

Sums only: a ratio of a window is the ratio of its sums, never a mean of ratios. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

KEY = ("grain", "period_start", "period_end", "scope")
COUNTS = ("numerator", "denominator", "n")


def in_windows(daily: pl.DataFrame, periods: pl.DataFrame, scopes: Sequence[str]) -> pl.DataFrame:
    """Rows (`KEY`, `COUNTS`) for each of `periods` that has days in `daily`.

    `daily` has the columns day, `COUNTS` and one for each of `scopes`; a day belongs to the window with
    `start <= day < end`. Every row counts once for the platform and once for its value of each scope column; a row
    without a value (null) is in no such scope. Unknown counts (null) are left out; a sum of nothing known is null.
    """
    everyone = daily.select("day", pl.lit("platform").alias("scope"), *COUNTS)
    of_each = [
        daily.filter(pl.col(column).is_not_null()).select(
            "day", pl.format(f"{column}:{{}}", column).alias("scope"), *COUNTS
        )
        for column in scopes
    ]
    days = pl.concat([everyone, *of_each]).cast({"numerator": pl.Float64, "denominator": pl.Float64, "n": pl.Float64})
    inside = periods.join_where(
        days,
        pl.col("day") >= pl.col("period_start").cast(pl.Date),
        pl.col("day") < pl.col("period_end").cast(pl.Date),
    )
    sums = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in COUNTS]
    return inside.group_by(KEY).agg(sums).with_columns(pl.col("n").fill_null(0).round().cast(pl.Int64))
