"""Burn rates as alerts read them: values, guards, gaps, late indicators; worked by hand at 99 %."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.reliability.signal import SIGNAL, burn_signal, burn_spans
from measured_slos import MINUTE, declare, measure, steady
from warehouse.database import Warehouse

START = datetime(2026, 10, 5)
NOON = datetime(2026, 10, 5, 12)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path) as opened:
        yield opened


def reading(warehouse: Warehouse, at: datetime, slo: str = "chat") -> dict[str, Any]:
    """What is known of the minute `at` ten minutes later."""
    return burn_signal(warehouse.query, at, at + 10 * MINUTE, [slo]).row(0, named=True)


def test_a_reading_has_both_burn_rates_the_smaller_is_its_value(warehouse: Warehouse) -> None:
    """The hour holds 10 minutes of 100 % errors: burn 100/60x10. The last 5 minutes have 4 bad ones: burn 80."""
    declare(warehouse, {"chat": {}})
    good, bad = steady(START, 710, 100), steady(START + 710 * MINUTE, 9, 100, 100)
    measure(warehouse, "chat", [*good, *bad, (NOON - MINUTE, 100, 100), (NOON, 0, 100)])
    frame = burn_signal(warehouse.query, NOON, NOON + MINUTE)
    assert frame.schema == SIGNAL
    assert frame.row(0, named=True) == {
        "ts": NOON, "slo": "chat", "objective": "99", "service": "chat", "team": "search", "rule": "page_quick",
        "severity": "page", "owner": "ann", "runbook_url": "https://runbook", "value": pytest.approx(100 / 6),
        "threshold": 14.4, "burn_long": pytest.approx(100 / 6), "burn_short": pytest.approx(80),
        "window_full": True, "low_traffic": False,
    }  # fmt: skip


def test_readings_end_with_the_last_measured_minute_of_each_indicator(warehouse: Warehouse) -> None:
    declare(warehouse, {"chat": {}, "late": {}, "never": {}})
    measure(warehouse, "chat", steady(START, 723, 100))
    measure(warehouse, "late", steady(START, 721, 100))
    frame = burn_signal(warehouse.query, NOON, NOON + 10 * MINUTE)
    assert frame.group_by("slo").agg(pl.col("ts").max()).sort("slo").rows() == [
        ("chat", NOON + 2 * MINUTE), ("late", NOON),
    ]  # fmt: skip
    assert frame["ts"].is_sorted()


def test_nothing_measured_is_not_known_and_no_traffic_does_not_burn(warehouse: Warehouse) -> None:
    """All bad from 11:40. From 11:50 on gap stops being measured for 10 minutes, quiet is measured without an event."""
    declare(warehouse, {"gap": {}, "quiet": {}})
    outage = [*steady(START, 700, 100), *steady(START + 700 * MINUTE, 10, 100, 100)]
    after = (NOON + MINUTE, 100, 100)
    measure(warehouse, "gap", [*outage, after])
    measure(warehouse, "quiet", [*outage, *steady(NOON - 10 * MINUTE, 11, 0), after])
    gap, quiet = reading(warehouse, NOON, "gap"), reading(warehouse, NOON, "quiet")
    assert (gap["value"], gap["burn_short"]) == (None, None)
    assert (quiet["value"], quiet["burn_short"]) == (0.0, None)
    assert quiet["burn_long"] == pytest.approx(1000 / 49)  # 10 of the 49 minutes of the hour with events


def test_low_traffic_does_not_page_below_the_bad_events_asked_for(warehouse: Warehouse) -> None:
    """One request a minute at 99 %: an hour's budget is 0.6 of one. One error burns at 1/60/0.01 = 1.67 in the hour;
    ten minutes of errors burn at 16.7, with 10 bad events."""
    declare(warehouse, {"chat": {}}, [{"min_bad": 5.0}])
    measure(warehouse, "chat", [*steady(START, 710, 1), *steady(START + 710 * MINUTE, 10, 1, 1)])
    few, many = reading(warehouse, START + 713 * MINUTE), reading(warehouse, START + 719 * MINUTE)
    assert (few["value"], few["low_traffic"], few["burn_long"]) == (0.0, True, pytest.approx(4 / 60 * 100))
    assert (many["value"], many["low_traffic"]) == (pytest.approx(100 / 6), True)


def test_the_guard_is_off_without_a_number_and_for_enough_traffic(warehouse: Warehouse) -> None:
    """100 events an hour have a budget of one: no guard from there on."""
    declare(warehouse, {"open": {"sli": "few"}, "enough": {}}, [{"min_bad": 0.0}])
    measure(warehouse, "few", [*steady(START, 719, 1), (START + 719 * MINUTE, 0, 1)])
    measure(warehouse, "enough", [*steady(START, 719, 2), (START + 719 * MINUTE, 0, 2)])
    at = START + 719 * MINUTE
    assert reading(warehouse, at, "open")["value"] == pytest.approx(1 / 60 * 100)
    declare(warehouse, {"enough": {}}, [{"min_bad": 99.0}])
    assert reading(warehouse, at, "enough")["value"] == pytest.approx(1 / 60 * 100)
    assert reading(warehouse, at, "enough")["low_traffic"] is False


def test_a_page_waits_until_its_windows_are_full_and_a_ticket_does_not(warehouse: Warehouse) -> None:
    """All bad from the first minute on: the hour is full at 00:59, when 60 minutes have been measured."""
    declare(warehouse, {"chat": {}}, [{}, {"rule": "ticket", "severity": "ticket"}])
    measure(warehouse, "chat", steady(START, 62, 100, 100))
    frame = burn_signal(warehouse.query, START, START + 62 * MINUTE)
    page = frame.filter(pl.col("rule") == "page_quick")
    assert page.filter(pl.col("value").is_not_null())["ts"].min() == START + 59 * MINUTE
    assert page["window_full"].to_list() == [minute >= 59 for minute in range(62)]
    assert frame.filter(pl.col("rule") == "ticket")["value"].to_list() == [pytest.approx(100)] * 62


def test_missed_minutes_leave_a_window_full_until_half_of_it_is_missing(warehouse: Warehouse) -> None:
    declare(warehouse, {"some": {}, "most": {}})
    measure(warehouse, "some", [*steady(START, 660, 100), *steady(NOON - 60 * MINUTE, 60, 100, 100, every=2)])
    measure(warehouse, "most", [*steady(START, 660, 100), *steady(NOON - 60 * MINUTE, 60, 100, 100, every=3)])
    at = NOON - 2 * MINUTE
    assert reading(warehouse, at, "some")["value"] == pytest.approx(3000 / 31)  # 11:00 to 11:58, and 10:59
    assert reading(warehouse, NOON - 3 * MINUTE, "most")["value"] is None


def test_a_page_is_decided_at_the_second_bad_minute(warehouse: Warehouse) -> None:
    """100 % errors at 99.9 %: 0.864 minutes of them use up 2 % of 30 days, so the first whole bad minute burns at
    16.7."""
    declare(warehouse, {"chat": {"target": Decimal("0.999")}}, [{"min_bad": 5.0}])
    measure(warehouse, "chat", [*steady(START, 720, 1000), *steady(NOON, 2, 1000, 1000)])
    assert reading(warehouse, NOON - MINUTE)["value"] == 0
    assert reading(warehouse, NOON)["value"] == pytest.approx(1000 / 60)


def test_rows_of_another_source_are_not_the_indicators(warehouse: Warehouse) -> None:
    declare(warehouse, {"chat": {}})
    measure(warehouse, "chat", steady(START, 720, 100))
    measure(warehouse, "chat", steady(START, 720, 100, 100), source="old")
    assert reading(warehouse, NOON - MINUTE)["value"] == 0


def test_indicators_of_five_minutes_have_windows_of_whole_buckets(warehouse: Warehouse) -> None:
    """A row at the last minute of each 5: the window of 5 minutes always holds one, that of an hour twelve."""
    declare(warehouse, {"facts": {"grain_s": 300}})
    rows = steady(START + 4 * MINUTE, 720, 100, every=5)
    measure(warehouse, "facts", [*rows[:-1], (rows[-1][0], 0, 100)])
    last = rows[-1][0]
    assert reading(warehouse, last, "facts")["value"] == pytest.approx(100 / 12)
    before = reading(warehouse, last - MINUTE, "facts")
    assert (before["value"], before["window_full"]) == (0, True)


def test_slices_burn_by_slices_and_are_guarded_by_events(warehouse: Warehouse) -> None:
    """Slices of 5 minutes, 2 of 12 bad in the hour: burn 16.7. The last is over at 12:04; 3 bad events of 3600."""
    declare(
        warehouse,
        {"chat": {"method": "Timeslices", "slice_s": 300, "slice_target": 0.999}}, [{"min_bad": 5.0}],
    )  # fmt: skip
    measure(warehouse, "chat", [*steady(START, 716, 60), (NOON - 4 * MINUTE, 58, 60), *steady(NOON - 3 * MINUTE, 6, 60),
                                (NOON + 3 * MINUTE, 59, 60), (NOON + 4 * MINUTE, 60, 60)])  # fmt: skip
    assert reading(warehouse, NOON + 3 * MINUTE)["value"] == pytest.approx(100 / 12)
    assert reading(warehouse, NOON + 4 * MINUTE)["value"] == pytest.approx(100 / 6)


def test_spans_are_the_minutes_in_which_readings_are_above_their_threshold(warehouse: Warehouse) -> None:
    declare(
        warehouse, {f"s{n}": {"sli": "chat"} for n in range(3)}, [{}, {"rule": "t", "severity": "ticket", "factor": 2}]
    )
    measure(warehouse, "chat", [*steady(START, 600, 50, 1), *steady(START + 600 * MINUTE, 15, 50, 40), *steady(
        START + 615 * MINUTE, 105, 50)])  # fmt: skip
    signal = burn_signal(warehouse.query, START + 300 * MINUTE, NOON)
    spans = burn_spans(warehouse.query, START + 300 * MINUTE, NOON)
    above = signal.filter(pl.col("value") > pl.col("threshold")).group_by("slo", "rule").agg(
        pl.col("ts").min().alias("start"), (pl.col("ts").max() + timedelta(minutes=1)).alias("end"),
        pl.col("value").max().alias("peak_burn"), pl.len(),
    )  # fmt: skip
    assert spans.height == 6
    joined = above.join(spans, on=["slo", "rule", "start", "end", "peak_burn"])
    assert joined.height == 6
    assert (joined["len"] == (joined["end"] - joined["start"]).dt.total_minutes()).all()


def test_without_objectives_there_is_nothing(warehouse: Warehouse) -> None:
    assert burn_signal(warehouse.query, START, NOON).schema == SIGNAL
    assert burn_signal(warehouse.query, START, NOON).is_empty()
    assert burn_spans(warehouse.query, START, NOON).is_empty()
