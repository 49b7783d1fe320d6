"""What a bill lacks, in sentences: use without a price, shares that nobody could bear, known trouble with prices."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

import polars as pl

from analytics.ledger.selection import Selection
from warehouse.charges import IDLE, SHARED, Sums
from warehouse.money import round_half_even

UNITS = {"gpu": "GPU-hours", "cpu": "core-hours", "memory": "GiB-hours", "overhead": "hours"}
TWO_DIGITS = Decimal("0.01")
MOVED = pl.col("charge") == "transfer"


def incomplete(selection: Selection, problems: pl.DataFrame | None, month: date, until: date | None) -> tuple[str, ...]:
    """Sentences in a stable order, none where the bill of `selection` is whole.

    `problems` has the columns of the table cost_problem (subject, valid_from, valid_to, problem, remedy; times naive
    UTC, null: unbounded); those that touch the month, as UTC, are named.
    """
    return (
        *_unpriced(selection), *_idle(selection), *_pools(selection),
        *(() if problems is None else _problems(problems, month, until)),
    )  # fmt: skip


def _unpriced(selection: Selection) -> Iterator[str]:
    lines = selection.filter(pl.col("price").is_null() & ~MOVED)
    days: dict[tuple[str, str], dict[str, Fraction]] = {}
    for (kind, model, day), sums in lines.sums(("kind", "gpu_model", "day")).items():
        if sums.unpriced_hours > 0:  # a correction takes hours back
            days.setdefault((kind, model), {})[day] = sums.unpriced_hours
    for (kind, model), hours in sorted(days.items()):
        subject = (model or "unknown GPU model") if kind == "gpu" else kind
        held = f"{_two(sum(hours.values()))} {UNITS.get(kind, 'hours')}"
        where = "in gpu_hours and not in cost" if kind == "gpu" else "not in cost"
        yield f"{subject} has no price {_on(hours)}, its {held} are {where}"


def _idle(selection: Selection) -> Iterator[str]:
    """Idle cost that is left although other idle cost was moved."""
    idle = selection.filter(pl.col("team") == IDLE)
    if idle.lines.filter(MOVED).is_empty():
        return
    left: dict[str, dict[str, Sums]] = {}
    for (kind, day), sums in idle.sums(("kind", "day")).items():
        if sums.cost or sums.unpriced_hours:
            left.setdefault(kind, {})[day] = sums
    for kind, days in sorted(left.items()):
        cost = _two(sum(one.cost for one in days.values()))
        yield f"idle {kind} of {cost} could not be shared {_on(days)}, as nobody used {kind} there: it stays in {IDLE}"


def _pools(selection: Selection) -> Iterator[str]:
    """Days of a pool on which none of it was moved, although it is moved on others."""
    lines = selection.filter(pl.col("pool").is_not_null())
    moved = set(lines.lines.filter(MOVED & (pl.col("quantity") < 0)).select("pool", "report_day").unique().iter_rows())
    names = {pool for pool, _ in moved}
    left: dict[str, dict[str, Fraction]] = {}
    for (pool, day), sums in lines.filter(pl.col("team") == SHARED).sums(("pool", "day")).items():
        if pool in names and (pool, date.fromisoformat(day)) not in moved and (sums.cost or sums.unpriced_hours):
            left.setdefault(pool, {})[day] = sums.cost
    for pool, days in sorted(left.items()):
        yield f"{_two(sum(days.values()))} of the pool {pool} could not be shared {_on(days)}: it stays in {SHARED}"


def _problems(problems: pl.DataFrame, month: date, until: date | None) -> Iterator[str]:
    start = datetime.combine(month, time())
    end = datetime.combine(until or date(month.year + month.month // 12, month.month % 12 + 1, 1), time())
    for row in problems.sort("subject", "valid_from", "problem", nulls_last=False).iter_rows(named=True):
        first, last = row["valid_from"], row["valid_to"]
        if (first is None or first < end) and (last is None or last > start):
            yield f"{row['subject']}: {row['problem']}"


def _on(days: Collection[str]) -> str:
    first, last = min(days), max(days)
    return f"on {first}" if first == last else f"on {len(days)} days from {first} to {last}"


def _two(value: Fraction | int) -> Decimal:
    return round_half_even(Fraction(value), TWO_DIGITS)
