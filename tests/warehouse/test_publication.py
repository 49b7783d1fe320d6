"""Published versions: immutable, complete, one pointer."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from warehouse.errors import NothingPublished, WarehouseError
from warehouse.interval import parse_utc
from warehouse.publication import KEEP, publish
from warehouse.published import Published

AT = parse_utc("2026-10-05T12:00")


def tables(value: int) -> dict[str, pl.DataFrame]:
    return {"kpi": pl.DataFrame({"value": [value]}), "finding": pl.DataFrame(schema={"text": pl.String})}


def test_a_reader_keeps_its_version_while_newer_ones_appear(tmp_path: Path) -> None:
    publish(tmp_path, tables(1), AT)
    reader = Published.current(tmp_path)
    publish(tmp_path, tables(2), AT)
    assert reader.query("SELECT value FROM kpi").item() == 1
    assert Published.current(tmp_path).query("SELECT value FROM kpi WHERE value > $low", {"low": 1}).item() == 2
    assert Published.current(tmp_path).table("finding").columns == ["text"]


def test_the_manifest_tells_rows_and_hashes(tmp_path: Path) -> None:
    name = publish(tmp_path, tables(1), AT)
    manifest = json.loads((tmp_path / "published" / name / "manifest.json").read_text())
    content = (tmp_path / "published" / name / "kpi.parquet").read_bytes()
    assert manifest["published_at"] == "2026-10-05T12:00:00Z"
    assert manifest["tables"]["kpi"] == {
        "rows": 1, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


def versions(directory: Path) -> list[str]:
    return sorted(entry.name for entry in (directory / "published").iterdir() if entry.name.startswith("v"))


def test_old_versions_go_and_the_last_ones_stay(tmp_path: Path) -> None:
    names = [publish(tmp_path, tables(number), AT + number * timedelta(hours=1)) for number in range(KEEP + 3)]
    assert versions(tmp_path) == names[-KEEP:]


def test_a_version_that_was_current_a_moment_ago_stays_however_many_followed(tmp_path: Path) -> None:
    names = [publish(tmp_path, tables(number), AT + number * timedelta(minutes=1)) for number in range(20)]
    # at 12:19 with a grace of 15 minutes: v000004 was replaced at 12:04, exactly 15 minutes ago
    assert versions(tmp_path) == names[3:]


def test_a_half_written_version_is_swept_and_never_pointed_to(tmp_path: Path) -> None:
    publish(tmp_path, tables(1), AT)
    torn = tmp_path / "published" / ".v000002.unfinished"
    torn.mkdir()
    (torn / "kpi.parquet").write_bytes(b"half")
    assert Published.current(tmp_path).query("SELECT value FROM kpi").item() == 1
    assert publish(tmp_path, tables(2), AT) == "v000002"
    assert not torn.exists()


def test_an_empty_directory_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingPublished, match="meterline collect"):
        Published.current(tmp_path)


def test_a_version_that_is_gone_or_lacks_a_table_says_what_to_do(tmp_path: Path) -> None:
    publish(tmp_path, tables(1), AT)
    with pytest.raises(WarehouseError, match=r"v000001.*nothing_like_it.*meterline analyze"):
        Published.current(tmp_path).query("SELECT * FROM nothing_like_it")
    with pytest.raises(WarehouseError, match=r"v000099.*cannot be read"):
        _ = Published(tmp_path, "v000099").tables
