"""Exact costs over cost lines that were already added up by owner and carry neither list prices nor use."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import polars as pl

from warehouse.charges import PRICE, QUANTITY, exact_sums


def costs_of(lines: pl.DataFrame, by: Sequence[str]) -> dict[tuple[Any, ...], Fraction]:
    """Exact cost for each combination of the columns `by` that has a line with a price.

    `lines` has share_num, share_den, price, price_den and quantity besides `by`, and kind or not.
    """
    priced = lines.filter(pl.col("price").is_not_null()).with_columns(
        pl.lit(None, PRICE).alias("list_price"), pl.lit(None, QUANTITY).alias("used")
    )
    if "kind" not in priced.columns:  # only hours of GPUs depend on it
        priced = priced.with_columns(pl.lit(None, pl.String).alias("kind"))
    return {key: sums.cost for key, sums in exact_sums(priced, by).items()}
