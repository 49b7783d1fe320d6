"""Samples, instant values and version of a Prometheus-compatible server.

Raw samples are asked for with instant queries of a range selector: unlike `query_range` these return the times at which
the target was really scraped, invent no points, and have no limit of 11,000. A window that is too large for the server
is halved until it passes. Promises: every sample with `start <= ts < end` exactly once, bit-equal, or an error; never
fewer. What a metric means is decided elsewhere.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from collector.prometheus.answer import SCHEMA, MatrixParser
from collector.prometheus.connection import Connection
from collector.prometheus.envelope import open_envelope
from collector.prometheus.transport import MAX_ANSWER_BYTES, Transport
from warehouse.errors import BadAnswer, Rejected, TooLarge
from warehouse.interval import BUCKET, EPOCH, Interval

QUERY = "/api/v1/query"
QUERY_RANGE = "/api/v1/query_range"
MAX_STEPS = 10_800
"""Prometheus refuses more than 11,000 points a series."""
BUILD_INFORMATION = "/api/v1/status/buildinfo"

VICTORIA_METRICS = re.compile(r'^vm_app_version\{.*?short_version="([^"]*)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """All samples of a selector in `interval`, a piece of the interval that was asked for.

    `samples` has the columns series (UInt32, index into `labels`), ts (Int64, milliseconds since the epoch) and value
    (Float64); the rows of a series are together and in time order. A series of `labels` may have no rows. `skipped`
    counts native histogram samples, which are left out.
    """

    labels: list[dict[str, str]]
    samples: pl.DataFrame
    interval: Interval
    skipped: int = 0


class PrometheusClient:
    """One server, asked from any number of threads; `close` it when done.

    Every request, with its retries, takes at most `connection.deadline` seconds; `samples` may need several requests.
    `clock` (monotonic seconds), `sleep` and `max_answer_bytes` are passed to the transport.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._transport = Transport(connection, clock=clock, sleep=sleep, max_answer_bytes=max_answer_bytes)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def samples(self, selector: str, interval: Interval) -> Iterator[SampleBatch]:
        """Raw samples of an instant selector (`name{label="value"}`, without offset), in time order of the batches.

        The batches' intervals follow each other and together are `interval`; store nothing before the last one came
        unless it is stored per batch. Raises SourceError; TooLarge when not even 5 minutes pass.
        """
        yield from _halving(interval, BUCKET, lambda window: self._window(selector, window))

    def at_ends(self, promql: str, interval: Interval, step: timedelta) -> Iterator[SampleBatch]:
        """Values of an instant query at the end of every `step` of `interval`, both whole multiples of seconds.

        `ts` is that end: `start < ts <= end`. A server that refuses a window, or would have to answer with more points
        than it may, is asked for pieces of it; they follow each other. A moment at which a series has no value (no
        sample within the server's look-back, or a staleness marker) has no row. Raises SourceError; TooLarge when not
        even one step passes.
        """
        start = interval.start
        while start < interval.end:
            end = min(start + MAX_STEPS * step, interval.end)
            yield from _halving(Interval(start, end), step, lambda window: self._ends(promql, window, step))
            start = end

    def read_ahead(
        self, selector: str, interval: Interval, window: timedelta, threads: int = 2
    ) -> Iterator[SampleBatch]:
        """As `samples`, asked for in pieces of `window`, up to `threads` of them while the caller works with another.

        Batches come in the order of time. Raises as `samples`, when the piece that failed is due.
        """
        with ThreadPoolExecutor(max_workers=threads) as pool:
            coming: deque[Future[list[SampleBatch]]] = deque()
            try:
                for piece in interval.split(window):
                    coming.append(pool.submit(self._all, selector, piece))
                    if len(coming) > threads:
                        yield from coming.popleft().result()
                while coming:
                    yield from coming.popleft().result()
            finally:  # the caller may stop early, or a piece fail
                for future in coming:
                    future.cancel()

    def vector(self, promql: str, at: datetime) -> list[tuple[dict[str, str], float]]:
        """Labels and value of every element of an instant query; a scalar is one element without labels.

        Native histograms are left out. Raises SourceError.
        """
        form = {"query": promql, "time": _seconds(_milliseconds(at))}
        data = self._transport.query(QUERY, form, lambda chunks: open_envelope(b"".join(chunks)))
        try:
            if data["resultType"] == "scalar":
                return [({}, float(data["result"][1]))]
            if data["resultType"] == "vector":
                return [(one["metric"], float(one["value"][1])) for one in data["result"] if "value" in one]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise BadAnswer(f"{self._transport.url} sent a vector that is none ({error})") from error
        raise BadAnswer(
            f"{promql} gives a {data['resultType']} where a vector was expected", "ask with an instant query"
        )

    def build_information(self) -> dict[str, str]:
        """What the server says of itself, at least `application` and `version` (`unknown` where it does not tell).

        VictoriaMetrics lacks the call in some versions and poses as Prometheus in others: there its own metrics tell.
        Raises SourceError when there is no such API at the url.
        """
        try:
            data = self._transport.get(BUILD_INFORMATION, lambda chunks: open_envelope(b"".join(chunks)))
        except (Rejected, BadAnswer):
            data = {}
            self.vector("vector(1)", EPOCH)
        found = {name: str(value) for name, value in data.items()}
        if "goVersion" in found:  # VictoriaMetrics' imitation has the version only
            return {"application": "Prometheus", **found}
        try:
            metrics = self._transport.get("/metrics", lambda chunks: b"".join(chunks).decode(errors="replace"))
        except (Rejected, BadAnswer):
            metrics = ""
        victoria = VICTORIA_METRICS.search(metrics)
        if victoria:
            return {"application": "VictoriaMetrics", "version": victoria.group(1)}
        return {"application": "unknown", "version": "unknown", **found}

    def _all(self, selector: str, interval: Interval) -> list[SampleBatch]:
        return list(self.samples(selector, interval))

    def _window(self, selector: str, window: Interval) -> SampleBatch:
        start, end = _milliseconds(window.start), _milliseconds(window.end)
        if start == end:
            return SampleBatch([], pl.DataFrame(schema=SCHEMA), window)
        # Prometheus 2 closes a range at both ends, Prometheus 3 leaves it open on the left. A range that ends in the
        # last millisecond and reaches to the one before the start holds [start, end) in both; the sample too many that
        # it may have in version 2 is dropped by the parser.
        form = {"query": f"{selector}[{end - start}ms]", "time": _seconds(end - 1)}

        def read(chunks: Iterator[bytes]) -> SampleBatch:
            parser = MatrixParser(start, end)
            for chunk in chunks:
                parser.feed(chunk)
            matrix = parser.finish()
            return SampleBatch(matrix.labels, matrix.samples, window, matrix.skipped)

        return self._transport.query(QUERY, form, read, ranged=True)

    def _ends(self, promql: str, window: Interval, step: timedelta) -> SampleBatch:
        first, last = _milliseconds(window.start + step), _milliseconds(window.end)
        form = {
            "query": promql, "start": _seconds(first), "end": _seconds(last), "step": str(step // timedelta(seconds=1)),
            "nocache": "1",  # VictoriaMetrics would move the moments otherwise
        }  # fmt: skip

        def read(chunks: Iterator[bytes]) -> SampleBatch:
            parser = MatrixParser(first, last + 1)
            for chunk in chunks:
                parser.feed(chunk)
            matrix = parser.finish()
            return SampleBatch(matrix.labels, matrix.samples, window, matrix.skipped)

        return self._transport.query(QUERY_RANGE, form, read, ranged=True)


def _halving(interval: Interval, grain: timedelta, ask: Callable[[Interval], SampleBatch]) -> Iterator[SampleBatch]:
    """What `ask` answers for `interval`, or for halves of it, cut at multiples of `grain`, where that is too large."""
    waiting = [interval]
    refused: timedelta | None = None  # a duration that the server refused: not worth asking again
    while waiting:
        window = waiting.pop()
        halves = window.halves(grain)
        if halves is None or refused is None or window.duration < refused:
            try:
                batch = ask(window)
            except TooLarge:
                if halves is None:
                    raise
                refused = window.duration
            else:
                yield batch
                continue
        assert halves is not None
        waiting += reversed(halves)


def _milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch, rounded up, so that `ts >= moment` and `ts < moment` keep their meaning."""
    return -((EPOCH - moment) // timedelta(milliseconds=1))


def _seconds(milliseconds: int) -> str:
    """Seconds with three decimals, without a double in between."""
    return f"{'-' if milliseconds < 0 else ''}{abs(milliseconds) // 1000}.{abs(milliseconds) % 1000:03d}"
