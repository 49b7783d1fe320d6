"""What was metered beside what was billed, by day.

---
kind: result
title: Reconciliation by day
question: Does the provider's bill agree with what was metered, on each day and for each SKU?
formula: >
  metered = cost lines of the UTC day (held, idle, shared, unused commitments); billed and effective = charges of the
  bill without duplicates, longer ones divided over UTC days by the second, converted at the day's rate; difference =
  effective - metered. Exact sums, each rounded once to ten decimals
source: metered_day and bill_day, joined by billing.skus of the configuration
missing: >
  not_billed: metered without a charge; not_metered: billed without metered use, difference null where the SKU maps to
  nothing; no_rate: a charge in another currency without a rate that day, its cost in no sum and the difference null.
  metered_cost is null where nothing has a price
reads: [bill_day, bill_sku, metered_day, billing_sku, currency_rate, report_setting]
---
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import polars as pl

from analytics.billing._comparison import COSTS, charges_by_day, compared, currency, plain
from analytics.billing._rows import rows_of
from warehouse.money import round_half_even

QUANTUM = Decimal("0.0000000001")
MONEY = pl.Decimal(28, 10)
SCHEMA = pl.Schema({
    "day": pl.Date(), "sku": pl.String(), "service_name": pl.String(), "kind": pl.String(), "gpu_model": pl.String(),
    "metered_hours": pl.Decimal(28, 6), "metered_cost": MONEY, "billed_cost": MONEY, "effective_cost": MONEY,
    "difference": MONEY, "currency": pl.String(), "billed_in": pl.String(), "status": pl.String(),
})  # fmt: skip
ROW = ("day", "kind", "gpu_model", "sku", "service")


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Columns of `SCHEMA`; `currency` is the report's; `billed_in` the bill's, of no_rate those without a rate."""
    report = currency(tables)
    charges = charges_by_day(tables)
    fractions = charges.filter(~plain(report) | pl.col("kind").is_not_null()).select(ROW).unique()
    days = compared(charges.join(fractions, on=ROW, how="semi", nulls_equal=True), tables)
    rows = [
        {"day": day, "currency": report, **row} for day in sorted(days) for row in rows_of(days[day], _each)
    ]  # fmt: skip
    only_billed = charges.join(fractions, on=ROW, how="anti", nulls_equal=True)
    return pl.concat([pl.DataFrame(rows, schema=SCHEMA), _only_billed(only_billed)])


def _each(values: Sequence[Fraction]) -> list[Decimal]:
    return [round_half_even(value, QUANTUM) for value in values]


def _only_billed(charges: pl.DataFrame) -> pl.DataFrame:
    """Charges within a day, in the report's currency, that nothing meters: sums of decimals, by far the most rows."""
    sums = charges.group_by(*ROW, "currency").agg(pl.col(cost).sum() for cost in COSTS)
    return (
        sums.rename({"service": "service_name"})
        .with_columns(pl.col("currency").alias("billed_in"), pl.lit("not_metered").alias("status"))
        .with_columns(pl.lit(None).alias(name) for name in ("metered_hours", "metered_cost", "difference"))
        .sort("day", "sku", "service_name", nulls_last=True)
        .select(SCHEMA.names())
        .cast(SCHEMA)  # half to even
    )
