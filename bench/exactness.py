"""Are the samples that Meterline stored the library's, bit for bit? Joined on all labels and the time.

`query_range` repeats the last value for up to 5 minutes where a scrape was missed or a series ended, so the library has
rows that never were samples; they are counted, and each raw sample must have its equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from warehouse.database import FILE_NAME


def compare(library: Path, warehouse: Path, written: int) -> dict[str, Any]:
    """Counts of both stores and of values that differ in a bit; `equal` says that all `written` samples are right."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{library}' AS library (READ_ONLY)")
        connection.execute(f"ATTACH '{warehouse / FILE_NAME}' AS ours (READ_ONLY)")
        connection.execute("SET TimeZone = 'UTC'")
        columns = [row[0] for row in connection.execute("DESCRIBE library.sample").fetchall()]
        labels = [name for name in columns if name not in ("timestamp", "value")]
        same = " AND ".join(
            f'series.labels::JSON ->> \'$."{name}"\' IS NOT DISTINCT FROM known."{name}"' for name in labels
        )
        names = ", ".join(f'"{name}"' for name in labels)
        again = " AND ".join(f'theirs."{name}" IS NOT DISTINCT FROM known."{name}"' for name in labels)
        # labels first, so that the join of samples is one of numbers
        connection.execute(
            f"""
            CREATE TABLE known AS SELECT DISTINCT {names} FROM library.sample;
            CREATE TABLE named AS SELECT series.series, known.* FROM ours.series AS series JOIN known ON {same};
            CREATE TABLE theirs AS
                SELECT known.series, theirs."timestamp"::TIMESTAMP AS ts, theirs.value
                FROM library.sample AS theirs JOIN named AS known ON {again};
            """
        )
        ours, distinct, theirs = connection.execute(
            "SELECT count(*), count(DISTINCT (series, ts)), (SELECT count(*) FROM library.sample) FROM ours.sample"
        ).fetchone() or (0, 0, 0)
        pairs = connection.execute(
            # DuckDB reads a NaN of pandas as NULL; ours must be a NaN
            "SELECT coalesce(ours.value, -1) AS ours, coalesce(theirs.value, 'NaN'::DOUBLE) AS theirs "
            "FROM ours.sample AS ours JOIN theirs USING (series, ts)"
        ).fetchnumpy()
    mine, other = np.asarray(pairs["ours"]), np.asarray(pairs["theirs"])
    both_nan = np.isnan(mine) & np.isnan(other)
    differing = int(np.count_nonzero((mine.view(np.uint64) != other.view(np.uint64)) & ~both_nan))
    return {
        "equal": ours == distinct == mine.size == written and differing == 0,
        "samples": ours,
        "compared": int(mine.size),
        "differing": differing,
        "nan": int(np.count_nonzero(both_nan)),
        "rows_the_library_made_up": theirs - int(mine.size),
    }
