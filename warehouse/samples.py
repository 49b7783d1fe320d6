"""Raw samples of the last days, as narrow as they can be: which series, when, what value.

What a series is stands once in the table `series`. Two columns of text on every sample, though equal in all rows of a
window, measured twice the time of an insert.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from warehouse.interval import Interval, naive
from warehouse.writing import Transaction

OF_STREAM = "series IN (SELECT series FROM series WHERE source = $source AND stream = $stream)"


def streams(tx: Transaction, source: str) -> frozenset[str]:
    """The streams of `source` of which samples may be stored."""
    return frozenset(
        tx.query("SELECT DISTINCT stream FROM series WHERE source = $source", {"source": source})["stream"]
    )


def replace_samples(
    tx: Transaction, source: str, stream: str, interval: Interval, series: pl.DataFrame, samples: pl.DataFrame
) -> None:
    """Put `samples` in place of those of `stream` of `source` within `interval`.

    `series` has the columns series (UInt64, a hash of source, stream and labels) and labels (canonical JSON); `samples`
    has series, ts (naive UTC, inside of the interval) and value. A series that is known already is not written again.
    """
    key = {"source": source, "stream": stream}
    bounds = {"start": naive(interval.start), "end": naive(interval.end)}
    tx.execute(f"DELETE FROM sample WHERE ts >= $start AND ts < $end AND {OF_STREAM}", {**key, **bounds})
    with tx.frames(incoming=series):
        tx.execute(
            "INSERT INTO series BY NAME SELECT series, $source AS source, $stream AS stream, labels FROM incoming "
            "WHERE series NOT IN (SELECT series FROM series WHERE source = $source AND stream = $stream)",
            key,
        )
    tx.insert("sample", samples)


def forget_samples(tx: Transaction, source: str, before: datetime) -> None:
    """Drop the samples of `source` that are older than `before`, and then series without any."""
    parameters = {"source": source, "before": naive(before)}
    tx.execute(
        "DELETE FROM sample WHERE ts < $before AND series IN (SELECT series FROM series WHERE source = $source)",
        parameters,
    )
    tx.execute(
        "DELETE FROM series WHERE source = $source AND series NOT IN (SELECT series FROM sample)", {"source": source}
    )
