"""The embedded DuckDB file with its facts, owned by one process.

Everything that must be true together is written in one `transaction`: the rows of a collection window, the raw answers
that they came from, the watermark, and the mark of the days that changed. A process that dies at any moment leaves the
state before or after, never between. Reads for people do not come here: see `published`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl

from warehouse import migration
from warehouse.errors import WarehouseError
from warehouse.ownership import Ownership
from warehouse.writing import Transaction

FILE_NAME = "facts.duckdb"


class Warehouse:
    """Facts at rest. Open it with `Warehouse.open`; it is safe to use from several threads.

    One connection and one lock: transactions of different threads follow each other. Sources therefore do their
    network work first and open a transaction only to store the result.
    """

    def __init__(self, directory: Path, connection: duckdb.DuckDBPyConnection, ownership: Ownership) -> None:
        self.directory = directory
        self._connection = connection
        self._ownership = ownership
        self._lock = threading.RLock()

    @classmethod
    def open(cls, directory: Path, command: str = "meterline") -> Self:
        """Own `directory`, open its database (made when missing) and bring its schema up to date.

        Raises WarehouseBusy (another process owns it) and WarehouseError (not writable, damaged, or of a newer
        version).
        """
        ownership = Ownership(directory, command)
        try:
            connection = duckdb.connect(str(directory / FILE_NAME))
        except duckdb.Error as error:
            ownership.release()
            raise WarehouseError(
                f"{directory / FILE_NAME} cannot be opened ({str(error).splitlines()[0]})",
                "move the file away and collect again, or restore it from a backup",
            ) from error
        try:
            connection.execute("SET TimeZone = 'UTC'")
            migration.migrate(connection)
        except BaseException:
            connection.close()
            ownership.release()
            raise
        return cls(directory, connection, ownership)

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            self._ownership.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All that is written inside is stored together, or nothing of it when the block raises."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield Transaction(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of one SELECT over committed facts. `parameters` are named: `$name` in the text."""
        with self._lock:
            return Transaction(self._connection).query(sql, parameters)

    def watermark(self, source: str, stream: str) -> datetime | None:
        """Naive UTC time up to which `stream` of `source` is stored, or None when it never was."""
        rows = self.query(
            "SELECT max(collected_to) AS collected_to FROM watermark WHERE source = $source AND stream = $stream",
            {"source": source, "stream": stream},
        )
        value = rows.item()
        return value if isinstance(value, datetime) else None
