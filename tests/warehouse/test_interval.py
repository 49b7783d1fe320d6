"""Half-open UTC intervals: cutting loses and doubles nothing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.interval import BUCKET, Interval, floor, isoformat, parse_utc

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), st.integers(1, 5000))
def test_pieces_follow_each_other_and_are_the_whole(start: datetime, span: timedelta, minutes: int) -> None:
    size = max(timedelta(minutes=minutes), span / 500)
    pieces = list(Interval(start, start + span).split(size))
    assert sum((piece.duration for piece in pieces), timedelta(0)) == span
    for before, after in itertools.pairwise(pieces):
        assert before.end == after.start
        assert after.start == floor(after.start, size)
    if pieces:
        assert (pieces[0].start, pieces[-1].end) == (start, start + span)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_halves_meet_on_a_bucket_or_there_are_none(start: datetime, span: timedelta) -> None:
    halves = Interval(start, start + span).halves()
    if halves is None:
        assert span < 2 * BUCKET
    else:
        first, second = halves
        assert (first.start, second.end) == (start, start + span)
        assert first.end == second.start == floor(first.end, BUCKET)
        assert first.duration > timedelta(0) < second.duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-05", "2026-10-05T00:00:00Z"),
        ("2026-10-05T10:00:00Z", "2026-10-05T10:00:00Z"),
        ("2026-10-05T10:00:00+02:00", "2026-10-05T08:00:00Z"),
        ("2026-10-05T10:00:00.25", "2026-10-05T10:00:00.250000Z"),
    ],
)
def test_times_are_read_as_utc(text: str, expected: str) -> None:
    assert isoformat(parse_utc(text)) == expected


def test_what_is_no_time_or_no_utc_is_refused() -> None:
    with pytest.raises(ValueError, match="'yesterday' is not an ISO 8601"):
        parse_utc("yesterday")
    with pytest.raises(ValueError, match="UTC"):
        Interval(datetime(2026, 1, 1), datetime(2026, 1, 2))
    with pytest.raises(ValueError, match="UTC"):
        Interval(*[datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))] * 2)
    with pytest.raises(ValueError, match="ends before"):
        Interval(parse_utc("2026-01-02"), parse_utc("2026-01-01"))
