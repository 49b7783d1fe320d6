"""All that was ever seen of an incident: answers of one source in raw_document, read back for some incidents.

An answer's natural id is the incident's id, or `incident/part` for what hangs on it (a log entry, a note). Systems
forget: PagerDuty empties acknowledgements at resolve, a priority is lowered. The history does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from warehouse.writing import Transaction

Row = dict[str, Any]

INCIDENT = "incident"
"""The kind of document that is the incident itself; every source has other kinds beside it."""


@dataclass(frozen=True, slots=True)
class Document:
    """One answer to be kept: `part` is None for the incident itself."""

    kind: str
    incident: str
    body: Row
    part: str | None = None

    @property
    def natural_id(self) -> str:
        return self.incident if self.part is None else f"{self.incident}/{self.part}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One incident's history. `versions` are its answers, oldest first, at least one; `observed_at` naive UTC of each.

    `parts` holds the newest answer of each part, by kind, in the order of their first appearance.
    """

    id: str
    versions: tuple[Row, ...]
    observed_at: tuple[datetime, ...]
    parts: dict[str, tuple[Row, ...]]

    @property
    def newest(self) -> Row:
        return self.versions[-1]

    def of(self, kind: str) -> tuple[Row, ...]:
        """The parts of a kind; none when there are none."""
        return self.parts.get(kind, ())


def seen(tx: Transaction, source: str, incidents: Iterable[str]) -> Iterator[Seen]:
    """The history of each of `incidents` of which the incident itself was ever seen."""
    with tx.frames(touched=pl.DataFrame({"incident": sorted(set(incidents))}, schema={"incident": pl.String()})):
        rows = tx.query(
            "SELECT touched.incident, kind, natural_id, observed_at, body FROM raw_document "
            "JOIN touched ON touched.incident = split_part(natural_id, '/', 1) "
            "WHERE source = $source ORDER BY touched.incident, observed_at, natural_id",
            {"source": source},
        )
    for (incident,), group in rows.group_by("incident", maintain_order=True):
        versions = group.filter(pl.col("kind") == INCIDENT)
        if versions.is_empty():
            continue
        newest: dict[str, dict[str, Row]] = {}
        for row in group.filter(pl.col("kind") != INCIDENT).iter_rows(named=True):
            newest.setdefault(row["kind"], {})[row["natural_id"]] = orjson.loads(row["body"])
        yield Seen(
            str(incident),
            tuple(orjson.loads(body) for body in versions["body"]),
            tuple(versions["observed_at"]),
            {kind: tuple(parts.values()) for kind, parts in newest.items()},
        )
