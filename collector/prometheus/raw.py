"""Raw samples with stable ids, as the warehouse keeps them for the last days."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from collector.prometheus.identity import label_text
from warehouse.interval import Interval


@dataclass(frozen=True, slots=True)
class RawSamples:
    """`series`: id (UInt64) and labels (canonical JSON) of each; `samples`: series, ts (naive UTC) and value, exact."""

    series: pl.DataFrame
    samples: pl.DataFrame


def raw_samples(
    labels: Sequence[Mapping[str, str]], samples: pl.DataFrame, source: str, stream: str, window: Interval
) -> RawSamples:
    """The samples of an answer that lie within `window`. `samples` refers to `labels` by position."""
    texts = [label_text(one) for one in labels]
    ids = pl.Series("series", [series_id(source, stream, text) for text in texts], dtype=pl.UInt64)
    start, end = (round(bound.timestamp() * 1000) for bound in (window.start, window.end))
    inside = pl.col("ts").is_between(start, end, closed="left")
    if not samples.select(inside.all()).item():
        samples = samples.filter(inside)
    moment = pl.from_epoch("ts", time_unit="ms").cast(pl.Datetime("us"))
    rows = samples.select(ids.gather(samples["series"]).alias("series"), moment, "value")
    return RawSamples(
        pl.DataFrame({"series": ids, "labels": texts}, schema={"series": pl.UInt64, "labels": pl.String}), rows
    )


def series_id(source: str, stream: str, labels: str) -> int:
    """A stable 64-bit id: the hash of where a series comes from and of its labels as canonical JSON."""
    text = "\x00".join((source, stream, labels))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
