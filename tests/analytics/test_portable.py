"""Analytics are written in the part of SQL that DuckDB runs as it is and Spark runs after sqlglot translated it.

That sqlglot raises nothing proves little: the constructs below were tried on Spark 4 and either fail there after a
silent translation or give other values. test_spark.py runs what is left.

- Fail on Spark after a translation that looks fine: ASOF joins, time_bucket, PIVOT and UNPIVOT, `* REPLACE`,
  `* EXCLUDE`, isinf, JSON casts and arrows, FROM before SELECT, quantile_cont, QUALIFY (passed through as it is).
- Other values without a word: list(... ORDER BY ...) loses its order, percentile_cont(...) WITHIN GROUP becomes
  PERCENTILE_APPROX, decimal literals such as 1000.0 make divisions DECIMAL with few digits (DuckDB: DOUBLE), casting a
  fraction to an integer truncates (DuckDB rounds).
- GROUP BY ALL works on both and is still left out, so that a text says what its rows are.
"""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from analytics.catalog import Analytic, catalog

SQL = tuple(one for one in catalog() if one.compute is None)

REFUSED_FUNCTIONS = frozenset(
    {
        "time_bucket", "date_bin", "isinf", "is_inf", "isnan", "list", "array_agg", "collect_list", "unnest", "explode",
        "string_agg", "group_concat", "quantile", "quantile_cont", "quantile_disc", "percentile_cont",
        "percentile_disc", "approx_quantile", "epoch", "strftime", "json_extract", "json_extract_string", "struct_pack",
        "columns", "generate_series", "range", "median", "mode",
    }
)  # fmt: skip
REFUSED_NODES: dict[str, tuple[type[exp.Expression], ...]] = {
    "PIVOT": (exp.Pivot,),
    "QUALIFY": (exp.Qualify,),
    "JSON access": (exp.JSONExtract, exp.JSONExtractScalar),
    "a list": (exp.Array, exp.ArrayAgg, exp.List, exp.Bracket, exp.Lambda),
    "ordered-set aggregate": (exp.WithinGroup, exp.PercentileCont, exp.PercentileDisc, exp.Quantile),
    "sampling": (exp.TableSample,),
    "a subquery in a lateral join": (exp.Lateral,),
}
DECIMAL_DIVISION = re.compile(r"[/*]\s*\d+\.\d+\b(?!e)")


def refused(text: str) -> list[str]:
    """What of `text` lies outside of the portable subset."""
    found = []
    tree = sqlglot.parse_one(text, read="duckdb")
    for name, kinds in REFUSED_NODES.items():
        found += [name for _ in tree.find_all(*kinds)]
    for function in tree.find_all(exp.Func):
        unknown = isinstance(function, exp.Anonymous)
        names = [function.name] if unknown else type(function).sql_names()
        found += sorted({name.lower() for name in names} & REFUSED_FUNCTIONS)
    for star in tree.find_all(exp.Star):
        found += [f"* {word}" for word in ("except_", "except", "replace", "rename") if star.args.get(word)]
    found += ["ASOF" for join in tree.find_all(exp.Join) if str(join.args.get("method") or "").upper() == "ASOF"]
    found += ["JSON cast" for cast in tree.find_all(exp.Cast) if cast.to.is_type("json")]
    for group in tree.find_all(exp.Group):
        found += ["GROUP BY ALL"] * bool(group.args.get("all"))
    bare = re.sub(r"/\*.*?\*/|--[^\n]*", "", text, flags=re.DOTALL).strip()
    if not re.match(r"(?i)(with|select)\b", bare):
        found.append("FROM before SELECT")
    if re.search(r"(?i)\b(asof|pivot|unpivot|qualify)\b|\(\s*from\b", re.sub(r"'[^']*'", "''", bare)):
        found.append("a keyword of DuckDB alone")
    return found + DECIMAL_DIVISION.findall(bare)


@pytest.mark.parametrize("analytic", SQL, ids=lambda one: one.name)
def test_every_text_is_in_the_portable_subset(analytic: Analytic) -> None:
    assert refused(analytic.text) == []


@pytest.mark.parametrize("analytic", SQL, ids=lambda one: one.name)
def test_every_text_is_one_statement_that_translates_to_spark(analytic: Analytic) -> None:
    translated = sqlglot.transpile(
        analytic.text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    assert len(translated) == 1
    assert "APPROX" not in translated[0].upper()
    assert isinstance(sqlglot.parse_one(translated[0], read="spark"), exp.Query)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t ASOF JOIN u ON t.ts >= u.ts",
        "SELECT time_bucket(INTERVAL 1 HOUR, ts) FROM t",
        "PIVOT t ON a USING sum(b)",
        "SELECT * REPLACE (1 AS a) FROM t",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1",
        "SELECT isinf(a) FROM t",
        "SELECT a::json FROM t",
        "SELECT a->>'$.b' FROM t",
        "SELECT list(a ORDER BY b) FROM t",
        "SELECT [1, 2] AS a FROM t",
        "FROM t SELECT a",
        "SELECT a FROM (FROM t)",
        "SELECT a, sum(b) FROM t GROUP BY ALL",
        "SELECT quantile_cont(a, 0.5) FROM t",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
        "SELECT a / 1000.0 FROM t",
    ],
)
def test_the_check_knows_what_it_refuses(text: str) -> None:
    assert refused(text)


def test_the_check_lets_the_ordinary_pass() -> None:
    assert refused("SELECT a, max(b) OVER (PARTITION BY c ORDER BY d) AS m FROM t WHERE q = 0.5 AND x < 0.05") == []
