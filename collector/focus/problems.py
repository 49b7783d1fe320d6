"""What was tolerated or refused in one file: kept row by row while there are few, counted where there are many.

`note`: the value was read, though not as FOCUS writes it. `warning`: the row counts, but something in it is missing or
odd. `refused`: the row (or the whole file, without a row number) counts nowhere; its text is kept beside the reasons.
Rows are numbered from 1, the first after the header.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

SCHEMA = pl.Schema({
    "row_number": pl.Int64(), "column_name": pl.String(), "value": pl.String(), "severity": pl.String(),
    "problem": pl.String(),
})  # fmt: skip
KEPT_ROWS = 10_000
"""So many refused rows, and so many warnings, of one file are kept by row; the rest is counted."""
AS_DELIVERED = "the row as it was delivered"

Entry = tuple[int | None, str | None, str | None, str, str]


@dataclass
class Problems:
    """Collected while the batches of one file are read; `refused` counts rows, not reasons."""

    refused: int = 0
    warned: int = 0
    _entries: list[Entry] = field(default_factory=list)
    _notes: dict[tuple[str | None, str], tuple[int, str | None]] = field(default_factory=dict)
    _kept: int = 0

    def file(self, severity: str, problem: str, column: str | None = None) -> None:
        """Something about the file as a whole."""
        self._entries.append((None, column, None, severity, problem))

    def note(self, column: str | None, problem: str, count: int, first: str | None = None) -> None:
        """`count` values were read in spite of `problem`; `first` is one of them."""
        seen = self._notes.get((column, problem), (0, first))
        self._notes[column, problem] = (seen[0] + count, seen[1])

    def warn(self, rows: pl.DataFrame, column: str, problem: str) -> None:
        """Rows (row_number and `column`) that count, but are odd there."""
        room = max(KEPT_ROWS - self.warned, 0)
        self.warned += rows.height
        for number, value in rows.select("row_number", column).head(room).iter_rows():
            self._entries.append((number, column, value, "warning", problem))

    def refuse(self, row: Mapping[str, Any], reasons: Iterable[tuple[str | None, str | None, str]]) -> None:
        """A row that counts nowhere: its text, and (column, value, problem) for each reason."""
        self.refused += 1
        if self._kept >= KEPT_ROWS:
            return
        self._kept += 1
        number = row["row_number"]
        self._entries += [(number, column, value, "refused", problem) for column, value, problem in reasons]
        text = {name: value for name, value in row.items() if value is not None and name != "row_number"}
        self._entries.append((number, None, json.dumps(text, ensure_ascii=False), "refused", AS_DELIVERED))

    @property
    def first_refused(self) -> str | None:
        """For people: where the first refused row is and why; the whole file's reason goes before."""
        refused = [one for one in self._entries if one[3] == "refused" and one[4] != AS_DELIVERED]
        if not refused:
            return None
        number, column, value, _, problem = min(refused, key=lambda one: one[0] or 0)
        return " ".join(
            part for part in (
                f"row {number}:" if number else "", column or "", repr(value) if value is not None else "", problem,
            ) if part
        )  # fmt: skip

    def notes(self) -> list[str]:
        """For people: one line for each manner that was tolerated."""
        return [
            f"{column + ': ' if column else ''}{count} x {problem}{f' (such as {first!r})' if first else ''}"
            for (column, problem), (count, first) in self._notes.items()
        ]

    def frame(self) -> pl.DataFrame:
        """All of it, columns of `SCHEMA`."""
        rows = list(self._entries)
        rows += [
            (None, column, first, "note", f"{count} x {problem}")
            for (column, problem), (count, first) in self._notes.items()
        ]
        totals = (("rows were refused", self.refused, "refused"), ("warnings", self.warned, "warning"))
        for what, total, severity in totals:
            if total > KEPT_ROWS:
                rows.append((None, None, None, severity, f"{total - KEPT_ROWS} more {what}; they are in the file"))
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")
