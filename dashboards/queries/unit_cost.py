"""Unit costs by calendar month, as published: of services, models, teams, tenants and the platform, and of training."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results

SCOPES = ("service", "model", "team", "tenant")
_MONTHS = "month < $end AND month >= date_trunc('month', CAST($start AS DATE))"


def unit_costs(results: Results, period: Period, kind: str, team: str | None = None) -> pl.DataFrame:
    """Rows of one scope kind (one of `SCOPES`, or platform) in the months that the period touches, newest month and
    dearest first."""
    return results.rows(
        "SELECT month, scope, service, team, model, tenant, cost, requests, requests_all, failed, failed_cost, "
        "per_1k_inferences, tokens_in, tokens_out, tokens_cached, per_1m_tokens, per_1m_tokens_in, per_1m_tokens_out, "
        "per_1m_tokens_cached, weighted_in, weighted_out, weighted_cached, coverage FROM unit_cost_month "
        f"WHERE {_MONTHS} AND scope_kind = $kind AND ($team IS NULL OR team = $team OR scope_kind = 'platform') "
        "ORDER BY month DESC, cost DESC NULLS LAST, scope",
        ("unit_cost_month",), start=period.start, end=period.end, kind=kind, team=team,
    )  # fmt: skip


def training_months(results: Results, period: Period) -> pl.DataFrame:
    """Runs and their cost by month and pipeline, in the months that the period touches."""
    return results.rows(
        "SELECT month, pipeline, runs, successful, runs_without_cost, cost, per_run, per_successful_run "
        "FROM training_cost_month "
        f"WHERE {_MONTHS} ORDER BY month DESC, cost DESC NULLS LAST, pipeline",
        ("training_cost_month",), start=period.start, end=period.end,
    )  # fmt: skip


def training_runs(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """Runs that ended in the period, newest first; of one team when it is given."""
    return results.rows(
        "SELECT pipeline, run_id, state, started_at, ended_at, team, gpu_hours, cost FROM training_run_cost "
        "WHERE ended_at >= CAST($start AS TIMESTAMP) AND ended_at < CAST($end AS TIMESTAMP) "
        "AND ($team IS NULL OR team = $team) ORDER BY ended_at DESC, pipeline, run_id",
        ("training_run_cost",), start=period.start, end=period.end, team=team,
    )  # fmt: skip
