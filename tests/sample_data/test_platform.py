"""The plan of the platform holds together for any end, and is the same whenever it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_data.calendar import Calendar, weekday
from sample_data.fleet import NODES
from sample_data.grid import HOUR, Grid, epoch, utc
from sample_data.platform import Platform, build_platform

ends = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def test_equal_words_make_equal_platforms(month):
    again = build_platform(month.platform.end)
    assert (again.pods, again.runs, again.grid) == (month.platform.pods, month.platform.runs, month.platform.grid)
    assert build_platform(month.platform.end, seed=8).runs != again.runs


def test_the_end_is_rounded_down_to_five_minutes():
    platform = build_platform(datetime(2026, 11, 24, 10, 58, 31, tzinfo=UTC), days=2)
    assert platform.end == datetime(2026, 11, 24, 10, 55, tzinfo=UTC)
    assert platform.start == datetime(2026, 11, 22, 10, 55, tzinfo=UTC)


@pytest.mark.parametrize(("end", "days"), [(datetime(2026, 1, 1), 30), (datetime(2026, 1, 1, tzinfo=UTC), 0)])
def test_a_naive_end_or_no_days_are_refused(end, days):
    with pytest.raises(ValueError, match=r"aware|at least one day"):
        build_platform(end, days)


@settings(max_examples=12, deadline=None)
@given(end=ends)
def test_no_device_has_two_owners_unless_cards_are_shared(end):
    platform = build_platform(end)
    lives = sorted(
        (pod.node.name, device, pod.created, pod.finished or float("inf"))
        for pod in platform.pods
        if pod.node and pod.node.replicas == 1
        for device in pod.devices
    )
    for _, owners in groupby(lives, key=lambda life: life[:2]):
        for earlier, later in pairwise(owners):
            assert earlier[3] <= later[2]


@settings(max_examples=12, deadline=None)
@given(end=ends)
def test_runs_of_a_pipeline_follow_each_other_and_their_tries_are_in_order(end):
    platform = build_platform(end, days=20)
    for dag in {run.dag for run in platform.runs}:
        runs = [run for run in platform.runs if run.dag == dag]
        assert all(earlier.end < later.start for earlier, later in pairwise(runs))
    for run in platform.runs:
        for task in run.tasks:
            times = [at for one in task.tries for at in (one.scheduled, one.queued, one.start, one.end)]
            assert times == sorted(times)
            assert all(run.start <= at <= run.end for at in times)


@given(end=ends)
def test_the_idle_weekend_is_over_and_the_last_one(end):
    friday, monday = Calendar(epoch(end)).idle_weekend
    assert (weekday(friday), utc(friday).hour, weekday(monday), utc(monday).hour) == (4, 18, 0, 9)
    assert monday - friday == 63 * HOUR
    assert timedelta(0) <= end - utc(monday) + timedelta(seconds=1) <= timedelta(days=7, seconds=1)


def test_there_are_64_physical_gpus():
    assert sum(node.gpus for node in NODES) == 64
    assert len(NODES) == 8
    assert len({node.cluster for node in NODES}) == 3
    mig = next(node for node in NODES if node.layout)
    # three cards of two halves, one of 3 x 2/7 + 1/7, four whole: 3 + 1 + 4 = 8, every card used to the last slice
    assert mig.capacity == {"nvidia_com_gpu": 0, "nvidia_com_mig_3g_40gb": 6, "nvidia_com_mig_2g_20gb": 3,
                            "nvidia_com_mig_1g_10gb": 1, "nvidia_com_mig_7g_80gb": 4}  # fmt: skip
    shared = next(node for node in NODES if node.replicas > 1)
    assert shared.capacity == {"nvidia_com_gpu": 32}


def test_what_is_wrong_on_purpose_is_there(month):
    platform: Platform = month.platform
    pods = {pod.name: pod for pod in platform.pods}
    assert pods["giant-sweep-0"].node is None
    finished = pods["embed-backfill-9h2xw"]
    assert finished.deleted is None
    assert utc(finished.finished or 0) == datetime(2026, 11, 19, 16, tzinfo=UTC)
    idle = pods["pretrain-debug-0"]
    assert (utc(idle.created), utc(idle.finished or 0)) == (
        datetime(2026, 11, 20, 18, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC))  # fmt: skip
    owned = {namespace for team in platform.teams for namespace in team.namespaces}
    assert "sandbox-llm" in {pod.namespace for pod in platform.pods} - owned
    broken = [run.state for run in platform.runs
              if run.dag.name == "train_embedding" and run.scheduled >= platform.calendar.broken_training]  # fmt: skip
    assert broken.count("failed") >= 6
    assert {model.monitor for model in platform.models} == {"daily", "stale", "none", "drifted"}


def test_a_grid_finds_the_first_point_that_is_not_before_a_moment():
    grid = Grid(600, 4)  # 600, 900, 1200, 1500
    assert [grid.index(at) for at in (0, 600, 600.5, 900, 1501, 9999)] == [0, 0, 1, 1, 4, 4]
    assert grid.span(700, None) == slice(1, 4)
