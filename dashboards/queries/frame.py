"""What every page shows around its own subject: units, periods, teams, sources that fail, findings, KPIs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dashboards.period import GRAINS, Period, containing
from dashboards.reading import Results


@dataclass(frozen=True, slots=True)
class Meta:
    """Currency and time zone of the report, and the span of the facts (naive UTC; None when nothing was collected)."""

    currency: str
    timezone: str
    computed_at: datetime | None
    facts_from: datetime | None
    facts_to: datetime | None


def meta(results: Results) -> Meta:
    """The one row of table `meta`, or what stands for it while there is none."""
    rows = results.rows("SELECT currency, timezone, computed_at, facts_from, facts_to FROM meta LIMIT 1", ("meta",))
    return Meta(**rows.row(0, named=True)) if rows.height else Meta("USD", "UTC", None, None, None)


def periods(results: Results, grain: str, facts: Meta) -> list[Period]:
    """The periods of `grain` that KPIs were computed for, newest first; without KPIs the one that facts end in."""
    sql = 'SELECT DISTINCT CAST(start AS DATE) AS s, CAST("end" AS DATE) AS e FROM kpi WHERE grain = $grain'
    found = [Period(row["s"], row["e"], grain) for row in results.rows(sql, ("kpi",), grain=grain).to_dicts()]
    if not found and facts.facts_to is not None and grain in GRAINS:
        found = [containing(facts.facts_to.date(), grain)]
    return sorted(found, reverse=True)


TEAM_TABLES = ("gpu_team_day", "cost_line", "serving_day", "drift_model")


def teams(results: Results) -> list[str]:
    """Teams that appear in any table; placeholders such as `__idle__` are not teams."""
    found: set[str] = set()
    for table in TEAM_TABLES:
        sql = f"SELECT DISTINCT team FROM {table} WHERE team IS NOT NULL AND NOT starts_with(team, '__')"
        rows = results.rows(sql, (table,))
        found.update(rows["team"].to_list() if rows.height else [])
    return sorted(found)


def failing_sources(results: Results) -> pl.DataFrame:
    """Sources whose last collection failed, or that were never collected."""
    return results.rows(
        "SELECT source, type, status, collected_to, failures, message, remedy FROM source_status "
        "WHERE status <> 'ok' ORDER BY status, source",
        ("source_status",),
    )


def failing_analytics(results: Results) -> pl.DataFrame:
    """Results that could not be recomputed: what is shown of them is older than this version."""
    return results.rows(
        "SELECT analytic, message FROM analytic_status WHERE status <> 'ok' ORDER BY analytic", ("analytic_status",)
    )


def findings(results: Results, topics: tuple[str, ...]) -> pl.DataFrame:
    """Findings of some topics, errors first, then warnings."""
    listed = ", ".join(f"'{topic}'" for topic in topics)
    return results.rows(
        f"SELECT severity, topic, subject, text, remedy FROM finding WHERE topic IN ({listed}) "
        "ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, topic, subject, text",
        ("finding",),
    )


def kpis(results: Results, period: Period, scope: str) -> pl.DataFrame:
    """KPI rows of one period and scope with title, question and direction."""
    return results.rows(
        """
        SELECT k.kpi, coalesce(d.title, k.kpi) AS title, d.topic, d.question, d.formula,
               coalesce(d.direction, 'up') AS direction, k.grain, k.start, k."end", k.scope, k.value, k.unit,
               k.numerator, k.denominator, k.n, k.low, k.high, k.status, k.target, k.verdict, k.provisional, k.sources
        FROM kpi AS k LEFT JOIN kpi_definition AS d ON d.kpi = k.kpi
        WHERE k.grain = $grain AND CAST(k.start AS DATE) = $start AND k.scope = $scope
        ORDER BY k.kpi
        """,
        ("kpi", "kpi_definition"),
        grain=period.grain, start=period.start, scope=scope,
    )  # fmt: skip


def kpi_history(results: Results, scope: str) -> pl.DataFrame:
    """Every value of every KPI of one scope, oldest first."""
    return results.rows(
        "SELECT kpi, grain, CAST(start AS DATE) AS start, value FROM kpi WHERE scope = $scope "
        "ORDER BY kpi, grain, start",
        ("kpi",),
        scope=scope,
    )


def kpi_scopes(results: Results, kpi: str, period: Period, prefix: str) -> pl.DataFrame:
    """One KPI in one period for every scope that begins with `prefix` (`service:`, `pipeline:`, `tier:`)."""
    return results.rows(
        "SELECT scope, value, numerator, denominator, n, status, target, verdict FROM kpi "
        "WHERE kpi = $kpi AND grain = $grain AND CAST(start AS DATE) = $start AND starts_with(scope, $prefix) "
        "ORDER BY scope",
        ("kpi",),
        kpi=kpi, grain=period.grain, start=period.start, prefix=prefix,
    )  # fmt: skip
