"""Every SQL analytic gives the rows of its cases on Spark too, after sqlglot translated it.

An opt-in job, as it needs Java 17 and pyspark, which the product does not depend on. Rows go in and out as text, cast
by Spark itself, so that no time zone of this process takes part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot

from analytic_cases import Case, Row, analytics_by_name, cases, differences, typed, types, used, with_constants

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed; this job is opt-in")

pytestmark = pytest.mark.spark

SPARK_TYPE = {"VARCHAR": "STRING", "INTEGER": "INT"}
SQL_CASES = tuple(case for case in cases() if analytics_by_name()[case.analytic].compute is None)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.mark.parametrize("case", SQL_CASES, ids=str)
def test_spark_gives_the_rows_worked_out_by_hand(case: Case, spark: Any) -> None:
    analytic = analytics_by_name()[case.analytic]
    tables = with_constants(case)
    for table in analytic.reads:
        _view(spark, table, tables.get(table, []))
    (text,) = sqlglot.transpile(
        analytic.text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False
    )
    arguments = {name: _argument(value) for name, value in used(analytic, case.parameters).items()}
    kinds = types()[case.analytic]
    rows = _collect(spark.sql(text, args=arguments), kinds)
    wrong = list(differences(case.expected, rows, kinds))
    assert not wrong, "\n".join([case.what, *wrong, text])


def _view(spark: Any, table: str, rows: Sequence[Row]) -> None:
    """The rows as a temporary view with the types that the warehouse has."""
    kinds = types()[table]
    texts = [tuple(_text(row.get(column), kind) for column, kind in kinds.items()) for row in rows]
    frame = spark.createDataFrame(texts, ", ".join(f"`{column}` STRING" for column in kinds))
    casts = [f"CAST(`{column}` AS {SPARK_TYPE.get(kind, kind)}) AS `{column}`" for column, kind in kinds.items()]
    frame.selectExpr(*casts).createOrReplaceTempView(table)


def _text(value: Any, kind: str) -> str | None:
    value = typed(value, kind)
    if value is None:
        return None
    return repr(value) if isinstance(value, float) else str(value)


def _argument(value: Any) -> Any:
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        return moment.replace(tzinfo=UTC)  # a naive one would be read in this machine's time zone
    return value


def _collect(frame: Any, kinds: Mapping[str, str]) -> list[Row]:
    assert set(frame.columns) == set(kinds), "other columns than DuckDB gives"
    text = frame.selectExpr(*(f"CAST(`{column}` AS STRING) AS `{column}`" for column in kinds))
    return [{column: _parsed(row[column], kind) for column, kind in kinds.items()} for row in text.collect()]


def _parsed(text: str | None, kind: str) -> Any:
    if text is None or kind == "VARCHAR":
        return text
    if kind == "BOOLEAN":
        return text == "true"
    parsers: dict[str, Any] = {"DOUBLE": float, "DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat}
    return Decimal(text) if kind.startswith("DECIMAL") else parsers.get(kind, int)(text)
