"""Jumps of the wall clock, seen by a clock that cannot jump.

Timers of groups and expiries are wall times, because they outlive the process. When the wall clock is set an hour
ahead, all of them would be due at once: everything would resolve, and be told. So what is pending moves with the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LARGEST_DRIFT = timedelta(seconds=30)
"""Less is the ordinary correction of a clock, and harmless."""


class Jumps:
    """Compares a wall clock with a monotonic one from look to look."""

    def __init__(self, wall: datetime, monotonic: float) -> None:
        self._wall = wall
        self._monotonic = monotonic

    def look(self, wall: datetime, monotonic: float) -> timedelta | None:
        """By how much the wall clock was set since the last look, or None when it was not."""
        drift = (wall - self._wall) - timedelta(seconds=monotonic - self._monotonic)
        self._wall, self._monotonic = wall, monotonic
        return drift if abs(drift) > LARGEST_DRIFT else None
