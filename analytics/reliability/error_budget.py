"""How much of an error budget is left: exact arithmetic on counts, in events, in minutes and as a part of the whole.

    attainment = good / total
    budget     = (1 - target) x total events expected in the period
    left       = budget - bad

In a rolling window the events are those of the window. In a calendar period that is not over, the events to come are
expected at the pace of those so far, so ten bad minutes on the second day of a month are ten minutes of the month's
budget and not a breach. Fractions inside: what comes out is the exact value, rounded once to a double.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """Of one objective in one period; all but the minutes of the budget are None where there was no event.

    `total`, `consumed` and `left` are in events (or slices), `*_minutes` in minutes in which everything is bad,
    `left_ratio` is 1 for an untouched budget, 0 for one that is used up and negative beyond. `burn_rate` is 1 where the
    budget would just last for the period. `met` is whether the objective holds: in a period that is not over, whether
    there is budget left.
    """

    attainment: float | None
    total: float | None
    consumed: float | None
    left: float | None
    left_ratio: float | None
    budget_minutes: float
    consumed_minutes: float | None
    left_minutes: float | None
    burn_rate: float | None
    met: bool | None


def error_budget(
    good: float, total: float, target: Decimal, period_minutes: int, elapsed_minutes: int | None = None
) -> ErrorBudget:
    """The budget of a period of `period_minutes`, of which `elapsed_minutes` are over (all, where not given).

    `total` counts valid events or slices, `good` those of them that were good. A target of 1 has no budget:
    `left_ratio` and `burn_rate` are None then.
    """
    allowed = 1 - Fraction(target)
    period = Fraction(period_minutes)
    elapsed = min(Fraction(elapsed_minutes), period) if elapsed_minutes is not None else period
    whole = float(allowed * period)
    if not total > 0:
        return ErrorBudget(None, None, None, None, None, whole, None, None, None, None)
    events, bad = Fraction(total), max(Fraction(total) - Fraction(good), Fraction(0))
    share = bad / events
    budget = allowed * events * (period / elapsed if elapsed else 1)
    gone = share * elapsed
    return ErrorBudget(
        attainment=float(1 - share), total=float(budget), consumed=float(bad), left=float(budget - bad),
        left_ratio=float(1 - bad / budget) if budget else None, budget_minutes=whole, consumed_minutes=float(gone),
        left_minutes=float(allowed * period - gone), burn_rate=float(share / allowed) if allowed else None,
        met=bad <= budget,
    )  # fmt: skip


def days_to_exhaustion(left_ratio: float | None, burn_rate: float | None, period_minutes: int) -> float | None:
    """In how many days the budget is used up when it burns at `burn_rate` from now on.

    0 where nothing is left of it; None where it does not burn, or where either is not known.
    """
    if left_ratio is None or burn_rate is None:
        return None
    if left_ratio <= 0:
        return 0.0
    return float(Fraction(left_ratio) * period_minutes / Fraction(burn_rate) / DAY_MINUTES) if burn_rate > 0 else None
