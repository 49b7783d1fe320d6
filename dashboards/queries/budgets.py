"""Budgets as published: what each holds, what is spent and projected, and when thresholds were crossed."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.queries.showback import Selection, shares_out
from dashboards.reading import Results


def budgets(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """Budgets whose month or quarter overlaps the period, most of the budget spent first; of one team when given.

    The budgets of services stay with a team chosen: the table does not say whose a service is.
    """
    return results.rows(
        'SELECT * FROM budget_status WHERE start < $end AND "end" > $start '
        "AND ($team IS NULL OR scope = $team OR starts_with(scope, 'service:')) "
        "ORDER BY share DESC NULLS LAST, scope, period, start",
        ("budget_status",), start=period.start, end=period.end, team=f"team:{team}" if team else None,
    )  # fmt: skip


def events(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """What happened to budgets on the days of the period, newest first."""
    return results.rows(
        'SELECT "at", scope, period, kind, threshold, spent, budget, start, event_id FROM budget_event '
        'WHERE "at" >= $start AND "at" < $end '
        "AND ($team IS NULL OR scope = $team OR starts_with(scope, 'service:')) "
        'ORDER BY "at" DESC, scope, kind, threshold DESC',
        ("budget_event",), start=period.start, end=period.end, team=f"team:{team}" if team else None,
    )  # fmt: skip


def spent_by_day(results: Results, scope: str, period: Period) -> pl.DataFrame:
    """report_day and cost (a float, for the chart): what `scope` (team:x or service:y) was charged in the period.

    Corrections of earlier months count on the first day.
    """
    column, _, name = scope.partition(":")
    selection = Selection(period, ((column, name),), shares_out(results))
    return results.rows(
        f"SELECT greatest(report_day, $start) AS day, coalesce(sum(cost), 0) AS cost {selection.sql()} "
        "GROUP BY 1 ORDER BY 1",
        selection.needs, **selection.parameters,
    )  # fmt: skip
