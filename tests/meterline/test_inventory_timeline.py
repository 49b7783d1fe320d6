"""Spans of time: whatever is given, every moment ends up in exactly one piece with exactly what holds in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from meterline.inventory.timeline import BEGINNING, FOREVER, Span, merged, resolve, split, successive, without

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = range(12)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def hours(start: int, end: int) -> Span:
    return Span(at(start), at(end))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start, end = sorted(draw(st.lists(st.sampled_from(HOURS), min_size=2, max_size=2, unique=True)))
    opened = draw(st.sampled_from(("", "", "start", "end", "both")))
    return Span(
        BEGINNING if opened in ("start", "both") else at(start), FOREVER if opened in ("end", "both") else at(end)
    )


many = st.lists(spans(), max_size=8)
MOMENTS = [BEGINNING, *(at(hour) for hour in HOURS), *(at(hour) + timedelta(minutes=30) for hour in HOURS)]


@given(many)
def test_every_moment_is_in_one_piece_with_all_that_holds_then(held: list[Span]) -> None:
    pieces = resolve(list(zip(held, range(len(held)), strict=True)))
    assert all(earlier.end == later.start for (earlier, _), (later, _) in pairwise(pieces))
    for moment in MOMENTS:
        holding = tuple(index for index, span in enumerate(held) if moment in span)
        found = [indices for span, indices in pieces if moment in span]
        first, last = min((s.start for s in held), default=FOREVER), max((s.end for s in held), default=BEGINNING)
        assert found == ([holding] if first <= moment < last else [])


@given(many, many)
def test_what_is_left_without_holes(kept: list[Span], holes: list[Span]) -> None:
    left = without(kept, holes)
    assert all(earlier.end < later.start for earlier, later in pairwise(left)), "as long as can be, in order"
    for moment in MOMENTS:
        expected = any(moment in span for span in kept) and not any(moment in hole for hole in holes)
        assert sum(moment in span for span in left) == expected


@given(spans(), st.lists(st.sampled_from(HOURS), unique=True).map(sorted))
def test_cutting_and_joining_again_changes_nothing(whole: Span, edges: list[int]) -> None:
    pieces = split(whole, [at(hour) for hour in edges])
    assert [span for span, _ in merged((piece, "same") for piece in pieces)] == [whole]
    inside = {at(hour) for hour in edges if whole.start < at(hour) < whole.end}
    assert {piece.start for piece in pieces} - {whole.start} == inside
    assert len(pieces) == len(inside) + 1


def test_pieces_with_other_values_or_with_a_gap_between_are_not_joined() -> None:
    pieces = [(hours(0, 1), "a"), (hours(1, 2), "b"), (hours(2, 3), "b"), (hours(4, 5), "b")]
    assert merged(pieces) == [(hours(0, 1), "a"), (hours(1, 3), "b"), (hours(4, 5), "b")]


def test_what_has_no_end_ends_where_the_next_begins() -> None:
    given = [(at(3), None), (at(1), None), (at(1), at(9)), (None, None), (at(5), at(6))]
    assert successive(given) == [hours(3, 5), hours(1, 3), hours(1, 9), Span(BEGINNING, at(1)), hours(5, 6)]
    assert successive([(at(1), None)]) == [Span(at(1), FOREVER)]


def test_an_overlap_is_exactly_as_long_as_both_hold() -> None:
    assert resolve([(hours(0, 4), "a"), (hours(2, 6), "b"), (hours(8, 9), "c")]) == [
        (hours(0, 2), ("a",)), (hours(2, 4), ("a", "b")), (hours(4, 6), ("b",)), (hours(6, 8), ()),
        (hours(8, 9), ("c",)),
    ]  # fmt: skip
