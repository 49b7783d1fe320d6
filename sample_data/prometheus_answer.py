"""From a query to the bytes of its answer, laid out as Prometheus lays them out: compact JSON, values as text.

Ranges are closed at both ends, [time - range, time], as in Prometheus 2; a vector shows the newest sample of the last
five minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from sample_data.selector import Aggregation, Query, Selector, Union
from sample_data.store import Store, label_json

LOOKBACK_MS = 300_000


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a vector: its labels, with the name, and the text of its value."""

    labels: Mapping[str, str]
    value: str


def answer(store: Store, query: Query, time_ms: int) -> bytes:
    """The whole body of a successful answer."""
    if isinstance(query, Selector) and query.range_ms is not None:
        kind, rows = "matrix", _matrix(store, query, time_ms, query.range_ms)
    else:
        kind, rows = "vector", _vector(vector(store, query, time_ms), time_ms)
    head = f'{{"status":"success","data":{{"resultType":"{kind}","result":['.encode()
    return b"".join([head, b",".join(rows), b"]}}"])


def _matrix(store: Store, selector: Selector, end: int, length: int) -> Iterator[bytes]:
    for name, indexes in chosen(store, selector):
        printed = store.printed(name)
        for index in indexes:
            samples = printed.between(index, end - length, end)
            if samples:
                yield b"".join([b'{"metric":', printed.labels[index], b',"values":[', samples, b"]}"])


def _vector(points: list[Point], time_ms: int) -> Iterator[bytes]:
    at = timestamp(time_ms)
    for point in points:
        yield b"".join([b'{"metric":', label_json(None, point.labels), f',"value":[{at},"{point.value}"]}}'.encode()])


def vector(store: Store, query: Query, time_ms: int) -> list[Point]:
    """The instant vector of a query that is not a range."""
    if isinstance(query, Selector):
        return list(_newest(store, query, time_ms))
    if isinstance(query, Union):
        left = vector(store, query.left, time_ms)
        known = {_signature(point) for point in left}
        return left + [point for point in vector(store, query.right, time_ms) if _signature(point) not in known]
    return _aggregate(query, vector(store, query.operand, time_ms))


def _newest(store: Store, selector: Selector, time_ms: int) -> Iterator[Point]:
    for name, indexes in chosen(store, selector):
        printed = store.printed(name)
        for index in indexes:
            samples = printed.between(index, time_ms - LOOKBACK_MS + 1, time_ms)
            if samples:
                labels = {"__name__": name, **store.metrics[name].series[index].labels}
                yield Point(labels, samples.rsplit(b'"', 2)[1].decode())


def _aggregate(query: Aggregation, points: list[Point]) -> list[Point]:
    groups: dict[tuple[tuple[str, str], ...], int] = {}
    for point in points:
        key = tuple((label, point.labels[label]) for label in sorted(query.by) if point.labels.get(label))
        groups[key] = groups.get(key, 0) + 1
    return [Point(dict(key), str(number) if query.operator == "count" else "1") for key, number in groups.items()]


def chosen(store: Store, selector: Selector) -> Iterator[tuple[str, Iterable[int]]]:
    """The metrics that a selector may mean, each with the numbers of the series that it does mean."""
    about_name = [matcher for matcher in selector.matchers if matcher.label == "__name__"]
    about_labels = [matcher for matcher in selector.matchers if matcher.label != "__name__"]
    names = [selector.name] if selector.name else list(store.metrics)
    for name in names:
        if name not in store.metrics:
            continue
        if not all(matcher.matches({"__name__": name}) for matcher in about_name):
            continue
        series = store.metrics[name].series
        yield (
            name,
            (
                number
                for number, one in enumerate(series)
                if all(matcher.matches(one.labels) for matcher in about_labels)
            ),
        )


def _signature(point: Point) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((label, text) for label, text in point.labels.items() if label != "__name__"))


def timestamp(milliseconds: int) -> str:
    """Seconds with three digits of a fraction, or none, as Prometheus prints them."""
    seconds, fraction = divmod(milliseconds, 1000)
    return f"{seconds}.{fraction:03d}" if fraction else str(seconds)


def label_names(store: Store) -> list[str]:
    """Every label name, sorted."""
    series = chain.from_iterable(metric.series for metric in store.metrics.values())
    return sorted({"__name__", *chain.from_iterable(one.labels for one in series)})


def label_values(store: Store, label: str) -> list[str]:
    """Every value of a label, sorted; of `__name__`, the metrics that have series."""
    if label == "__name__":
        return [name for name, metric in store.metrics.items() if metric.series]
    series = chain.from_iterable(metric.series for metric in store.metrics.values())
    return sorted({one.labels[label] for one in series if label in one.labels})
