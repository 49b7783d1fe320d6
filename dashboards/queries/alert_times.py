"""When which alert fired in the last days, for a picture: episodes of the same name that overlap are one bar."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dashboards.queries.alerts import RANKS, Wanted
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import to_us

NAMES = 15
BARS = 2000

TIME = pl.Datetime("us")
SCHEMA = pl.Schema({"name": pl.String(), "severity": pl.String(), "rank": pl.Int64(), "start": TIME, "end": TIME,
                    "paged": TIME, "open": pl.Boolean()})  # fmt: skip


def episodes(log: AlertLog, wanted: Wanted, since: datetime, now: datetime) -> pl.DataFrame:
    """One row a time that an alert fired, or still fired, after `since`: columns of `SCHEMA`, times naive UTC.

    `paged` is null where nobody was notified.
    """
    found = log.rows(
        """
        SELECT coalesce(a.labels ->> '$.alertname', '(no name)'), coalesce(a.labels ->> '$.severity', 'none'),
               e.fired_at, e.ended_at, e.paged_at
        FROM episode AS e JOIN alert AS a USING (fingerprint)
        WHERE (e.ended_at IS NULL OR e.ended_at >= :since) AND (:team = '' OR a.labels ->> '$.team' = :team)
          AND (:service = '' OR a.labels ->> '$.service' = :service)
        """,
        {"since": to_us(since), "team": wanted.team, "service": wanted.service},
    )
    columns = {"name": pl.String, "severity": pl.String, "start": pl.Int64, "end": pl.Int64, "paged": pl.Int64}
    times = pl.DataFrame([tuple(row) for row in found], schema=columns, orient="row").with_columns(
        pl.col("end").is_null().alias("open"),
        pl.col("severity").replace_strict(RANKS, default=3, return_dtype=pl.Int64).alias("rank"),
        pl.col("start").clip(lower_bound=to_us(since)),
        pl.col("end").fill_null(to_us(now)).clip(upper_bound=to_us(now)),
    )
    if wanted.severities:
        times = times.filter(pl.col("severity").is_in(list(wanted.severities)))
    return (
        times.with_columns(pl.max_horizontal("start", "end").alias("end"))
        .select(
            "name",
            "severity",
            "rank",
            *(pl.from_epoch(column, "us").alias(column) for column in ("start", "end", "paged")),
            "open",
        )
        .cast(SCHEMA)
    )


def bars(times: pl.DataFrame) -> pl.DataFrame:
    """Episodes by name and severity, those that overlap joined: name, severity, rank, start, end, open, and how many
    (`alerts`, `pages`). The names that fire now or fired last, at most `NAMES`, the worst severity first."""
    if times.is_empty():
        return times.with_columns(pl.lit(0).alias("alerts"), pl.lit(0).alias("pages"))
    joined = (
        times.sort("name", "severity", "start")
        .with_columns(pl.col("end").cum_max().over("name", "severity").alias("reach"))
        .with_columns(pl.col("reach").shift(1).over("name", "severity").alias("before"))
        .with_columns((pl.col("start") > pl.col("before")).fill_null(True).alias("new"))
        .with_columns(pl.col("new").cast(pl.Int64).cum_sum().over("name", "severity").alias("bar"))
        .group_by("name", "severity", "rank", "bar")
        .agg(
            pl.col("start").min(), pl.col("end").max(), pl.col("open").any(), pl.len().alias("alerts"),
            pl.col("paged").count().alias("pages"),
        )
    )  # fmt: skip
    last = (
        joined.group_by("name")
        .agg(pl.col("rank").min(), pl.col("end").max(), pl.col("open").any())
        .sort("open", "end", "name", descending=[True, True, False])
        .head(NAMES)
    )
    order = last.sort("rank", "end", "name", descending=[False, True, False])["name"].to_list()
    return (
        joined.filter(pl.col("name").is_in(order))
        .sort("start")
        .tail(BARS)
        .with_columns(pl.col("name").replace_strict({name: place for place, name in enumerate(order)}).alias("place"))
        .sort("place", "start")
        .drop("bar")
    )
