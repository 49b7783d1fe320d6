"""The windows that KPIs are computed for.

---
kind: intermediate
question: Which weeks, months and quarters do the facts reach into?
formula: ISO weeks (from Monday), calendar months and calendar quarters, UTC, half-open, up to the one that now lies in
source: KPI rules in docs/kpis.md
missing: no row when there are no facts
reads: [fact_span]
---
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

EVERY = {"week": "1w", "month": "1mo", "quarter": "1q"}


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Columns grain, period_start, period_end (naive UTC midnights)."""
    span = tables["fact_span"].row(0, named=True)
    frames = [_periods(grain, every, span["facts_from"], span["now"]) for grain, every in EVERY.items()]
    return pl.concat(frames)


def _periods(grain: str, every: str, first: object, last: object) -> pl.DataFrame:
    schema = pl.Schema({"grain": pl.String(), "period_start": pl.Datetime("us"), "period_end": pl.Datetime("us")})
    if first is None:
        return pl.DataFrame(schema=schema)
    ends = pl.Series([first, last], dtype=pl.Datetime("us")).dt.truncate(every)
    starts = pl.datetime_range(ends[0], ends[1], interval=every, eager=True)
    return pl.DataFrame({"period_start": starts}).select(
        pl.lit(grain).alias("grain"), "period_start", pl.col("period_start").dt.offset_by(every).alias("period_end")
    ).cast(schema)  # fmt: skip
