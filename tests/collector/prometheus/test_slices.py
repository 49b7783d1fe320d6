"""Counter arithmetic of indicators against a plain re-telling of its rules, and what must hold for any counter."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.prometheus.indicator import Indicator
from collector.prometheus.slices import SILENCE, Values, counts, increases
from warehouse.errors import ConfigurationError, Rejected

NAN = math.nan

minutes = st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=1, max_size=200)
"""What a counter grew by in a minute, or None where it was not scraped."""


def told(values: Sequence[float], silence: int) -> list[float]:
    """One series, minute after minute, as the rules say."""
    out, last, when = [], NAN, -1
    for minute, value in enumerate(values):
        if math.isnan(value):
            out.append(NAN)
            continue
        if math.isnan(last) or minute - when > silence:
            out.append(NAN)
        else:
            out.append(value - last if value >= last else value)
        last, when = value, minute
    return out


def counter(grown: Sequence[int | None], resets: set[int]) -> list[float]:
    total, values = 1000.0, []
    for minute, growth in enumerate(grown):
        if minute in resets:
            total = 0.0
        total += growth or 0
        values.append(NAN if growth is None else total)
    return values


@given(st.lists(minutes, min_size=1, max_size=4), st.sets(st.integers(0, 199)), st.integers(1, 70))
def test_increases_are_those_of_the_rules(rows: list[list[int | None]], resets: set[int], silence: int) -> None:
    width = min(map(len, rows))
    values = np.array([counter(row[:width], resets) for row in rows])
    expected = np.array([told(row, silence) for row in values.tolist()])
    np.testing.assert_array_equal(increases(values, silence=silence), expected)


@given(minutes.filter(lambda grown: any(one is not None for one in grown)))
def test_what_was_missed_is_seen_later_and_nothing_twice(grown: list[int | None]) -> None:
    """Without resets and long silences the increases add up to last - first, whatever was missed in between."""
    values = np.array([counter(grown, set())])
    seen = values[~np.isnan(values)]
    assert np.nansum(increases(values, silence=len(grown))) == seen[-1] - seen[0]


@given(minutes, st.sets(st.integers(0, 199)), st.integers(0, 199))
def test_a_cut_of_time_changes_no_minute(grown: list[int | None], resets: set[int], cut: int) -> None:
    """A window that looks back `SILENCE` minutes gives what one pass over everything gives."""
    row = counter(grown, resets)
    cut = min(cut, len(row))
    whole = increases(np.array([row]))
    reach = max(cut - SILENCE, 0)
    np.testing.assert_array_equal(increases(np.array([row[reach:]]))[0, cut - reach :], whole[0, cut:])


def ratio(**words: object) -> Indicator:
    return Indicator.parse("s", "ratio", {"counter": True, **words})


def minute_counts(
    indicator: Indicator, *answers: tuple[list[dict[str, str]], list[list[float]]]
) -> list[tuple[float, float]]:
    values = [Values(labels, np.array(rows, dtype=np.float64).reshape(len(labels), -1)) for labels, rows in answers]
    good, total = counts(indicator.definition, values, ("replica",), indicator.sli)
    return list(zip(good.tolist(), total.tolist(), strict=True))


POD = {"job": "api", "instance": "10.0.0.1:8080"}


def test_the_first_errors_of_a_known_target_count_from_zero() -> None:
    """The target was scraped in minute 1 without a 503 series; in minute 2 it has one with 7 errors."""
    bad = ([{**POD, "code": "503"}], [[NAN, NAN, 7, 9]])
    total = ([{**POD, "code": "200"}, {**POD, "code": "503"}], [[100, 110, 113, 113], [NAN, NAN, 7, 9]])
    assert minute_counts(ratio(bad="b", total="t"), bad, total)[1:] == [(10, 10), (3, 10), (0, 2)]


def test_a_target_that_is_new_adds_nothing_at_first() -> None:
    other = {**POD, "instance": "10.0.0.2:8080"}
    total = ([POD, other], [[100, 110, 120], [NAN, 5000, 5004]])
    assert minute_counts(ratio(good="g", total="t"), total, total)[1:] == [(10, 10), (14, 14)]


def test_a_relabelled_target_adds_nothing_at_first() -> None:
    """One series goes away in the minute in which another of the same target comes: not a new counter, a new name."""
    total = ([POD, {**POD, "team": "search"}], [[100, 110, NAN, NAN], [NAN, NAN, 121, 125]])
    (_, one), (_, two), (_, three) = minute_counts(ratio(good="g", total="t"), total, total)[1:]
    assert (one, three) == (10, 4)
    assert math.isnan(two)  # nothing is known of that minute


def test_a_target_that_comes_back_counts_where_it_is_seen() -> None:
    total = ([POD], [[100, 110, NAN, NAN, 170, 171]])
    found = minute_counts(ratio(good="g", total="t"), total, total)
    assert [one[1] for one in found if not math.isnan(one[1])] == [10, 60, 1]


def test_no_scrape_is_no_row_and_no_traffic_is_a_zero() -> None:
    total = ([POD], [[5, 5, NAN, 5]])
    found = minute_counts(ratio(bad="b", total="t"), ([POD], [[NAN] * 4]), total)
    assert found[1] == (0, 0)
    assert math.isnan(found[2][1])
    assert found[3] == (0, 0)


def test_of_two_replicas_one_speaks() -> None:
    """b scraped first and sees 4 less; where a missed its scrape, b speaks with its own increase."""
    total = ([{**POD, "replica": "b"}, {**POD, "replica": "a"}], [[96, 106, 116, 126], [100, 110, NAN, 130]])
    found = minute_counts(ratio(good="g", total="t"), total, total)
    assert [one[1] for one in found[1:]] == [10, 10, 20]


def test_more_good_than_valid_is_never_said() -> None:
    good, total = ([POD], [[0, 12]]), ([POD], [[0, 10]])
    assert minute_counts(ratio(good="g", total="t"), good, total)[1] == (10, 10)
    assert minute_counts(ratio(bad="g", total="t"), good, total)[1] == (0, 10)


def test_counts_of_the_minute_are_taken_as_they_are() -> None:
    found = minute_counts(
        ratio(good="g", total="t", counter=False),
        ([{"pod": "a"}], [[9, NAN, 0]]),
        ([{}, {"x": "y"}], [[10, 4, NAN], [1, NAN, NAN]]),
    )
    assert found[:2] == [(9, 11), (0, 4)]
    assert math.isnan(found[2][1])


def test_raw_and_threshold_make_a_minute_one_event() -> None:
    answer = ([{}], [[0.25, NAN, 1.5]])
    assert str(minute_counts(Indicator.parse("s", "raw", {"raw": "q", "type": "failure"}), answer)) == (
        "[(0.75, 1.0), (nan, nan), (0.0, 1.0)]"
    )
    for op, expected in (("lt", [1, 0]), ("lte", [1, 0]), ("gt", [0, 1]), ("gte", [0, 1])):
        indicator = Indicator.parse("s", "threshold", {"query": "q", "op": op, "value": 1})
        found = minute_counts(indicator, answer)
        assert [found[0][0], found[2][0]] == expected
        assert math.isnan(found[1][0])


def test_a_threshold_at_the_value_itself() -> None:
    for op, expected in (("lt", 0), ("lte", 1), ("gt", 0), ("gte", 1)):
        indicator = Indicator.parse("s", "threshold", {"query": "q", "op": op, "value": 2.5})
        assert minute_counts(indicator, ([{}], [[2.5]])) == [(expected, 1)]


def test_several_series_where_one_is_expected_are_refused() -> None:
    indicator = Indicator.parse("p95", "threshold", {"query": "q", "op": "lt", "value": 1})
    with pytest.raises(Rejected, match="p95 gives 2 series"):
        minute_counts(indicator, ([{"pod": "a"}, {"pod": "b"}], [[1, 1], [NAN, 1]]))
    assert minute_counts(indicator, ([{"pod": "a"}, {"pod": "b"}], [[0, NAN], [NAN, 2]])) == [(1, 1), (0, 1)]


@pytest.mark.parametrize(
    ("kind", "definition", "words"),
    [
        ("ratio", '{"total": "t"}', "either good or bad"),
        ("ratio", '{"total": "t", "good": "g", "bad": "b"}', "either good or bad"),
        ("threshold", '{"query": "q", "op": "eq", "value": 1}', "op"),
        ("raw", "{", "indicator s is not valid"),
        ("sql", "{}", "not made of queries"),
    ],
)
def test_a_definition_that_is_not_valid_is_named(kind: str, definition: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Indicator.parse("s", kind, definition)
