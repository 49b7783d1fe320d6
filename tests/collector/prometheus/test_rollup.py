"""The roll-up's rules, with values worked out by hand and properties that hold for any samples."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from collector.prometheus import rollup
from collector.prometheus.profile import Kind

NAN = float("nan")


def samples(*series: Sequence[tuple[float, float]]) -> pl.DataFrame:
    """Samples of several series, given as (seconds, value)."""
    rows = [(index, round(ts * 1000), value) for index, one in enumerate(series) for ts, value in one]
    return pl.DataFrame(rows, schema={"series": pl.UInt32, "ts": pl.Int64, "value": pl.Float64}, orient="row")


def table(frame: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return frame.sort("series", "bucket").select("series", "bucket", *columns).rows()


def test_a_gauge_keeps_sum_weight_and_extremes_and_a_nan_is_no_sample() -> None:
    rolled = rollup.roll_up(samples([(0, 1.0), (30, NAN), (60, 3.0), (300, 5.0)]), "gauge", 30)
    assert table(rolled, "n", "weight", "sum", "min", "max") == [(0, 0, 2, 2, 4, 1, 3), (0, 300, 1, 1, 5, 5, 5)]


def test_copies_of_a_device_share_its_weight() -> None:
    frame = samples([(0, 0.5), (30, 0.5)], [(0, 0.5)])
    rolled = rollup.roll_up(frame, "gauge", 30, pl.Series([2, 1, 2]))
    assert table(rolled, "weight", "sum") == [(0, 0, 1.5, 0.75), (1, 0, 0.5, 0.25)]


def test_a_counter_adds_differences_and_a_reset_adds_the_new_value() -> None:
    # 10 -> 14 (+4), reset to 3 (+3), next bucket 3 -> 8 (+5); the first sample adds nothing
    rolled = rollup.roll_up(samples([(0, 10), (30, 14), (60, 3), (300, 8)]), "counter", 30)
    assert table(rolled, "increase") == [(0, 0, 7), (0, 300, 5)]


def test_a_counter_after_a_long_silence_begins_anew() -> None:
    rolled = rollup.roll_up(samples([(0, 10), (3600, 14), (7201, 20)]), "counter", 30)
    assert table(rolled, "increase") == [(0, 0, 0), (0, 3600, 4), (0, 7200, 0)]


def test_a_use_belongs_to_the_seconds_in_which_it_came_about() -> None:
    # 60 in the 30 s from 280 to 310 (2 a second: 20 s before the edge, 10 s behind it), then 30 in 30 s, all behind it
    rolled = rollup.roll_up(samples([(280, 5), (310, 65), (340, 95)]), "use", 30)
    assert table(rolled, "value_s", "covered_s") == [(0, 0, 40, 20), (0, 300, 20 + 30, 10 + 30)]


def test_a_use_after_a_gap_is_spread_over_what_is_still_near() -> None:
    # 600 in 1,000 s without a sample: over the last 300 s of them, 2 a second, 900 to 1,200
    rolled = rollup.roll_up(samples([(200, 0), (1200, 600)]), "use", 30)
    assert table(rolled, "value_s") == [(0, 900, 600)]


def test_a_use_counts_from_zero_after_a_reset_and_not_before_its_first_sample() -> None:
    rolled = rollup.roll_up(samples([(0, 100), (30, 130), (60, 15)], [(30, 7)]), "use", 30)
    assert table(rolled, "value_s") == [(0, 0, 30 + 15)]


def test_neighbouring_series_do_not_touch() -> None:
    rolled = rollup.roll_up(samples([(0, 10), (30, 14)], [(40, 100), (60, 101)]), "counter", 30)
    assert table(rolled, "increase") == [(0, 0, 4), (1, 0, 1)]


def test_a_state_covers_the_seconds_since_the_sample_before() -> None:
    # samples every 30 s from 310: the first speaks for 280..310 (20 s of it before the edge), the rest for 30 s each
    rolled = rollup.roll_up(samples([(310, 2), (340, 2), (370, 1)]), "state", 30)
    assert table(rolled, "covered_s", "value_s") == [(0, 0, 20, 40), (0, 300, 70, 10 * 2 + 30 * 2 + 30 * 1)]


def test_a_missed_scrape_is_bridged_and_a_longer_gap_is_not() -> None:
    bridged = rollup.roll_up(samples([(30, 1), (330, 1)]), "state", 30)
    assert bridged["covered_s"].sum() == 30 + 300
    gone = rollup.roll_up(samples([(30, 1), (331, 1)]), "state", 30)
    assert gone["covered_s"].sum() == 30 + 30


def test_fractions_of_a_second_do_not_accumulate() -> None:
    jittered = samples([(30.999, 1), (60.001, 1), (90.999, 1), (120.001, 1)])
    assert rollup.roll_up(jittered, "state", 30)["covered_s"].sum() == 30 + 30 + 30 + 30


def test_scrape_interval_is_the_median_distance() -> None:
    assert rollup.scrape_interval(samples([(0, 1), (15.004, 1), (30, 1), (90, 1)], [(7, 1), (22, 1)])) == 15
    assert rollup.scrape_interval(samples([(0, 1)])) == rollup.DEFAULT_STEP_S


def test_of_two_replicas_the_one_with_more_samples_speaks_in_each_bucket() -> None:
    rows = pl.DataFrame(
        {"key": ["a", "a", "a", "a"], "series": [0, 1, 0, 1], "bucket": [0, 0, 300, 300], "n": [10.0, 9.0, 3.0, 10.0],
         "increase": [5.0, 4.0, 1.0, 6.0]}
    )  # fmt: skip
    assert rollup.best_replica(rows, ["key"]).sort("bucket")["increase"].to_list() == [5, 6]


TIMES = st.lists(st.integers(0, 4000), min_size=1, max_size=60, unique=True).map(sorted)


@given(TIMES, st.sampled_from(["state", "use"]), st.data())
def test_what_is_spread_does_not_depend_on_where_time_is_cut(times: list[int], kind: Kind, data: st.DataObject) -> None:
    """Rolling up two halves, each with what it depends on, gives the buckets of the whole."""
    values = data.draw(st.lists(st.integers(0, 8), min_size=len(times), max_size=len(times)))
    whole = samples(list(zip(times, values, strict=True)))
    cut = data.draw(st.integers(0, 13)) * rollup.BUCKET_S
    left = whole.filter(pl.col("ts") < (cut + rollup.look_ahead(kind, 30)) * 1000)
    right = whole.filter(pl.col("ts") >= (cut - rollup.look_back(kind, 30)) * 1000)
    pieces = pl.concat(
        [
            rollup.roll_up(left, kind, 30).filter(pl.col("bucket") < cut),
            rollup.roll_up(right, kind, 30).filter(pl.col("bucket") >= cut),
        ]
    )
    wanted = rollup.roll_up(whole, kind, 30)
    assert table(pieces, "covered_s", "value_s") == table(wanted, "covered_s", "value_s")


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 1000)), min_size=1, max_size=50))
def test_increases_add_up_to_the_counter(steps: list[tuple[int, int]]) -> None:
    """Over all buckets: the sum of rises, and after each fall the value that the counter restarted with."""
    at, points = 0, []
    for distance, value in steps:
        at += distance
        points.append((at, value))
    expected = Fraction(0)
    for (_, before), (_, after) in itertools.pairwise(points):
        expected += after - before if after >= before else after
    assert rollup.roll_up(samples(points), "counter", 30)["increase"].sum() == expected
    assert abs(Fraction(rollup.roll_up(samples(points), "use", 30)["value_s"].sum()) - expected) < Fraction(1, 10**6)
