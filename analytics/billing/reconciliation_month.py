"""What was metered beside what was billed, by month and to the cent.

---
kind: result
title: Reconciliation by month
question: Does the provider's bill agree with what was metered, in each month and for each SKU?
formula: >
  exact sums of the month's days as in reconciliation_day, each column rounded once to the cent, rows by largest
  remainder; share = difference / the month's effective cost of what compares (rows with a kind), so shares add up too
source: metered_day and bill_day, joined by billing.skus of the configuration
missing: as in reconciliation_day; share is null where nothing that compares was billed
reads: [bill_day, bill_sku, metered_day, billing_sku, currency_rate, report_setting]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from analytics.billing._comparison import charges_by_day, compared, currency
from analytics.billing._rows import rows_of
from warehouse.money import apportion

MONEY = pl.Decimal(18, 2)
SCHEMA = pl.Schema({
    "month": pl.Date(), "sku": pl.String(), "service_name": pl.String(), "kind": pl.String(), "gpu_model": pl.String(),
    "metered_hours": pl.Decimal(28, 6), "metered_cost": MONEY, "billed_cost": MONEY, "effective_cost": MONEY,
    "difference": MONEY, "share": pl.Float64(), "currency": pl.String(), "billed_in": pl.String(),
    "status": pl.String(),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Columns of `SCHEMA`; months are calendar months in UTC, as bills have them."""
    months = compared(charges_by_day(tables), tables, every="1mo")
    report = currency(tables)
    rows: list[dict[str, Any]] = []
    for month in sorted(months):
        of_month = rows_of(months[month], apportion)
        effective = sum((row["effective_cost"] or Decimal(0) for row in of_month if row["kind"]), Decimal(0))
        for row in of_month:
            share = float(row["difference"] / effective) if row["difference"] is not None and effective else None
            rows.append({"month": month, "currency": report, "share": share, **row})
    return pl.DataFrame(rows, schema=SCHEMA)
