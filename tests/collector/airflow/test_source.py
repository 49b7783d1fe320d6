"""The source against a recorded Airflow 3.3.2, over HTTP. Expected values are read off the recordings by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.airflow.settings import AirflowSettings
from collector.source import Collected
from servers.recorded_airflow import RecordedAirflow, recorded, serving
from warehouse.database import Warehouse
from warehouse.errors import Rejected, Unauthorized
from warehouse.interval import Interval

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PIPELINES = {"training": ["train_*"], "deployment": ["deploy_*"]}
EVERYTHING = [f"SELECT * FROM {table} ORDER BY ALL" for table in ("pipeline_run", "pipeline_task", "raw_document")]


@pytest.fixture
def airflow() -> Iterator[RecordedAirflow]:
    with serving(RecordedAirflow()) as server:
        yield server


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


def collect(
    airflow: RecordedAirflow,
    warehouse: Warehouse,
    now: datetime = NOW,
    interval: Interval | None = None,
    **settings: Any,
) -> Collected:
    keys = {"name": "flows", "type": "airflow", "url": airflow.url, "token": airflow.token, "pipelines": PIPELINES}
    source = AirflowSettings.model_validate({**keys, **settings}).open()
    return source.collect(warehouse, interval, now, lambda what, share: None)


def states(warehouse: Warehouse, pipeline: str, column: str = "state") -> Counter[str | None]:
    rows = warehouse.query(f"SELECT {column} FROM pipeline_run WHERE pipeline = $p", {"p": pipeline})
    return Counter(rows[column].to_list())


def run(warehouse: Warehouse, run_id: str) -> dict[str, Any]:
    return warehouse.query("SELECT * FROM pipeline_run WHERE run_id = $r", {"r": run_id}).row(0, named=True)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-24T{clock}")


def test_states_are_airflows_but_for_a_skipped_training(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collected = collect(airflow, warehouse)
    assert states(warehouse, "train_fraud") == {"success": 6, "failed": 2, "skipped": 1}  # .750; Airflow says 7 of 9
    assert states(warehouse, "deploy_model") == {"success": 4, "failed": 1}  # .800
    assert states(warehouse, "batch_score_long") == {"running": 1, "queued": 1}
    assert run(warehouse, "fx-08-skip")["state"] == "skipped"
    # 17 runs; 35 task instances and one more try each of fx-05, fx-06 and fx-07, whose train ran twice
    assert collected.rows == 17 + 35 + 3
    assert collected.notes == ()


def test_first_attempts_fail_with_any_first_try(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    first = states(warehouse, "train_fraud", "first_attempt_state")
    assert first == {"success": 5, "failed": 3, "skipped": 1}  # 5 / (5 + 3) = .625
    retried = run(warehouse, "fx-07-retry_then_success")
    assert (retried["state"], retried["first_attempt_state"], retried["attempts"]) == ("success", "failed", 2)
    assert states(warehouse, "batch_score_long", "first_attempt_state") == {None: 2}


def test_the_columns_of_a_run(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    assert run(warehouse, "fx-00-success") == {
        "source": "flows", "system": "airflow", "pipeline": "train_fraud", "kind": "training",
        "run_id": "fx-00-success", "run_type": "manual", "state": "success", "first_attempt_state": "success",
        "attempts": 1, "queued_at": at("08:25:45.688702"), "started_at": at("08:25:46.328515"),
        "first_task_started_at": at("08:25:48.452380"), "ended_at": at("08:27:29.215022"),
        "scheduled_for": at("08:25:45.542338"), "observed_at": at("09:00"),
    }  # fmt: skip


def test_waiting_ends_with_the_first_try_of_the_first_task(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    waited = {
        name: (run(warehouse, name)["first_task_started_at"] - run(warehouse, name)["queued_at"]).total_seconds()
        for name in ("fx-00-success", "fx-07-retry_then_success", "fx-13-fail")
    }
    assert waited["fx-00-success"] == pytest.approx(48.452 - 45.688, abs=1e-3)  # extract, not train
    assert waited["fx-07-retry_then_success"] == pytest.approx(60 + 11.534 - 46.569, abs=1e-3)
    assert waited["fx-13-fail"] == pytest.approx(60 + 36.350 - 47.085, abs=1e-2)
    assert run(warehouse, "fx-long-1")["first_task_started_at"] is None


def test_every_try_of_a_task_is_a_row(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    rows = warehouse.query("SELECT * FROM pipeline_task WHERE run_id = 'fx-06-fail' ORDER BY task, try_number")
    told = rows.select("task", "try_number", "state", "started_at").rows()
    assert told == [
        ("extract", 1, "success", at("08:26:10.058447")),
        ("register", 0, "skipped", None),  # upstream_failed: never ran, though Airflow gives it a start_date
        ("train", 1, "failed", at("08:27:10.268738")),
        ("train", 2, "failed", at("08:27:52.080903")),
    ]


@pytest.mark.parametrize("cursors", [True, False], ids=["cursor", "offset"])
@pytest.mark.parametrize("cap", [1, 5, 17, 100])
def test_pages_of_any_kind_and_size_give_the_same_facts(tmp_path: Path, cursors: bool, cap: int) -> None:
    with (
        serving(RecordedAirflow(cursors=cursors, cap=cap)) as airflow,
        Warehouse.open(tmp_path / "data") as warehouse,
    ):
        assert collect(airflow, warehouse).rows == 55
        assert states(warehouse, "train_fraud") == {"success": 6, "failed": 2, "skipped": 1}


def test_collecting_again_changes_nothing(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    before = [warehouse.query(sql).rows() for sql in [*EVERYTHING, "SELECT * FROM changed_day ORDER BY ALL"]]
    assert collect(airflow, warehouse, NOW + timedelta(minutes=5)).rows == 0
    assert [warehouse.query(sql).rows() for sql in [*EVERYTHING, "SELECT * FROM changed_day ORDER BY ALL"]] == before


def test_the_first_pass_goes_back_and_later_ones_overlap(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse, backfill="2d")
    path = "/api/v2/dags/~/dagRuns"
    first = [fields for asked, fields in airflow.asked if asked == path]
    assert min(fields["run_after_gte"] for fields in first) == "2026-11-22T09:00:00Z"
    assert max(fields["run_after_lt"] for fields in first) == "2026-11-24T09:00:00Z"
    assert not any("updated_at_gte" in fields for fields in first)
    airflow.asked.clear()
    collect(airflow, warehouse, NOW + timedelta(minutes=5), overlap="1h")
    (later,) = [fields for asked, fields in airflow.asked if asked == path]
    assert later["updated_at_gte"] == "2026-11-24T08:00:00Z"  # request time of the first pass, minus the overlap
    assert warehouse.watermark("flows", "runs") == at("09:05")


def test_a_clear_keeps_the_first_attempt(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    before = run(warehouse, "fx-05-fail")
    assert (before["state"], before["first_attempt_state"], before["attempts"]) == ("failed", "failed", 2)
    assert before["queued_at"] == at("08:25:46.185679")
    assert before["ended_at"] == at("08:27:53.876832")

    airflow.clear_is_queued()
    collect(airflow, warehouse, NOW + timedelta(minutes=5))
    queued = run(warehouse, "fx-05-fail")
    assert {**queued, "observed_at": None} == {**before, "observed_at": None}  # its end stands until there is another
    tries = warehouse.query("SELECT state FROM pipeline_task WHERE run_id = 'fx-05-fail' AND task = 'train'")
    assert tries["state"].to_list() == ["failed", "failed"]

    airflow.clear_is_over()
    collect(airflow, warehouse, NOW + timedelta(minutes=10))
    after = run(warehouse, "fx-05-fail")
    assert (after["state"], after["first_attempt_state"], after["attempts"]) == ("failed", "failed", 4)
    assert after["ended_at"] == at("08:46:36.506222")  # the re-run's
    for column in ("queued_at", "started_at", "first_task_started_at", "scheduled_for"):
        assert after[column] == before[column], column
    history = warehouse.query(
        "SELECT body ->> '$.state' AS state FROM raw_document "
        "WHERE kind = 'dag_run' AND natural_id = 'train_fraud/fx-05-fail' ORDER BY observed_at"
    )
    assert history["state"].to_list() == ["failed", "queued", "failed"]


def test_a_run_first_seen_after_its_clear_still_tells_its_first_attempt(
    airflow: RecordedAirflow, warehouse: Warehouse
) -> None:
    airflow.clear_is_over()
    airflow.replace_run({**recorded("clear_3_after"), "state": "success"})
    collect(airflow, warehouse)
    seen = run(warehouse, "fx-05-fail")
    assert (seen["state"], seen["first_attempt_state"], seen["attempts"]) == ("success", "failed", 4)


def test_a_finished_run_that_is_set_to_failed_is_noticed(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    failed = recorded("patch_state_failed")
    airflow.replace_run({**failed, "state": "success"})
    collect(airflow, warehouse)
    assert run(warehouse, "fx-long-0")["state"] == "success"
    airflow.replace_run(failed)  # with the same end_date: only the state tells
    collect(airflow, warehouse, NOW + timedelta(minutes=5))
    after = run(warehouse, "fx-long-0")
    assert (after["state"], after["first_attempt_state"]) == ("failed", "success")
    assert after["ended_at"] == at("08:41:20.093412")


def test_a_run_deleted_on_the_server_stays(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse)
    before = [warehouse.query(sql).rows() for sql in EVERYTHING]
    airflow.delete_run("fx-06-fail")
    collect(airflow, warehouse, NOW + timedelta(minutes=5))
    assert [warehouse.query(sql).rows() for sql in EVERYTHING] == before


def test_a_run_from_before_the_first_collection_comes_whole(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    old = {"run_after": "2026-01-05T00:00:00Z"}
    for row in [*airflow.runs, *airflow.tasks]:
        if row["dag_run_id"] == "fx-06-fail":
            row.update(old)
    collect(airflow, warehouse)
    assert states(warehouse, "train_fraud")["failed"] == 1
    airflow.changed = {"fx-06-fail"}
    tasks, airflow.tasks = airflow.tasks, [row for row in airflow.tasks if row["task_id"] != "extract"]
    airflow.tasks += [row for row in tasks if row["task_id"] == "extract" and row["dag_run_id"] == "fx-06-fail"]
    collect(airflow, warehouse, NOW + timedelta(minutes=5))
    count = warehouse.query("SELECT count(*) FROM pipeline_task WHERE run_id = 'fx-06-fail'").item()
    assert (states(warehouse, "train_fraud")["failed"], count) == (2, 4)


def test_an_interval_takes_its_runs_and_hides_nothing(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    hour = Interval(at("08:00").replace(tzinfo=UTC), at("08:25:46").replace(tzinfo=UTC))
    # scheduled at 08:00:00, fx-00 .542, fx-01 .818, fx-02 .911, fx-03 .989; not fx-04 at 46.071
    collect(airflow, warehouse, interval=hour)
    assert warehouse.query("SELECT count(*) FROM pipeline_run").item() == 5
    assert warehouse.watermark("flows", "runs") is None
    collect(airflow, warehouse)
    assert warehouse.query("SELECT count(*) FROM pipeline_run").item() == 17
    before = [warehouse.query(sql).rows() for sql in EVERYTHING]
    assert collect(airflow, warehouse, NOW + timedelta(minutes=5), hour).rows > 0
    assert [warehouse.query(sql).rows() for sql in EVERYTHING] == before
    assert warehouse.watermark("flows", "runs") == at("09:00")


@pytest.mark.parametrize(
    ("days_before", "from_days"),
    [
        ((40, 35), 30),
        ((40, 30), 40),
        ((40, 10), 40),
    ],  # backfilled are the 30 days before now: beyond a gap, adjoins, overlaps
)
def test_an_older_interval_counts_as_collected_when_no_gap_is_left(
    airflow: RecordedAirflow, warehouse: Warehouse, days_before: tuple[int, int], from_days: int
) -> None:
    collect(airflow, warehouse)
    older = Interval(*(NOW - timedelta(days=days) for days in days_before))
    collect(airflow, warehouse, NOW + timedelta(minutes=5), older)
    span = warehouse.query("SELECT DISTINCT collected_from, collected_to FROM watermark").rows()
    assert span == [((NOW - timedelta(days=from_days)).replace(tzinfo=None), at("09:00"))]


def test_a_changed_configuration_reclassifies_what_is_stored(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    collect(airflow, warehouse, pipelines={})
    assert states(warehouse, "train_fraud") == {"success": 7, "failed": 2}  # Airflow's own words
    assert states(warehouse, "train_fraud", "kind") == {"other": 9}
    airflow.changed = set()
    collect(airflow, warehouse, NOW + timedelta(minutes=5))
    assert states(warehouse, "train_fraud") == {"success": 6, "failed": 2, "skipped": 1}
    assert states(warehouse, "deploy_model", "kind") == {"deployment": 5}


def test_mapped_tasks_are_told_apart(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    push = next(row for row in airflow.tasks if row["dag_run_id"] == "fx-09-success")
    first, second = {**push, "map_index": 0}, {**push, "map_index": 1, "try_number": 2}
    airflow.tasks = [row for row in airflow.tasks if row is not push] + [first, second]
    airflow.tries["fx-09-success", "push", 1] = [{**second, "try_number": 1, "state": "failed"}, second]
    collect(airflow, warehouse)
    rows = warehouse.query("SELECT * FROM pipeline_task WHERE run_id = 'fx-09-success' ORDER BY task, try_number")
    assert rows.select("task", "try_number", "state").rows() == [
        ("push[0]", 1, "success"),
        ("push[1]", 1, "failed"),
        ("push[1]", 2, "success"),
    ]


def test_what_users_fill_is_not_kept(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    airflow.runs[0]["conf"] = {"password": "hunter2"}
    airflow.tasks[0]["rendered_fields"] = {"op_args": ["hunter2"]}
    airflow.tasks[0]["note"] = "hunter2"
    collect(airflow, warehouse)
    assert warehouse.query("SELECT count(*) FROM raw_document WHERE contains(body, 'hunter2')").item() == 0


def test_a_pattern_that_matches_nothing_is_noted(airflow: RecordedAirflow, warehouse: Warehouse) -> None:
    notes = collect(airflow, warehouse, pipelines={"training": ["train_*", "learn_*"]}).notes
    assert notes == ("no run of a DAG like 'learn_*' was ever collected",)


@pytest.mark.parametrize(
    ("broken", "kind", "words"),
    [
        ((403, recorded("error_401")), Unauthorized, "403 Forbidden .Invalid JWT token"),
        ((422, recorded("error_422")), Rejected, "query.limit: Input should be a valid integer"),
    ],
)
def test_a_refusal_stores_nothing(
    airflow: RecordedAirflow, warehouse: Warehouse, broken: tuple[int, Any], kind: type[Exception], words: str
) -> None:
    airflow.broken = broken
    with pytest.raises(kind, match=words):
        collect(airflow, warehouse)
    assert warehouse.query("SELECT count(*) FROM raw_document").item() == 0
    assert warehouse.watermark("flows", "runs") is None
