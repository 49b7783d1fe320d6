"""Named metrics of serving facts: good and valid events of a service in 5-minute buckets.

Which pods, layers and profiles speak for a service is what the serving analytics decide for every KPI. Their own texts
stand here as common table expressions, over the days that are asked for: so an indicator never disagrees with a KPI,
and needs no table that is computed later. It writes nothing.

- availability: requests without a failure of ours / those that were neither cut short nor wrong by the client (KPI 7)
- latency, ttft, tpot, ...: requests at or below the threshold / requests measured; the lower bound where the threshold
  is not a bucket bound
- stream_completed: requests that the innermost layer finished / those that it finished or failed; the innermost one,
  because to the layers in front a stream that breaks off is a success
- goodput_tokens: tokens generated, times the share of the bucket's requests within the latency threshold, / tokens; an
  estimate, as no runtime counts tokens by request. A bucket in which no request ended says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import polars as pl

from analytics.catalog import catalog
from warehouse.interval import Interval, naive
from warehouse.writing import Transaction

FACTS = ("serving_count", "serving_histogram")
"""The fact tables that the metrics are made of."""

COUNTED = ("availability", "stream_completed")
GOODPUT = "goodput_tokens"
MEASURED = ("latency", "ttft", "tpot", "itl", "queue_time")
"""Metrics with a threshold in seconds, named as the measures of `serving_histogram`."""

METRICS = (*COUNTED, *MEASURED, GOODPUT)

Wanted = tuple[str, str, float | None]
"""Metric, service, threshold."""

ABSENT = {"gpu_pod_halfhour": "SELECT NULL AS cluster, NULL AS namespace, NULL AS pod WHERE false"}
"""GPU pods need not be looked through: what is not in the serving facts has no events."""


def metric_slices(tx: Transaction, wanted: Iterable[Wanted], days: Interval) -> pl.DataFrame:
    """Columns metric, service, threshold, ts (naive UTC, start of the bucket), good and total, within `days`.

    `days` is cut at midnights, as the layer that speaks for a service is chosen for a whole day.
    """
    asked = sorted(set(wanted), key=repr)
    metrics = {metric for metric, _, _ in asked}
    frames = []
    if metrics & set(COUNTED):
        counted = _run(tx, "requests", days).with_columns(threshold=pl.lit(None, dtype=pl.Float64))
        frames.append(counted)
    limits = [(service, "latency" if metric == GOODPUT else metric, threshold) for metric, service, threshold in asked
              if threshold is not None]  # fmt: skip
    if limits:
        schema = {"service": pl.String, "measure": pl.String, "threshold": pl.Float64}
        with tx.frames(wanted=pl.DataFrame(sorted(set(limits)), schema=schema, orient="row")):
            within = _run(tx, "thresholds", days)
        frames.append(within)
        if GOODPUT in metrics:
            share = within.filter((pl.col("metric") == "latency") & (pl.col("total") > 0))
            goodput = share.join(_run(tx, "tokens", days), on=["ts", "service"]).with_columns(
                metric=pl.lit(GOODPUT),
                good=pl.col("tokens") * pl.col("good") / pl.col("total"),
                total=pl.col("tokens"),
            )
            frames.append(goodput)
    columns = [
        "metric", "service", pl.col("threshold").cast(pl.Float64), "ts",
        pl.col("good").cast(pl.Float64), pl.col("total").cast(pl.Float64),
    ]  # fmt: skip
    if not frames:
        return pl.DataFrame(schema={"metric": pl.String, "service": pl.String, "threshold": pl.Float64,
                                    "ts": pl.Datetime("us"), "good": pl.Float64, "total": pl.Float64})  # fmt: skip
    return pl.concat([frame.select(columns) for frame in frames])


def _run(tx: Transaction, name: str, days: Interval) -> pl.DataFrame:
    return tx.query(_statement(name), {"start": naive(days.start), "end": naive(days.end)})


@cache
def _statement(name: str) -> str:
    """The text of facts/NAME.sql with the analytics that it reads in front of it, each as a table of its own."""
    text = (files("analytics.reliability") / "facts" / f"{name}.sql").read_text()
    parts = [f"{table} AS MATERIALIZED ({body})" for table, body in ABSENT.items()]
    parts += [f"{one.name} AS MATERIALIZED ({one.text}\n)" for one in catalog() if one.name in _below()]
    return f"WITH {', '.join(parts)} SELECT * FROM ({text}\n)"


@cache
def _below() -> frozenset[str]:
    """The analytics by which serving facts are told apart, with those that they read."""
    by_name = {one.name: one for one in catalog()}
    pending, found = ["serving_profile", "serving_target", "layer", "layer_of_record"], set()
    while pending:
        name = pending.pop()
        if name in by_name and name not in found and name not in ABSENT:
            found.add(name)
            pending += by_name[name].reads
    return frozenset(found)


def fingerprint() -> str:
    """Changes when one of the texts does that metrics are made with."""
    return "\n".join([*(_statement(name) for name in ("requests", "thresholds", "tokens"))])
