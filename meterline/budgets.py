"""Published budgets as rows of plain values, and whether any of them is exceeded now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meterline.results import Row, rows_of
from warehouse.published import Published


@dataclass(frozen=True, slots=True)
class Budgets:
    """Rows of budget_status, the most urgent first, and the report currency. `exceeded` names budgets that are over in
    a period that is not over yet."""

    rows: list[Row]
    currency: str
    exceeded: tuple[str, ...]


def budgets(published: Published, *, ended: bool = False) -> Budgets:
    """Budgets of the current periods; with `ended` also of those that are over (the last 13 months), newest first."""
    rows = rows_of(
        published,
        "budget_status",
        """
        SELECT * FROM budget_status WHERE $ended OR elapsed_days < days
        ORDER BY elapsed_days >= days, start DESC,
                 CASE state WHEN 'over' THEN 1 WHEN 'projected_over' THEN 2 WHEN 'warning' THEN 3 ELSE 4 END,
                 share DESC NULLS LAST, scope, period
        """,
        {"ended": ended},
    )
    currency = rows_of(published, "meta", "SELECT currency FROM meta")
    return Budgets(rows, currency[0]["currency"] if currency else "", tuple(_exceeded(rows)))


def _exceeded(rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        if row["state"] == "over" and row["elapsed_days"] < row["days"]:
            yield f"{row['scope']} ({row['period']})"
