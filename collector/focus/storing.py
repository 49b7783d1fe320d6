"""One file of the bill in the warehouse: read beside it, then put in place of its former rows in one transaction.

Reading takes seconds a million rows and holds no lock; charges wait in Parquet files of one batch each, so memory does
not grow with the file. Rows that are alike in all columns count once: the first by source, file name and row number
counts, whatever order the files came in, the others are marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from collector.focus.charges import STORED, charges
from collector.focus.columns import canonical, lacking, version
from collector.focus.problems import Problems
from collector.focus.reading import NeedsCare, NotABill, batches, header_of
from warehouse.interval import Interval
from warehouse.writing import Transaction

FACT = "billing_charge"
LEAST_STEP = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: how many charges wait in `folder`, what is wrong, and what the file is about."""

    folder: Path
    rows: int
    problems: Problems
    about: Mapping[str, Any]
    first_start: datetime | None = None
    last_start: datetime | None = None
    charged: Interval | None = None


def read(path: Path, folder: Path) -> Reading:
    """Charges of a file as Parquet files below `folder`, which is empty. Raises NotABill."""
    header = header_of(path)
    needed, missed = lacking(canonical(header))
    if needed:
        raise NotABill(f"it lacks the columns {', '.join(needed)}")
    try:
        problems, parts = _spool(path, folder, careful=False)
    except NeedsCare:
        for part in folder.iterdir():
            part.unlink()
        problems, parts = _spool(path, folder, careful=True)
    for name in missed:
        problems.file("warning", "FOCUS demands this column and the file has it not", name)
    summary = pl.concat(parts) if parts else None
    about: dict[str, Any] = {"focus": version(header), "rows": 0, "refused": problems.refused}
    if summary is None:
        return Reading(folder, 0, problems, about)
    usage = summary.filter(pl.col("charge_category") == "Usage")
    spans: list[tuple[datetime, datetime]] = (usage if usage.height else summary).select("first", "end").rows()
    starts: list[tuple[datetime, datetime]] = summary.select("first", "last").rows()
    charged = Interval(
        min(start for start, _ in spans).replace(tzinfo=UTC), max(end for _, end in spans).replace(tzinfo=UTC)
    )
    about |= {
        "rows": int(summary["rows"].sum()),
        "currencies": sorted(summary["currency"].unique()),
        "periods": sorted({f"{one:%Y-%m}" for one in summary["period"].drop_nulls()}),
    }
    first, last = min(start for start, _ in starts), max(start for _, start in starts)
    return Reading(folder, about["rows"], problems, about, first, last, charged)


def _spool(path: Path, folder: Path, *, careful: bool) -> tuple[Problems, list[pl.DataFrame]]:
    problems = Problems()
    parts = []
    for number, batch in enumerate(batches(path, problems, careful=careful)):
        frame = charges(batch, problems)
        if frame.is_empty():
            continue
        frame.write_parquet(folder / f"{number:06d}.parquet", compression="lz4")
        start = pl.col("charge_period_start")
        parts.append(
            frame.group_by("currency", "charge_category", pl.col("billing_period_start").alias("period")).agg(
                pl.len().alias("rows"), start.min().alias("first"), start.max().alias("last"),
                pl.col("charge_period_end").max().alias("end"),
            )
        )  # fmt: skip
    return problems, parts


def replace(tx: Transaction, source: str, file: str, reading: Reading | None) -> int:
    """Put what was read in place of the file's former charges and problems (None: nothing); returns duplicate rows.

    Marks the days that charges left and those they came to.
    """
    key = {"source": source, "file": file}
    mine = "source = $source AND file = $file"
    before = tx.query(
        f"SELECT min(charge_period_start) AS first, max(charge_period_start) AS last FROM {FACT} WHERE {mine}", key
    ).row(0)
    tx.execute(
        f"CREATE OR REPLACE TEMP TABLE touched_charge AS SELECT DISTINCT fingerprint FROM {FACT} WHERE {mine}", key
    )
    bounds = [one for one in (*before, *_bounds(reading)) if one is not None]
    if bounds:
        span = Interval(min(bounds).replace(tzinfo=UTC), max(bounds).replace(tzinfo=UTC) + LEAST_STEP)
        tx.replace_window(FACT, key, span, None)
    tx.execute(f"DELETE FROM billing_problem WHERE {mine}", key)
    if reading is not None:
        tx.insert("billing_problem", reading.problems.frame(), key)
        if reading.rows:
            _insert(tx, key, reading)
    _mark_duplicates(tx)
    return int(tx.query(f"SELECT count(*) FROM {FACT} WHERE {mine} AND duplicate", key).item())


def _bounds(reading: Reading | None) -> tuple[datetime | None, datetime | None]:
    return (None, None) if reading is None else (reading.first_start, reading.last_start)


def _insert(tx: Transaction, key: Mapping[str, str], reading: Reading) -> None:
    columns = ", ".join(STORED.names())
    parts = str(reading.folder / "*.parquet").replace("'", "''")
    tx.execute(
        f"INSERT INTO {FACT} BY NAME SELECT $source AS source, $file AS file, FALSE AS duplicate, {columns} "
        f"FROM read_parquet('{parts}')",
        key,
    )
    tx.execute(
        f"INSERT INTO touched_charge SELECT fingerprint FROM {FACT} WHERE source = $source AND file = $file", key
    )


def _mark_duplicates(tx: Transaction) -> None:
    """Among the rows alike to one that came or went: the first counts."""
    tx.execute(
        f"""
        UPDATE {FACT} AS charge SET duplicate = ranked.duplicate
        FROM (
            SELECT source, file, row_number,
                   row_number() OVER (PARTITION BY fingerprint ORDER BY source, file, row_number) > 1 AS duplicate
            FROM {FACT} WHERE fingerprint IN (SELECT fingerprint FROM touched_charge)
        ) AS ranked
        WHERE ranked.source = charge.source AND ranked.file = charge.file AND ranked.row_number = charge.row_number
          AND ranked.duplicate IS DISTINCT FROM charge.duplicate
        """
    )
    tx.execute("DROP TABLE touched_charge")
