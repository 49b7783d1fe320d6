"""The span of time that a page talks about: one week, month or quarter, as the published KPIs cut it.

Pure. Spans are half-open days in UTC. Which spans exist is for `queries.frame` to read; which one opens first is
decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

GRAINS = ("week", "month", "quarter")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`[start, end)` in whole UTC days; `grain` is week, month or quarter."""

    start: date
    end: date
    grain: str

    @property
    def label(self) -> str:
        """For a selector: `Week 47, 16–22 Nov`, `November 2026`, `Q4 2026`."""
        if self.grain == "week":
            last = self.end - timedelta(days=1)
            first = f"{self.start:%-d}" if last.month == self.start.month else f"{self.start:%-d %b}"
            return f"Week {self.start.isocalendar().week}, {first}–{last:%-d %b}"
        return self.name

    @property
    def name(self) -> str:
        """For a sentence: `week 47`, `November 2026`, `Q4 2026`."""
        if self.grain == "week":
            return f"week {self.start.isocalendar().week}"
        if self.grain == "quarter":
            return f"Q{(self.start.month + 2) // 3} {self.start.year}"
        return f"{self.start:%B %Y}"

    def measured(self, facts_from: datetime | None, facts_to: datetime | None) -> timedelta:
        """How much of the period the facts (naive UTC) cover."""
        if facts_from is None or facts_to is None:
            return timedelta(0)
        start = max(datetime.combine(self.start, time()), facts_from)
        return max(min(datetime.combine(self.end, time()), facts_to) - start, timedelta(0))

    def in_progress(self, facts_to: datetime | None) -> bool:
        """Whether facts end before the period does."""
        return facts_to is not None and facts_to < datetime.combine(self.end, time())

    def phrase(self, facts_to: datetime | None) -> str:
        """`in November 2026`, with `so far` while it is in progress."""
        return f"in {self.name}" + (" so far" if self.in_progress(facts_to) else "")


def opening(periods: Sequence[Period], facts_to: datetime | None) -> Period | None:
    """The period to show first: the newest one of which a quarter has been measured, else the one before it.

    A month that is one day old says little; None when there is no period.
    """
    newest = sorted(periods, reverse=True)
    for period in newest:
        start = datetime.combine(period.start, time())
        if facts_to is None or facts_to - start >= (period.end - period.start) / 4:
            return period
    return newest[0] if newest else None


def containing(day: date, grain: str) -> Period:
    """The week (from Monday), calendar month or quarter that `day` lies in."""
    if grain == "week":
        start = day - timedelta(days=day.weekday())
        return Period(start, start + timedelta(days=7), grain)
    span = 3 if grain == "quarter" else 1
    first = (day.month - 1) // span * span + 1
    after = first + span
    return Period(date(day.year, first, 1), date(day.year + (after > 12), (after - 1) % 12 + 1, 1), grain)
