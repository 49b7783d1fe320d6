"""Published results as rows of plain values: what the command line prints and the HTTP API answers.

Both read the same functions, so a number is the same wherever it is asked for. Only published Parquet is read; money
stays Decimal and times stay naive UTC until `output` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterline.bill import Asked, Bill, MonthlyLedger
from warehouse.errors import ConfigurationError, MeterlineError
from warehouse.interval import naive
from warehouse.money import round_half_even
from warehouse.published import Published

Row = dict[str, Any]

UNIT_QUANTUM = Decimal("0.00000001")
GRAINS = ("week", "month", "quarter")
KPI_COLUMNS = (
    "kpi", "grain", "start", "end", "scope", "value", "unit", "numerator", "denominator", "n", "low", "high", "status",
    "target", "verdict", "provisional", "sources",
)  # fmt: skip


def rows_of(published: Published, table: str, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Rows of a SELECT over `table`. Raises MeterlineError when this version does not have that table."""
    if table not in published.tables:
        raise MeterlineError(
            f"{published.version} has no table {table}: what computes it has not succeeded yet",
            "run `meterline analyze`, it names what failed",
        )
    return published.query(sql, parameters).to_dicts()


def kpis(published: Published, grain: str, at: datetime | None, scope: str | None) -> list[Row]:
    """KPI rows of one period: the one that contains `at` (aware UTC), or the newest that there is.

    `scope` keeps only rows of that scope, such as `platform` or `team:search`.
    """
    if grain not in GRAINS:
        raise ConfigurationError(f"{grain!r} is not a grain", f"choose among {', '.join(GRAINS)}")
    rows = rows_of(
        published,
        "kpi",
        """
        SELECT * FROM kpi
        WHERE grain = $grain AND ($scope IS NULL OR scope = $scope)
          AND CASE WHEN $at IS NULL THEN start = (SELECT max(start) FROM kpi WHERE grain = $grain)
                   ELSE start <= $at AND $at < "end" END
        ORDER BY scope <> 'platform', scope, kpi
        """,
        {"grain": grain, "scope": scope, "at": naive(at) if at else None},
    )
    return [_kpi(row) for row in rows]


def _kpi(row: Row) -> Row:
    found = {column: row[column] for column in KPI_COLUMNS}
    if found["unit"] == "currency":
        found |= {column: _money(found[column]) for column in ("value", "numerator", "low", "high")}
    if isinstance(found["sources"], str):
        found["sources"] = [name for name in found["sources"].split(", ") if name]
    return found


def _money(value: float | Decimal | None) -> Decimal | None:
    """A KPI's money, which is computed as a float, as a decimal with the eight digits of unit costs."""
    return None if value is None else round_half_even(Fraction(value), UNIT_QUANTUM)


def bill(published: Published, month: date, asked: Asked | Sequence[str] = ("team",)) -> Bill:
    """The bill of the month that begins on `month`; a sequence asks for groups alone.

    Raises ConfigurationError for a dimension, label or value that is not there.
    """
    return MonthlyLedger(published, month).bill(asked if isinstance(asked, Asked) else Asked(tuple(asked)))


def unit_costs(published: Published, month: date) -> list[Row]:
    """One row a service that had cost or requests in the month."""
    from meterline.unit_costs import unit_costs as by_service

    return by_service(published, month)


def drift(published: Published) -> Row:
    """`{coverage: {covered, models, ratio}, rows}`: newest score of every column, and models without any score."""
    rows_of(published, "drift_series", "SELECT 1 FROM drift_series LIMIT 1")
    rows = rows_of(
        published,
        "drift_model",
        """
        SELECT m.model, m.service, m.team, m.tier, m.monitor, m.status, m.last_result_at,
               s.column_name AS "column", s.method, s.score, s.threshold, s.drifted
        FROM drift_model AS m
        LEFT JOIN (
            SELECT model, column_name, method, arg_max(score, ts) AS score, arg_max(threshold, ts) AS threshold,
                   arg_max(drifted, ts) AS drifted
            FROM drift_series GROUP BY model, column_name, method
        ) AS s ON s.model = m.model
        ORDER BY m.tier, m.model, m.service, s.column_name, s.method
        """,
    )
    status = {(row["model"], row["service"]): row["status"] for row in rows}
    covered = sum(one == "covered" for one in status.values())
    ratio = covered / len(status) if status else None
    return {"coverage": {"covered": covered, "models": len(status), "ratio": ratio}, "rows": rows}
