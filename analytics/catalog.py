"""All analytics that there are, in the order in which they can be computed."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

import polars as pl
import sqlglot
from sqlglot import exp

from analytics.head import DefectiveAnalytic, Head, parse

Compute = Callable[[Mapping[str, pl.DataFrame]], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Analytic:
    """One question: its name (the file's stem, also the name of its table), head, text and the tables it reads."""

    name: str
    topic: str
    head: Head
    text: str
    reads: frozenset[str]
    compute: Compute | None = None

    @property
    def every(self) -> timedelta:
        return self.head.every

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def catalog() -> tuple[Analytic, ...]:
    """Every analytic, each after those that it reads. Raises DefectiveAnalytic (bad head, cycle, name used twice)."""
    found: dict[str, Analytic] = {}
    for topic in sorted(files("analytics").iterdir(), key=lambda entry: entry.name):
        if not topic.is_dir() or topic.name.startswith("_") or topic.joinpath("__init__.py").is_file():
            continue
        for file in sorted(topic.iterdir(), key=lambda entry: entry.name):
            analytic = _load(topic.name, file)
            if analytic is None:
                continue
            if analytic.name in found:
                raise DefectiveAnalytic(f"two analytics are named {analytic.name}")
            found[analytic.name] = analytic
    graph = {name: {table for table in one.reads if table in found} for name, one in found.items()}
    try:
        order = list(TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order())
    except CycleError as error:
        raise DefectiveAnalytic(f"analytics read each other in a circle: {' -> '.join(error.args[1])}") from error
    return tuple(found[name] for name in order)


def _load(topic: str, file: Traversable) -> Analytic | None:
    name, _, suffix = file.name.rpartition(".")
    if suffix == "sql":
        text = file.read_text()
        return Analytic(name, topic, parse(text, f"{topic}/{file.name}"), text, tables_read(text))
    if suffix == "py" and not name.startswith("_"):
        text = file.read_text()
        docstring = ast.get_docstring(ast.parse(text), clean=True) or ""
        head = parse(docstring, f"{topic}/{file.name}")
        compute: Compute = import_module(f"analytics.{topic}.{name}").compute
        return Analytic(name, topic, head, text, frozenset(head.reads), compute)
    return None


def tables_read(sql: str) -> frozenset[str]:
    """The names of the tables that a SELECT reads, its own common table expressions left out."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table)) - own
