"""Runs of training and deployment pipelines. Cancelled and skipped runs are in no rate; they are counted beside it."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results

STATES = ("success", "failed", "cancelled", "skipped")


def by_day(results: Results, period: Period) -> pl.DataFrame:
    """Ended runs by state, a row a day and kind."""
    sums = ", ".join(f"CAST(sum({state}) AS BIGINT) AS {state}" for state in STATES)
    return results.rows(
        f"SELECT day, kind, {sums} FROM pipeline_day WHERE day >= $start AND day < $end "
        "GROUP BY day, kind ORDER BY day, kind",
        ("pipeline_day",), start=period.start, end=period.end,
    )  # fmt: skip


def of_period(results: Results, period: Period) -> pl.DataFrame:
    """Ended runs by state over the period, a row a pipeline, the least reliable first; rate null without ended runs."""
    sums = ", ".join(f"CAST(sum({state}) AS BIGINT) AS {state}" for state in STATES)
    return results.rows(
        f"SELECT kind, pipeline, {sums}, sum(success)::DOUBLE / nullif(sum(success) + sum(failed), 0) AS success_rate "
        "FROM pipeline_day WHERE day >= $start AND day < $end GROUP BY kind, pipeline "
        "ORDER BY success_rate NULLS LAST, kind, pipeline",
        ("pipeline_day",), start=period.start, end=period.end,
    )  # fmt: skip


def summary(results: Results) -> pl.DataFrame:
    """Each pipeline over the last 30 days of facts, as published."""
    return results.rows(
        "SELECT kind, pipeline, success, failed, skipped, cancelled, in_flight, success_rate, first_attempt_rate, "
        "queue_p50_s, queue_p95_s, last_state, last_ended_at FROM pipeline_summary ORDER BY kind DESC, pipeline",
        ("pipeline_summary",),
    )


def recent(results: Results) -> pl.DataFrame:
    """The newest runs, newest first."""
    return results.rows(
        "SELECT kind, pipeline, run_id, state, first_attempt_state, attempts, queued_at, started_at, ended_at, "
        "duration_s, queue_s FROM pipeline_recent ORDER BY coalesce(ended_at, started_at, queued_at) DESC NULLS LAST, "
        "pipeline, run_id",
        ("pipeline_recent",),
    )
