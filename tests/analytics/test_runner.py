"""What is recomputed and what is not, what a failure stops, and that running twice changes nothing.

Whether a day was recomputed is seen by writing a figure into the computed table that no computation would give: it
stays where nothing changed, and is gone where something did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analytics import runner
from analytics.catalog import catalog
from analytics.parameters import parameters
from analytics.runner import analyze
from small_platform import H100, price, store_inventory
from warehouse.charges import exact_sums
from warehouse.database import Warehouse
from warehouse.interval import Interval, naive
from warehouse.published import Published

FIRST, SECOND = datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 6, tzinfo=UTC)
NOW = datetime(2026, 10, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BY_HAND = 123


def hold(warehouse: Warehouse, day: datetime, hours: int) -> None:
    """Pod chat-0 holds one H100 on `day` for the first `hours` hours."""
    rows = [
        {
            "cluster": "lab", "node": "n1", "namespace": "search", "pod": "chat-0", "uid": "u", "resource": "gpu",
            "gpu_model": H100, "share_num": 1, "share_den": 1, "started_at": naive(FIRST),
            "ts": naive(day) + timedelta(minutes=5 * number), "milli_unit_seconds": 300_000,
        }
        for number in range(12 * hours)
    ]  # fmt: skip
    frame = pl.DataFrame(rows).with_columns(source=pl.lit("prod"), profile=pl.lit("ksm"))
    with warehouse.transaction() as tx:
        tx.replace_window("gpu_allocation", {"source": "prod", "profile": "ksm"}, Interval(day, day + DAY), frame)
        tx.advance("prod", "ksm", "gpu_allocation", Interval(day, day + DAY), NOW)


def end_run(warehouse: Warehouse, run_id: str, state: str) -> None:
    ended = naive(SECOND) + timedelta(hours=3)
    row = {
        "source": "flows", "pipeline": "train", "kind": "training", "run_id": run_id, "state": state,
        "first_attempt_state": state, "ended_at": ended,
    }  # fmt: skip
    with warehouse.transaction() as tx:
        tx.replace_rows("pipeline_run", ["source", "run_id"], pl.DataFrame([row]))


def mark_by_hand(warehouse: Warehouse) -> None:
    with warehouse.transaction() as tx:
        tx.execute(f"UPDATE analytic.gpu_allocation_day SET milli_unit_seconds = {BY_HAND}")


def days(warehouse: Warehouse) -> dict[str, int]:
    """Held milli-unit-seconds by day, as the computed table has them."""
    rows = warehouse.query("SELECT CAST(day AS VARCHAR), milli_unit_seconds FROM analytic.gpu_allocation_day").rows()
    return dict(rows)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        store_inventory(opened)
        hold(opened, FIRST, 2)
        hold(opened, SECOND, 1)
        end_run(opened, "r1", "success")
        yield opened


def broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make the text of one analytic fail when it runs."""
    changed = tuple(replace(one, text="SELECT error('out of order')") if one.name == name else one for one in catalog())
    monkeypatch.setattr(runner, "catalog", lambda: changed)


def test_all_analytics_of_a_first_run_succeed(warehouse: Warehouse) -> None:
    analysis = analyze(warehouse, NOW)
    assert analysis.failed == {}
    assert set(analysis.computed) == {one.name for one in catalog()}
    # two hours and one hour, in thousandths of a second
    assert days(warehouse) == {"2026-10-05": 7_200_000, "2026-10-06": 3_600_000}


def test_days_whose_facts_did_not_change_are_left_alone(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    mark_by_hand(warehouse)
    analysis = analyze(warehouse, NOW)
    assert days(warehouse) == {"2026-10-05": BY_HAND, "2026-10-06": BY_HAND}
    assert "gpu_allocation_day" not in analysis.computed


def test_a_day_whose_facts_changed_is_recomputed_and_no_other(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    mark_by_hand(warehouse)
    hold(warehouse, SECOND, 3)
    analyze(warehouse, NOW)
    assert days(warehouse) == {"2026-10-05": BY_HAND, "2026-10-06": 10_800_000}
    lines = Published.current(warehouse.directory).table("cost_line")
    assert lines["quantity"].sum() == BY_HAND + 10_800_000, "readers see what is stored"


def test_a_fact_that_reaches_a_daily_table_through_another_counts(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    mark_by_hand(warehouse)
    activity = pl.DataFrame(
        [{"cluster": "lab", "node": "n1", "device": "GPU-1", "gpu_model": H100, "ts": naive(SECOND)}]
    )
    with warehouse.transaction() as tx:
        tx.replace_window("gpu_activity", {}, Interval(SECOND, SECOND + DAY), activity)
    analyze(warehouse, NOW)
    assert days(warehouse) == {"2026-10-05": BY_HAND, "2026-10-06": 3_600_000}


def test_a_day_asked_for_is_recomputed_in_any_case(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    mark_by_hand(warehouse)
    analyze(warehouse, NOW, interval=Interval(FIRST, FIRST + DAY))
    assert days(warehouse) == {"2026-10-05": 7_200_000, "2026-10-06": BY_HAND}


def test_a_changed_price_changes_the_bill_and_leaves_the_days_alone(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    with warehouse.transaction() as tx:
        tx.replace_all("price", pl.DataFrame([price("4.00", datetime(2026, 1, 1), None)]))
    analysis = analyze(warehouse, NOW)
    assert "gpu_allocation_day" not in analysis.computed
    lines = Published.current(warehouse.directory).table("cost_line")
    assert exact_sums(lines, [])[()].cost == 12, "three hours at 4.00"


def test_a_new_moment_of_change_cuts_every_day_anew(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    mark_by_hand(warehouse)
    with warehouse.transaction() as tx:
        tx.replace_all("cost_boundary", pl.DataFrame({"ts": [naive(FIRST) + timedelta(hours=1)]}))
    analyze(warehouse, NOW)
    pieces = warehouse.query(
        "SELECT slice_start, milli_unit_seconds FROM analytic.gpu_allocation_day ORDER BY 1"
    ).rows()
    assert pieces == [
        (naive(FIRST), 3_600_000), (naive(FIRST) + timedelta(hours=1), 3_600_000), (naive(SECOND), 3_600_000),
    ]  # fmt: skip


def test_changed_thresholds_recompute_every_day(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    mark_by_hand(warehouse)
    analyze(warehouse, NOW, thresholds=parameters().model_copy(update={"idle_threshold": 0.1}))
    assert days(warehouse) == {"2026-10-05": 7_200_000, "2026-10-06": 3_600_000}


def test_a_day_recomputed_alone_is_the_day_recomputed_with_all(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    together = warehouse.query("SELECT * FROM analytic.gpu_pod_halfhour ORDER BY ALL").rows()
    for day in (FIRST, SECOND):
        analyze(warehouse, NOW, interval=Interval(day, day + DAY))
    assert warehouse.query("SELECT * FROM analytic.gpu_pod_halfhour ORDER BY ALL").rows() == together


def test_a_failing_analytic_keeps_its_last_table_and_stops_only_its_readers(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyze(warehouse, NOW)
    end_run(warehouse, "r2", "failed")
    hold(warehouse, SECOND, 3)
    broken(monkeypatch, "pipeline_day")
    later = NOW + timedelta(hours=1)
    analysis = analyze(warehouse, later)

    readers = {"training_success_rate", "ml_deployment_success_rate"}
    assert set(analysis.failed) == {"pipeline_day", *readers}
    assert "out of order" in analysis.failed["pipeline_day"]
    assert {analysis.failed[name] for name in readers} == {"not computed, as pipeline_day failed"}

    published = Published.current(warehouse.directory)
    assert published.version == analysis.version
    assert published.table("pipeline_day").select("success", "failed").rows() == [(1, 0)]  # as it was before r2
    assert published.table("cost_line")["quantity"].sum() == 7_200_000 + 10_800_000  # the rest is new
    status = {row["analytic"]: row for row in published.table("analytic_status").to_dicts()}
    assert (status["pipeline_day"]["status"], status["pipeline_day"]["computed_at"]) == ("failed", naive(NOW))
    assert "out of order" in status["pipeline_day"]["message"]
    assert {status[name]["status"] for name in readers} == {"failed"}
    assert (status["cost_line"]["status"], status["cost_line"]["computed_at"]) == ("ok", naive(later))
    assert {row["analytic"] for row in status.values() if row["status"] == "failed"} == {"pipeline_day", *readers}

    monkeypatch.undo()
    assert analyze(warehouse, later).failed == {}
    table = Published.current(warehouse.directory).table("pipeline_day")
    assert table.select("success", "failed").rows() == [(1, 1)]


def test_an_analytic_that_never_succeeded_is_absent_and_the_rest_is_published(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, "gpu_allocation_day")
    analysis = analyze(warehouse, NOW)
    assert {"gpu_allocation_day", "held_quantity", "cost_line", "showback_month"} <= set(analysis.failed)
    published = Published.current(warehouse.directory)
    assert "cost_line" not in published.tables
    assert published.table("pipeline_day").height == 1


def test_analyzing_twice_publishes_equal_tables(warehouse: Warehouse) -> None:
    first = analyze(warehouse, NOW)
    second = analyze(warehouse, NOW)
    assert (first.version, second.version) == ("v000001", "v000002")
    before, after = (Published(warehouse.directory, one.version) for one in (first, second))
    assert before.tables == after.tables
    for table in before.tables:
        left, right = before.table(table), after.table(table)
        assert left.schema == right.schema
        assert sorted(left.rows(), key=repr) == sorted(right.rows(), key=repr), table


def test_only_computes_what_is_asked_for_and_what_it_reads(warehouse: Warehouse) -> None:
    analysis = analyze(warehouse, NOW, only=["training_success_rate"])
    assert set(analysis.computed) == {"fact_span", "period", "pipeline_day", "training_success_rate"}
    published = Published.current(warehouse.directory)
    assert set(published.table("kpi")["kpi"]) == {"training_success_rate"}
    analyze(warehouse, NOW)
    end_run(warehouse, "r2", "failed")
    analyze(warehouse, NOW, only=["training_success_rate"])
    published = Published.current(warehouse.directory)
    assert published.table("pipeline_day")["failed"].to_list() == [1]
    assert "cost_line" in published.tables, "what was computed before is published again"


def test_every_published_kpi_row_has_a_status_and_no_made_up_value(warehouse: Warehouse) -> None:
    analyze(warehouse, NOW)
    kpis = Published.current(warehouse.directory).table("kpi")
    assert set(kpis["kpi"]) == {one.name for one in catalog() if one.head.kind == "kpi"}
    # the facts reach from Monday 5 October on; now is Wednesday
    windows = kpis.filter(pl.col("kpi") == "training_success_rate", pl.col("scope") == "platform")
    assert set(windows.select("grain", "start", "end").rows()) == {
        ("week", datetime(2026, 10, 5), datetime(2026, 10, 12)),
        ("month", datetime(2026, 10, 1), datetime(2026, 11, 1)),
        ("quarter", datetime(2026, 10, 1), datetime(2027, 1, 1)),
    }
    # nobody configured a source of pipeline runs: a run was counted, and still the KPI is not collected
    assert windows.select("value", "status", "provisional").unique().rows() == [(None, "not_collected", True)]
    assert kpis.filter(pl.col("status").is_in(["no_data", "not_collected"]), pl.col("value").is_not_null()).is_empty()
