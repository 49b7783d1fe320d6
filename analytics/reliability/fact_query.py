"""An indicator that the user wrote in SQL: one SELECT over fact tables, refused when it is anything else.

It gives columns ts, good and total for `$since <= ts < $until`. It runs beside collecting, on the connection that
writes, so what it may be is settled before: it is parsed, not searched for words.
"""

from __future__ import annotations

import polars as pl
import sqlglot
from sqlglot import exp

from analytics.store import PARAMETER
from warehouse.errors import ConfigurationError
from warehouse.interval import Interval, naive
from warehouse.writing import TIME_COLUMN, Transaction

COLUMNS = ("ts", "good", "total")
ALLOWED = frozenset(TIME_COLUMN) - {"sli_count"}


def tables_of(sli: str, sql: str) -> frozenset[str]:
    """The fact tables that the SELECT reads. Raises ConfigurationError naming what it may not do."""
    try:
        statements = [one for one in sqlglot.parse(sql, read="duckdb") if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise _refused(sli, f"is not SQL ({str(error).splitlines()[0]})") from error
    if len(statements) != 1:
        raise _refused(sli, f"has {len(statements)} statements where one is expected")
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise _refused(sli, f"is a {tree.key.upper()} where a SELECT is expected")
    if any(True for _ in tree.find_all(exp.Into, exp.Insert, exp.Update, exp.Delete, exp.Create)):
        raise _refused(sli, "writes")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = set()
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.db or table.catalog:
            raise _refused(sli, f"reads {table.sql('duckdb')}, which is not a fact table")
        tables.add(table.name)
    unknown = sorted(tables - own - ALLOWED)
    if unknown or not tables - own:
        what = f"reads {', '.join(unknown)}" if unknown else "reads no table"
        raise ConfigurationError(f"the SQL of indicator {sli} {what}", f"read {', '.join(sorted(ALLOWED))}")
    unknown = sorted(set(PARAMETER.findall(sql)) - {"since", "until"})
    if unknown:
        raise _refused(sli, f"uses ${unknown[0]}, which is not given; $since and $until are")
    return frozenset(tables - own)


def query_slices(tx: Transaction, sli: str, sql: str, days: Interval) -> pl.DataFrame:
    """Columns ts (start of a 5-minute bucket, naive UTC), good and total within `days`; rows of a bucket are added up.

    Raises ConfigurationError when the SELECT has other columns or fails.
    """
    tables_of(sli, sql)
    bounds = {"since": naive(days.start), "until": naive(days.end)}
    used = {name: bounds[name] for name in set(PARAMETER.findall(sql))}
    try:
        found = tx.query(f"SELECT ts, good, total FROM ({sql.rstrip().rstrip(';')}\n) AS made", used)
        return (
            found.select(
                pl.col("ts").cast(pl.Datetime("us")).dt.truncate("5m"),
                pl.col("good").cast(pl.Float64), pl.col("total").cast(pl.Float64),
            )
            .filter(pl.col("ts").is_between(bounds["since"], bounds["until"], closed="left"))
            .drop_nulls()
            .group_by("ts")
            .agg(pl.col("good").sum(), pl.col("total").sum())
        )  # fmt: skip
    except Exception as error:  # whatever a database or a type says of it is the user's to read
        raise _refused(sli, f"failed ({(str(error).splitlines() or [''])[0]})") from error


def _refused(sli: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the SQL of indicator {sli} {why}",
        "write one SELECT of ts, good and total over fact tables, with ts >= $since AND ts < $until",
    )
