"""Requests, failures and latency of services. Availability and quantiles are taken as published, never averaged."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results

_COUNTS = ("requests", "bad", "shed", "client_error", "aborted", "tokens_in", "tokens_out")
_SUMS = ", ".join(f"CAST(sum({count}) AS DOUBLE) AS {count}" for count in _COUNTS)
_VALID = "requests - coalesce(aborted, 0) - coalesce(client_error, 0)"


def services(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """A row a service over the period, most requests first.

    `availability` is the ratio of sums: 1 - bad / (requests - aborted - client errors), null without valid requests.
    """
    return results.rows(
        f"""
        SELECT service, any_value(team) AS team, any_value(tier) AS tier, string_agg(DISTINCT layer, ', ') AS layer,
               {_SUMS},
               1 - sum(bad)::DOUBLE / nullif(sum({_VALID}), 0) AS availability
        FROM serving_day WHERE day >= $start AND day < $end AND ($team IS NULL OR team = $team)
        GROUP BY service ORDER BY requests DESC, service
        """,
        ("serving_day",), start=period.start, end=period.end, team=team,
    )  # fmt: skip


def latest_latency(results: Results, period: Period) -> pl.DataFrame:
    """Quantiles of each service on its last day in the period (quantiles of days cannot be added up)."""
    return results.rows(
        """
        SELECT service, day, p50_s, p95_s, p99_s, threshold_s, within_lower, within_upper
        FROM serving_latency_day WHERE measure = 'latency' AND day >= $start AND day < $end
        QUALIFY row_number() OVER (PARTITION BY service ORDER BY day DESC) = 1 ORDER BY service
        """,
        ("serving_latency_day",), start=period.start, end=period.end,
    )  # fmt: skip


def days(results: Results, period: Period, service: str) -> pl.DataFrame:
    """Requests by outcome of one service, a row a day."""
    return results.rows(
        "SELECT day, requests, bad, shed, client_error, aborted, availability, tokens_in, tokens_out FROM serving_day "
        "WHERE service = $service AND day >= $start AND day < $end ORDER BY day",
        ("serving_day",), service=service, start=period.start, end=period.end,
    )  # fmt: skip


def latency_days(results: Results, period: Period, service: str, measure: str) -> pl.DataFrame:
    """Quantiles and the share within the threshold of one service, a row a day; measure is latency or ttft."""
    return results.rows(
        "SELECT day, requests, p50_s, p95_s, p99_s, threshold_s, within_lower, within_upper FROM serving_latency_day "
        "WHERE service = $service AND measure = $measure AND day >= $start AND day < $end ORDER BY day",
        ("serving_latency_day",), service=service, measure=measure, start=period.start, end=period.end,
    )  # fmt: skip


def hours(results: Results, service: str) -> pl.DataFrame:
    """The last 14 days of one service, a row an hour."""
    return results.rows(
        "SELECT hour, requests, bad, availability, p50_s, p95_s, p99_s FROM serving_hour "
        "WHERE service = $service ORDER BY hour",
        ("serving_hour",), service=service,
    )  # fmt: skip
