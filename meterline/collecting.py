"""One pass over sources, each on its own: a source that fails is recorded and named, the others are not touched by it.

The outcome of every source is kept in `job_run`, where dashboards and the API find it. Retries of single requests are
the source's matter; when to come back after a failed pass is the scheduler's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from collector.source import Collected, Progress, SourceSettings
from warehouse.database import Warehouse
from warehouse.errors import MeterlineError, SourceError, WarehouseError
from warehouse.interval import Interval, naive

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
