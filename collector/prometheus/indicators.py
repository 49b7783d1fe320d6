"""Service level indicators of a Prometheus source: good and valid events by minute, in the fact table `sli_count`.

A minute is asked for once it is over by a few seconds, so that an outage is decided on while it is young. Minutes
younger than the source's own `settle` are asked for again on each pass and put right when they turn out otherwise
(remote write, Thanos). Each indicator has a watermark that is written with its rows and never jumps over a window that
failed; one whose definition changed begins anew. Promises: whole minutes only, the same rows however often and in
whatever pieces a time is collected; one indicator's failure stops no other. What values mean is decided in `slices`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import polars as pl

from collector.prometheus.client import PrometheusClient
from collector.prometheus.identity import label_text
from collector.prometheus.indicator import MAX_BACKFILL, MINUTE, Indicator, Ratio
from collector.prometheus.settings import PrometheusSettings
from collector.prometheus.slices import SILENCE, Values, counts
from warehouse.database import Warehouse
from warehouse.errors import DeadlineExceeded, MeterlineError, SourceError, Unauthorized, Unreachable
from warehouse.interval import Interval, floor, naive

FACT = "sli_count"
SETTLE = timedelta(seconds=5)
WINDOW = timedelta(days=7)
"""Time that one request asks for and one transaction stores: with the look-back below a server's 11,000 points."""

THREADS = 4
BATCH = 50
"""Windows stored in one transaction: every minute each indicator has one, of a single row."""

MAX_ANSWER_BYTES = 64 << 20
"""A larger answer is asked for in halves: four of them are held at a time."""

PATIENCE = 20.0
"""Seconds that the newest minutes are waited for at most: the next beat asks again, and others want to be evaluated."""

HISTORY = timedelta(hours=2)
"""A longer time to catch up with may take the source's own deadline."""

DOWN = (Unreachable, DeadlineExceeded, Unauthorized)
"""Errors of the server as a whole: asking it for the next indicator would only wait again."""


@dataclass(frozen=True, slots=True)
class CollectedIndicators:
    """What a pass stored: fact rows, and the error of each indicator that failed, by its name."""

    rows: int
    failures: Mapping[str, MeterlineError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A window's slices, columns ts, good and total, ready to be stored."""

    indicator: Indicator
    window: Interval
    rows: pl.DataFrame


def collect_indicators(
    warehouse: Warehouse,
    settings: PrometheusSettings,
    indicators: Sequence[Indicator],
    now: datetime,
    client: PrometheusClient | None = None,
    *,
    settle: timedelta = SETTLE,
    backfill: timedelta = MAX_BACKFILL,
) -> CollectedIndicators:
    """Store the minutes of each indicator from its watermark to the last one that is over by `settle` at `now`.

    The first collection of an indicator reaches back as far as its window, at most `backfill`. Raises only errors of
    the warehouse; `client` is closed.
    """
    end = floor(now.astimezone(UTC) - settle, MINUTE)
    begin_anew(warehouse, settings.name, indicators, now)
    known = _watermarks(warehouse, settings.name)
    spans = {one: _span(known.get(one.stream), one, settings, end, backfill) for one in indicators}
    failures: dict[str, MeterlineError] = {}
    rows = 0
    longest = max((span.duration for span in spans.values()), default=timedelta(0))
    client = client or _client(settings, patient=longest > HISTORY)
    try:
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            waiting = {one: iter(list(span.split(WINDOW))) for one, span in spans.items() if span.start < span.end}
            while waiting:  # a round takes the next window of each, so that none waits for another's history
                windows = [(one, next(windows, None)) for one, windows in waiting.items()]
                waiting = {one: waiting[one] for one, window in windows if window is not None}
                asked = (
                    pool.submit(_ask, client, settings, one, window, failures) for one, window in windows if window
                )
                done = (future.result() for future in list(asked))
                while batch := list(islice(done, BATCH)):
                    rows += _store(warehouse, settings.name, [one for one in batch if one], known, now)
                waiting = {one: windows for one, windows in waiting.items() if one.sli not in failures}
    finally:
        client.close()
    return CollectedIndicators(rows, failures)


def _client(settings: PrometheusSettings, *, patient: bool) -> PrometheusClient:
    deadline = settings.deadline if patient else min(settings.deadline, PATIENCE)
    return PrometheusClient(settings.model_copy(update={"deadline": deadline}), max_answer_bytes=MAX_ANSWER_BYTES)


def begin_anew(warehouse: Warehouse, source: str, indicators: Sequence[Indicator], now: datetime) -> None:
    """Remember the definitions; one that is not the remembered one loses its watermark and is collected again."""
    kind = "sli_definition"
    with warehouse.transaction() as tx:
        before = dict(
            tx.query(
                "SELECT natural_id, arg_max(body, observed_at) FROM raw_document "
                "WHERE source = $source AND kind = $kind GROUP BY natural_id",
                {"source": source, "kind": kind},
            ).rows()
        )
        changed = [one for one in indicators if before.get(one.sli) != one.text]
        for one in changed:
            tx.execute(
                "DELETE FROM watermark WHERE source = $source AND stream = $stream",
                {"source": source, "stream": one.stream},
            )
        tx.append_documents(source, kind, [(one.sli, one.definition.model_dump()) for one in changed], now)


def _watermarks(warehouse: Warehouse, source: str) -> dict[str, datetime]:
    rows = warehouse.query(
        "SELECT stream, max(collected_to) FROM watermark WHERE source = $source AND fact = $fact GROUP BY stream",
        {"source": source, "fact": FACT},
    )
    return {stream: to.replace(tzinfo=UTC) for stream, to in rows.rows()}


def _span(
    known: datetime | None, indicator: Indicator, settings: PrometheusSettings, end: datetime, backfill: timedelta
) -> Interval:
    """The minutes to ask for; none when no minute ended since the last pass, or the clock went back."""
    if known is None:
        return Interval(floor(end - min(indicator.backfill, backfill), MINUTE), end)
    if known >= end:
        return Interval(end, end)
    return Interval(floor(known - settings.settle, MINUTE), end)


def _ask(
    client: PrometheusClient, settings: PrometheusSettings, indicator: Indicator, window: Interval,
    failures: dict[str, MeterlineError],
) -> _Stored | None:  # fmt: skip
    down = next((error for error in list(failures.values()) if isinstance(error, DOWN)), None)
    if down is not None:
        failures[indicator.sli] = down
        return None
    try:
        return _Stored(indicator, window, fetch_slices(client, indicator, window, settings.replica_labels))
    except MeterlineError as error:
        failures[indicator.sli] = error
    except Exception as error:  # a defect that one definition brings out must not stop the others
        failures[indicator.sli] = SourceError(f"indicator {indicator.sli}: unexpected {type(error).__name__}: {error}")
    return None


def fetch_slices(
    client: PrometheusClient, indicator: Indicator, window: Interval, replica_labels: Sequence[str]
) -> pl.DataFrame:
    """Columns ts (naive UTC, the minute's start), good and total for each measured minute of `window`.

    Raises SourceError.
    """
    definition = indicator.definition
    back = SILENCE if isinstance(definition, Ratio) and definition.counter else 0
    reach = Interval(window.start - back * MINUTE, window.end)
    answers = [_values(client, query, reach) for query in definition.queries]
    good, total = (column[back:] for column in counts(definition, answers, replica_labels, indicator.sli))
    starts = pl.datetime_range(
        naive(window.start), naive(window.end), MINUTE, closed="left", time_unit="us", eager=True
    ).alias("ts")
    return pl.DataFrame({"ts": starts, "good": good, "total": total}).filter(pl.col("total").is_finite())


def _values(client: PrometheusClient, query: str, reach: Interval) -> Values:
    """Every series that the query gives within `reach`, one row each, whatever pieces the answer came in."""
    columns = reach.duration // MINUTE
    begin = int(reach.start.timestamp()) * 1000
    rows: dict[str, int] = {}
    labels: list[Mapping[str, str]] = []
    pieces: list[tuple[np.ndarray[tuple[int], np.dtype[np.int64]], pl.DataFrame]] = []
    for batch in client.at_ends(query, reach, MINUTE):
        for one in batch.labels:
            key = label_text(one)
            if key not in rows:
                rows[key] = len(labels)
                labels.append(one)
        mapping = np.array([rows[label_text(one)] for one in batch.labels], dtype=np.int64)
        pieces.append((mapping, batch.samples))
    matrix = np.full((len(labels), columns), np.nan)
    for mapping, samples in pieces:
        if samples.height:
            ends = samples["ts"].to_numpy()
            # a server that aligns moments to its own steps moves them by less than one
            column = -(-(ends - begin) // 60_000) - 1
            matrix[mapping[samples["series"].to_numpy()], column] = samples["value"].to_numpy()
    return Values(labels, matrix)


def _store(
    warehouse: Warehouse, source: str, batch: Sequence[_Stored], known: Mapping[str, datetime], now: datetime
) -> int:
    if not batch:
        return 0
    rows = 0
    with warehouse.transaction() as tx:
        settled = [(one, known.get(one.indicator.stream)) for one in batch]
        again = [one.window.start for one, mark in settled if mark is not None and one.window.start < mark]
        stored: dict[str, dict[datetime, tuple[float, float]]] = {}
        if again:
            found = tx.query(
                f"SELECT sli, ts, good, total FROM {FACT} WHERE source = $source AND ts >= $since",
                {"source": source, "since": naive(min(again))},
            )
            for sli, ts, good, total in found.rows():
                stored.setdefault(sli, {})[ts] = (good, total)
        for one, mark in settled:
            window, frame = one.window, one.rows
            if mark is not None and window.start < mark:
                window = Interval(_first_news(one, stored.get(one.indicator.sli, {}), mark), window.end)
                frame = frame.filter(pl.col("ts") >= naive(window.start))
            tx.replace_window(FACT, {"source": source, "sli": one.indicator.sli}, window, frame)
            tx.advance(source, one.indicator.stream, FACT, window, now)
            rows += frame.height
    return rows


def _first_news(one: _Stored, stored: Mapping[datetime, tuple[float, float]], mark: datetime) -> datetime:
    """The first minute asked for again whose row is not the stored one, or the watermark: usually nothing is."""
    fresh = {ts: (good, total) for ts, good, total in one.rows.filter(pl.col("ts") < naive(mark)).rows()}
    return next((moment for moment in _minutes(one.window.start, mark) if _differs(fresh, stored, moment)), mark)


def _differs(
    fresh: Mapping[datetime, tuple[float, float]], stored: Mapping[datetime, tuple[float, float]], moment: datetime
) -> bool:
    return fresh.get(naive(moment)) != stored.get(naive(moment))


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE
