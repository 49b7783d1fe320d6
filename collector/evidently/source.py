"""The Evidently source: new snapshots of a workspace become drift scores, each file with its score in one transaction.

What has been read is remembered by file (name, time of change, size), not as one point in time: a file that was copied
in with an old date, or that was half written at the last pass, is still read. A file that cannot be read is named in
the notes and tried again on every pass; the others are not touched by it. Snapshots that vanish stay in the history.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from collector.evidently import snapshot
from collector.evidently.settings import EvidentlySettings
from collector.evidently.workspace import SnapshotFile, snapshot_files
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.interval import Interval

STREAM, FACT = "snapshots", "drift_score"
BATCH = 200
NAMED_FILES = 10

SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(
        ("source", "monitor", "model", "model_version", "dataset_role", "column_name", "method", "direction"),
        pl.String(),
    ),
    "snapshot_id": pl.String(),
    **dict.fromkeys(("score", "threshold"), pl.Float64()),
    "drifted": pl.Boolean(),
    **dict.fromkeys(("n_reference", "n_current"), pl.Int64()),
    "ts": pl.Datetime("us"),
}


class EvidentlySource:
    """One configured workspace."""

    def __init__(self, settings: EvidentlySettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)

    def check(self) -> list[str]:
        """How many snapshots each project has and when its newest was written."""
        found = snapshot_files(self._settings.path)
        projects = {file.project: file for file in found}  # oldest first: the newest stays
        lines = [f"Evidently workspace {self._settings.path}: {len(found)} snapshots in {len(projects)} projects"]
        for project, newest in sorted(projects.items()):
            count = sum(file.project == project for file in found)
            written = datetime.fromtimestamp(newest.modified_ns / 1e9, UTC)
            lines.append(f"{project}: {count} snapshots, the newest written {written:%Y-%m-%d %H:%M} UTC")
        return lines

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. With an interval, every snapshot of that time is read again."""
        files = snapshot_files(self._settings.path)
        todo = files if interval is not None else self._unread(warehouse, files, now)
        rows, notes, undrifting = 0, [], 0
        known = warehouse.watermark(self.name, STREAM)
        earliest = min(known.replace(tzinfo=UTC), now) if known else now
        for done in range(0, len(todo), BATCH):
            progress(f"{self.name}: {len(todo)} snapshots", done / len(todo))
            good = []
            for file in todo[done : done + BATCH]:
                try:
                    good.append(self._read(file))
                except snapshot.NotASnapshot as error:
                    notes.append(f"{file.path}: {error}; it is tried again on the next pass")
            if interval is not None:
                good = [one for one in good if interval.start <= one.at < interval.end]
            rows += self._store(warehouse, good, now)
            undrifting += sum(not one.scores for one in good)
            earliest = min([earliest, *(one.at for one in good)])
        self._advance(warehouse, interval, earliest, now)
        progress(f"{self.name}: done", 1.0)
        if undrifting:
            notes.append(f"{undrifting} snapshots have no drift metric (ValueDrift, DataDriftPreset)")
        return Collected(self.name, interval or Interval(earliest, now), rows, tuple(_shortened(notes)))

    def _unread(self, warehouse: Warehouse, files: Sequence[SnapshotFile], now: datetime) -> list[SnapshotFile]:
        stored = warehouse.query(
            "SELECT natural_id, arg_max(body, observed_at) AS body FROM raw_document "
            "WHERE source = $source AND kind = 'file' GROUP BY natural_id",
            {"source": self.name},
        )
        known = {name: json.loads(body) for name, body in stored.iter_rows()}
        oldest = (now - self._settings.backfill).timestamp() * 1e9
        return [
            file
            for file in files
            if known.get(file.id) != file.version and (file.id in known or file.modified_ns >= oldest)
        ]

    def _read(self, file: SnapshotFile) -> _Read:
        try:
            text = file.path.read_bytes()
        except OSError as error:
            raise snapshot.NotASnapshot(f"it cannot be read ({error.strerror or error})") from error
        body = snapshot.prune(text)
        rows = snapshot.scores(body, file.project, self._zone)
        return _Read(file, body, snapshot.moment(body, self._zone).astimezone(UTC), rows)

    def _store(self, warehouse: Warehouse, good: Sequence[_Read], now: datetime) -> int:
        rows = [{**row, "source": self.name, "snapshot_id": one.file.id} for one in good for row in one.scores]
        with warehouse.transaction() as tx:
            tx.append_documents(self.name, "snapshot", [(one.file.id, one.body) for one in good], now)
            tx.append_documents(self.name, "file", [(one.file.id, one.file.version) for one in good], now)
            # a score was observed when its content was, not when the file is read again
            with tx.frames(score=pl.DataFrame(rows, schema=SCHEMA)):
                observed = tx.query(
                    "SELECT score.*, document.observed_at FROM score JOIN ("
                    "SELECT natural_id, max(observed_at) AS observed_at FROM raw_document "
                    "WHERE source = $source AND kind = 'snapshot' GROUP BY natural_id"
                    ") AS document ON document.natural_id = score.snapshot_id",
                    {"source": self.name},
                )
            tx.replace_rows(FACT, ["source", "snapshot_id"], observed)
        return len(rows)

    def _advance(self, warehouse: Warehouse, interval: Interval | None, earliest: datetime, now: datetime) -> None:
        """The whole folder was looked at up to `now`; one interval of it moves nothing."""
        if interval is None:
            with warehouse.transaction() as tx:
                tx.advance(self.name, STREAM, FACT, Interval(earliest, now), now)


@dataclass(frozen=True, slots=True)
class _Read:
    file: SnapshotFile
    body: snapshot.Body
    at: datetime
    scores: list[dict[str, Any]]


def _shortened(notes: Sequence[str]) -> Iterator[str]:
    yield from notes[:NAMED_FILES]
    if len(notes) > NAMED_FILES:
        yield f"and {len(notes) - NAMED_FILES} more"


SOURCE = EvidentlySource
