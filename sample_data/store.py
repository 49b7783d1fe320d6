"""Every series of the platform as an answer needs it: generated once a metric, printed once, then only sliced.

The samples of a metric are one text, `[1790000000.123,"0.4312"],[...`, with the place where each sample begins; an
answer for any range is cut out of it. Texts are made when first asked for; the least recently used are dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import orjson
import polars as pl

from sample_data.grid import STEP, Ints
from sample_data.metrics_containers import container_metrics
from sample_data.metrics_gpu import gpu_metrics
from sample_data.metrics_kubernetes import kubernetes_metrics
from sample_data.metrics_serving import serving_metrics
from sample_data.platform import Platform
from sample_data.series import Metric, Series

CHUNK = 200_000
"""Samples that are printed at once: it bounds the memory of a metric that is being printed."""

KEPT_TEXTS = 12
"""Printed metrics that are kept: those of the exporter being read, and a few."""


@dataclass(frozen=True, eq=False, slots=True)
class Printed:
    """A metric as text: sample k of all series stands in text[places[k]:places[k + 1]], with a comma after it.

    `firsts[i]` is the first sample of series i, `times[i]` the milliseconds of its samples, `labels[i]` its labels as
    JSON, with the name and sorted.
    """

    text: bytes
    places: Ints
    firsts: list[int]
    times: list[Ints]
    labels: list[bytes]

    def between(self, series: int, start: int, end: int) -> bytes:
        """The samples of a series with start <= ms <= end, joined by commas; empty where there are none."""
        times, first = self.times[series], self.firsts[series]
        if not len(times) or times[0] > end or times[-1] < start:
            return b""
        low, high = int(np.searchsorted(times, start, "left")), int(np.searchsorted(times, end, "right"))
        if low >= high:
            return b""
        return self.text[self.places[first + low] : self.places[first + high] - 1]


class Store:
    """All metrics of a platform. Safe to use from several threads."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._printed: OrderedDict[str, Printed] = OrderedDict()
        self._lock = Lock()
        self._tables: dict[str, pl.Series | None] = {}

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """Every metric by name, sorted."""
        everything = {
            **gpu_metrics(self.platform), **kubernetes_metrics(self.platform), **container_metrics(self.platform),
            **serving_metrics(self.platform),
        }  # fmt: skip
        return dict(sorted(everything.items()))

    def printed(self, name: str) -> Printed:
        """The text of a metric. Raises KeyError."""
        with self._lock:
            if name not in self._printed:
                self._printed[name] = print_metric(self.metrics[name])
                while len(self._printed) > KEPT_TEXTS:
                    self._printed.popitem(last=False)
            self._printed.move_to_end(name)
            return self._printed[name]

    def values_of(self, name: str) -> pl.Series | None:
        """The text of every value that a metric with decimals may have, None for whole numbers. Raises KeyError."""
        if name not in self._tables:
            self._tables[name] = _table(self.metrics[name])
        return self._tables[name]


def print_metric(metric: Metric) -> Printed:
    """Print all samples of a metric exactly as Prometheus does."""
    table = _table(metric)
    texts, lengths, firsts, times, pieces, count, waiting = [], [], [], [], [], 0, 0
    for number, one in enumerate(metric.series, start=1):
        scraped = one.scraped
        seconds = one.target.grid.start + STEP * one.points[scraped] + one.target.offset // 1000
        firsts.append(count)
        times.append(seconds * 1000 + one.target.offset % 1000)
        pieces.append(_columns(one, seconds, one.values[scraped]))
        count, waiting = count + len(seconds), waiting + len(seconds)
        if waiting >= CHUNK or number == len(metric.series):
            text = _texts(pl.concat(pieces), table)
            lengths.append(text.str.len_bytes().to_numpy())
            texts.append(str(text.str.join("").item()).encode())
            pieces, waiting = [], 0
    places = np.zeros(count + 1, dtype=np.int64)
    if lengths:
        np.cumsum(np.concatenate(lengths), out=places[1:])
    labels = [label_json(metric.name, one.labels) for one in metric.series]
    return Printed(b"".join(texts), places, firsts, times, labels)


def label_json(name: str | None, labels: Mapping[str, str]) -> bytes:
    """Labels as Prometheus prints them: compact, in the order of their bytes, the name among them unless it is None."""
    everything = dict(labels) if name is None else {"__name__": name, **labels}
    return orjson.dumps(everything, option=orjson.OPT_SORT_KEYS)


def _columns(one: Series, seconds: Ints, values: Ints) -> pl.DataFrame:
    milliseconds = one.target.offset % 1000
    fraction = f'.{milliseconds:03d},"' if milliseconds else ',"'
    return pl.DataFrame({"seconds": seconds, "value": values}).with_columns(fraction=pl.lit(fraction))


def _table(metric: Metric) -> pl.Series | None:
    """The text of every value that a metric with decimals may have; whole numbers need no table."""
    if metric.decimals == 0 or not metric.series:
        return None
    highest = max(int(one.values.max()) for one in metric.series)
    return pl.Series([f"{number / 10**metric.decimals:.12g}" for number in range(highest + 1)])


def _texts(rows: pl.DataFrame, table: pl.Series | None) -> pl.Series:
    value = value_texts(rows["value"], table).alias("printed")
    seconds = pl.col("seconds").cast(pl.String)
    sample = pl.concat_str(pl.lit("["), seconds, pl.col("fraction"), pl.lit(value), pl.lit('"],'))
    return rows.select(text=sample)["text"]


def value_texts(values: pl.Series, table: pl.Series | None) -> pl.Series:
    """Values as Prometheus prints them; `table` is that of `Store.values_of`."""
    return values.cast(pl.String) if table is None else table.gather(values)
