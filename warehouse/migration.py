"""Schema versions with forward migrations: numbered SQL files, each applied once, in a transaction.

There is no way back: a database of a newer version is refused rather than guessed at.
"""

from __future__ import annotations

from importlib.resources import files

import duckdb

from warehouse.errors import WarehouseError


def migrations() -> list[tuple[int, str]]:
    """`(version, SQL)` of all migrations that this build knows, in order."""
    folder = files("warehouse") / "migrations"
    scripts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    return [(int(script.name.split("_", 1)[0]), script.read_text()) for script in scripts]


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the database to the newest version. Raises WarehouseError when it is already newer than this build."""
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER, applied_at TIMESTAMP)")
    rows = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchall()
    current = int(rows[0][0])
    known = migrations()
    newest = known[-1][0]
    if current > newest:
        raise WarehouseError(
            f"the data directory has schema version {current}, this Meterline knows only up to {newest}",
            "upgrade Meterline, or use another `data:` directory",
        )
    for version, script in known:
        if version <= current:
            continue
        connection.execute("BEGIN")
        try:
            connection.execute(script)
            connection.execute("INSERT INTO schema_version VALUES ($version, now()::TIMESTAMP)", {"version": version})
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
