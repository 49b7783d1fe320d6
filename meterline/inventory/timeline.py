"""Half-open spans of time, cut, joined and resolved: what holds when, what holds twice, what holds never.

Pure and general: nothing here knows of prices. Moments are aware UTC; a span without beginning or end reaches to
`BEGINNING` or `FOREVER`, which are larger than every moment that is meant.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

BEGINNING = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`[start, end)`, never empty."""

    start: datetime = BEGINNING
    end: datetime = FOREVER

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None) -> Span:
        """A span whose missing bounds are open."""
        return cls(start or BEGINNING, end or FOREVER)

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def successive(bounds: Sequence[tuple[datetime | None, datetime | None]]) -> list[Span]:
    """A span for each `(start, end)`: without an end, it ends where the next later one begins, or never."""
    starts = sorted({start or BEGINNING for start, _ in bounds})
    spans = []
    for start, end in bounds:
        later = bisect_right(starts, start or BEGINNING)
        spans.append(Span.between(start, end or (starts[later] if later < len(starts) else None)))
    return spans


def resolve(held: Iterable[tuple[Span, Value]]) -> list[tuple[Span, tuple[Value, ...]]]:
    """Adjoining spans from the first beginning to the last end, each with all that holds in it, in the order given.

    Nothing holding is a gap, more than one an overlap. Every moment from the first beginning to the last end is in
    exactly one of the spans.
    """
    items = list(held)
    begin: dict[datetime, list[int]] = {}
    end: dict[datetime, list[int]] = {}
    for index, (span, _) in enumerate(items):
        begin.setdefault(span.start, []).append(index)
        end.setdefault(span.end, []).append(index)
    edges = sorted(begin.keys() | end.keys())
    active: set[int] = set()
    pieces = []
    for start, until in zip(edges, edges[1:], strict=False):  # noqa: RUF007 - pairs of neighbours
        active.difference_update(end.get(start, ()))
        active.update(begin.get(start, ()))
        pieces.append((Span(start, until), tuple(items[index][1] for index in sorted(active))))
    return pieces


def split(span: Span, edges: Sequence[datetime]) -> list[Span]:
    """`span` cut at those of the sorted `edges` that lie inside of it."""
    inside = edges[bisect_right(edges, span.start) : bisect_left(edges, span.end)]
    cuts = [span.start, *inside, span.end]
    return [Span(start, end) for start, end in zip(cuts, cuts[1:], strict=False) if start < end]  # noqa: RUF007


def merged(pieces: Iterable[tuple[Span, Value]]) -> list[tuple[Span, Value]]:
    """Pieces in order of time, those that touch and have the same value joined."""
    joined: list[tuple[Span, Value]] = []
    for span, value in pieces:
        if joined and joined[-1][0].end == span.start and joined[-1][1] == value:
            joined[-1] = (Span(joined[-1][0].start, span.end), value)
        else:
            joined.append((span, value))
    return joined


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """The moments that are in some of `spans` and in none of `holes`, as disjoint spans as long as can be."""
    marked = [*((span, True) for span in spans), *((hole, False) for hole in holes)]
    return [span for span, kept in merged((span, {*marks} == {True}) for span, marks in resolve(marked)) if kept]
