"""Where computed tables rest between runs: the schema `analytic` of the warehouse, beside what they were computed from.

A daily table is replaced by day, every other one as a whole. The state of each analytic (a fingerprint of all that its
rows depend on besides facts, and the newest revision of facts that it has read) is written in the same transaction as
its rows, so a crash leaves either both or neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from analytics.catalog import Analytic
from warehouse.database import Warehouse
from warehouse.writing import Transaction

PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True, slots=True)
class State:
    """What an analytic's stored rows were computed from."""

    fingerprint: str
    revision: int


class Store:
    """Computed tables of one warehouse."""

    def __init__(self, warehouse: Warehouse, values: Mapping[str, Any]) -> None:
        self._warehouse = warehouse
        self._values = dict(values)
        with warehouse.transaction() as tx:
            tx.execute("CREATE SCHEMA IF NOT EXISTS analytic")
            tx.execute("SET search_path = 'main,analytic'")

    def states(self) -> dict[str, State]:
        rows = self._warehouse.query("SELECT analytic, fingerprint, revision FROM analytic_state").rows()
        return {name: State(fingerprint, revision) for name, fingerprint, revision in rows}

    def changed_days(self) -> dict[str, list[tuple[date, int]]]:
        """For each fact its days and the revision at which each last changed."""
        found: dict[str, list[tuple[date, int]]] = {}
        for fact, day, revision in self._warehouse.query("SELECT fact, day, revision FROM changed_day").rows():
            found.setdefault(fact, []).append((day, revision))
        return found

    def write_days(self, analytic: Analytic, days: list[date], state: State, now: datetime, *, fresh: bool) -> None:
        """Recompute the given days of a daily table; `fresh` forgets all others first."""
        with self._warehouse.transaction() as tx:
            if fresh:
                tx.execute(f"DROP TABLE IF EXISTS analytic.{analytic.name}")
                epoch = datetime(1970, 1, 1)
                self._create(tx, analytic, {"start": epoch, "end": epoch})
            for first, after in runs(days):
                bounds = {
                    "start": datetime.combine(first, datetime.min.time()),
                    "end": datetime.combine(after, datetime.min.time()),
                }
                tx.execute(
                    f"DELETE FROM analytic.{analytic.name} WHERE day >= $first AND day < $after",
                    {"first": first, "after": after},
                )
                tx.execute(
                    f"INSERT INTO analytic.{analytic.name} BY NAME {analytic.text}", self._used(analytic, bounds)
                )
            self._remember(tx, analytic, state, now)

    def write_whole(self, analytic: Analytic, state: State, now: datetime) -> None:
        """Recompute a whole table, by its SQL text or its Python function."""
        with self._warehouse.transaction() as tx:
            tx.execute(f"DROP TABLE IF EXISTS analytic.{analytic.name}")
            if analytic.compute is None:
                self._create(tx, analytic, {})
            else:
                frame = analytic.compute({table: tx.query(f'SELECT * FROM "{table}"') for table in analytic.reads})
                with tx.frames(computed=frame):
                    tx.execute(f"CREATE TABLE analytic.{analytic.name} AS SELECT * FROM computed")
            self._remember(tx, analytic, state, now)

    def _create(self, tx: Transaction, analytic: Analytic, extra: Mapping[str, Any]) -> None:
        tx.execute(f"CREATE TABLE analytic.{analytic.name} AS {analytic.text}", self._used(analytic, extra))

    def _used(self, analytic: Analytic, extra: Mapping[str, Any]) -> dict[str, Any]:
        every = {**self._values, **extra}
        return {name: every[name] for name in set(PARAMETER.findall(analytic.text))}

    def _remember(self, tx: Transaction, analytic: Analytic, state: State, now: datetime) -> None:
        tx.execute("DELETE FROM analytic_state WHERE analytic = $name", {"name": analytic.name})
        tx.execute(
            "INSERT INTO analytic_state VALUES ($name, $fingerprint, $revision, $now)",
            {"name": analytic.name, "fingerprint": state.fingerprint, "revision": state.revision, "now": now},
        )

    def table(self, name: str) -> pl.DataFrame:
        return self._warehouse.query(f'SELECT * FROM analytic."{name}"')


def runs(days: list[date]) -> list[tuple[date, date]]:
    """Neighbouring days as half-open ranges, so that a month is one statement and not thirty."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if ranges and ranges[-1][1] == day:
            ranges[-1] = (ranges[-1][0], day + timedelta(days=1))
        else:
            ranges.append((day, day + timedelta(days=1)))
    return ranges
