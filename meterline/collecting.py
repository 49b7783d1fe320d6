"""One pass over sources, each on its own: a source that fails is recorded and named, the others are not touched by it.

The outcome of every source is kept in `job_run`, where dashboards and the API find it. Retries of single requests are
the source's matter; when to come back after a failed pass is the scheduler's. Service level indicators are collected
apart from facts, because they are minutes old and not a quarter of an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from collector.source import Collected, Progress, SourceSettings
from warehouse.database import Warehouse
from warehouse.errors import MeterlineError, SourceError, WarehouseError
from warehouse.interval import Interval, naive

if TYPE_CHECKING:
    from meterline.config.model import Config

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
"""Gives the present as an aware UTC datetime."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one source's pass ended: either `collected` or `error` is set; `failures` in a row, this one included."""

    source: str
    collected: Collected | None
    error: MeterlineError | None
    failures: int


def collect_all(
    warehouse: Warehouse,
    sources: Iterable[SourceSettings],
    interval: Interval | None,
    progress: Progress,
    clock: Clock = utc_now,
) -> list[Outcome]:
    """Collect one source after another, whatever happens to each. Raises only errors of the warehouse itself."""
    return [collect_source(warehouse, source, interval, progress, clock) for source in sources]


def collect_source(
    warehouse: Warehouse,
    source: SourceSettings,
    interval: Interval | None,
    progress: Progress,
    clock: Clock = utc_now,
) -> Outcome:
    """One pass of one source, recorded as job `source:NAME`. Raises only errors of the warehouse itself."""
    started = clock()
    collected: Collected | None = None
    error: MeterlineError | None = None
    try:
        collected = source.open().collect(warehouse, interval, started, progress)
    except WarehouseError:
        raise
    except Exception as failure:  # a defect in one source must not stop the others either
        error = explained(source.name, failure)
    failures = record_run(warehouse, f"source:{source.name}", "source", started, clock(), error)
    return Outcome(source.name, collected, error, failures)


@dataclass(frozen=True, slots=True)
class Slis:
    """What a pass over indicators stored: fact rows, and the error of each indicator that failed, by its name."""

    rows: int
    failures: Mapping[str, MeterlineError]


def collect_slis(warehouse: Warehouse, config: Config, now: datetime, clock: Clock = utc_now) -> Slis:
    """The newest minutes of all indicators: each Prometheus source, then what is made of facts.

    Recorded as jobs `sli:SOURCE` and `sli:facts`. Costs little when nothing is new. Raises only errors of the warehouse
    itself.
    """
    listed = dict(warehouse.query("SELECT source, count(*) FROM sli_indicator GROUP BY source").rows())
    rows = 0
    failures: dict[str, MeterlineError] = {}
    for source in [one for one in config.sources if one.name in listed]:
        stored, failed = _slis_of(warehouse, source, now)
        rows += stored
        failures.update(failed)
        record_run(warehouse, f"sli:{source.name}", "sli", now, clock(), _summary(failed, listed[source.name]))
    if "facts" in listed:
        from analytics.reliability.from_facts import store_fact_indicators

        made = store_fact_indicators(warehouse, None, now)
        rows += made.rows
        failures.update(made.failures)
        record_run(warehouse, "sli:facts", "sli", now, clock(), _summary(made.failures, listed["facts"]))
    return Slis(rows, failures)


def _slis_of(warehouse: Warehouse, source: SourceSettings, now: datetime) -> tuple[int, Mapping[str, MeterlineError]]:
    from collector.prometheus.indicator import indicators_of
    from collector.prometheus.indicators import collect_indicators
    from collector.prometheus.settings import PrometheusSettings

    if not isinstance(source, PrometheusSettings):
        return 0, {}
    try:
        collected = collect_indicators(warehouse, source, indicators_of(warehouse, source.name), now)
    except WarehouseError:
        raise
    except MeterlineError as error:
        return 0, {source.name: error}
    return collected.rows, collected.failures


def _summary(failures: Mapping[str, MeterlineError], total: int) -> MeterlineError | None:
    if not failures:
        return None
    sli, first = next(iter(sorted(failures.items())))
    return SourceError(
        f"{len(failures)} of {total} indicators failed, the first is {sli}: {first.message}", first.remedy
    )


def explained(source: str, failure: Exception) -> MeterlineError:
    """The failure of a source as an error for people; one that nobody expected is logged with its trace at DEBUG."""
    if isinstance(failure, MeterlineError):
        return failure
    logger.debug("source %s", source, exc_info=failure)
    return SourceError(
        f"unexpected {type(failure).__name__}: {(str(failure).splitlines() or [''])[0]}",
        "this is a defect of Meterline: report it with the output of the command under METERLINE_TRACE=1",
    )


def record_run(
    warehouse: Warehouse, job: str, kind: str, started: datetime, finished: datetime, error: MeterlineError | None
) -> int:
    """Keep how the last run of `job` ended; returns how many runs in a row have failed, this one included."""
    with warehouse.transaction() as tx:
        before = tx.query("SELECT succeeded_at, failures FROM job_run WHERE job = $job", {"job": job})
        known: dict[str, Any] = before.row(0, named=True) if before.height else {"succeeded_at": None, "failures": 0}
        failures = int(known["failures"]) + 1 if error else 0
        row = {
            "job": job,
            "kind": kind,
            "started_at": naive(started),
            "finished_at": naive(finished),
            "succeeded_at": known["succeeded_at"] if error else naive(finished),
            "failures": failures,
            "message": error.message if error else None,
            "remedy": error.remedy if error else None,
        }
        schema = {
            **dict.fromkeys(("job", "kind", "message", "remedy"), pl.String()),
            **dict.fromkeys(("started_at", "finished_at", "succeeded_at"), pl.Datetime("us")),
            "failures": pl.Int32(),
        }
        tx.replace_rows("job_run", ["job"], pl.DataFrame([row], schema=schema))
    return failures
