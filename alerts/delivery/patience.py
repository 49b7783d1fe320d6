"""When to try again: pauses with jitter, in monotonic time.

A delivery that failed waits twice as long each time, up to MOST. Meanwhile its integration pauses half as long, so that
a receiver that is down is not stormed by everything in its queue, and a delivery that alone fails holds up no other.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from alerts.delivery.result import Result

FIRST, MOST = 1.0, 30.0
MOST_ASKED = timedelta(minutes=10)
"""A Retry-After beyond this is cut: pages that wait longer are of no use."""


class Patience:
    """The pauses of one integration. Seconds are of a monotonic clock; `chance` is uniform in [0, 1)."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._due: dict[int, float] = {}
        self._failures = 0
        self.paused_until = 0.0
        self.failing_since: float | None = None

    def after_failure(self, delivery: int, attempts: int, result: Result, at: float) -> float:
        """Note a failure of `delivery` after `attempts` earlier ones; the seconds until it is tried again."""
        asked = min(result.retry_after or timedelta(0), MOST_ASKED).total_seconds()
        wait = max(self._spread(attempts), asked)
        self.paused_until = at + max(self._spread(self._failures) / 2, asked)
        self._due[delivery] = at + wait
        self._failures += 1
        if self.failing_since is None:
            self.failing_since = at
        return wait

    def after_end(self, delivery: int, works: bool) -> None:
        """Note that `delivery` is done with, and that the integration works if so."""
        self._due.pop(delivery, None)
        if works:
            self._failures, self.paused_until, self.failing_since = 0, 0.0, None

    def due(self, delivery: int, ahead: float, at: float) -> float:
        """Seconds until `delivery` may be tried, when its stored time is `ahead` seconds ahead.

        The stored time counts until it is first seen; from then on a changed clock cannot delay it.
        """
        if ahead <= 0:
            return 0.0
        return max(self._due.setdefault(delivery, at + min(ahead, MOST)) - at, 0.0)

    def _spread(self, failures: int) -> float:
        return min(MOST, FIRST * 2.0 ** min(failures, 10)) * (0.5 + self._chance() / 2)
