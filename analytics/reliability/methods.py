"""The three budgeting methods of OpenSLO: from events a minute to what the budget counts.

- Occurrences: events. A minute with more of them weighs more.
- Timeslices: slices of time. One is good where the part of its good events reaches the slice target; each weighs the
  same.
- RatioTimeslices: the mean over slices of their part of good events; each weighs the same.

A slice that was not measured is never counted. One that was measured and had no event is left out, or counted as good
or bad where the objective says so. The same events give different attainments: results always name the method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.reliability.objective import DAY_MINUTES, Objective

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

TIE = 1e-9
"""Part of a limit within which a number is on it and not beyond: doubles of equal fractions differ by 1e-16 of them."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """Dense minutes from `first` (minutes since 1970) on: good and valid events, and whether the minute was
    measured."""

    first: int
    good: Numbers
    total: Numbers
    measured: Flags

    def __len__(self) -> int:
        return len(self.total)

    def until(self, length: int) -> Minutes:
        """The first `length` of them."""
        return Minutes(self.first, self.good[:length], self.total[:length], self.measured[:length])


def counted(minutes: Minutes, objective: Objective) -> Minutes:
    """What `objective` counts, each slice at its last minute and nothing at the others.

    Slices begin at midnight UTC. One whose last minute is not within `minutes` is not over and left out.
    """
    if objective.method == "Occurrences" and objective.slice_minutes == 1:
        return minutes
    starts, lasts = _slices(minutes.first, len(minutes), objective.slice_minutes)
    if not len(starts):
        nothing = np.zeros(len(minutes))
        return Minutes(minutes.first, nothing, nothing, np.zeros(len(minutes), dtype=bool))
    upto = lasts[-1] + 1
    good, total = (np.add.reduceat(one[:upto], starts) for one in (minutes.good, minutes.total))
    measured = np.logical_or.reduceat(minutes.measured[:upto], starts)
    if objective.method != "Occurrences":
        good, total = _each_weighs_the_same(good, total, measured, objective)
    return Minutes(
        minutes.first, _placed(good, lasts, len(minutes)), _placed(total, lasts, len(minutes)),
        _placed(measured, lasts, len(minutes)).astype(bool),
    )  # fmt: skip


def _each_weighs_the_same(
    good: Numbers, total: Numbers, measured: Flags, objective: Objective
) -> tuple[Numbers, Numbers]:
    busy = total > 0
    part = np.divide(good, total, out=np.zeros_like(total), where=busy)
    if objective.method == "Timeslices":
        part = (part >= (objective.slice_target or 0.0) * (1 - TIE)).astype(np.float64)
    part = np.where(busy, part, float(objective.empty == "good"))
    counts = (busy | (measured & (objective.empty != "excluded"))).astype(np.float64)
    return part * counts, counts


def _slices(first: int, length: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and last index of every slice whose end lies within; a slice cut at the beginning is what is there."""
    minute = np.arange(first, first + length, dtype=np.int64) % DAY_MINUTES
    begins = np.flatnonzero(minute % size == 0)
    lasts = np.flatnonzero(((minute + 1) % size == 0) | (minute == DAY_MINUTES - 1))
    starts = np.union1d(begins, [0])[: len(lasts)] if length else begins
    return starts.astype(np.int64), lasts


def _placed(values: NDArray[np.generic], lasts: NDArray[np.int64], length: int) -> Numbers:
    placed = np.zeros(length)
    placed[lasts] = values
    return placed
