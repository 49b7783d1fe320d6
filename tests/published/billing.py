"""What the provider billed in the fixture, beside what was metered: by day and SKU, with gaps on both sides."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from published.inventory import END
from warehouse.money import apportion, round_half_even

FINE, HOURS, CENTS = pl.Decimal(28, 10), pl.Decimal(28, 6), pl.Decimal(18, 2)
TEN_DIGITS = Decimal("1E-10")
COMPUTE = "Elastic Compute"
SKUS = {"NVIDIA-H100-80GB-HBM3": "gpu-h100-80gb", "NVIDIA-A100-SXM4-80GB": "gpu-a100-80gb", None: "cpu-core"}
DAY = {
    "day": pl.Date, "sku": pl.String, "service_name": pl.String, "kind": pl.String, "gpu_model": pl.String,
    "metered_hours": pl.Float64, "metered_cost": FINE, "billed_cost": FINE, "effective_cost": FINE, "difference": FINE,
    "currency": pl.String, "billed_in": pl.String, "status": pl.String,
}  # fmt: skip


def reconciliation(rows: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """reconciliation_day and reconciliation_month. The bill ends two days before the facts do; memory is never billed;
    a licence in pounds has no rate; storage and an L4 are only billed; on 12 November H100s cost more than metered."""
    metered: dict[tuple[date, str, str | None], list[Any]] = defaultdict(lambda: [0.0, Fraction(0)])
    for row in rows:
        if row["kind"] in ("gpu", "cpu", "memory") and row["price"] is not None and row["charge_class"] is None:
            entry = metered[row["day"], row["kind"], row["gpu_model"]]
            entry[0] += int(row["quantity"]) * row["share_num"] / row["share_den"] / 3_600_000
            entry[1] += row["exact"]
    billed_to = END.date() - timedelta(days=2)
    found: list[tuple[Any, ...]] = []
    for (day, kind, model), (hours, exact) in sorted(
        metered.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] or "")
    ):
        cost = round_half_even(exact, TEN_DIGITS)
        if kind == "memory" or day >= billed_to:
            found.append(
                (day, None, None, kind, model, hours, cost, Decimal(0), Decimal(0), -cost, "USD", "not_billed")
            )
            continue
        over = Decimal("212.40") if (day, model) == (date(2026, 11, 12), "NVIDIA-H100-80GB-HBM3") else Decimal(0)
        billed = round_half_even(exact * Fraction(1003, 1000), Decimal("0.0001")) + over
        found.append(
            (day, SKUS[model], COMPUTE, kind, model, hours, cost, billed, billed, billed - cost, "USD", "matched")
        )
    for number in range((billed_to - date(2026, 10, 25)).days):
        day = date(2026, 10, 25) + timedelta(days=number)
        disk = Decimal("18.40")
        found.append(
            (
                day,
                "block-storage-ssd",
                "Block Storage",
                None,
                None,
                None,
                Decimal(0),
                disk,
                disk,
                disk,
                "USD",
                "not_metered",
            )
        )
        if day.day == 5:
            spare = Decimal("12.00")
            model = "NVIDIA-L4"
            found.append(
                (day, "gpu-l4", COMPUTE, "gpu", model, None, Decimal(0), spare, spare, spare, "USD", "not_metered")
            )
        if day.day == 2:
            found.append(
                (day, "support-gbp", "Support", None, None, None, Decimal(0), None, None, None, "USD", "no_rate")
            )
    billed_in = {"not_billed": None, "no_rate": "GBP"}
    rows_of_day = [(*row[:-1], billed_in.get(row[-1], "USD"), row[-1]) for row in found]
    days = pl.DataFrame(rows_of_day, orient="row", schema=DAY).with_columns(pl.col("metered_hours").cast(HOURS))
    return days, by_month(days)


def by_month(days: pl.DataFrame) -> pl.DataFrame:
    """The same by month and SKU, each column in cents that add up to its rounded sum."""
    sums = (
        days.with_columns(pl.col("day").dt.truncate("1mo").alias("month"))
        .group_by("month", "sku", "service_name", "kind", "gpu_model", "currency", "billed_in", "status")
        .agg(pl.col("metered_hours").sum().cast(HOURS), pl.col("metered_cost", "billed_cost", "effective_cost").sum())
        .sort("month", "metered_cost", "sku", descending=[False, True, False])
    )
    parts = []
    for (_,), month in sums.group_by("month", maintain_order=True):
        cents = {
            column: pl.Series(column, apportion([Fraction(value) for value in month[column]]), dtype=pl.Decimal(18, 2))
            for column in ("metered_cost", "billed_cost", "effective_cost")
        }
        parts.append(month.with_columns(*cents.values()))
    whole = pl.concat(parts).with_columns(
        (pl.col("effective_cost") - pl.col("metered_cost")).cast(CENTS).alias("difference")
    )
    return whole.with_columns(
        (
            pl.col("effective_cost").cast(pl.Float64) / pl.col("effective_cost").cast(pl.Float64).sum().over("month")
        ).alias("share")
    )
