"""Exchange rates by day: a rate holds for its UTC day and for no other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from meterline.config.prices import Rate
from meterline.inventory.problem import Problem, during
from meterline.inventory.timeline import BEGINNING, FOREVER, Span, merged, resolve, without


class Rates:
    """What other currencies are worth in the report's, at any moment."""

    def __init__(self, rates: Iterable[Rate], currency: str) -> None:
        self.currency = currency
        self._days: dict[str, list[tuple[Span, Fraction]]] = {}
        for one in sorted(rates, key=lambda one: one.date):
            self._days.setdefault(one.currency, []).append((_day(one.date), Fraction(one.rate)))
        self._pieces = {name: _timeline(days) for name, days in self._days.items()}
        self._starts = {name: [span.start for span, _ in pieces] for name, pieces in self._pieces.items()}

    def at(self, currency: str | None, moment: datetime) -> Fraction | None:
        """One unit of `currency` in the report's (None: that itself) at `moment`, or None where no rate is known."""
        if currency is None:
            return Fraction(1)
        if currency not in self._pieces:
            return None
        return self._pieces[currency][bisect_right(self._starts[currency], moment) - 1][1]

    def edges(self, currency: str | None) -> Sequence[datetime]:
        """The moments, in order, at which the rate changes, begins or ends to be known."""
        return self._starts.get(currency, ())[1:] if currency else ()

    def problems(self, currency: str, needed: Iterable[Span]) -> list[Problem]:
        """A problem for each stretch of `needed` without a rate; before the first rate, nothing is missing."""
        days = self._days.get(currency, [])
        known = [span for span, _ in days]
        before = [Span(BEGINNING, days[0][0].start)] if days and days[0][0].start > BEGINNING else []
        return [self._problem(currency, span) for span in without(needed, [*known, *before])]

    def _problem(self, currency: str, span: Span) -> Problem:
        pair = f"{currency}->{self.currency}"
        return Problem(
            pair, span, f"no rate {pair} {during(span)}", "add a rate for each of these days to prices.rates"
        )


def _day(day: date) -> Span:
    start = datetime.combine(day, time(), tzinfo=UTC)
    return Span(start, start + timedelta(days=1) if day < date.max else FOREVER)


def _timeline(days: list[tuple[Span, Fraction]]) -> list[tuple[Span, Fraction | None]]:
    """The rate, or None, from the beginning to forever; adjoining days with the same rate are one piece."""
    whole: list[tuple[Span, Fraction | None]] = [(Span(), None), *days]
    return merged((span, held[-1]) for span, held in resolve(whole))
