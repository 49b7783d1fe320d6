"""One pass over an on-call system: ask for a window, keep the answers, make the facts of its incidents anew.

The first pass asks by the time of creation, window after window; every later one for what has changed since the last,
less an overlap. Answers, facts and watermark of a window are stored in one transaction, so a pass that is cut off goes
on where it stopped. A row that says the same as the stored one is left alone: days are recomputed only for news.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from collector.on_call.history import Document, Seen, seen
from collector.on_call.incident import SCHEMA, Incident, incident_rows
from collector.on_call.meaning import OnCallSettings
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.interval import Interval
from warehouse.writing import Transaction

FACT = "on_call_incident"
STREAM = "incidents"
WINDOW = timedelta(days=7)
"""How much is asked for, held in memory and stored at once."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which incidents are wanted: those created in `window`, or (`by_change`) those that changed in it.

    `last`: no window follows, so what changes while the answer is read may be in it too.
    """

    window: Interval
    by_change: bool
    last: bool


Ask = Callable[[Question], Sequence[Document]]
IncidentOf = Callable[[Seen], Incident]


def collect(
    warehouse: Warehouse, settings: OnCallSettings, ask: Ask, incident_of: IncidentOf, interval: Interval | None,
    now: datetime, progress: Progress,
) -> Collected:  # fmt: skip
    """See `collector.source.Source.collect`. An interval takes the incidents that were created in it."""
    known = warehouse.watermark(settings.name, STREAM)
    since = known.replace(tzinfo=UTC) - settings.overlap if known else now - settings.backfill
    whole = interval or Interval(min(since, now), now)
    windows = list(whole.split(WINDOW))
    rows = 0
    for number, window in enumerate(windows, start=1):
        progress(f"{settings.name}: since {window.start:%Y-%m-%d %H:%M}", (number - 1) / len(windows))
        question = Question(window, interval is None and known is not None, interval is None and window.end == now)
        documents = ask(question)
        with warehouse.transaction() as tx:
            rows += _store(tx, settings.name, documents, incident_of, now)
            if interval is None:
                tx.advance(settings.name, STREAM, FACT, window, now)
            elif number == len(windows):
                _extend(tx, settings.name, interval, known, now)
    progress(f"{settings.name}: done", 1.0)
    return Collected(settings.name, whole, rows)


def store_incidents(tx: Transaction, source: str, rows: pl.DataFrame) -> int:
    """Put `rows` (of `SCHEMA`) in place of the stored ones of `source` where they say something else; how many did."""
    columns = ", ".join(f'"{name}"' for name in SCHEMA if name != "observed_at")
    with tx.frames(fresh=rows):
        news = tx.query(
            f"SELECT id FROM (SELECT {columns} FROM fresh EXCEPT SELECT {columns} FROM {FACT} WHERE source = $source)",
            {"source": source},
        )
    changed = rows.filter(pl.col("id").is_in(news["id"].implode()))
    tx.replace_rows(FACT, ["source", "id"], changed)
    return changed.height


def _store(tx: Transaction, source: str, documents: Sequence[Document], incident_of: IncidentOf, now: datetime) -> int:
    for kind in sorted({one.kind for one in documents}):
        bodies = [(one.natural_id, one.body) for one in documents if one.kind == kind]
        tx.append_documents(source, kind, bodies, now)
    incidents = [incident_of(one) for one in seen(tx, source, {one.incident for one in documents})]
    return store_incidents(tx, source, incident_rows(source, incidents, now))


def _extend(tx: Transaction, source: str, interval: Interval, known: datetime | None, now: datetime) -> None:
    """A given interval extends the watermark backwards only: it must not hide a change that was not asked for."""
    if known is not None and interval.start < known.replace(tzinfo=UTC):
        covered = Interval(interval.start, min(interval.end, known.replace(tzinfo=UTC)))
        tx.advance(source, STREAM, FACT, covered, now)
