"""query_range: what an instant query gives at every step, as Prometheus answers it.

Steps of a plain selector are looked up for a whole series at once; anything else is evaluated step by step, which is
slow and only meant for short ranges.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from sample_data.grid import Ints
from sample_data.prometheus_answer import LOOKBACK_MS, chosen, timestamp, vector
from sample_data.selector import Query, Selector
from sample_data.store import Store, label_json, value_texts

MAX_POINTS = 11_000


class RangeError(ValueError):
    """The range cannot be answered; the message is Prometheus' own."""


def range_answer(store: Store, query: Query, start: int, end: int, step: int) -> bytes:
    """The whole body of a successful answer; times in milliseconds, both ends included. Raises RangeError."""
    if end < start:
        raise RangeError('invalid parameter "end": end timestamp must not be before start time')
    if step <= 0:
        raise RangeError(
            'invalid parameter "step": zero or negative query resolution step widths are not accepted. '
            "Try a positive integer"
        )
    if (end - start) // step > MAX_POINTS:
        raise RangeError(
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    if isinstance(query, Selector) and query.range_ms is not None:
        raise RangeError('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
    steps = np.arange(start, end + 1, step, dtype=np.int64)
    rows = _of_selector(store, query, steps) if isinstance(query, Selector) else _step_by_step(store, query, steps)
    return b"".join([b'{"status":"success","data":{"resultType":"matrix","result":[', b",".join(rows), b"]}}"])


def _of_selector(store: Store, selector: Selector, steps: Ints) -> Iterator[bytes]:
    """Each series with its newest sample of the last five minutes at each step, as text."""
    at = pl.Series(list(map(timestamp, steps.tolist()))) if np.any(steps % 1000) else pl.Series(steps // 1000)
    for name, indexes in chosen(store, selector):
        metric = store.metrics[name]
        table = store.values_of(name)
        for index in indexes:
            one = metric.series[index]
            scraped = one.scraped
            times = one.target.grid.times[one.points[scraped]] * 1000 + one.target.offset
            newest = np.searchsorted(times, steps, "right") - 1
            known = newest >= 0
            known[known] &= times[newest[known]] > steps[known] - LOOKBACK_MS
            if not known.any():
                continue
            values = pl.Series("value", one.values[scraped][newest[known]])
            texts = pl.DataFrame({"at": at.filter(pl.Series(known)), "value": value_texts(values, table)}).select(
                pl.concat_str(pl.lit("["), pl.col("at").cast(pl.String), pl.lit(',"'), "value", pl.lit('"]'))
            )
            joined = str(texts.to_series().str.join(",").item()).encode()
            yield b"".join([b'{"metric":', label_json(name, one.labels), b',"values":[', joined, b"]}"])


def _step_by_step(store: Store, query: Query, steps: Ints) -> Iterator[bytes]:
    series: dict[bytes, list[str]] = {}
    for moment in steps.tolist():
        for point in vector(store, query, moment):
            series.setdefault(label_json(None, point.labels), []).append(f'[{timestamp(moment)},"{point.value}"]')
    for labels, samples in sorted(series.items()):
        yield b"".join([b'{"metric":', labels, b',"values":[', ",".join(samples).encode(), b"]}"])
