"""The two clocks of delivery: wall time for what is stored, monotonic time for every pause.

A pause that is counted in wall time lasts an hour longer when the clock is set back an hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is aware UTC; `monotonic` counts seconds from anywhere."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic


SYSTEM = Clock()
