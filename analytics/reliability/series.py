"""From rows of `sli_count` to dense minutes: what is measured becomes a number, what is not stays a gap.

Reads a few dozen indicators at a time, so that memory is bounded by that and by the length of the time asked for. Rows
whose source is not the indicator's own are not its events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from analytics.reliability.methods import Minutes
from analytics.reliability.period import MINUTE

Query = Callable[[str, Mapping[str, Any] | None], pl.DataFrame]
Read = Callable[[Sequence[str], datetime, datetime], Mapping[str, Minutes]]
"""(indicators, start, end) -> minutes `[start, end)` of each, unmeasured ones included; whole minutes, naive UTC."""

EPOCH = datetime(1970, 1, 1)
CHUNK = 25

ROWS = """
SELECT wanted.position, CAST(date_diff('minute', TIMESTAMP '1970-01-01', c.ts) AS INTEGER) AS minute, c.good, c.total
FROM sli_count AS c
JOIN (
    SELECT i.sli, i.source, CAST(list_position($slis, i.sli) - 1 AS INTEGER) AS position
    FROM sli_indicator AS i WHERE list_contains($slis, i.sli)
) AS wanted ON wanted.sli = c.sli AND wanted.source = c.source
WHERE c.ts >= $start AND c.ts < $end AND c.total IS NOT NULL AND c.good IS NOT NULL
"""


def minute_of(moment: datetime) -> int:
    """Whole minutes from 1970 to a naive UTC moment."""
    return (moment - EPOCH) // MINUTE


def chunks(slis: Sequence[str]) -> Iterator[Sequence[str]]:
    """The indicators in portions that are read at once."""
    for first in range(0, len(slis), CHUNK):
        yield slis[first : first + CHUNK]


def stored(query: Query) -> Read:
    """Reads the warehouse's own tables through `query`."""

    def read(slis: Sequence[str], start: datetime, end: datetime) -> Mapping[str, Minutes]:
        rows = query(ROWS, {"slis": list(slis), "start": start, "end": end})
        return dense(slis, rows, minute_of(start), minute_of(end))

    return read


def numbered(counts: pl.DataFrame, names: Sequence[str]) -> Read:
    """Reads rows (number, minute, good, total), where `number` counts `names` from 1: the table slo_recent_count."""
    places = {name: number for number, name in enumerate(names, start=1)}

    def read(slis: Sequence[str], start: datetime, end: datetime) -> Mapping[str, Minutes]:
        positions = {places[sli]: position for position, sli in enumerate(slis) if sli in places}
        inside = pl.col("minute").is_between(minute_of(start), minute_of(end) - 1)
        rows = counts.filter(pl.col("number").is_in(list(positions)) & inside).with_columns(
            pl.col("number").replace_strict(positions, return_dtype=pl.Int32).alias("position")
        )
        return dense(slis, rows, minute_of(start), minute_of(end))

    return read


def dense(slis: Sequence[str], rows: pl.DataFrame, first: int, end: int) -> Mapping[str, Minutes]:
    """Rows (position in `slis`, minute, good, total) as the minutes from `first` to before `end` of each indicator."""
    shape = (len(slis), end - first)
    good, total, measured = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool)
    place = rows["position"].to_numpy(), rows["minute"].to_numpy() - first
    good[place], total[place], measured[place] = rows["good"].to_numpy(), rows["total"].to_numpy(), True
    return {sli: Minutes(first, good[n], total[n], measured[n]) for n, sli in enumerate(slis)}
