"""What a budget's figures mean: its state, the thresholds that are crossed, and the events that this is news for.

An event is the same event however often it is computed: its id says what happened to which budget, not when that was
seen. Whoever acts on events (alerts, quotas) remembers the ids that it has acted on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from analytics.economics.budget import DAY, Known, Pace, Period, Spending, elapsed_days, projected


@dataclass(frozen=True, slots=True)
class Budget:
    """What a scope (`team:NAME`, `service:NAME`) may spend in a kind of period, and the shares at which to tell."""

    scope: str
    kind: str
    amount: Decimal
    thresholds: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A threshold that was crossed (`spent`), or a projection beyond the budget (`projected`, threshold 1).

    `at` is a report day: the one on which spending reached the threshold; since which the projection is beyond it.
    """

    event_id: str
    kind: str
    threshold: Decimal
    at: date


def state_of(budget: Budget, period: Period, spent: Fraction, end: Fraction | None, known: Known) -> str:
    """over (spent more than the budget), projected_over, warning (a threshold is crossed) or ok.

    A period that is over and was kept is ok, however close it came.
    """
    if spent > budget.amount:
        return "over"
    if elapsed_days(period, known) == period.days:
        return "ok"
    if end is not None and end > budget.amount:
        return "projected_over"
    return "warning" if crossed(budget, spent) is not None else "ok"


def crossed(budget: Budget, spent: Fraction) -> Decimal | None:
    """The highest threshold whose share of the budget is spent, or None."""
    return max((one for one in budget.thresholds if spent >= Fraction(one) * Fraction(budget.amount)), default=None)


def events_of(budget: Budget, period: Period, spending: Spending, known: Known, pace: Pace) -> Iterator[Event]:
    """The events of one period, thresholds in their order."""
    for threshold in sorted(budget.thresholds):
        day = _reached(spending, period, Fraction(threshold) * Fraction(budget.amount))
        if day is not None:
            yield _event(budget, period, "spent", threshold, day)
    since = _beyond_since(budget, period, spending, known, pace)
    if since is not None:
        yield _event(budget, period, "projected", Decimal(1), since)


def _reached(spending: Spending, period: Period, amount: Fraction) -> date | None:
    """The first report day at whose end at least `amount` was spent; corrections are there from the first day on."""
    so_far = spending.other
    for day in sorted({period.start, *spending.daily}):
        so_far += spending.daily.get(day, Fraction(0))
        if so_far >= amount and so_far > 0:
            return day
    return None


def _beyond_since(budget: Budget, period: Period, spending: Spending, known: Known, pace: Pace) -> date | None:
    """Since which day the projection has been beyond the budget without a break until now; None if it is not now.

    A projection of an earlier day is the one that its end would have given, from the figures that are known today.
    """
    if not 0 < elapsed_days(period, known) < period.days or not _beyond(budget, period, spending, known, pace):
        return None
    since = known.day
    while since > period.start:
        midnight = Known(Fraction(since.toordinal()), known.since)
        until_then = Spending({day: cost for day, cost in spending.daily.items() if day < since}, spending.other)
        if midnight.until <= known.since or not _beyond(budget, period, until_then, midnight, pace):
            break
        since -= DAY
    return since


def _beyond(budget: Budget, period: Period, spending: Spending, known: Known, pace: Pace) -> bool:
    end = projected(spending, period, known, pace)
    return end is not None and end > budget.amount


def _event(budget: Budget, period: Period, kind: str, threshold: Decimal, at: date) -> Event:
    return Event(event_id(budget.scope, period, kind, threshold), kind, threshold, at)


def event_id(scope: str, period: Period, kind: str, threshold: Decimal) -> str:
    """The same 64 hexadecimal digits for the same scope, period, kind and threshold, whatever is spent."""
    words: Sequence[str] = (scope, period.kind, period.start.isoformat(), kind, format(threshold.normalize(), "f"))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
