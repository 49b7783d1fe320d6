"""The 5-minute grid on which the platform is scraped, and the random numbers that belong to a name.

Times inside sample_data are whole epoch seconds (UTC): the arithmetic is numpy's. Nothing here reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

import numpy as np
import numpy.typing as npt

STEP = 300
"""Seconds between two scrapes of a target."""

HOUR = 3600
DAY = 86400

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """`size` scrapes from `start` (epoch seconds, a multiple of STEP), STEP apart."""

    start: int
    size: int

    @property
    def times(self) -> Ints:
        """Epoch seconds of every point."""
        return self.start + STEP * np.arange(self.size, dtype=np.int64)

    def index(self, moment: float) -> int:
        """The first point that is not before `moment`, within 0..size."""
        return min(max(-int(-(moment - self.start) // STEP), 0), self.size)

    def span(self, start: float, end: float | None) -> slice:
        """The points in [start, end); an end of None is the end of the grid."""
        return slice(self.index(start), self.size if end is None else self.index(end))


def random(seed: int, *name: object) -> np.random.Generator:
    """The generator that belongs to a name: equal for equal names, whatever was drawn before."""
    return np.random.default_rng([seed, crc32("/".join(map(str, name)).encode())])


def epoch(moment: datetime) -> int:
    """Whole epoch seconds of an aware datetime."""
    return int(moment.timestamp())


def utc(seconds: float) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)
