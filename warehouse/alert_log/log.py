"""The file of the log: opened once a process, written in short transactions that are on the disk when they return."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from warehouse.errors import WarehouseError

FILE_NAME = "alerts.sqlite"
SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
CACHE_KIB = 32 * 1024
READER_CACHE_KIB = 4 * 1024
CHECKPOINT_PAGES = 20000  # 80 MB of write-ahead log: a storm touches the same pages again and again

NO_ROOM = "see that the disk has room and that this user may write there; nothing that was stored is lost"
DAMAGED = "restore it from a backup, or move it away with its -wal and -shm: what fires will be posted again"

Parameters = Mapping[str, Any] | Sequence[Any]


class Writing:
    """Statements inside of one transaction. Rows are `sqlite3.Row`: by name or by position."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of one SELECT, including what this transaction wrote."""
        return self._connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; the number of rows it touched."""
        return self._connection.execute(sql, parameters).rowcount

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT; the id of the row."""
        return int(self._connection.execute(sql, parameters).lastrowid or 0)

    def each(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Run one statement for each of `parameters`."""
        self._connection.executemany(sql, parameters)


class AlertLog:
    """The log in `directory`, safe to use from several threads and beside other processes.

    Raises WarehouseError from every call that cannot read or write (a full disk, a damaged file).
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._path = directory / FILE_NAME
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []  # for reading; as many as ever read at once, whatever their threads
        self._closed = False
        with self._explained():
            directory.mkdir(parents=True, exist_ok=True)
            self._connection = self._connect(CACHE_KIB)
            self._migrate()

    @classmethod
    def exists(cls, directory: Path) -> bool:
        """Whether a log was ever begun there."""
        return (directory / FILE_NAME).exists()

    def _connect(self, cache_kib: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        return connection

    def _migrate(self) -> None:
        with self.transaction() as tx:  # two processes may open a new file at the same time
            version = int(tx.rows("PRAGMA user_version")[0][0])
            if version > SCHEMA_VERSION:
                raise WarehouseError(
                    f"{self._path} has version {version}, this Meterline knows only up to {SCHEMA_VERSION}",
                    "upgrade Meterline, or use another `data:` directory",
                )
            if version == 0:
                for statement in _statements((files("warehouse.alert_log") / "schema.sql").read_text()):
                    tx.execute(statement)
                tx.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[Writing]:
        """All that is written inside is on the disk together when the block ends, or nothing of it when it raises."""
        with self._explained(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Writing(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of one SELECT over what is stored; waits for no writer."""
        with self._explained(), self._reader() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """One of our own for a while: those of threads that ended would stay open."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect(READER_CACHE_KIB)
        try:
            yield connection
        finally:
            self._idle.append(connection)
            if self._closed:
                self._close_idle()

    def close(self) -> None:
        self._closed = True
        with self._lock:
            self._connection.close()
        self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):  # another thread took it
                self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            damaged = "not a database" in str(error) or "malformed" in str(error)
            raise WarehouseError(
                f"the log of alerts {self._path} cannot be used ({error})", DAMAGED if damaged else NO_ROOM
            ) from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit the transaction that we are in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
