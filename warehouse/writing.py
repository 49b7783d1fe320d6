"""The verbs in which facts are written, inside a transaction of the warehouse.

`replace_window` and `replace_rows` delete and insert, so that writing the same facts twice changes nothing;
`append_documents` only ever adds. Each of them marks the days it touched as changed, which is how analytics know what
to recompute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from warehouse.interval import Interval, naive

TIME_COLUMN = {
    "gpu_activity": "ts",
    "gpu_allocation": "ts",
    "gpu_capacity": "ts",
    "compute_allocation": "ts",
    "compute_capacity": "ts",
    "node_attribute": "ts",
    "pod_label": "ts",
    "billing_charge": "charge_period_start",
    "serving_count": "ts",
    "serving_histogram": "ts",
    "serving_gauge": "ts",
    "pipeline_run": "coalesce(ended_at, started_at, queued_at, scheduled_for)",
    "pipeline_task": "coalesce(ended_at, started_at, queued_at)",
    "drift_score": "ts",
    "sli_count": "ts",
    "gpu_health": "ts",
    "on_call_incident": "created_at",
}
"""The SQL expression of each fact's own time: it says to which day a row belongs."""


class Transaction:
    """Write access to the facts, valid inside `Warehouse.transaction()` only."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of one SELECT, including what this transaction wrote."""
        relation = self._connection.sql(sql, params=dict(parameters)) if parameters else self._connection.sql(sql)
        frame = pl.from_arrow(relation.to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> int:
        """Run one statement and return the number of rows it touched."""
        if parameters:
            self._connection.execute(sql, dict(parameters))
        else:
            self._connection.execute(sql)
        return max(int(self._connection.rowcount), 0)

    @contextmanager
    def frames(self, **frames: pl.DataFrame) -> Iterator[None]:
        """Inside the block, queries see each of `frames` as a table of that name."""
        for name, frame in frames.items():
            self._connection.register(name, frame)
        try:
            yield
        finally:
            for name in frames:
                self._connection.unregister(name)

    def insert(self, table: str, frame: pl.DataFrame, constants: Mapping[str, str] | None = None) -> None:
        """Append rows by column name, `constants` being columns with one value; columns that are in neither are NULL.

        Unknown columns raise duckdb.Error.
        """
        if frame.is_empty():
            return
        columns = "".join([f', $c_{column} AS "{column}"' for column in constants or {}])
        with self.frames(incoming=frame):
            self.execute(
                f'INSERT INTO "{table}" BY NAME SELECT incoming.*{columns} FROM incoming',
                {f"c_{column}": value for column, value in (constants or {}).items()},
            )

    def replace_window(
        self, table: str, where: Mapping[str, str], interval: Interval, frame: pl.DataFrame | None
    ) -> None:
        """Put `frame` in place of the rows of `table` with `start <= time < end` whose columns equal `where`.

        The frame need not carry the columns of `where`: they are the same in all its rows.
        Rows of the frame outside of the interval would be doubled by the next window, so they are refused
        (ValueError).
        """
        time = TIME_COLUMN[table]
        bounds = {"w_start": naive(interval.start), "w_end": naive(interval.end)}
        conditions = " AND ".join([f'"{column}" = $k_{column}' for column in where])
        parameters: dict[str, Any] = {**{f"k_{column}": value for column, value in where.items()}, **bounds}
        inside = f"{time} >= $w_start AND {time} < $w_end"
        self.execute(f'DELETE FROM "{table}" WHERE {inside}{" AND " + conditions if conditions else ""}', parameters)
        if frame is not None and not frame.is_empty():
            outside = frame.filter((pl.col("ts") < bounds["w_start"]) | (pl.col("ts") >= bounds["w_end"]))
            if not outside.is_empty():
                raise ValueError(f"{outside.height} rows of {table} lie outside of {interval}")
            self.insert(table, frame, {column: value for column, value in where.items() if column not in frame.columns})
        self._mark_days(table, interval)

    def replace_window_from(self, table: str, where: Mapping[str, str], interval: Interval, query: str) -> int:
        """Like `replace_window`, with the rows of a SELECT that stay inside of the database; returns how many.

        The SELECT has a column `ts` and none of the columns of `where`. Rows outside of the interval are not stored:
        they are another window's.
        """
        self.replace_window(table, where, interval, None)
        constants = "".join([f', $c_{column} AS "{column}"' for column in where])
        return self.execute(
            f'INSERT INTO "{table}" BY NAME SELECT made.*{constants} FROM ({query}) AS made '
            "WHERE made.ts >= $w_start AND made.ts < $w_end",
            {f"c_{column}": value for column, value in where.items()}
            | {"w_start": naive(interval.start), "w_end": naive(interval.end)},
        )

    def replace_rows(self, table: str, keys: Sequence[str], frame: pl.DataFrame) -> None:
        """Put the rows of `frame` in place of those that have the same values in the columns `keys`."""
        if frame.is_empty():
            return
        time = TIME_COLUMN.get(table)
        same = " AND ".join(f'old."{key}" IS NOT DISTINCT FROM incoming."{key}"' for key in keys)
        touched = f'SELECT old.* FROM "{table}" AS old WHERE EXISTS (FROM incoming WHERE {same})'
        with self.frames(incoming=frame):
            if time:  # the day that a row leaves has changed too, not only the day it moves to
                self._mark(table, touched, time)
            self.execute(f'DELETE FROM "{table}" AS old WHERE EXISTS (FROM incoming WHERE {same})')
            self.execute(f'INSERT INTO "{table}" BY NAME SELECT * FROM incoming')
            if time:
                self._mark(table, touched, time)

    def replace_all(self, table: str, frame: pl.DataFrame) -> None:
        """Put `frame` in place of the whole table (the inventory that the configuration describes)."""
        self.execute(f'DELETE FROM "{table}"')
        self.insert(table, frame)

    def append_documents(
        self, source: str, kind: str, documents: Iterable[tuple[str, Any]], observed_at: datetime
    ) -> int:
        """Store `(natural_id, JSON value)` answers whose content differs from the newest stored one; returns how many.

        The hash is over canonical JSON (sorted keys, no spaces), so a server that shuffles keys makes no history.
        """
        rows = []
        for natural_id, body in documents:
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            rows.append((natural_id, hashlib.sha256(text.encode()).hexdigest(), text))
        if not rows:
            return 0
        frame = pl.DataFrame(rows, schema=["natural_id", "sha256", "body"], orient="row").unique(
            "natural_id", keep="last", maintain_order=True
        )
        with self.frames(incoming=frame):
            return self.execute(
                """
                INSERT INTO raw_document
                SELECT $source, $kind, incoming.natural_id, $observed_at, incoming.sha256, incoming.body
                FROM incoming
                LEFT JOIN (
                    SELECT natural_id, arg_max(sha256, observed_at) AS sha256
                    FROM raw_document WHERE source = $source AND kind = $kind GROUP BY natural_id
                ) AS newest ON newest.natural_id = incoming.natural_id
                WHERE newest.sha256 IS DISTINCT FROM incoming.sha256
                """,
                {"source": source, "kind": kind, "observed_at": naive(observed_at)},
            )

    def advance(self, source: str, stream: str, fact: str, interval: Interval, at: datetime) -> None:
        """Record that `stream` of `source` is stored for `interval`.

        The span only ever grows, and only by what adjoins it: an interval beyond a gap is stored, but collecting goes
        on where it stopped, so the gap is filled.
        """
        bounds = {"start": naive(interval.start), "end": naive(interval.end), "at": naive(at)}
        key = {"source": source, "stream": stream, "fact": fact}
        same = "source = $source AND stream = $stream AND fact = $fact"
        touched = self.execute(
            "UPDATE watermark SET collected_from = "
            "CASE WHEN $end >= collected_from THEN least(collected_from, $start) ELSE collected_from END, "
            "collected_to = "
            "CASE WHEN $start <= collected_to THEN greatest(collected_to, $end) ELSE collected_to END, "
            f"observed_at = greatest(observed_at, $at) WHERE {same}",
            {**key, **bounds},
        )
        if not touched:
            self.execute("INSERT INTO watermark VALUES ($source, $stream, $fact, $start, $end, $at)", {**key, **bounds})

    def _mark_days(self, table: str, interval: Interval) -> None:
        if interval.start == interval.end:
            return
        last_moment = naive(interval.end) - timedelta(microseconds=1)
        days = {"fact": table, "first": naive(interval.start).date(), "last": last_moment.date()}
        self.execute("DELETE FROM changed_day WHERE fact = $fact AND day BETWEEN $first AND $last", days)
        self.execute(
            "INSERT INTO changed_day SELECT $fact, unnest(generate_series($first::DATE, $last::DATE, "
            "INTERVAL 1 DAY))::DATE, nextval('revision')",
            days,
        )

    def _mark(self, table: str, rows: str, time: str) -> None:
        days = f"SELECT DISTINCT ({time})::DATE AS day FROM ({rows}) AS touched WHERE {time} IS NOT NULL"
        self.execute("CREATE OR REPLACE TEMP TABLE touched_day AS " + days)
        self.execute(
            "DELETE FROM changed_day WHERE fact = $fact AND day IN (SELECT day FROM touched_day)", {"fact": table}
        )
        self.execute("INSERT INTO changed_day SELECT $fact, day, nextval('revision') FROM touched_day", {"fact": table})
