"""Indicators of the source `facts`: what was collected already, as good and valid events in `sli_count`.

Days whose facts changed are computed anew, all days of an indicator that is new or was changed. What rows were made
from is remembered after they are stored, so a run that dies is repeated. A row stands at the last minute of its
5-minute bucket; a bucket of which the facts say nothing has none. Of the package's modules this one writes to the
warehouse; one indicator's failure stops no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from analytics.reliability import fact_metrics
from analytics.reliability.fact_query import query_slices, tables_of
from analytics.store import runs
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError, MeterlineError
from warehouse.interval import BUCKET, Interval, floor, naive
from warehouse.writing import Transaction

SOURCE = "facts"
FACT = "sli_count"
LAST_MINUTE = BUCKET - timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StoredIndicators:
    """What a run stored: rows, and the error of each indicator that failed, by its name."""

    rows: int
    failures: Mapping[str, MeterlineError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Job:
    """An indicator with the days to compute; `facts` are the tables that it is made of."""

    sli: str
    definition: Mapping[str, Any]
    facts: frozenset[str]
    fingerprint: str
    revision: int
    days: tuple[date, ...]

    @property
    def wanted(self) -> fact_metrics.Wanted | None:
        if "sql" in self.definition:
            return None
        return self.definition["metric"], self.definition["service"], self.definition.get("threshold")


def store_fact_indicators(warehouse: Warehouse, interval: Interval | None, now: datetime) -> StoredIndicators:
    """Bring the indicators of source `facts` up to date; days of `interval` in any case.

    Run it when sources were collected, before analyzing. Raises only errors of the warehouse.
    """
    failures: dict[str, MeterlineError] = {}
    jobs = []
    listed = warehouse.query(
        "SELECT sli, definition FROM sli_indicator WHERE source = $source ORDER BY sli", {"source": SOURCE}
    ).rows()
    if not listed:
        return StoredIndicators(0)
    known = _known(warehouse)
    for sli, definition in listed:
        try:
            job = _job(known, sli, definition, _days_of(interval))
        except ConfigurationError as error:
            failures[sli] = error
        else:
            if job.days:
                jobs.append(job)
    rows = 0
    named = [job for job in jobs if job.wanted]
    for first, after in runs(sorted({day for job in named for day in job.days})):
        days = Interval(_midnight(first), _midnight(after))
        with warehouse.transaction() as tx:
            slices = fact_metrics.metric_slices(tx, [job.wanted for job in named if job.wanted], days)
            for job in named:
                metric, service, threshold = job.wanted or ("", "", None)
                own = slices.filter(
                    (pl.col("metric") == metric) & (pl.col("service") == service)
                    & pl.col("threshold").eq_missing(pl.lit(threshold, dtype=pl.Float64))
                )  # fmt: skip
                rows += _replace(tx, job, own, [span for span in runs(list(job.days)) if first <= span[0] < after])
    with warehouse.transaction() as tx:
        for job in named:
            _finish(tx, job, now)
    for job in (job for job in jobs if not job.wanted):
        try:
            with warehouse.transaction() as tx:
                for first, after in runs(list(job.days)):
                    days = Interval(_midnight(first), _midnight(after))
                    own = query_slices(tx, job.sli, job.definition["sql"], days)
                    rows += _replace(tx, job, own, [(first, after)])
                _finish(tx, job, now)
        except ConfigurationError as error:
            failures[job.sli] = error
    return StoredIndicators(rows, failures)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is in the warehouse: changed days (fact, day, revision), what indicators were made from, the matches."""

    changed: Sequence[tuple[str, date, int]]
    states: Mapping[str, tuple[str, int]]
    matches: str


def _known(warehouse: Warehouse) -> _Known:
    changed = warehouse.query("SELECT fact, day, revision FROM changed_day").rows()
    states = warehouse.query("SELECT analytic, fingerprint, revision FROM analytic_state").rows()
    matches = warehouse.query("SELECT * FROM service_match ORDER BY ALL").rows()
    return _Known(changed, {name: (made_from, revision) for name, made_from, revision in states}, repr(matches))


def _job(known: _Known, sli: str, text: str, forced: Sequence[date]) -> _Job:
    definition = json.loads(text)
    if "sql" in definition:
        facts = tables_of(sli, definition["sql"])
        parts = [text]
    else:
        _check(sli, definition)
        facts = frozenset(fact_metrics.FACTS)
        parts = [text, fact_metrics.fingerprint(), known.matches]
    made_from = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    changed = [(day, revision) for fact, day, revision in known.changed if fact in facts]
    before, revision = known.states.get(_state(sli), ("", 0))
    seen = revision if before == made_from else -1
    days = {day for day, revision in changed if revision > seen or day in forced}
    newest = max((revision for _, revision in changed), default=0)
    return _Job(sli, definition, facts, made_from, newest, tuple(sorted(days)))


def _check(sli: str, definition: Mapping[str, Any]) -> None:
    metric, threshold = definition.get("metric"), definition.get("threshold")
    if metric not in fact_metrics.METRICS or not definition.get("service"):
        raise ConfigurationError(
            f"indicator {sli} is made of the metric {metric!r} of the service {definition.get('service')!r}",
            f"name a service and one of {', '.join(fact_metrics.METRICS)}",
        )
    if (threshold is None) != (metric in fact_metrics.COUNTED):
        needs = "has no threshold" if threshold is not None else "needs a threshold in seconds"
        raise ConfigurationError(f"indicator {sli}: {metric} {needs}", "correct the indicator's metricSource")


def _replace(tx: Transaction, job: _Job, slices: pl.DataFrame, spans: Sequence[tuple[date, date]]) -> int:
    stored = 0
    for first, after in spans:
        days = Interval(_midnight(first), _midnight(after))
        good = pl.col("good").clip(0.0, pl.col("total").clip(lower_bound=0.0))
        rows = slices.select(pl.col("ts") + LAST_MINUTE, good, "total").filter(
            pl.col("ts").is_between(naive(days.start), naive(days.end), closed="left")
        )
        tx.replace_window(FACT, {"source": SOURCE, "sli": job.sli}, days, rows)
        stored += rows.height
    return stored


def _finish(tx: Transaction, job: _Job, now: datetime) -> None:
    """The watermark, where the facts are complete to, and what the rows were made from."""
    complete = tx.query(
        "SELECT min(collected_to) AS until FROM (SELECT max(collected_to) AS collected_to FROM watermark "
        "WHERE fact IN (SELECT unnest($facts)) AND source IN (SELECT source FROM configured_source) "
        "GROUP BY source, stream, fact)",
        {"facts": sorted(job.facts)},
    ).item()
    start, end = _midnight(job.days[0]), _midnight(job.days[-1] + DAY)
    known = min(now.astimezone(UTC), complete.replace(tzinfo=UTC)) if complete else now.astimezone(UTC)
    end = max(min(end, floor(known, BUCKET)), start)
    tx.advance(SOURCE, f"sli:{job.sli}", FACT, Interval(start, end), now)
    tx.execute("DELETE FROM analytic_state WHERE analytic = $name", {"name": _state(job.sli)})
    tx.execute(
        "INSERT INTO analytic_state VALUES ($name, $fingerprint, $revision, $now)",
        {"name": _state(job.sli), "fingerprint": job.fingerprint, "revision": job.revision, "now": naive(now)},
    )


def _state(sli: str) -> str:
    return f"{FACT}:{SOURCE}:{sli}"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _days_of(interval: Interval | None) -> list[date]:
    if interval is None or interval.start == interval.end:
        return []
    last = (interval.end - timedelta(microseconds=1)).date()
    return [interval.start.date() + number * DAY for number in range((last - interval.start.date()).days + 1)]
