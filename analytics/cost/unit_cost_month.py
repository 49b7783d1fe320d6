"""Unit cost of every service and month.

---
kind: result
title: Unit cost
question: What do a thousand inferences and a million tokens of each service cost?
formula: >
  1000 x cost / successful requests and 1,000,000 x cost / tokens (in + out, in, out): ratios of sums over the month,
  the cost of days and hours without requests included; coverage = cost on days with a request count / cost
source: KPI 11; cost_line and serving_day
missing: null without requests or tokens, never 0
reads: [cost_line, serving_day]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import polars as pl

from analytics.exact import cost_of
from warehouse.money import round_half_even

UNIT_DIGITS = Decimal("0.00000001")
MONEY = pl.Decimal(18, 8)


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a month and service that had cost or requests."""
    month = pl.col("day").dt.truncate("1mo").alias("month")
    serving = tables["serving_day"].with_columns(month)
    counts = {
        (row["month"], row["service"]): row
        for row in serving.group_by("month", "service")
        .agg(
            pl.col("team").first(), pl.col("good").sum(), pl.col("requests").sum(),
            _sum_or_null("tokens_in"), _sum_or_null("tokens_out"),
        )
        .to_dicts()
    }  # fmt: skip
    counted_days = set(serving.filter(pl.col("requests") > 0).select("day", "service").rows())
    costs: dict[tuple[object, str], list[Fraction]] = {}
    labels: dict[tuple[object, str], dict[str, str]] = {}
    for line in tables["cost_line"].filter(pl.col("service") != "__none__").with_columns(month).to_dicts():
        key = (line["month"], line["service"])
        labels.setdefault(key, {"team": line["team"], "model": line["model"]})
        if line["price"] is None:  # unknown, not free: without any priced line the month has no cost
            continue
        sums = costs.setdefault(key, [Fraction(0), Fraction(0)])
        sums[0] += cost_of(line)
        sums[1] += cost_of(line) if (line["day"], line["service"]) in counted_days else 0
    rows = [
        _row(key, counts.get(key), costs.get(key), labels.get(key))
        for key in sorted(set(labels) | set(counts), key=lambda one: (str(one[0]), one[1]))
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


SCHEMA = pl.Schema({
    "month": pl.Date(), "service": pl.String(), "team": pl.String(), "model": pl.String(), "cost": pl.Decimal(18, 2),
    "requests": pl.Int64(), "requests_all": pl.Int64(), "tokens_in": pl.Int64(), "tokens_out": pl.Int64(),
    "per_1k_inferences": MONEY, "per_1m_tokens": MONEY, "per_1m_tokens_in": MONEY, "per_1m_tokens_out": MONEY,
    "coverage": pl.Float64(),
})  # fmt: skip


def unit_cost(cost: Fraction | None, count: int | None, per: int) -> Decimal | None:
    """`per` x cost / count with eight decimals, or None where there is nothing to divide by."""
    return round_half_even(cost * per / count, UNIT_DIGITS) if cost is not None and count else None


def _row(
    key: tuple[object, str], count: Mapping[str, object] | None, costs: list[Fraction] | None,
    label: Mapping[str, str] | None,
) -> dict[str, object]:  # fmt: skip
    cost, counted = costs or (None, Fraction(0))
    good, every, tokens_in, tokens_out = (
        _whole(count, name) for name in ("good", "requests", "tokens_in", "tokens_out")
    )
    both = (tokens_in or 0) + (tokens_out or 0)
    return {
        "month": key[0], "service": key[1],
        "team": (label or {}).get("team") or (count or {}).get("team"), "model": (label or {}).get("model"),
        "cost": round_half_even(cost) if cost is not None else None,
        "requests": good, "requests_all": every, "tokens_in": tokens_in, "tokens_out": tokens_out,
        "per_1k_inferences": unit_cost(cost, good, 1000),
        "per_1m_tokens": unit_cost(cost, both, 1_000_000),
        "per_1m_tokens_in": unit_cost(cost, tokens_in, 1_000_000),
        "per_1m_tokens_out": unit_cost(cost, tokens_out, 1_000_000),
        "coverage": float(counted / cost) if cost else None,
    }  # fmt: skip


def _sum_or_null(column: str) -> pl.Expr:
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column)


def _whole(count: Mapping[str, object] | None, name: str) -> int | None:
    value = (count or {}).get(name)
    return round(value) if isinstance(value, int | float) else None
