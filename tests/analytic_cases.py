"""Golden cases of analytics: what a case is, the types of its tables, and how its rows are compared.

A case file is tests/analytics/cases/<topic>/<analytic>.yaml: YAML documents, each with `what` (the rule that it holds
to), `source` (where the expected numbers come from), `tables` (input rows, only the columns that matter, others are
null), `parameters` (over the defaults of parameters.yaml) and `expected` (rows; a column left out is expected to be
null). A double may be written as a fraction in quotes ("3600/7"), a decimal as a string.

Types come from the migrations for facts and inventory, and from the analytics themselves, run on empty tables, for what
they compute. Nothing here computes an expected value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from analytics.catalog import Analytic, catalog
from analytics.parameters import parameters
from analytics.store import PARAMETER
from warehouse import migration
from warehouse.writing import Transaction

ROOT = Path(__file__).parent / "analytics" / "cases"
TOLERANCE = 1e-12
EPOCH = datetime(1970, 1, 1)
ABSENT_CLOCK = {"now": EPOCH, "start": EPOCH, "end": EPOCH}

Row = dict[str, Any]
Types = dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One worked example of one analytic."""

    analytic: str
    number: int
    what: str
    source: str
    expected: tuple[Row, ...]
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.analytic}-{self.number}"


@cache
def cases() -> tuple[Case, ...]:
    """Every case below tests/analytics/cases. A key that is missing or unknown raises TypeError."""
    found = []
    for file in sorted(ROOT.glob("*/*.yaml")):
        for number, document in enumerate(yaml.safe_load_all(file.read_text()), start=1):
            document["expected"] = tuple(document["expected"])
            found.append(Case(analytic=file.stem, number=number, **document))
    return tuple(found)


@cache
def analytics_by_name() -> dict[str, Analytic]:
    return {one.name: one for one in catalog()}


@cache
def types() -> dict[str, Types]:
    """Column -> DuckDB type of every table: facts, inventory, and what each analytic computes from nothing."""
    with duckdb.connect() as connection:
        migration.migrate(connection)
        connection.execute("CREATE TABLE quantile (q DOUBLE)")
        for analytic in catalog():
            _materialise(connection, analytic, used(analytic, {}))
        rows = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    found: dict[str, Types] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def used(analytic: Analytic, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the analytic's text names, as the runner would bind them."""
    every = {**parameters().values(EPOCH), **ABSENT_CLOCK, **overrides}
    return {name: every[name] for name in sorted(set(PARAMETER.findall(analytic.text)))} if not analytic.compute else {}


def with_constants(case: Case) -> dict[str, Sequence[Row]]:
    """The case's tables, and what is the same for all: the quantiles of parameters.yaml and the four layers."""
    default: dict[str, Sequence[Row]] = {
        "quantile": [{"q": q} for q in parameters().quantiles],
        "layer": [{"layer": name, "depth": d} for d, name in enumerate(("gateway", "mesh", "proxy", "engine"), 1)],
    }
    return {**default, **case.tables}


def run_on_duckdb(case: Case) -> tuple[Types, list[Row]]:
    """The types and rows that the analytic of `case` computes on an in-memory DuckDB."""
    analytic = analytics_by_name()[case.analytic]
    tables = with_constants(case)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in analytic.reads:
            columns = ", ".join(f'"{column}" {kind}' for column, kind in types()[table].items())
            connection.execute(f'CREATE TABLE "{table}" ({columns})')
            for row in tables.get(table, []):
                names = ", ".join(f'"{column}"' for column in row)
                values = [typed(value, types()[table][column]) for column, value in row.items()]
                connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', values)
        _materialise(connection, analytic, used(analytic, case.parameters))
        cursor = connection.execute(f'SELECT * FROM "{analytic.name}"')
        result = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(result, row, strict=True)) for row in cursor.fetchall()]
    return types()[analytic.name], rows


def _materialise(connection: duckdb.DuckDBPyConnection, analytic: Analytic, values: Mapping[str, Any]) -> None:
    if analytic.compute is None:
        Transaction(connection).execute(f'CREATE TABLE "{analytic.name}" AS {analytic.text}', values)
        return
    transaction = Transaction(connection)
    frame = analytic.compute({table: transaction.query(f'SELECT * FROM "{table}"') for table in analytic.reads})
    with transaction.frames(computed=frame):
        transaction.execute(f'CREATE TABLE "{analytic.name}" AS SELECT * FROM computed')


def typed(value: Any, kind: str) -> Any:
    """A YAML value as the Python value of a DuckDB type. Raises ValueError where it is not one."""
    if value is None:
        return None
    if kind == "DOUBLE":
        return float(Fraction(value)) if isinstance(value, str) else float(value)
    if kind.startswith("DECIMAL"):
        return Decimal(str(value))
    if kind == "TIMESTAMP" and isinstance(value, date):
        return value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
    fitting = {"DATE": date, "BOOLEAN": bool, "VARCHAR": str}.get(kind, int)
    if not isinstance(value, fitting) or (fitting is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is no {kind}")
    return value


def differences(expected: Sequence[Row], actual: Sequence[Row], kinds: Types) -> Iterator[str]:
    """What is missing or too much, regardless of order: one line a row. Nothing when the rows agree."""
    wanted = [{column: typed(row.get(column), kind) for column, kind in kinds.items()} for row in expected]
    left = list(actual)
    for row in wanted:
        match = next((one for one in left if _agree(row, one, kinds)), None)
        if match is None:
            yield f"missing: {row}"
        else:
            left.remove(match)
    yield from (f"not expected: {row}" for row in left)


def _agree(wanted: Row, actual: Row, kinds: Types) -> bool:
    return wanted.keys() == actual.keys() and all(
        _equal(wanted[column], actual[column], kind) for column, kind in kinds.items()
    )


def _equal(wanted: Any, actual: Any, kind: str) -> bool:
    if wanted is None or actual is None:
        return wanted is actual
    if kind == "DOUBLE":
        return math.isclose(wanted, float(actual), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(wanted == actual)
