"""The read path: one published version, seen through an in-memory DuckDB. Opens no database file, waits for no lock.

Whoever shows results (dashboards, HTTP API, command line, quota controller) takes a `Published` once per request or
page, so that everything on it comes from the same version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.errors import NothingPublished, WarehouseError
from warehouse.interval import parse_utc
from warehouse.publication import POINTER

REMEDY = "run `meterline collect` and `meterline analyze`, or `meterline run`; `meterline demo` shows a sample platform"


class Published:
    """One immutable version of the results below `directory`.

    Raises NothingPublished when there is none yet.
    """

    def __init__(self, directory: Path, version: str) -> None:
        self.directory = directory
        self.version = version
        self._folder = directory / "published" / version

    @classmethod
    def current(cls, directory: Path) -> Published:
        """The version that the pointer names now."""
        pointer = directory / "published" / POINTER
        try:
            version = pointer.read_text().strip()
        except FileNotFoundError as error:
            raise NothingPublished(f"no results are published in {directory}", REMEDY) from error
        return cls(directory, version)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """`{version, published_at, tables: {name: {rows, bytes, sha256}}}`. Raises WarehouseError like `query`."""
        try:
            loaded = json.loads((self._folder / "manifest.json").read_text())
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        assert isinstance(loaded, dict)
        return loaded

    def _unreadable(self, error: Exception) -> WarehouseError:
        return WarehouseError(
            f"the published version {self.version} in {self.directory} cannot be read ({str(error).splitlines()[0]})",
            "run `meterline analyze` to publish a new one",
        )

    @property
    def published_at(self) -> datetime:
        return parse_utc(self.manifest["published_at"])

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self.manifest["tables"])

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'")
        for table in self.tables:
            path = str(self._folder / f"{table}.parquet").replace("'", "''")
            connection.execute(f"CREATE VIEW \"{table}\" AS FROM read_parquet('{path}')")
        return connection

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of one SELECT over the published tables; `parameters` are named: `$name` in the text.

        Raises WarehouseError when the version was swept or damaged, or has no such table or column.
        """
        try:
            cursor = self._connection.cursor()
            try:
                relation = cursor.sql(sql, params=dict(parameters)) if parameters else cursor.sql(sql)
                frame = pl.from_arrow(relation.to_arrow_table())
            finally:
                cursor.close()
        except (duckdb.Error, OSError) as error:
            raise self._unreadable(error) from error
        assert isinstance(frame, pl.DataFrame)
        return frame

    def table(self, name: str) -> pl.DataFrame:
        """One published table as a whole."""
        return pl.read_parquet(self._folder / f"{name}.parquet")
