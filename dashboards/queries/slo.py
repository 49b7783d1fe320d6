"""Objectives as published: how each stands, how fast its budget burns, hour by hour and rule by rule."""

from __future__ import annotations

import polars as pl

from dashboards.reading import Results


def objectives(results: Results, team: str | None) -> pl.DataFrame:
    """A row an objective, those that need attention first; of one team when given."""
    return results.rows(
        """
        SELECT *, concat(slo, '/', objective) AS key FROM slo_status WHERE $team IS NULL OR team = $team
        ORDER BY CASE state WHEN 'breached' THEN 0 WHEN 'burning' THEN 1 WHEN 'no_data' THEN 2 WHEN 'no_traffic' THEN 3
                 ELSE 4 END, budget_left_ratio NULLS LAST, slo, objective
        """,
        ("slo_status",), team=team,
    )  # fmt: skip


def burns(results: Results, team: str | None) -> pl.DataFrame:
    """Two rows a burn rate rule of each objective, its long window first, the highest factor first."""
    return results.rows(
        "SELECT *, concat(slo, '/', objective) AS key FROM slo_burn WHERE $team IS NULL OR team = $team "
        "ORDER BY slo, objective, factor DESC, rule, window_s DESC",
        ("slo_burn",), team=team,
    )  # fmt: skip


def history(results: Results, slo: str, objective: str) -> pl.DataFrame:
    """The present window of one objective, an hour a row, oldest first."""
    return results.rows(
        "SELECT ts, hour_good, hour_total, good, total, attainment, consumed, left_ratio, hour_burn_rate, method "
        "FROM slo_budget_history WHERE slo = $slo AND objective = $objective ORDER BY ts",
        ("slo_budget_history",), slo=slo, objective=objective,
    )  # fmt: skip


def events(results: Results, slo: str, objective: str) -> pl.DataFrame:
    """When which rule of one objective fired in the last 30 days, newest first."""
    return results.rows(
        "SELECT started_at, ended_at, minutes, ongoing, rule, severity, peak_burn, bad, bad_events, budget_consumed, "
        "method "
        "FROM slo_event WHERE slo = $slo AND objective = $objective ORDER BY started_at DESC, rule",
        ("slo_event",), slo=slo, objective=objective,
    )  # fmt: skip
