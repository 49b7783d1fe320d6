"""What an SLO promises, as a value: the part of good events, how they are counted, and over which time.

One SLO may have several objectives; each has a budget of its own, so an objective is what everything here is about.
Made from rows of the table `slo_objective`; does not read any file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from analytics.reliability.period import Calendar, Rolling

Method = Literal["Occurrences", "Timeslices", "RatioTimeslices"]
Empty = Literal["excluded", "good", "bad"]
DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Objective:
    """`target` is the least part of good events, 0 <= target < 1, exact. `slice_minutes` is how long a slice is that a
    method counts as one (for Occurrences: the grain of the indicator), `slice_target` the part of good events from
    which a slice is good (Timeslices), `empty` what becomes of slices that were measured and had no event."""

    slo: str
    objective: str
    target: Decimal
    method: Method
    slice_minutes: int
    slice_target: float | None
    empty: Empty
    window: Rolling | Calendar

    @property
    def budget(self) -> Fraction:
        """The part of events that may be bad, exact."""
        return 1 - Fraction(self.target)


def objective_of(row: Mapping[str, Any]) -> Objective:
    """The objective of a row of `slo_objective`. A slice is never shorter than the indicator's grain, nor longer than
    a day, and Occurrences has no slices but those in which the indicator comes."""
    grain = max(1, (row["grain_s"] or 60) // 60)
    method: Method = row["method"]
    own = grain if method == "Occurrences" else (row["slice_s"] or 0) // 60
    return Objective(
        row["slo"], row["objective"], row["target"], method, min(max(own, grain), DAY_MINUTES), row["slice_target"],
        row["empty_slices"] or "excluded", window_of(row),
    )  # fmt: skip


def window_of(row: Mapping[str, Any]) -> Rolling | Calendar:
    """The time that the budget of a row of `slo_objective` is for."""
    if row["window_kind"] == "calendar":
        return Calendar(
            row["calendar_count"], row["calendar_unit"], row["calendar_start"], row["calendar_zone"] or "UTC"
        )
    return Rolling(row["window_s"] // 60)
