"""Pages and incidents as published: by month and severity, by shift, by rule; runbooks; what happened lately."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results


def months(results: Results, team: str | None) -> pl.DataFrame:
    """A row a month and severity of the platform or one team; the newest first, in a month first all severities."""
    return results.rows(
        "SELECT * FROM on_call_month WHERE scope = $scope ORDER BY month DESC, severity <> 'all', severity",
        ("on_call_month",), scope=f"team:{team}" if team else "platform",
    )  # fmt: skip


def shifts(results: Results, period: Period) -> pl.DataFrame:
    """Shifts that began in the period, oldest first; `other` are planned pages and duplicates."""
    return results.rows(
        "SELECT *, pages - actionable - noise - unknown AS other FROM on_call_shift "
        "WHERE shift_start >= $start AND shift_start < $end ORDER BY shift_start",
        ("on_call_shift",), start=period.start, end=period.end,
    )  # fmt: skip


def rules(results: Results, team: str | None) -> pl.DataFrame:
    """Rules that page, the ones with most pages first; of one team when given, and those whose team is not known."""
    return results.rows(
        "SELECT * FROM rule_feedback WHERE $team IS NULL OR team IS NULL OR team = $team "
        "ORDER BY pages DESC, noise DESC, rule",
        ("rule_feedback",), team=team,
    )  # fmt: skip


def runbooks(results: Results, team: str | None) -> pl.DataFrame:
    """Rules that page and whether their runbook is there, the worst first."""
    return results.rows(
        "SELECT * FROM runbook_status WHERE $team IS NULL OR team IS NULL OR team = $team "
        "ORDER BY CASE status WHEN 'missing' THEN 0 WHEN 'dead' THEN 1 WHEN 'stale' THEN 2 WHEN 'unchecked' THEN 3 "
        "ELSE 4 END, tier NULLS LAST, rule",
        ("runbook_status",), team=team,
    )  # fmt: skip


def recent(results: Results, period: Period, team: str | None) -> pl.DataFrame:
    """Pages and severe incidents of the period, newest first (none older than 90 days)."""
    return results.rows(
        "SELECT created_at, severity, rule, title, service, team, outcome, evidence, tta_s, ttr_s, ack_by, "
        "resolved_at, auto_resolved, paged, sleep, source, id, url FROM on_call_incident_recent "
        "WHERE created_at >= $start AND created_at < $end AND ($team IS NULL OR team = $team) "
        "ORDER BY created_at DESC, source, id",
        ("on_call_incident_recent",), start=period.start, end=period.end, team=team,
    )  # fmt: skip


def definitions(results: Results, kpis: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Title, question, formula and what missing data does, of those of `kpis` that are defined."""
    listed = ", ".join(f"'{kpi}'" for kpi in kpis)
    rows = results.rows(
        f"SELECT kpi, title, question, formula, missing FROM kpi_definition WHERE kpi IN ({listed})",
        ("kpi_definition",),
    )
    return {row["kpi"]: row for row in rows.to_dicts()}
