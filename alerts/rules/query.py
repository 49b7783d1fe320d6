"""The SQL of a signal: one SELECT, its parameters, the tables that it reads."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp

PARAMETERS = frozenset({"since", "until"})


@lru_cache(maxsize=1024)
def _parsed(sql: str) -> exp.Expr:
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError(f"cannot be read as SQL: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ValueError("expected one SELECT")
    return statements[0]


def check_query(sql: str) -> None:
    """Raises ValueError unless it is one SELECT that takes $since and $until and nothing else."""
    taken = parameters(sql)
    for unknown in sorted(taken - PARAMETERS):
        raise ValueError(f"takes ${unknown}: expected only $since and $until")
    for missing in sorted(PARAMETERS - taken):
        raise ValueError(f"does not take ${missing}: expected ts >= $since AND ts < $until")


def parameters(sql: str) -> frozenset[str]:
    """Names of the parameters in the text, without the dollar."""
    return frozenset(one.name for one in _parsed(sql).find_all(exp.Placeholder))


@lru_cache(maxsize=1024)
def tables_of(sql: str) -> frozenset[str]:
    """The tables that it reads, those of its own WITH left out."""
    query = _parsed(sql)
    own = {one.alias for one in query.find_all(exp.CTE)}
    return frozenset(one.name for one in query.find_all(exp.Table) if one.name) - own
