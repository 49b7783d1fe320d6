"""Results, computed by SQL where they are sums, and what alerts read are the same figures, on random days with gaps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.reliability import series
from analytics.reliability.inventory import watched
from analytics.reliability.methods import counted
from analytics.reliability.signal import burn_signal, burn_spans
from analytics.runner import analyze
from measured_slos import MINUTE, Count, declare, measure
from warehouse.database import Warehouse

START = datetime(2026, 10, 3)
NOW = datetime(2026, 10, 5, 18, 7)
SLOS = {
    "events": {"sli": "minutes"},
    "slices": {"sli": "minutes", "method": "Timeslices", "slice_s": 300, "slice_target": 0.97},
    "good": {
        "sli": "minutes", "method": "Timeslices", "slice_s": 420, "slice_target": 0.97, "empty_slices": "good",
    },
    "bad": {"sli": "minutes", "method": "RatioTimeslices", "slice_s": 60, "empty_slices": "bad"},
    "facts": {"sli": "buckets", "grain_s": 300},
    "fact_slices": {"sli": "buckets", "grain_s": 300, "method": "Timeslices", "slice_s": 60, "slice_target": 0.97},
}  # fmt: skip
RULES = (
    {"min_bad": 5.0},
    {"rule": "page_slow", "long_s": 21600, "short_s": 1800, "factor": 6.0, "min_bad": 40.0},
    {"rule": "ticket_quick", "severity": "ticket", "long_s": 86400, "short_s": 7200, "factor": 3.0},
    {"rule": "ticket_slow", "severity": "ticket", "long_s": 36000, "short_s": 3600, "factor": 1.0},
)


def counts(dice: random.Random, every: int) -> Iterator[Count]:
    """Minutes with traffic that rises and falls, errors in bursts, some without traffic, some not measured."""
    at, error, gone, still = START + (every - 1) * MINUTE, 0.001, 0, 0
    while at < NOW:
        if dice.random() < 0.01:
            error = dice.choice((0.0, 0.001, 0.01, 0.05, 0.3, 1.0))
        if dice.random() < 0.003:
            gone = dice.randint(1, 90 // every)
        if dice.random() < 0.003:
            still = dice.randint(1, 60 // every)
        gone, still = gone - 1, still - 1
        if gone < 0:
            total = 0 if still >= 0 else dice.randint(0, 40)
            yield at, total - sum(dice.random() < error for _ in range(total)), total
        at += every * MINUTE


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    dice = random.Random(20261005)
    folder: Path = tmp_path_factory.mktemp("slos")
    with Warehouse.open(folder) as opened:
        declare(opened, SLOS, RULES)
        measure(opened, "minutes", counts(dice, 1))
        measure(opened, "buckets", counts(dice, 5))
        analysis = analyze(
            opened, NOW.replace(tzinfo=UTC), only=["slo_event", "slo_status", "slo_budget_history", "slo_attainment"]
        )
        assert analysis.failed == {}
        yield opened


def test_slices_are_the_same(warehouse: Warehouse) -> None:
    stored = warehouse.query("SELECT slo, ts, good, total FROM analytic.slo_slice")
    for one in watched(warehouse.query("FROM slo_objective"), warehouse.query("FROM slo_burn_rule")):
        minutes = series.stored(warehouse.query)([one.sli], START, datetime(2026, 10, 6))[one.sli]
        slices = counted(minutes, one.objective)
        at = np.flatnonzero(slices.measured)
        ours = pl.DataFrame({
            "ts": [series.EPOCH + int(minute + slices.first) * MINUTE for minute in at],
            "good": slices.good[at], "total": slices.total[at],
        })  # fmt: skip
        theirs = stored.filter(pl.col("slo") == one.objective.slo).sort("ts").drop("slo")
        assert theirs["ts"].to_list() == ours["ts"].to_list()
        assert np.allclose(theirs["good"], ours["good"], rtol=1e-12)
        assert np.allclose(theirs["total"], ours["total"], rtol=1e-12)


def test_spans_are_the_same_and_there_are_many(warehouse: Warehouse) -> None:
    stored = warehouse.query(
        "SELECT slo, rule, started_at, ended_at, peak_burn FROM analytic.slo_event ORDER BY slo, rule, started_at"
    )
    spans = burn_spans(warehouse.query, START, NOW).sort("slo", "rule", "start")
    assert (
        stored.select("slo", "rule", "started_at", "ended_at").rows()
        == spans.select("slo", "rule", "start", "end").rows()
    )
    assert np.allclose(stored["peak_burn"], spans["peak_burn"], rtol=1e-9)
    assert stored.height > 60
    assert stored["slo"].n_unique() == len(SLOS)
    assert stored["rule"].n_unique() == len(RULES)


def test_the_burn_rates_of_now_are_the_last_reading(warehouse: Warehouse) -> None:
    stored = warehouse.query("SELECT slo, rule, part, burn_rate, firing, as_of FROM analytic.slo_burn")
    signal = burn_signal(warehouse.query, NOW - timedelta(minutes=30), NOW)
    last = {(row["slo"], row["rule"]): row for row in signal.sort("ts").to_dicts()}
    compared = 0
    for row in stored.to_dicts():
        reading = last[row["slo"], row["rule"]]
        if reading["ts"] + MINUTE == row["as_of"]:
            assert row["burn_rate"] == pytest.approx(reading[f"burn_{row['part']}"], rel=1e-9)
            assert row["firing"] == (reading["value"] is not None and reading["value"] > reading["threshold"])
            compared += 1
    assert compared >= len(RULES) * 4


def test_the_budget_is_the_window_counted_at_once_and_its_history_ends_there(warehouse: Warehouse) -> None:
    for row in warehouse.query("FROM analytic.slo_status").to_dicts():
        good, total = warehouse.query(
            "SELECT sum(good), sum(total) FROM analytic.slo_slice WHERE slo = $slo AND ts < $as_of",
            {"slo": row["slo"], "as_of": row["as_of"]},
        ).row(0)
        assert (row["good"], row["total"]) == (pytest.approx(good), pytest.approx(total))
        history = warehouse.query(
            "SELECT left_ratio, ts FROM analytic.slo_budget_history WHERE slo = $slo ORDER BY ts", {"slo": row["slo"]}
        )
        assert history["left_ratio"][-1] == pytest.approx(row["budget_left_ratio"], abs=1e-9)
        assert history["ts"][-1] <= row["as_of"]
        assert history["left_ratio"].is_sorted(descending=True)


def test_running_it_again_changes_nothing(warehouse: Warehouse) -> None:
    before = warehouse.query("SELECT * FROM analytic.slo_event ORDER BY ALL")
    with warehouse.transaction() as tx:
        tx.execute("UPDATE changed_day SET revision = nextval('revision')")
    analyze(warehouse, NOW.replace(tzinfo=UTC), only=["slo_event"])
    assert warehouse.query("SELECT * FROM analytic.slo_event ORDER BY ALL").equals(before)
