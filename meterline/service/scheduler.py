"""When things run: every source and analytic at its own pace, one published version for all analytics that are due.

A source that fails comes back later and later (up to an hour) and holds up nobody. Work that writes is serialised by
the warehouse itself, so jobs may overlap while they wait for the network. Nothing is kept between processes: after a
restart everything is due at once, and watermarks say from where.

With `report.close_after`, a publishing that computed the costs also closes the oldest month that is due for it, and
then everything is due again; so months are closed one by one, in order. A closing that is refused is tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from analytics.catalog import catalog
from analytics.runner import Analysis, analyze
from collector.source import SourceSettings
from meterline.closing import FROZEN, close, job_of, month_due
from meterline.collecting import Clock, collect_source, record_run, utc_now
from meterline.config.model import Config
from warehouse.database import Warehouse
from warehouse.errors import MeterlineError

logger = logging.getLogger(__name__)

WORKERS = 4
LONGEST_BACKOFF = timedelta(hours=1)
PUBLISH_EVERY = timedelta(seconds=15)
LARGEST_JITTER = 10
"""Seconds; spreads sources of equal pace so that they do not ask their servers all at once."""


def backoff(every: timedelta, failures: int) -> timedelta:
    """How long to wait after `failures` (>= 1) failed passes in a row: doubling from the normal pace, at most an hour.

    A source that is rarer than hourly is tried again after an hour.
    """
    doublings = min(failures - 1, 16)
    return min(min(every, LONGEST_BACKOFF) * (1 << doublings), LONGEST_BACKOFF)


class Scheduler:
    """Runs sources and analytics of one configuration against one warehouse until `stop`."""

    def __init__(self, config: Config, warehouse: Warehouse, clock: Clock = utc_now) -> None:
        self._config = config
        self._warehouse = warehouse
        self._clock = clock
        self._due: set[str] = set()
        self._fed: set[str] = set()
        self._lock = threading.Lock()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(WORKERS)},
            job_defaults={"coalesce": True, "max_instances": 1},
        )

    def start(self, *, collect_now: bool = True) -> None:
        """Begin; the first pass of every source is now, or, without `collect_now`, after its pace."""
        now = self._clock()
        for source in self._config.sources:
            first = now if collect_now else now + source.every
            jitter = min(LARGEST_JITTER, source.every.total_seconds() / 10)
            self._add(f"source:{source.name}", partial(self.collect, source), source.every, first, jitter)
        for one in catalog():
            self._add(f"analytic:{one.name}", partial(self.mark_due, [one.name]), one.every, now + one.every)
        if collect_now:  # so that the dashboards can say at once which sources are being asked
            self.mark_due([one.name for one in catalog()])
        self._add("publish", self.publish_due, PUBLISH_EVERY, now)
        self._scheduler.start()

    def _add(
        self, job: str, work: Callable[[], None], every: timedelta, first: datetime, jitter: float | None = None
    ) -> None:
        self._scheduler.add_job(
            partial(_guarded, job, work),
            IntervalTrigger(seconds=every.total_seconds(), jitter=jitter, timezone=UTC),
            id=job,
            next_run_time=first,
            misfire_grace_time=max(60, int(every.total_seconds())),
        )

    def stop(self, deadline: float) -> bool:
        """Start nothing more and wait up to `deadline` seconds for what is running; whether all of it ended."""
        waiting = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        waiting.start()
        waiting.join(deadline)
        return not waiting.is_alive()

    def next_runs(self) -> dict[str, datetime]:
        """When each source is collected next (aware UTC), by the source's name."""
        jobs = self._scheduler.get_jobs()
        prefix = "source:"
        return {job.id.removeprefix(prefix): job.next_run_time for job in jobs if job.id.startswith(prefix)}

    def mark_due(self, analytics: list[str]) -> None:
        """The next publishing computes these."""
        with self._lock:
            self._due.update(analytics)

    def collect(self, source: SourceSettings) -> None:
        """One pass of one source; after a failure its next run is put off."""
        outcome = collect_source(self._warehouse, source, None, lambda doing, share: None, self._clock)
        if outcome.collected:
            logger.info("source %s: %d rows", source.name, outcome.collected.rows)
            if source.name not in self._fed:  # people wait for the first results of a source
                self._fed.add(source.name)
                self.mark_due([analytic.name for analytic in catalog()])
                self._run_at("publish", self._clock())
            return
        following = self._clock() + backoff(source.every, outcome.failures)
        self._run_at(f"source:{source.name}", following)
        logger.warning(
            "source %s failed, %d in a row: %s; next run %s",
            source.name, outcome.failures, outcome.error, f"{following:%Y-%m-%dT%H:%M:%SZ}",
        )  # fmt: skip

    def _run_at(self, job: str, moment: datetime) -> None:
        with suppress(JobLookupError):  # stopping
            self._scheduler.modify_job(job, next_run_time=moment)

    def publish_due(self) -> None:
        """Compute every analytic that is due and publish them as one version, until none is due any more."""
        while True:
            with self._lock:
                due, self._due = self._due, set()
            if not due:
                return
            self._publish(due)

    def _publish(self, due: set[str]) -> None:
        started = self._clock()
        error: MeterlineError | None = None
        analysis: Analysis | None = None
        try:
            analysis = analyze(self._warehouse, started, only=due)
        except Exception as defect:  # when they are due again it may succeed, and collecting goes on
            logger.debug("analyze", exc_info=True)
            error = MeterlineError(f"analytics were not published: {type(defect).__name__}: {defect}", None)
            logger.error("%s", error)
        else:
            logger.info("%s published, %d tables computed", analysis.version, len(analysis.computed))
            for name, reason in analysis.failed.items():
                logger.warning("analytic %s: %s", name, reason)
        record_run(self._warehouse, "analyze", "analytics", started, self._clock(), error)
        if analysis is not None and set(FROZEN) <= set(analysis.computed):
            self._close_due(analysis.version)

    def _close_due(self, version: str) -> None:
        """Close the oldest month that ended `report.close_after` ago, from what was just published as `version`."""
        after, started = self._config.report.close_after, self._clock()
        month = month_due(self._warehouse, started, after) if after is not None else None
        if month is None:
            return
        try:
            closing = close(self._warehouse, month, started, version)
        except MeterlineError as refused:
            failures = record_run(self._warehouse, job_of(month), "closing", started, self._clock(), refused)
            logger.log(logging.WARNING if failures == 1 else logging.DEBUG, "%s", refused)
            return
        logger.info("%s closed at %s, %d lines", f"{month:%Y-%m}", closing.closed.total, closing.closed.lines)
        self.mark_due([one.name for one in catalog()])


def _guarded(job: str, work: Callable[[], None]) -> None:
    """Run one job; what nobody expected (a full disk, a defect) is one line in the log and stops nothing."""
    try:
        work()
    except Exception as failure:
        logger.error("%s: %s: %s", job, type(failure).__name__, (str(failure).splitlines() or [""])[0])
        logger.debug("%s", job, exc_info=True)
