"""The FOCUS source: a file that is new or was written again is read, and its rows stand in place of its former ones.

What was read is remembered by name with the hash of its content; the content itself stays where it is. A file that
cannot be read keeps what it had and is named on every pass until it changes. A file that disappeared keeps its charges:
exports are cleaned up, ledgers are not. What a later delivery replaced is named in `superseded`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collector.focus.columns import version
from collector.focus.files import BillFile, bill_files, matches
from collector.focus.reading import NotABill, head, header_of
from collector.focus.settings import FocusSettings
from collector.focus.storing import FACT, Reading, read, replace
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.errors import SourceError
from warehouse.interval import Interval, naive

STREAM, DOCUMENT = "files", "focus_file"
LOOKED_AT = 10_000
NAMED = 20

Body = Mapping[str, Any]


class FocusSource:
    """One configured folder or pattern of bills."""

    def __init__(self, settings: FocusSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def check(self) -> list[str]:
        """How many files there are; of each its version, and the periods and currencies of its first rows."""
        files = self._found()
        lines = [f"FOCUS files {self._settings.path}: {len(files)}"]
        for file in files[:NAMED]:
            try:
                lines.append(f"{file.id}: FOCUS {version(header_of(file.path))}{_glance(file.path)}")
            except NotABill as error:
                lines.append(f"{file.id}: {error}")
        return lines + ([f"and {len(files) - NAMED} more"] if len(files) > NAMED else [])

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. With an interval, every file with charges in it is read again, as a whole."""
        known = self._known(warehouse)
        files = self._found() if not known else bill_files(self._settings.path)
        rows, notes = 0, []
        for number, file in enumerate(files):
            progress(f"{self.name}: {file.id}", number / len(files))
            body = known.get(file.id, {})
            if self._superseded(file.id) or not self._due(file, body, interval):
                notes += [f"{file.id}: {body['unreadable']}"] if body.get("unreadable") else []
                continue
            stored, said = self._one(warehouse, file, body, interval, now)
            rows += stored
            notes += said
        notes += self._take_out(warehouse, known, now)
        present = {file.id for file in files}
        gone = [one for one, body in known.items() if one not in present and body.get("rows")]
        notes += [f"{one} is no longer there; its charges are kept" for one in gone if not self._superseded(one)]
        progress(f"{self.name}: done", 1.0)
        shortened = notes[:NAMED] + ([f"and {len(notes) - NAMED} more"] if len(notes) > NAMED else [])
        return Collected(self.name, interval, rows, tuple(shortened))

    def _found(self) -> list[BillFile]:
        files = bill_files(self._settings.path)
        if not files:
            raise SourceError(
                f"no FOCUS file matches {self._settings.path}",
                "set `path` to .csv, .csv.gz or .parquet files, such as billing/*.csv.gz",
                retryable=True,
            )
        return files

    def _known(self, warehouse: Warehouse) -> dict[str, Body]:
        stored = warehouse.query(
            "SELECT natural_id, arg_max(body, observed_at) AS body FROM raw_document "
            "WHERE source = $source AND kind = $kind GROUP BY natural_id ORDER BY natural_id",
            {"source": self.name, "kind": DOCUMENT},
        )
        return {name: json.loads(body) for name, body in stored.iter_rows()}

    def _superseded(self, file: str) -> bool:
        return matches(file, self._settings.superseded)

    def _due(self, file: BillFile, body: Body, interval: Interval | None) -> bool:
        if interval is None or not body:
            return not body or body.get("superseded", False) or {key: body[key] for key in file.version} != file.version
        start, end = (datetime.fromisoformat(text) for text in body.get("charged", ("9999-01-01", "0001-01-01")))
        return start.replace(tzinfo=UTC) < interval.end and end.replace(tzinfo=UTC) > interval.start

    def _one(
        self, warehouse: Warehouse, file: BillFile, body: Body, interval: Interval | None, now: datetime
    ) -> tuple[int, list[str]]:
        """Read and store one file; returns how many charges, and what to tell people."""
        try:
            sha256 = file.sha256()
            if interval is None and body.get("sha256") == sha256 and not body.get("superseded"):
                self._remember(warehouse, file, {**body, **file.version}, now)
                return 0, [f"{file.id}: {body['unreadable']}"] if body.get("unreadable") else []
            with tempfile.TemporaryDirectory(prefix=".focus-", dir=warehouse.directory) as folder:
                reading = read(file.path, Path(folder))
                if interval is not None and not body and not _within(reading, interval):
                    return 0, []
                about = {**reading.about, **_span(reading), **file.version, "sha256": sha256}
                with warehouse.transaction() as tx:
                    duplicates = replace(tx, self.name, file.id, reading)
                    tx.append_documents(self.name, DOCUMENT, [(file.id, about)], now)
                    if interval is None and reading.charged is not None and reading.charged.start < now:
                        span = Interval(reading.charged.start, min(reading.charged.end, now))
                        tx.advance(self.name, STREAM, FACT, span, now)
        except (NotABill, OSError) as error:
            reason = str(error) if isinstance(error, NotABill) else f"it cannot be read ({error.strerror or error})"
            return 0, [self._unreadable(warehouse, file, body, reason, now)]
        return reading.rows, _notes(file.id, reading, duplicates)

    def _unreadable(self, warehouse: Warehouse, file: BillFile, body: Body, reason: str, now: datetime) -> str:
        kept = "; what it said before is kept" if body.get("rows") else ""
        text = f"refused as a whole: {reason}{kept}"
        with warehouse.transaction() as tx:
            where = {"source": self.name, "file": file.id}
            tx.execute(
                "DELETE FROM billing_problem WHERE source = $source AND file = $file AND row_number IS NULL "
                "AND column_name IS NULL AND severity = 'refused'", where,
            )  # fmt: skip
            tx.execute(
                "INSERT INTO billing_problem VALUES ($source, $file, NULL, NULL, NULL, 'refused', $problem)",
                {**where, "problem": text},
            )
        self._remember(warehouse, file, {**body, **file.version, "sha256": None, "unreadable": text}, now)
        return f"{file.id}: {text}"

    def _remember(self, warehouse: Warehouse, file: BillFile, body: Body, now: datetime) -> None:
        with warehouse.transaction() as tx:
            tx.append_documents(self.name, DOCUMENT, [(file.id, body)], now)

    def _take_out(self, warehouse: Warehouse, known: Mapping[str, Body], now: datetime) -> list[str]:
        """Files that are superseded lose their charges, and come back when they no longer are."""
        notes = []
        for file, body in known.items():
            if self._superseded(file) and not body.get("superseded"):
                with warehouse.transaction() as tx:
                    replace(tx, self.name, file, None)
                    tx.append_documents(self.name, DOCUMENT, [(file, {**body, "rows": 0, "superseded": True})], now)
                notes.append(f"{file} is superseded: its {body.get('rows', 0)} charges are taken out")
        return notes


def _glance(path: Path) -> str:
    first = head(path, LOOKED_AT)
    words = {
        name: sorted({text[:7] for text in first[name].drop_nulls()}) if name in first.columns else []
        for name in ("BillingPeriodStart", "BillingCurrency")
    }
    return "".join(f", {', '.join(found)}" for found in words.values() if found)


def _span(reading: Reading) -> dict[str, Any]:
    if reading.charged is None:
        return {}
    return {"charged": [naive(at).isoformat() for at in (reading.charged.start, reading.charged.end)]}


def _within(reading: Reading, interval: Interval) -> bool:
    span = reading.charged
    return span is not None and span.start < interval.end and span.end > interval.start


def _notes(file: str, reading: Reading, duplicates: int) -> list[str]:
    problems = reading.problems
    notes = []
    if problems.refused:
        notes.append(f"{file}: {problems.refused} rows are refused, the first: {problems.first_refused}")
    if duplicates:
        notes.append(f"{file}: {duplicates} rows repeat a row of this or another file and are not counted")
    if problems.warned:
        notes.append(f"{file}: {problems.warned} values are odd, see billing_problem")
    return notes + [f"{file}: {note}" for note in problems.notes()]


SOURCE = FocusSource
