"""Published unit costs as rows of plain values: per inference, per token, per training run.

The command line and the HTTP API read the same function, so a number is the same wherever it is asked for.
"""

from __future__ import annotations

from datetime import date

from meterline.results import Row, rows_of
from warehouse.errors import ConfigurationError
from warehouse.published import Published

SCOPES = ("service", "model", "team", "tenant", "platform")
TRAINING = {"run": "training_run_cost", "pipeline": "training_cost_month"}
BY = (*SCOPES, *TRAINING)
ORDERS = {"run": "cost DESC NULLS LAST, pipeline, run_id", "pipeline": "cost DESC NULLS LAST, pipeline"}


def unit_costs(published: Published, month: date, by: str = "service") -> list[Row]:
    """Unit costs of the month (of the report's time zone) that begins on `month`, dearest first; `month` as YYYY-MM.

    One row a service (model, team, tenant of a service, the platform) that had cost or requests. By run: training
    runs that ended in the month; by pipeline: their cost per run and per successful run. Raises ConfigurationError for
    anything else to see them by.
    """
    if by not in BY:
        raise ConfigurationError(f"there are no unit costs by {by!r}", f"choose among {', '.join(BY)}")
    table = TRAINING.get(by, "unit_cost_month")
    kind = "" if by in TRAINING else "AND scope_kind = $by"
    order = ORDERS.get(by, "cost DESC NULLS LAST, scope")
    columns = "* REPLACE (strftime(month, '%Y-%m') AS month)"
    sql = f"SELECT {columns} FROM {table} WHERE month = $month {kind} ORDER BY {order}"
    return rows_of(published, table, sql, {"month": month} if by in TRAINING else {"month": month, "by": by})
