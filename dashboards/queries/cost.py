"""Spend: exact sums of cost lines, the months' showback, and unit costs. Money is DECIMAL throughout."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results

DIMENSIONS = ("team", "service", "model", "cluster", "gpu_model")


def showback(results: Results, period: Period, by: str) -> pl.DataFrame:
    """Columns key, gpu_hours, cost; largest first.

    Months and quarters add up the published showback (cents that add up to the bill); a week is no billing period, so
    its rows are exact sums of cost lines with ten decimals.
    """
    if by not in DIMENSIONS:
        raise ValueError(f"cost is not published by {by!r}, only by {', '.join(DIMENSIONS)}")
    if period.grain == "week":
        return results.rows(
            f"SELECT coalesce({by}, '') AS key, sum(gpu_hours) AS gpu_hours, coalesce(sum(cost), 0) AS cost "
            f"FROM cost_line WHERE day >= $start AND day < $end GROUP BY {by} ORDER BY cost DESC, key",
            ("cost_line",), start=period.start, end=period.end,
        )  # fmt: skip
    return results.rows(
        "SELECT key, sum(gpu_hours) AS gpu_hours, sum(cost) AS cost FROM showback_month "
        'WHERE "by" = $by AND month >= $start AND month < $end GROUP BY key ORDER BY cost DESC, key',
        ("showback_month",), by=by, start=period.start, end=period.end,
    )  # fmt: skip


def by_day(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """Cost a day: of owned work, of namespaces without an owner, and of capacity that nobody requested.

    With a team, `owned` is that team's alone and the other two are zero.
    """
    return results.rows(
        """
        SELECT day,
               coalesce(sum(cost) FILTER (NOT starts_with(team, '__') AND ($team IS NULL OR team = $team)), 0) AS owned,
               coalesce(sum(cost) FILTER (team = '__unallocated__' AND $team IS NULL), 0) AS unowned,
               coalesce(sum(cost) FILTER (team = '__idle__' AND $team IS NULL), 0) AS idle
        FROM cost_line WHERE day >= $start AND day < $end GROUP BY day ORDER BY day
        """,
        ("cost_line",), start=period.start, end=period.end, team=team,
    )  # fmt: skip


def lines(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """The cost lines themselves, largest first."""
    return results.rows(
        "SELECT day, team, service, model, cluster, namespace, gpu_model, resource, price, gpu_hours, cost "
        "FROM cost_line WHERE day >= $start AND day < $end AND ($team IS NULL OR team = $team) "
        "ORDER BY cost DESC NULLS FIRST, day, cluster, namespace",
        ("cost_line",), start=period.start, end=period.end, team=team,
    )  # fmt: skip


def unpriced(results: Results, period: Period) -> pl.DataFrame:
    """GPU models without a price in the period and the hours that the cost therefore leaves out."""
    return results.rows(
        "SELECT coalesce(gpu_model, 'unknown GPU model') AS gpu_model, sum(gpu_hours) AS gpu_hours FROM cost_line "
        "WHERE price IS NULL AND day >= $start AND day < $end GROUP BY gpu_model ORDER BY gpu_hours DESC",
        ("cost_line",), start=period.start, end=period.end,
    )  # fmt: skip


def unit_costs(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """Unit costs of the months that the period touches (they are computed by month), a row a service and month."""
    return results.rows(
        "SELECT month, service, team, model, cost, requests, per_1k_inferences, per_1m_tokens, per_1m_tokens_in, "
        "per_1m_tokens_out, tokens_in, tokens_out, coverage FROM unit_cost_month "
        "WHERE month < $end AND month >= date_trunc('month', CAST($start AS DATE)) "
        "AND ($team IS NULL OR team = $team) ORDER BY month DESC, cost DESC NULLS LAST, service",
        ("unit_cost_month",), start=period.start, end=period.end, team=team,
    )  # fmt: skip
