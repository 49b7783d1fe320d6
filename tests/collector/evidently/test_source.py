"""The source on workspaces that grow, break, and are read twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.evidently.settings import EvidentlySettings
from collector.evidently.source import EvidentlySource
from collector.source import Collected
from warehouse.database import Warehouse
from warehouse.errors import SourceError
from warehouse.interval import Interval

DATA = Path(__file__).parents[2] / "data" / "evidently" / "workspace"
PROJECT = "01a1e000-0000-7000-8000-00000000f4a0"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
SCORES = "SELECT * FROM drift_score ORDER BY ALL"
DOCUMENTS = "SELECT * FROM raw_document ORDER BY ALL"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    copy = tmp_path / "workspace"
    shutil.copytree(DATA, copy)
    for number, file in enumerate(sorted(copy.rglob("snapshots/*.json"))):
        written = NOW.timestamp() - 86400 * (5 - number)
        os.utime(file, (written, written))
    return copy


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


def source(workspace: Path, **settings: Any) -> EvidentlySource:
    return EvidentlySettings.model_validate(
        {"name": "drift", "type": "evidently", "path": workspace, **settings}
    ).open()


def collect(
    workspace: Path, warehouse: Warehouse, now: datetime = NOW, interval: Interval | None = None, **settings: Any
) -> Collected:
    return source(workspace, **settings).collect(warehouse, interval, now, lambda what, share: None)


def snapshot(workspace: Path, number: int) -> Path:
    return workspace / PROJECT / "snapshots" / f"01a1e000-0000-7000-8000-{number:012d}.json"


def test_every_drift_metric_is_a_row(workspace: Path, warehouse: Warehouse) -> None:
    collected = collect(workspace, warehouse)
    assert (collected.source, collected.rows) == ("drift", 3 + 3 + 3 + 1)
    assert collected.notes == ("1 snapshots have no drift metric (ValueDrift, DataDriftPreset)",)
    rows = warehouse.query("SELECT * FROM drift_score WHERE column_name = 'amount' ORDER BY ts")
    assert rows["source"].unique().to_list() == ["drift"]
    assert rows["monitor"].unique().to_list() == ["fraud monitor"]
    assert rows["model"].to_list() == ["fraud-gbm-v7", "fraud monitor", "fraud monitor", "fraud monitor"]
    assert rows["drifted"].to_list() == [True] * 4
    assert rows["snapshot_id"].to_list() == [
        f"{PROJECT}/01a1e000-0000-7000-8000-{number:012d}" for number in (1, 2, 3, 4)
    ]
    assert rows["observed_at"].unique().to_list() == [NOW.replace(tzinfo=None)]
    kinds = warehouse.query("SELECT kind, count(*) AS n FROM raw_document GROUP BY kind ORDER BY kind")
    assert kinds.rows() == [("file", 5), ("snapshot", 5)]
    assert warehouse.watermark("drift", "snapshots") == NOW.replace(tzinfo=None)


def test_collecting_again_changes_nothing(workspace: Path, warehouse: Warehouse) -> None:
    collect(workspace, warehouse)
    before = [warehouse.query(sql).rows() for sql in (SCORES, DOCUMENTS, "SELECT * FROM changed_day ORDER BY ALL")]
    again = collect(workspace, warehouse, NOW + timedelta(hours=1))
    after = [warehouse.query(sql).rows() for sql in (SCORES, DOCUMENTS, "SELECT * FROM changed_day ORDER BY ALL")]
    assert again.rows == 0
    assert after == before


def test_an_interval_reads_its_snapshots_again_and_changes_nothing(workspace: Path, warehouse: Warehouse) -> None:
    collect(workspace, warehouse)
    before = [warehouse.query(sql).rows() for sql in (SCORES, DOCUMENTS)]
    days = Interval(datetime(2026, 11, 20, 6, tzinfo=UTC), datetime(2026, 11, 22, 6, tzinfo=UTC))
    assert collect(workspace, warehouse, NOW + timedelta(hours=1), days).rows == 6  # half-open: not the one at its end
    assert [warehouse.query(sql).rows() for sql in (SCORES, DOCUMENTS)] == before


def test_an_interval_alone_does_not_hide_the_rest(workspace: Path, warehouse: Warehouse) -> None:
    day = Interval(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
    assert collect(workspace, warehouse, interval=day).rows == 3
    assert warehouse.watermark("drift", "snapshots") is None
    assert collect(workspace, warehouse).rows == 7


def test_a_half_written_file_is_named_and_read_when_it_is_whole(workspace: Path, warehouse: Warehouse) -> None:
    file = snapshot(workspace, 3)
    content = file.read_bytes()
    file.write_bytes(content[:1000])
    first = collect(workspace, warehouse)
    assert first.rows == 7
    assert f"{file}: it is not complete JSON; it is tried again on the next pass" in first.notes
    assert collect(workspace, warehouse, NOW + timedelta(minutes=5)).notes == first.notes[:1]
    file.write_bytes(content)
    second = collect(workspace, warehouse, NOW + timedelta(minutes=10))
    assert (second.rows, second.notes) == (3, ())


def test_a_file_copied_in_with_an_old_date_is_still_read(workspace: Path, warehouse: Warehouse) -> None:
    file = snapshot(workspace, 2)
    aside = workspace.parent / "aside.json"
    shutil.copy2(file, aside)
    file.unlink()
    assert collect(workspace, warehouse).rows == 7
    shutil.copy2(aside, file)
    assert collect(workspace, warehouse, NOW + timedelta(hours=1)).rows == 3


def test_a_file_touched_but_not_changed_makes_no_history(workspace: Path, warehouse: Warehouse) -> None:
    collect(workspace, warehouse)
    before = warehouse.query(SCORES).rows()
    os.utime(snapshot(workspace, 1))
    collect(workspace, warehouse, NOW + timedelta(hours=1))
    assert warehouse.query(SCORES).rows() == before
    assert warehouse.query("SELECT count(*) FROM raw_document WHERE kind = 'snapshot'").item() == 5


def test_a_deleted_snapshot_stays_in_the_history(workspace: Path, warehouse: Warehouse) -> None:
    collect(workspace, warehouse)
    before = warehouse.query(SCORES).rows()
    shutil.rmtree(workspace / PROJECT)
    collect(workspace, warehouse, NOW + timedelta(hours=1))
    assert warehouse.query(SCORES).rows() == before


def test_files_older_than_the_backfill_are_left_out(workspace: Path, warehouse: Warehouse) -> None:
    collected = collect(workspace, warehouse, backfill="2d")  # files 4 (own test) and 5 (no drift metric)
    assert collected.rows == 1


def test_other_files_and_folders_are_left_alone(workspace: Path, warehouse: Warehouse) -> None:
    (workspace / "datasets").mkdir()
    (workspace / "01a1e000-0000-7000-8000-00000000beef").mkdir()  # a project without a report yet
    (workspace / PROJECT / "snapshots" / "notes.json").write_text("{}")
    (workspace / PROJECT / "snapshots" / "01a1e000-0000-7000-8000-000000000009.json.tmp").write_text("{")
    assert collect(workspace, warehouse).rows == 10


def test_a_project_without_metadata_is_named_by_its_id(workspace: Path, warehouse: Warehouse) -> None:
    (workspace / PROJECT / "metadata.json").unlink()
    collect(workspace, warehouse)
    assert warehouse.query("SELECT DISTINCT monitor FROM drift_score").item() == PROJECT


def test_many_broken_files_make_few_notes(workspace: Path, warehouse: Warehouse) -> None:
    for number in range(100, 130):
        snapshot(workspace, number).write_text("{")
    notes = collect(workspace, warehouse).notes
    assert len(notes) == 11
    assert notes[-1] == "and 21 more"


def test_a_missing_workspace_says_what_to_set(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(SourceError, match=r"nowhere cannot be read .*set `path`"):
        collect(tmp_path / "nowhere", warehouse)


def test_check_counts_by_project(workspace: Path) -> None:
    lines = source(workspace).check()
    assert lines == [
        f"Evidently workspace {workspace}: 5 snapshots in 1 projects",
        "fraud monitor: 5 snapshots, the newest written 2026-11-24 00:00 UTC",
    ]


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'Mars/Base' is no time zone"):
        source(Path("/tmp"), timezone="Mars/Base")
