"""When things go wrong on the platform, as epoch seconds: every moment is a fixed distance before the end.

The list for people is in README.md; the modules that draw workloads, traffic and pipelines read the moments here. A
platform of fewer than 15 days lacks the events that lie before its start.
"""

from __future__ import annotations

from dataclasses import dataclass

from sample_data.grid import DAY, HOUR

THURSDAY_OFFSET = 3
"""1970-01-01 was a Thursday: (days since then + 3) % 7 is 0 on Mondays."""

Span = tuple[int, int]
"""[start, end) in epoch seconds."""


def weekday(seconds: int) -> int:
    """0 is Monday."""
    return (seconds // DAY + THURSDAY_OFFSET) % 7


@dataclass(frozen=True, slots=True)
class Calendar:
    """The moments of a platform that ends at `end`."""

    end: int

    def days_before(self, days: int, hour: float = 0.0) -> int:
        """`hour` o'clock UTC of the day that lies `days` before the day of the end."""
        return self.end // DAY * DAY - days * DAY + int(hour * HOUR)

    @property
    def idle_weekend(self) -> Span:
        """Friday 18:00 to Monday 09:00 of the last weekend that is over."""
        monday = self.end // DAY * DAY - weekday(self.end) * DAY
        if monday + 9 * HOUR > self.end:
            monday -= 7 * DAY
        return monday - 3 * DAY + 18 * HOUR, monday + 9 * HOUR

    @property
    def outage(self) -> Span:
        """Three hours in which a third of chat's requests fail."""
        start = self.days_before(4, 13)
        return start, start + 3 * HOUR

    @property
    def failed_rollout(self) -> Span:
        """A quarter of an hour in which three of ten requests of code-assist fail."""
        start = self.days_before(2, 10)
        return start, start + 15 * 60

    @property
    def slow_burn(self) -> int:
        """From then on fraud-score fails a few requests in a thousand: too many for its objective, too few to see."""
        return self.days_before(3, 6)

    @property
    def flapping_queue(self) -> Span:
        """Four hours in which translate's queue fills and empties every ten minutes."""
        start = self.days_before(1, 9)
        return start, start + 4 * HOUR

    @property
    def broken_link(self) -> Span:
        """From an NVLink error of one GPU to the restart of its driver."""
        return self.days_before(2, 12.25), self.days_before(1, 8)

    @property
    def broken_memory(self) -> Span:
        """From 45 minutes before the end to 50 after it: a GPU of summarize has a memory error until it is reset."""
        return self.end - 45 * 60, self.end + 50 * 60

    @property
    def regression(self) -> int:
        """From then on code-assist is slow."""
        return self.days_before(10)

    @property
    def engine_restart(self) -> int:
        """The vLLM container of rag-answers restarts: same pod, counters from zero."""
        return self.days_before(6, 3.5)

    @property
    def node_not_ready(self) -> Span:
        """Nine hours in which a node of the training cluster is lost."""
        start = self.days_before(13, 1)
        return start, start + 9 * HOUR

    @property
    def broken_training(self) -> int:
        """From then on train_embedding fails nearly every day."""
        return self.days_before(8)

    @property
    def price_change(self) -> int:
        """A day boundary at which the H100 becomes cheaper."""
        return self.days_before(12)
