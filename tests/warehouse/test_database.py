"""The warehouse: one owner, all or nothing, the same facts written twice are there once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import migration
from warehouse.database import FILE_NAME, Warehouse
from warehouse.errors import WarehouseBusy, WarehouseError
from warehouse.interval import Interval, parse_utc
from warehouse.writing import Transaction

DAY = Interval(parse_utc("2026-10-05"), parse_utc("2026-10-06"))
AT = parse_utc("2026-10-06T01:00")


def held(*hours: int, pod: str = "p", source: str = "prod") -> pl.DataFrame:
    return pl.DataFrame(
        {"source": source, "pod": pod, "ts": [datetime(2026, 10, 5, hour) for hour in hours], "milli_unit_seconds": 1},
        schema_overrides={"ts": pl.Datetime("us"), "milli_unit_seconds": pl.Int64},
    )


def test_a_window_written_twice_is_there_once_and_other_sources_stay(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        for _ in range(2):
            with warehouse.transaction() as tx:
                tx.replace_window("gpu_allocation", {"source": "prod"}, DAY, held(1, 2))
                tx.replace_window("gpu_allocation", {"source": "other"}, DAY, held(1, source="other"))
        assert warehouse.query("SELECT source, count(*) FROM gpu_allocation GROUP BY 1 ORDER BY 1").rows() == [
            ("other", 1),
            ("prod", 2),
        ]


def test_rows_outside_of_the_window_are_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        early = Interval(DAY.start, parse_utc("2026-10-05T02:00"))
        with pytest.raises(ValueError, match="1 rows of gpu_allocation lie outside"), warehouse.transaction() as tx:
            tx.replace_window("gpu_allocation", {"source": "prod"}, early, held(1, 2))
        assert warehouse.query("SELECT count(*) FROM gpu_allocation").item() == 0


def _forget_and_fail(tx: Transaction) -> None:
    tx.replace_window("gpu_allocation", {"source": "prod"}, DAY, None)
    tx.advance("prod", "ksm", "gpu_allocation", Interval(DAY.end, parse_utc("2026-10-07")), AT)
    raise ZeroDivisionError


def test_an_error_inside_a_transaction_leaves_rows_and_watermark_as_they_were(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        with warehouse.transaction() as tx:
            tx.replace_window("gpu_allocation", {"source": "prod"}, DAY, held(1, 2))
            tx.advance("prod", "ksm", "gpu_allocation", DAY, AT)
        before = warehouse.query("SELECT * FROM gpu_allocation ORDER BY ALL").rows(), warehouse.watermark("prod", "ksm")
        with pytest.raises(ZeroDivisionError), warehouse.transaction() as tx:
            _forget_and_fail(tx)
        after = warehouse.query("SELECT * FROM gpu_allocation ORDER BY ALL").rows(), warehouse.watermark("prod", "ksm")
        assert after == before


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("2026-10-06", "2026-10-07", (5, 7)),  # adjoins
        ("2026-10-04", "2026-10-05", (4, 6)),
        ("2026-10-03", "2026-10-09", (3, 9)),  # encloses
        ("2026-10-05", "2026-10-06", (5, 6)),  # again
        ("2026-10-08", "2026-10-09", (5, 6)),  # beyond a gap: collecting goes on at the 6th
        ("2026-10-01", "2026-10-02", (5, 6)),
    ],
)
def test_a_watermark_grows_by_what_adjoins_it(tmp_path: Path, start: str, end: str, span: tuple[int, int]) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        for first, last in (("2026-10-05", "2026-10-06"), (start, end)):
            with warehouse.transaction() as tx:
                tx.advance("prod", "s", "sample", Interval(parse_utc(first), parse_utc(last)), AT)
        row = warehouse.query("SELECT collected_from, collected_to FROM watermark").row(0)
        assert row == (datetime(2026, 10, span[0]), datetime(2026, 10, span[1]))


def test_changed_days_are_those_that_a_window_touches(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        with warehouse.transaction() as tx:  # ends at midnight: the day that begins there did not change
            tx.replace_window("gpu_allocation", {}, Interval(parse_utc("2026-10-04T23:55"), DAY.end), None)
        days = warehouse.query("SELECT day FROM changed_day WHERE fact = 'gpu_allocation' ORDER BY day")
        assert days["day"].to_list() == [date(2026, 10, 4), date(2026, 10, 5)]


def test_the_next_window_does_not_unmark_the_day_before(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        for window in (Interval(DAY.end, parse_utc("2026-10-07")), DAY):
            with warehouse.transaction() as tx:
                tx.replace_window("gpu_allocation", {}, window, None)
        assert warehouse.query("SELECT count(*) FROM changed_day").item() == 2


def test_a_row_that_moves_to_another_day_marks_both(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        for ended in (datetime(2026, 10, 5, 9), datetime(2026, 10, 7, 9)):
            with warehouse.transaction() as tx:
                tx.execute("DELETE FROM changed_day")
                row = pl.DataFrame({"source": ["a"], "run_id": ["r"], "ended_at": [ended]})
                tx.replace_rows("pipeline_run", ["source", "run_id"], row)
        days = warehouse.query("SELECT day FROM changed_day ORDER BY day")["day"].to_list()
        assert days == [date(2026, 10, 5), date(2026, 10, 7)]
        assert warehouse.query("SELECT count(*) FROM pipeline_run").item() == 1


def test_documents_are_appended_when_their_content_changed(tmp_path: Path) -> None:
    answers = [
        {"state": "queued", "id": 1},
        {"id": 1, "state": "queued"},
        {"state": "done", "id": 1},
        {"state": "queued", "id": 1},
    ]
    with Warehouse.open(tmp_path) as warehouse:
        added = []
        for hour, body in enumerate(answers):
            with warehouse.transaction() as tx:
                added.append(tx.append_documents("flows", "run", [("1", body)], AT.replace(hour=hour)))
        assert added == [1, 0, 1, 1]  # the same content in another key order is no news; going back to it is


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 6)), min_size=1, max_size=8))
def test_windows_in_any_order_and_overlap_leave_each_hour_once(windows: list[tuple[int, int]]) -> None:
    connection = duckdb.connect(":memory:")
    migration.migrate(connection)
    tx, hours = Transaction(connection), set()
    for first, length in windows:
        last = min(first + length, 24)
        window = Interval(
            parse_utc(f"2026-10-05T{first:02}:00"),
            parse_utc("2026-10-06") if last == 24 else parse_utc(f"2026-10-05T{last:02}:00"),
        )
        tx.replace_window("gpu_allocation", {"source": "prod"}, window, held(*range(first, last)))
        hours |= set(range(first, last))
    assert tx.query("SELECT hour(ts) AS h FROM gpu_allocation ORDER BY h")["h"].to_list() == sorted(hours)
    connection.close()


def test_a_second_process_is_told_who_owns_the_directory(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path, "meterline run"):
        program = (
            "import sys, pathlib; from warehouse.database import Warehouse; Warehouse.open(pathlib.Path(sys.argv[1]))"
        )
        other = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert other.returncode != 0
        assert f"in use by pid {os.getpid()} (`meterline run`" in other.stderr
        with pytest.raises(WarehouseBusy, match="pid"):
            Warehouse.open(tmp_path)
    Warehouse.open(tmp_path).close()


def test_a_newer_schema_is_refused_and_an_older_one_is_brought_forward(tmp_path: Path) -> None:
    known = migration.migrations()
    with duckdb.connect(str(tmp_path / FILE_NAME)) as connection:  # a database of the first release
        connection.execute("CREATE TABLE schema_version (version INTEGER, applied_at TIMESTAMP)")
        connection.execute(known[0][1])
        connection.execute("INSERT INTO schema_version VALUES (1, now()::TIMESTAMP)")
        connection.execute("INSERT INTO gpu_allocation (pod) VALUES ('kept')")
    with Warehouse.open(tmp_path) as warehouse:
        assert warehouse.query("SELECT pod FROM gpu_allocation").item() == "kept"
        assert warehouse.query("SELECT max(version) FROM schema_version").item() == known[-1][0]
        with warehouse.transaction() as tx:
            tx.execute("INSERT INTO schema_version VALUES (999, now()::TIMESTAMP)")
    with pytest.raises(WarehouseError, match="schema version 999"):
        Warehouse.open(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1000)
    with pytest.raises(WarehouseError, match=FILE_NAME):
        Warehouse.open(tmp_path)
    with pytest.raises(WarehouseError):  # and the lock of the failed attempt is gone
        Warehouse.open(tmp_path)
