"""When an error budget burns too fast, for every minute at once.

A window of w minutes ends with minute i and holds the minutes i - w + 1 to i. Its burn rate is the part of bad events
in it over the part that may be bad. A rule's condition holds where the burn rate is above its factor in the long window
and in the short one, strictly: a window that is exactly on the limit does not fire.

- Nothing measured in a window: not known, so the condition neither holds nor fails (`value` is NaN).
- Measured, and no event: nothing burns (`value` 0).
- Two guards, for pages: a long window with so few events that its own budget is below one (low traffic) needs `min_bad`
  bad ones, else `value` is 0; and the short window and the long one (an hour of it at most) must be full: measured
  since they began, half of their slices at least. Otherwise it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.reliability.methods import TIE, Flags, Minutes, Numbers, counted
from analytics.reliability.objective import Objective

Number = TypeVar("Number", np.float64, np.int64)

FULL_MINUTES = 60
LEAST_MEASURED = 0.5


@dataclass(frozen=True, slots=True)
class Rule:
    """A burn rate rule of one objective, windows in minutes. Guards are off unless asked for: `min_bad` bad events in
    the long window where traffic is low, `needs_full` windows."""

    name: str
    severity: str
    long: int
    short: int
    factor: float
    min_bad: float = 0.0
    needs_full: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """For each minute, the window that ends with it. `seen`: its measured slices, `full`: it is full of data."""

    bad: Numbers
    total: Numbers
    seen: NDArray[np.int64]
    full: Flags

    def burn(self, budget: float) -> Numbers:
        """Burn rate, NaN without an event."""
        return np.divide(self.bad, self.total * budget, out=np.full_like(self.bad, np.nan), where=self.total > 0)


@dataclass(frozen=True, slots=True)
class Readings:
    """For each minute what a rule sees; `value` is above `factor` exactly where the rule fires, NaN where not known."""

    factor: float
    burn_long: Numbers
    burn_short: Numbers
    value: Numbers
    firing: Flags
    window_full: Flags
    low_traffic: Flags


class Burning:
    """Cumulative counts of one objective, from which any window is two subtractions.

    `minutes` are the events as measured; burn rates are of what the objective's method counts, the guard against low
    traffic is about the events in the same slices. What is after the last measured slice is cut off: `length` minutes
    are left.
    """

    def __init__(self, minutes: Minutes, objective: Objective) -> None:
        slices = counted(minutes, objective)
        found = np.flatnonzero(slices.measured)
        self.length = int(found[-1]) + 1 if len(found) else 0
        slices = slices.until(self.length)
        events = counted(minutes, replace(objective, method="Occurrences")).until(self.length)
        self._slice = objective.slice_minutes
        self._budget = objective.budget
        self._counted, self._events = _Sums(slices), _Sums(events)
        self._begun = int(found[0]) - self._slice + 1 if len(found) else 0

    def window(self, minutes: int) -> Window:
        """The window of so many minutes, for every minute."""
        bad, total, seen = self._counted.of_last(minutes)
        begins = np.arange(self.length) - minutes + 1
        full = (begins >= self._begun) & (seen >= LEAST_MEASURED * (minutes // self._slice))
        return Window(bad, total, seen, full)

    def bad_between(self, first: int, after: int) -> tuple[float, float]:
        """What was bad in the minutes `[first, after)`: as the method counts it, and in events."""
        return self._counted.bad_between(first, after), self._events.bad_between(first, after)

    def readings(self, rule: Rule) -> Readings:
        """What `rule` sees at every minute."""
        long, short = self.window(rule.long), self.window(rule.short)
        hour = long if rule.long <= FULL_MINUTES else self.window(FULL_MINUTES)
        bad_events, events, _ = self._events.of_last(rule.long)
        return judged(rule, self._budget, long, short, short.full & hour.full, bad_events, events)


def judged(
    rule: Rule, allowed: Fraction, long: Window, short: Window, full: Flags, bad_events: Numbers, events: Numbers
) -> Readings:
    """What `rule` says of its windows, element by element, where `allowed` (1 - target) of events may be bad.

    `full` is whether the short window and the last hour of the long one are, `bad_events` and `events` are those of the
    long window as measured, whatever the method counts.
    """
    budget = float(allowed)
    limit = float(Fraction(str(rule.factor)) * allowed) * (1 + TIE)
    above = (long.bad > limit * long.total) & (short.bad > limit * short.total)
    burn_long, burn_short = long.burn(budget), short.burn(budget)
    value = np.where(np.isnan(burn_long) | np.isnan(burn_short), 0.0, np.fmin(burn_long, burn_short))
    known = (long.seen > 0) & (short.seen > 0)
    low = events * budget < 1
    few = low & (bad_events < rule.min_bad)
    above &= ~few
    value[few] = 0.0
    if rule.needs_full:
        known &= full
    value = np.where(known, _on_the_right_side(value, rule.factor, above), np.nan)
    return Readings(rule.factor, burn_long, burn_short, value, above & known, full, low)


class _Sums:
    """Running sums of bad and all events, exact where there are none: sums of fractions leave crumbs."""

    def __init__(self, minutes: Minutes) -> None:
        bad = np.maximum(minutes.total - minutes.good, 0.0)
        bad[bad <= minutes.total * 1e-12] = 0.0
        self._bad, self._total = _sums(bad), _sums(minutes.total)
        self._seen, self._busy, self._spoilt = (_counts(one) for one in (minutes.measured, minutes.total > 0, bad > 0))

    def of_last(self, minutes: int) -> tuple[Numbers, Numbers, NDArray[np.int64]]:
        """Bad events, events and measured slices of the window of so many minutes, for every minute."""
        bad, total = _between(self._bad, minutes), _between(self._total, minutes)
        bad[_between(self._spoilt, minutes) == 0] = 0.0
        total[_between(self._busy, minutes) == 0] = 0.0
        return bad, total, _between(self._seen, minutes)

    def bad_between(self, first: int, after: int) -> float:
        return float(self._bad[after] - self._bad[first])


def _on_the_right_side(value: Numbers, factor: float, above: Flags) -> Numbers:
    """Values that say the same as `above` when they are compared with the factor, as doubles are on the limit."""
    least = np.nextafter(factor, np.inf)
    return np.where(above, np.maximum(value, least), np.minimum(value, factor))


def spans(flags: Flags) -> Iterator[tuple[int, int]]:
    """The runs of set flags, as half-open ranges of indices."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _sums(values: Numbers) -> Numbers:
    return np.concatenate(([0.0], np.cumsum(values)))


def _counts(flags: Flags) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(flags, dtype=np.int64)))


def _between(sums: NDArray[Number], minutes: int) -> NDArray[Number]:
    missing = min(minutes - 1, len(sums) - 1)
    before = np.concatenate((np.zeros(missing, dtype=sums.dtype), sums))[: len(sums) - 1]
    return sums[1:] - before
