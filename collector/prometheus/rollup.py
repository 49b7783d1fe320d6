"""Raw samples -> one row a series and 5-minute bucket. Pure: values in, values out.

Rules, the same for every metric:
- A NaN sample says nothing: it is left out, and a gap is never zero.
- A gauge keeps sum and weight of its samples, minimum and maximum; a sample counts 1, or 1/k where k series copy the
  same device at the same moment (time-slicing gives each sharing pod a copy).
- A state is a level held over time: a sample speaks for the whole seconds since the sample before it, or for one scrape
  interval when that is missing or further away than `max_gap`. The seconds are split at bucket edges, so any cut of
  time gives the same sum.
- A use is a counter of resource-seconds. Its increase (by the rule below) came about in the seconds between two samples
  and is spread over them evenly, or over the last `max_gap` of them, and split at bucket edges like a state: so what
  was used in a bucket compares with what was requested in it.
- A counter's increase is the sum of differences between neighbouring samples; after a reset the new value is the
  difference. No extrapolation: increases of adjoining buckets add up to the counter. The first sample of a series adds
  nothing, as in Prometheus, and nor does the first one after a silence of more than `COUNTER_SILENCE_S`: how far back a
  neighbour may lie must not depend on where a window happens to begin.
"""

from __future__ import annotations

import polars as pl

from collector.prometheus.profile import Kind

BUCKET_S = 300
DEFAULT_STEP_S = 30
STALENESS_S = 300
"""Prometheus' look-back: a series without a sample for this long is gone."""

COUNTER_SILENCE_S = 3600

COLUMNS = ("n", "weight", "sum", "min", "max", "covered_s", "value_s", "increase")


def scrape_interval(samples: pl.DataFrame) -> int:
    """The usual distance of two samples of a series in whole seconds (the median), or 30 where no series has two."""
    gaps = samples.select(
        gap=pl.when(pl.col("series") == pl.col("series").shift(1)).then(pl.col("ts") - pl.col("ts").shift(1))
    ).drop_nulls()
    median = gaps["gap"].median()
    return max(round(float(median) / 1000), 1) if isinstance(median, int | float) else DEFAULT_STEP_S


def max_gap(step_s: int) -> int:
    """Seconds beyond which two samples are not neighbours: Prometheus' staleness, or one missed scrape if longer."""
    return max(STALENESS_S, 2 * step_s + step_s // 4)


def look_back(kind: Kind, step_s: int) -> int:
    """Seconds of samples before a window that its buckets depend on."""
    if kind in ("counter", "use", "histogram", "code", "tally"):
        return COUNTER_SILENCE_S
    return max_gap(step_s) if kind == "state" else 0


def look_ahead(kind: Kind, step_s: int) -> int:
    """Seconds of samples after a window that its buckets depend on: samples that speak for the seconds before them."""
    return max_gap(step_s) if kind in ("state", "use") else 0


def roll_up(samples: pl.DataFrame, kind: Kind, step_s: int, copies: pl.Series | None = None) -> pl.DataFrame:
    """Bucket rows of `samples` (columns series, ts in ms, value; each series together and in time order).

    Returns columns series, bucket (seconds since the epoch) and `COLUMNS`; those that the kind has no use for are null.
    `copies` says for each sample how many series copy the same thing at that moment (gauges only).
    """
    if copies is not None:
        samples = samples.with_columns(copies=copies)
    samples = samples.filter(pl.col("value").is_not_nan())
    if kind in ("counter", "histogram"):
        rows = _increases(samples)
    elif kind == "state":
        rows = _held(samples, step_s)
    elif kind == "use":
        rows = _used(samples, step_s)
    else:
        rows = _averages(samples)
    return complete(rows)


def complete(rows: pl.DataFrame) -> pl.DataFrame:
    """Bucket rows with all of `COLUMNS`; those that they lack are null."""
    missing = [pl.lit(None, dtype=pl.Float64).alias(column) for column in COLUMNS if column not in rows.columns]
    return rows.with_columns(missing).select(
        "series", "bucket", *[pl.col(column).cast(pl.Float64) for column in COLUMNS]
    )


def _bucket(milliseconds: pl.Expr) -> pl.Expr:
    return milliseconds // (BUCKET_S * 1000) * BUCKET_S


def _averages(samples: pl.DataFrame) -> pl.DataFrame:
    weight = 1.0 / pl.col("copies") if "copies" in samples.columns else pl.lit(1.0)
    value = pl.col("value")
    return (
        samples.with_columns(bucket=_bucket(pl.col("ts")), w=weight)
        .group_by("series", "bucket", maintain_order=True)
        .agg(
            n=pl.len(),
            weight=pl.col("w").sum(),
            sum=(value * pl.col("w")).sum(),
            min=value.min(),
            max=value.max(),
        )
    )


def _deltas(samples: pl.DataFrame) -> pl.DataFrame:
    """`samples` with the column `delta`, the increase since the neighbour before; null where there is none."""
    value, before = pl.col("value"), pl.col("value").shift(1)
    near = pl.col("ts") - pl.col("ts").shift(1) <= COUNTER_SILENCE_S * 1000
    same = (pl.col("series") == pl.col("series").shift(1)) & near
    return samples.with_columns(
        delta=pl.when(same).then(pl.when(value >= before).then(value - before).otherwise(value))
    )


def _increases(samples: pl.DataFrame) -> pl.DataFrame:
    return (
        _deltas(samples)
        .with_columns(bucket=_bucket(pl.col("ts")), delta=pl.col("delta").fill_null(0.0))
        .group_by("series", "bucket", maintain_order=True)
        .agg(n=pl.len(), increase=pl.col("delta").sum())
    )


def _used(samples: pl.DataFrame, step_s: int) -> pl.DataFrame:
    seconds = _deltas(samples).with_columns(until=pl.col("ts") // 1000)
    gap = (pl.col("until") - pl.col("until").shift(1)).clip(1, max_gap(step_s))
    seconds = seconds.with_columns(since=pl.col("until") - gap, value=pl.col("delta") / gap)
    return _spread(seconds.filter(pl.col("delta").is_not_null()))


def _held(samples: pl.DataFrame, step_s: int) -> pl.DataFrame:
    seconds = samples.with_columns(until=pl.col("ts") // 1000)
    gap = pl.col("until") - pl.col("until").shift(1)
    neighbour = (pl.col("series") == pl.col("series").shift(1)) & (gap <= max_gap(step_s))
    return _spread(seconds.with_columns(since=pl.col("until") - pl.when(neighbour).then(gap).otherwise(step_s)))


def _spread(seconds: pl.DataFrame) -> pl.DataFrame:
    """Bucket rows of levels that hold for the whole seconds from `since` to `until`."""
    pieces = []
    bucket = pl.col("since") // BUCKET_S * BUCKET_S
    rest = seconds
    while not rest.is_empty():  # one turn a bucket that a sample reaches into: two turns at usual scrape intervals
        rest = rest.with_columns(bucket=bucket)
        upto = pl.min_horizontal("until", pl.col("bucket") + BUCKET_S)
        pieces.append(rest.with_columns(covered=upto - pl.col("since")))
        rest = rest.with_columns(since=upto).filter(pl.col("since") < pl.col("until"))
    if not pieces:
        return seconds.select("series", bucket=pl.lit(0, dtype=pl.Int64)).clear()
    return (
        pl.concat(pieces)
        .group_by("series", "bucket", maintain_order=True)
        .agg(
            n=pl.len(),
            min=pl.col("value").min(),
            max=pl.col("value").max(),
            covered_s=pl.col("covered").sum(),
            value_s=(pl.col("value") * pl.col("covered")).sum(),
        )
    )


def best_replica(rows: pl.DataFrame, same: list[str]) -> pl.DataFrame:
    """Where several series say the same thing (`same` columns equal), keep in each bucket the one with most samples.

    A replica's row was made from its own samples only, so no counter reset is seen where the choice changes over.
    """
    return rows.sort([*same, "bucket", "n", "series"], descending=[False] * (len(same) + 1) + [True, False]).unique(
        [*same, "bucket"], keep="first", maintain_order=True
    )
