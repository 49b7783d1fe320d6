"""The Airflow source: what changed since the last pass joins the history, and the facts of those runs are made anew.

Airflow tells no time of change, and clearing a run rewrites its past. So the watermark is our own request time, answers
are only ever added (`raw_document`), and facts are always made from all that was seen of a run: history, facts and
watermark of a window in one transaction. Runs that were deleted on the server stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

from collector.airflow.api import AirflowApi
from collector.airflow.documents import RUN, TASK, TRY, kept, run_key, try_key
from collector.airflow.settings import AirflowSettings
from collector.rest.pagers import Row
from collector.source import Collected, Progress
from warehouse.database import Warehouse
from warehouse.interval import Interval, isoformat, naive, parse_utc
from warehouse.writing import Transaction

STREAM = "runs"
WINDOW = timedelta(days=7)
"""How much of a backfill is held in memory and stored at once."""


class AirflowSource:
    """One configured server."""

    def __init__(self, settings: AirflowSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def check(self) -> list[str]:
        """Version and health of the server, the DAGs of each kind, and patterns that match none."""
        with AirflowApi(self._settings) as api:
            lines = [f"Airflow {api.version()} at {self._settings.url}"]
            lines += [f"{name} is {status}" for name, status in api.health().items() if status != "healthy"]
            dags = api.dags()
        pipelines = self._settings.pipelines
        for kind in ("training", "deployment", "other"):
            names = sorted(dag for dag in dags if pipelines.kind(dag) == kind)
            lines.append(f"{kind}: {len(names)} DAGs{': ' + ', '.join(names[:10]) if names else ''}")
        return lines + [f"pattern {pattern!r} matches no DAG" for pattern in pipelines.unmatched(dags)]

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """See `collector.source.Source`. An interval takes the runs that were due in it (`run_after`)."""
        known = warehouse.watermark(self.name, STREAM)
        since = known.replace(tzinfo=UTC) - self._settings.overlap if known else now - self._settings.backfill
        whole = interval or Interval(min(since, now), now)
        windows = self._windows(whole, by_change=interval is None and known is not None)
        rows = 0
        with AirflowApi(self._settings) as api:
            for number, window in enumerate(windows, start=1):
                progress(f"{self.name}: since {window.start:%Y-%m-%d %H:%M}", (number - 1) / len(windows))
                answers = self._ask(warehouse, api, window)
                with warehouse.transaction() as tx:
                    rows += self._store(tx, answers, now, again=interval is not None)
                    if number == len(windows):
                        self._advance(tx, interval, whole, known, now)
        with warehouse.transaction() as tx:
            rows += self._reclassify(tx)
        progress(f"{self.name}: done", 1.0)
        return Collected(self.name, whole, rows, tuple(self._notes(warehouse)))

    def _windows(self, interval: Interval, *, by_change: bool) -> list[_Window]:
        """All that changed since; or, where that would be everything, runs by the day they were due."""
        if by_change:
            return [_Window(interval.start, {"updated_at_gte": isoformat(interval.start)})]
        return [
            _Window(day.start, {"run_after_gte": isoformat(day.start), "run_after_lt": isoformat(day.end)})
            for day in interval.split(WINDOW)
        ]

    def _ask(self, warehouse: Warehouse, api: AirflowApi, window: _Window) -> _Answers:
        """The runs of a window with all of their tasks that are news to us, and the tries behind those."""
        runs, tasks = api.runs(window.filters), api.task_instances(window.filters)
        stored = _stored_runs(warehouse, self.name)
        listed, with_tasks = {run_key(row) for row in runs}, {run_key(row) for row in tasks}
        old = {run_key(row): row for row in tasks if run_key(row) not in listed | stored}
        found = [api.run(row["dag_id"], row["dag_run_id"]) for row in old.values()]
        runs += [run for run in found if run is not None]
        for run in runs:  # one from before the first collection was changed: its other tasks were not
            key = run_key(run)
            if key not in stored and (key not in with_tasks or parse_utc(run["run_after"]) < window.start):
                tasks += api.task_instances({}, run["dag_id"], run["dag_run_id"])
        tries = [one for task in tasks if task["try_number"] > 1 for one in api.tries(task)]
        return _Answers(runs, tasks, tries)

    def _store(self, tx: Transaction, answers: _Answers, now: datetime, *, again: bool) -> int:
        """Add answers to the history; make the facts of the runs with news, of all of them when `again`."""
        tx.append_documents(self.name, RUN, [(run_key(row), kept(row)) for row in answers.runs], now)
        tx.append_documents(self.name, TASK, [(try_key(row), kept(row)) for row in answers.tasks], now)
        tx.append_documents(self.name, TRY, [(try_key(row), kept(row)) for row in answers.tries], now)
        asked = {run_key(row) for row in (*answers.runs, *answers.tasks)}
        return self._facts(tx, asked if again else asked & _news(tx, self.name, now))

    def _facts(self, tx: Transaction, touched: set[str]) -> int:
        """Make run and task facts of `touched` from the history; returns their number."""
        if not touched:
            return 0
        dags = sorted({key.partition("/")[0] for key in touched})
        kinds = pl.DataFrame({"pipeline": dags, "kind": [self._settings.pipelines.kind(dag) for dag in dags]})
        keys = ["source", "system", "pipeline", "run_id"]
        with tx.frames(touched=pl.DataFrame({"run": sorted(touched)}), kind=kinds, **_states()):
            tasks = tx.query(_statement("pipeline_task"), {"source": self.name})
            with tx.frames(task=tasks):
                parameters = {"source": self.name, "train_task": self._settings.train_task}
                runs = tx.query(_statement("pipeline_run"), parameters)
        tx.replace_rows("pipeline_task", keys, tasks)
        tx.replace_rows("pipeline_run", keys, runs)
        return tasks.height + runs.height

    def _advance(
        self, tx: Transaction, interval: Interval | None, whole: Interval, known: datetime | None, now: datetime
    ) -> None:
        """A given interval extends the watermark backwards only: it must not hide a change that was not asked for."""
        covered = whole
        if interval is not None:
            if known is None or interval.start >= known.replace(tzinfo=UTC):
                return
            covered = Interval(interval.start, min(interval.end, known.replace(tzinfo=UTC)))
        for fact in self._settings.facts:
            tx.advance(self.name, STREAM, fact, covered, now)

    def _reclassify(self, tx: Transaction) -> int:
        """Runs whose pipeline is of another kind since the configuration changed get their facts anew."""
        rows = tx.query(
            "SELECT pipeline, kind, run_id FROM pipeline_run WHERE source = $source", {"source": self.name}
        ).iter_rows()
        kind = cache(self._settings.pipelines.kind)
        return self._facts(tx, {f"{pipeline}/{run}" for pipeline, old, run in rows if kind(pipeline) != old})

    def _notes(self, warehouse: Warehouse) -> Iterator[str]:
        stored = {key.partition("/")[0] for key in _stored_runs(warehouse, self.name)}
        for pattern in self._settings.pipelines.unmatched(stored):
            yield f"no run of a DAG like {pattern!r} was ever collected"


@dataclass(frozen=True, slots=True)
class _Window:
    """A question to the server: its filters, and the time before which a run is older than the question."""

    start: datetime
    filters: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class _Answers:
    runs: list[Row]
    tasks: list[Row]
    tries: list[Row]


def _stored_runs(warehouse: Warehouse, source: str) -> set[str]:
    rows = warehouse.query(
        "SELECT DISTINCT natural_id FROM raw_document WHERE source = $source AND kind = $kind",
        {"source": source, "kind": RUN},
    )
    return set(rows["natural_id"])


def _news(tx: Transaction, source: str, now: datetime) -> set[str]:
    """The runs of which this pass saw something new."""
    rows = tx.query(
        "SELECT DISTINCT CASE WHEN kind = $run THEN natural_id "
        "ELSE regexp_replace(natural_id, '(/[^/]+){3}$', '') END AS run "
        "FROM raw_document WHERE source = $source AND observed_at = $now",
        {"source": source, "run": RUN, "now": naive(now)},
    )
    return set(rows["run"])


@cache
def _states() -> dict[str, pl.DataFrame]:
    table = yaml.safe_load((files("collector.airflow") / "states.yaml").read_text(encoding="utf-8"))
    return {
        f"{what}_state": pl.DataFrame({"airflow": list(states), "state": list(states.values())})
        for what, states in table.items()
    }


@cache
def _statement(table: str) -> str:
    return (files("collector.airflow") / "facts" / f"{table}.sql").read_text(encoding="utf-8")


SOURCE = AirflowSource
