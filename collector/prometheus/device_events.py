"""What happens to a device -> a row for each series and 5-minute bucket in which something did. Pure: values in, out.

A device's series change with its owner: when a pod dies of an error, the next scrape shows the error in a series
without the pod. So neighbours are looked for among all series of the device that one exporter reports, not within a
series. The event belongs to the series in which it is first seen, or to the one before it when only that one names an
owner.
- A code is a gauge that holds the last error until the driver restarts. An event is a change to another code than 0: a
  code that stays, or that is still there after a silence, is no new one; the same code after a 0 is. An error that
  repeats while its code is shown cannot be told from one.
- A tally is a counter of the device, with the rules of counters in `rollup`; `weight` is the number of samples in which
  it had grown, for counters of time in which the amount matters less than that it happened.
- The first value after a silence of `COUNTER_SILENCE_S`, or ever, is no event: nobody knows when it came about.
"""

from __future__ import annotations

import polars as pl

BUCKET_MS = 300_000
SILENCE_MS = 3_600_000
"""As for counters: how far back a neighbour may lie does not depend on where a window begins."""

LARGEST_CODE = 2**31


def roll_up(samples: pl.DataFrame, emitters: pl.Series, owned: pl.Series, *, code: bool) -> pl.DataFrame:
    """Columns series, bucket (s), n, weight, min, max and increase, of `samples` (columns series, ts in ms, value).

    For each series `emitters` says which device and exporter it speaks of, and `owned` whether it names an owner. With
    `code` a row stands for a code, which is `max`, and `increase` is how many events there were; otherwise `increase`
    is how much the counter grew. `min` is how many series spoke of the device then: more than one share it.
    """
    value, before, series = pl.col("value"), pl.col("value").shift(1), pl.col("series")
    near = (pl.col("emitter") == pl.col("emitter").shift(1)) & (pl.col("ts") - pl.col("ts").shift(1) <= SILENCE_MS)
    known = samples.filter(value.is_not_nan())
    moments = (
        known.with_columns(emitter=emitters.gather(known["series"]), owned=owned.gather(known["series"]))
        .sort("emitter", "ts", "series")
        .with_columns(
            bucket=pl.col("ts") // BUCKET_MS * (BUCKET_MS // 1000),
            changed=near & (value != before),
            delta=pl.when(near).then(pl.when(value >= before).then(value - before).otherwise(value)),
            n=pl.len().over("series", pl.col("ts") // BUCKET_MS),
            copies=pl.len().over("emitter", "ts"),
            series=pl.when(near & ~pl.col("owned") & pl.col("owned").shift(1)).then(series.shift(1)).otherwise(series),
        )
    )
    if code:
        seen = moments.filter(pl.col("changed") & (value > 0) & (value < LARGEST_CODE))
        rows = seen.group_by("series", "bucket", max=value).agg(
            pl.col("n").first(), min=pl.col("copies").max(), increase=pl.len()
        )
    else:
        grown = moments.filter(pl.col("delta") > 0)
        rows = grown.group_by("series", "bucket").agg(
            pl.col("n").first(), min=pl.col("copies").max(), increase=pl.col("delta").sum(), weight=pl.len()
        )
    return rows.sort("series", "bucket")
