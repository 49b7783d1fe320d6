"""What was metered beside what the provider billed, by day and SKU, in the report currency."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results

_DAYS = "day >= $start AND day < $end"


def by_day(results: Results, period: Period) -> pl.DataFrame:
    """Each day: what was metered of what has both sides, and the difference there (billed less metered, null on days
    without a bill); what was metered and not billed; what was billed and not metered, of SKUs that compare."""
    return results.rows(
        "SELECT day, coalesce(sum(metered_cost) FILTER (status = 'matched'), 0) AS matched, "
        "coalesce(sum(metered_cost) FILTER (status = 'not_billed'), 0) AS not_billed, "
        "coalesce(sum(effective_cost) FILTER (status = 'not_metered' AND kind IS NOT NULL), 0) AS not_metered, "
        "sum(difference) FILTER (status = 'matched') AS difference "
        f"FROM reconciliation_day WHERE {_DAYS} GROUP BY day ORDER BY day",
        ("reconciliation_day",), start=period.start, end=period.end,
    )  # fmt: skip


def by_sku(results: Results, period: Period) -> pl.DataFrame:
    """One row for each SKU, model and status: exact sums with ten decimals, most metered or billed first.

    Charges of SKUs that nothing meters (status `other`) come last.
    """
    return results.rows(
        "SELECT sku, service_name, kind, gpu_model, "
        "CASE WHEN status = 'not_metered' AND kind IS NULL THEN 'other' ELSE status END AS status, "
        "count(DISTINCT day) AS days, "
        "sum(metered_hours) AS metered_hours, coalesce(sum(metered_cost), 0) AS metered_cost, "
        "coalesce(sum(billed_cost), 0) AS billed_cost, coalesce(sum(effective_cost), 0) AS effective_cost, "
        "min(day) AS first_day, max(day) AS last_day, "
        "coalesce(sum(effective_cost), 0) - coalesce(sum(metered_cost), 0) AS difference "
        f"FROM reconciliation_day WHERE {_DAYS} GROUP BY 1, 2, 3, 4, 5 "
        "ORDER BY CASE WHEN kind IS NULL THEN 1 ELSE 0 END, "
        "greatest(coalesce(sum(metered_cost), 0), coalesce(sum(effective_cost), 0)) DESC, sku, kind, gpu_model",
        ("reconciliation_day",), start=period.start, end=period.end,
    )  # fmt: skip


def days(results: Results, period: Period) -> pl.DataFrame:
    """The published rows of the period."""
    return results.rows(
        f"SELECT * FROM reconciliation_day WHERE {_DAYS} ORDER BY day, sku, kind, gpu_model",
        ("reconciliation_day",), start=period.start, end=period.end,
    )  # fmt: skip
