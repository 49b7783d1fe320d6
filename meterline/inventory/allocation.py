"""How cost is divided, as tables: the policy, and the pools of cost that several teams bear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import polars as pl

from meterline.config.allocation import Allocation, HourlyCharge, MonthlyCharge, SharedPool
from meterline.inventory.frame import VALIDITY, bounds, frame
from meterline.inventory.money import MONEY, over
from meterline.inventory.owners import placed
from meterline.inventory.problem import Problem, during
from meterline.inventory.timeline import Span, resolve, successive

FIRST_YEAR, LAST_YEAR = 2020, 2040
"""Months of these years have their part of a monthly sum; there is no clock here to ask for fewer."""

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Charge:
    """`price / price_den` an hour during `span`, borne by the pool; None where two sums contradict each other."""

    pool: str
    span: Span
    price: Decimal | None
    price_den: int


def policy_frame(allocation: Allocation) -> pl.DataFrame:
    """The table allocation_policy, one row."""
    columns = {"basis": pl.String, "idle_split": pl.String, "idle_by": pl.String}
    return frame(columns, [(allocation.basis, allocation.idle.split, allocation.idle.by)])


def shared_pool_frame(pools: Sequence[SharedPool]) -> pl.DataFrame:
    """The table shared_pool; positions are the order of the file."""
    columns = {"pool": pl.String, "position": pl.Int32, "split": pl.String}
    return frame(columns, ((pool.name, position, pool.split) for position, pool in enumerate(pools)))


def shared_namespace_frame(pools: Sequence[SharedPool]) -> pl.DataFrame:
    """The table shared_namespace; names come before patterns, as with owners."""
    claims = [(pattern, pool.name) for pool in pools for pattern in pool.namespaces]
    columns = {"pool": pl.String, "pattern": pl.String, "position": pl.Int32}
    return frame(columns, ((pool, pattern, position) for pattern, pool, position in placed(claims)))


def shared_weight_frame(pools: Sequence[SharedPool]) -> pl.DataFrame:
    """The table shared_weight: weights of pools that are split by fixed weights, zeros included."""
    columns = {"pool": pl.String, "team": pl.String, "weight": pl.Decimal(18, 6)}
    return frame(columns, ((pool.name, team, weight) for pool in pools for team, weight in pool.weights.items()))


def shared_charges(pools: Sequence[SharedPool], zone: ZoneInfo) -> tuple[list[Charge], list[Problem]]:
    """What the pools' hourly and monthly sums are an hour, and which of them contradict each other.

    A month is one of `zone`; its sum is spread over its real length, hours of summer time included.
    """
    charges: list[Charge] = []
    problems: list[Problem] = []
    months = list(_months(zone))
    for pool in pools:
        written: dict[str, Sequence[HourlyCharge | MonthlyCharge]] = {"hourly": pool.hourly, "monthly": pool.monthly}
        for per, sums in written.items():
            spans = successive([(one.start, one.end) for one in sums])
            for span, held in resolve((span, one.price) for span, one in zip(spans, sums, strict=True)):
                if len(held) > 1:
                    several = " and ".join(f"{one:f}" for one in held)
                    text = f"several {per} sums of shared pool {pool.name} hold {during(span)}: {several}"
                    remedy = f"let one end where another begins, in allocation.shared of {pool.name}"
                    problems.append(Problem(pool.name, span, text, remedy))
                    charges.append(Charge(pool.name, span, None, 1))
                elif held and per == "hourly":
                    charges.append(Charge(pool.name, span, over(Fraction(held[0]), 1), 1))
                elif held:
                    charges += _spread(pool.name, span, held[0], months)
    return charges, problems


def shared_charge_frame(charges: Sequence[Charge]) -> pl.DataFrame:
    """The table shared_charge."""
    columns = {"pool": pl.String, "price": MONEY, "price_den": pl.Int64, **VALIDITY}
    return frame(columns, ((one.pool, one.price, one.price_den, *bounds(one.span)) for one in charges))


def _spread(pool: str, span: Span, amount: Decimal, months: Sequence[Span]) -> Iterator[Charge]:
    for month in months:
        start, end = max(span.start, month.start), min(span.end, month.end)
        if start < end:
            seconds = int((month.end - month.start).total_seconds())
            price = over(Fraction(amount) * SECONDS_PER_HOUR / seconds, seconds)
            yield Charge(pool, Span(start, end), price, seconds)


def _months(zone: ZoneInfo) -> Iterator[Span]:
    count = 12 * (LAST_YEAR - FIRST_YEAR + 1)
    starts = [
        datetime(FIRST_YEAR + number // 12, number % 12 + 1, 1, tzinfo=zone).astimezone(UTC)
        for number in range(count + 1)
    ]
    return (Span(start, end) for start, end in zip(starts, starts[1:], strict=False))  # noqa: RUF007
