"""Commitments: a fee for a number of GPUs and a term, spread evenly over the seconds of the term.

    price of a GPU-hour = fee x 3,600 / (count x seconds of the term)

in the report currency by the rate of the term's first day. What is paid is the fee, used or not, so discounts are not
taken off, and its list price is its price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from meterline.config.prices import Commitment
from meterline.inventory.currency import Rates
from meterline.inventory.frame import VALIDITY, bounds, frame
from meterline.inventory.money import MONEY, over
from meterline.inventory.problem import Problem
from meterline.inventory.timeline import Span

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class CommitmentRow:
    """A commitment at the price `price / price_den` per GPU-hour; `fee` and `price` are None where no rate is known."""

    written: Commitment
    span: Span
    fee: Decimal | None
    price: Decimal | None
    price_den: int


def commitment_rows(commitments: Iterable[Commitment], rates: Rates) -> tuple[list[CommitmentRow], list[Problem]]:
    """A row for each commitment, and what is wrong with them."""
    rows, problems = [], []
    for one in commitments:
        span = Span.between(one.start, one.end)
        den = one.count * int((span.end - span.start).total_seconds())
        rate = rates.at(None if one.currency == rates.currency else one.currency, span.start)
        fee = over(Fraction(one.fee) * rate, 1) if rate is not None else None
        price = over(Fraction(one.fee) * rate * SECONDS_PER_HOUR / den, den) if rate is not None else None
        if fee is None or price is None:
            fee, price = None, None
            problems.append(_unknown(one, span, rates.currency, rated=rate is not None))
        rows.append(CommitmentRow(one, span, fee, price, den))
    return rows, problems


def _unknown(one: Commitment, span: Span, currency: str, *, rated: bool) -> Problem:
    if rated:
        text = f"the fee of commitment {one.name} in {currency} has more digits than can be kept exactly"
        return Problem(one.name, span, text, "write its rate with fewer digits")
    pair, day = f"{one.currency}->{currency}", f"{one.start:%Y-%m-%d}"
    text = f"no rate {pair} on {day}, the first day of commitment {one.name}"
    return Problem(one.name, span, text, "add the rate of that day to prices.rates")


def commitment_frame(rows: Iterable[CommitmentRow]) -> pl.DataFrame:
    """The table commitment."""
    columns = {"commitment": pl.String, "gpu_model": pl.String, "cluster": pl.String, "region": pl.String,
               "milli_units": pl.Int64, "list_price": MONEY, "price": MONEY, "price_den": pl.Int64, "fee": MONEY,
               **VALIDITY}  # fmt: skip
    return frame(
        columns,
        (
            (row.written.name, row.written.model, row.written.cluster, row.written.region, 1000 * row.written.count,
             row.price, row.price, row.price_den, row.fee, *bounds(row.span))
            for row in rows
        ),
    )  # fmt: skip
