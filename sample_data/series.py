"""Time series as a scrape leaves them: a target with its own times, and series on it.

Values are whole numbers with a fixed number of decimals (0.4312 is 4312 with four), because a platform of millions of
samples has to be printed: a gauge's few thousand possible values are then a table of texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sample_data.grid import STEP, Bools, Grid, Ints, random

MISSED = 0.0015
"""Share of scrapes that fail."""


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """One scraped endpoint: scraped `offset` milliseconds after each grid point where `scraped` holds."""

    instance: str
    grid: Grid
    offset: int
    scraped: Bools

    @property
    def times(self) -> Ints:
        """Milliseconds since the epoch of its scrapes, ascending."""
        return (self.grid.times[self.scraped] * 1000) + self.offset


def make_target(grid: Grid, seed: int, instance: str, outages: tuple[slice, ...] = ()) -> Target:
    """A target with its fixed offset within the interval, a few missed scrapes, and none at all in `outages`."""
    rng = random(seed, "target", instance)
    offset = int(rng.integers(1, STEP * 1000 - 1000))
    scraped = rng.random(grid.size) >= MISSED
    for outage in outages:
        scraped[outage] = False
    return Target(instance, grid, offset, scraped)


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """Labels (without the name) and the values at the grid points `points` (ascending), scraped or not."""

    labels: Mapping[str, str]
    target: Target
    points: Ints
    values: Ints

    @property
    def scraped(self) -> Bools:
        """Which of the points were scraped."""
        return self.target.scraped[self.points]


@dataclass(frozen=True, eq=False, slots=True)
class Metric:
    """A metric with all its series; `decimals` is how many digits of its whole numbers stand behind the point."""

    name: str
    decimals: int
    series: list[Series] = field(default_factory=list)

    def add(self, labels: Mapping[str, str], target: Target, first: int, values: Ints) -> None:
        """One more series, with values at the points from `first` on; left out when it has none."""
        if len(values):
            points = np.arange(first, first + len(values), dtype=np.int64)
            self.series.append(Series(labels, target, points, values))

    @property
    def samples(self) -> int:
        """How many samples were scraped of it."""
        return sum(int(np.count_nonzero(one.scraped)) for one in self.series)
