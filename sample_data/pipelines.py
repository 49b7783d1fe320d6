"""The pipelines of the platform: every run of every DAG as a timeline, and the GPUs that its train task takes.

A timeline is complete whatever the time is; what an API shows of it at a moment is the API's business. Runs of a DAG
never overlap (max_active_runs is 1), and each training DAG has its own GPUs, so no scheduler is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sample_data.calendar import Calendar, weekday
from sample_data.fleet import Device
from sample_data.grid import DAY, HOUR, random

State = Literal["success", "failed", "skipped", "upstream_failed"]
Outcome = Literal["success", "failed", "retried", "skipped"]


@dataclass(frozen=True, slots=True)
class Dag:
    """A pipeline: `tasks` in order with their usual minutes, `hour` UTC of its start, `days` of the week (0 Monday).

    `node` and `devices` are what the train task takes (training only). `failure` and `retry` are the shares of runs
    that fail and that need a second try.
    """

    name: str
    team: str
    namespace: str
    tasks: tuple[tuple[str, float], ...]
    hour: float
    days: frozenset[int]
    node: str | None = None
    devices: tuple[Device, ...] = ()
    failure: float = 0.04
    retry: float = 0.06
    max_tries: int = 1
    heavy: str = "train"


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of a task; all times epoch seconds. `scheduled` <= `queued` <= `start` <= `end`."""

    number: int
    scheduled: float
    queued: float
    start: float
    end: float
    state: State


@dataclass(frozen=True, slots=True)
class Task:
    """A task instance of a run. Without tries it never started: it takes its `state` at `decided`."""

    name: str
    position: int
    tries: tuple[Try, ...]
    state: State
    decided: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a DAG; `number` counts from the platform's start."""

    dag: Dag
    number: int
    scheduled: int
    queued: float
    start: float
    end: float
    state: State
    tasks: tuple[Task, ...]


def _devices(*gpus: int) -> tuple[Device, ...]:
    return tuple((gpu, None) for gpu in gpus)


def _training(minutes: float) -> tuple[tuple[str, float], ...]:
    return ("extract", 12.0), ("train", minutes), ("register", 3.0)


EVERY_DAY, WORKDAYS = frozenset(range(7)), frozenset(range(5))
DEPLOYING = (("build", 9.0), ("canary", 30.0), ("promote", 4.0))

DAGS = (
    Dag("train_fraud", "risk", "risk", _training(420), 2, EVERY_DAY, "ust1-h100-01", _devices(0, 1)),
    Dag("train_ranker", "search", "search", _training(900), 4, EVERY_DAY, "ust1-h100-01", _devices(2, 3, 4, 5)),
    Dag("train_chat_lora", "assistant", "assistant", _training(900), 8, EVERY_DAY, "ust1-h100-02",
        _devices(0, 1, 2, 3)),
    Dag("train_foundation", "research", "research", _training(5400), 6, frozenset({0}), "ust1-h100-02",
        _devices(4, 5, 6, 7), failure=0.0),
    Dag("train_image_tagger", "vision", "vision", _training(1000), 0, EVERY_DAY, "ust1-a100-01", _devices(0, 1, 2, 3)),
    Dag("train_embedding", "search", "search", _training(600), 5, EVERY_DAY, "ust1-a100-01", _devices(4, 5)),
    Dag("deploy_chat", "assistant", "assistant", DEPLOYING, 14, frozenset({1, 3}), max_tries=0, heavy="canary",
        failure=0.12),
    Dag("deploy_fraud", "risk", "risk", DEPLOYING, 15, frozenset({0, 2, 4}), max_tries=0, heavy="canary"),
    Dag("deploy_search", "search", "search", DEPLOYING, 9.5, WORKDAYS, max_tries=0, heavy="canary", failure=0.1),
)  # fmt: skip

BROKEN = "train_embedding"


def all_runs(calendar: Calendar, start: int, end: int, seed: int) -> tuple[Run, ...]:
    """Every run scheduled in [start, end), in the order in which they are due."""
    runs = [run for dag in DAGS for run in _runs(dag, calendar, start, end, seed)]
    return tuple(sorted(runs, key=lambda run: (run.scheduled, run.dag.name)))


def _runs(dag: Dag, calendar: Calendar, start: int, end: int, seed: int) -> list[Run]:
    runs: list[Run] = []
    free = 0.0
    for day in range(start // DAY * DAY, end, DAY):
        due = day + int(dag.hour * HOUR)
        if weekday(day) in dag.days and start <= due < end:
            run = _run(dag, len(runs), due, free, calendar, seed)
            free = run.end + 60
            runs.append(run)
    return runs


def _run(dag: Dag, number: int, due: int, free: float, calendar: Calendar, seed: int) -> Run:
    rng = random(seed, "run", dag.name, due)
    outcome = _outcome(dag, due, calendar, rng)
    queued = max(due + rng.uniform(0.3, 2.5), free)
    start = queued + rng.uniform(0.4, 1.2)
    tasks: list[Task] = []
    at, state = start, "success"
    for position, (name, minutes) in enumerate(dag.tasks):
        if state != "success":
            tasks.append(Task(name, position, (), "skipped" if state == "skipped" else "upstream_failed", at + 1.5))
            continue
        task = _task(dag, name, position, minutes, at, outcome if name == dag.heavy else "success", calendar, rng)
        tasks.append(task)
        at, state = task.decided, task.state
    ended = max(task.decided for task in tasks) + rng.uniform(0.6, 1.6)
    return Run(dag, number, due, queued, start, ended, "failed" if state == "failed" else "success", tuple(tasks))


def _outcome(dag: Dag, due: int, calendar: Calendar, rng: np.random.Generator) -> Outcome:
    drawn = rng.random()
    if dag.name == BROKEN and due >= calendar.broken_training:
        return "failed" if drawn < 0.85 else "retried"
    if drawn < dag.failure:
        return "failed"
    if drawn < dag.failure + dag.retry:
        return "retried" if dag.max_tries else "success"
    return "skipped" if dag.node and drawn > 0.985 else "success"


def _task(
    dag: Dag, name: str, position: int, minutes: float, at: float, outcome: Outcome, calendar: Calendar,
    rng: np.random.Generator,
) -> Task:  # fmt: skip
    plan: list[tuple[State, float]] = {
        "success": [("success", 1.0)],
        "skipped": [("skipped", 0.002)],
        "retried": [("failed", 0.3), ("success", 1.0)],
        "failed": [("failed", 0.3)] * (dag.max_tries + 1),
    }[outcome]  # type: ignore[assignment]
    lost = calendar.node_not_ready if dag.node == "ust1-a100-01" and name == dag.heavy else None
    tries: list[Try] = []
    while plan:
        state, share = plan.pop(0)
        scheduled = at + rng.uniform(0.1, 0.8)
        queued = scheduled + rng.uniform(0.3, 1.5)
        waited = rng.gamma(2.0, 60.0) if dag.node and name == dag.heavy else rng.gamma(2.0, 4.0)
        start = queued + waited
        if lost and lost[0] <= start < lost[1]:
            start = lost[1] + waited
        end = start + minutes * 60 * share * rng.uniform(0.85, 1.2)
        if lost and start < lost[0] < end:  # the node goes away under it, and Airflow tries again once
            end, state = lost[0] + 300.0, "failed"
            plan = [("success", 1.0)] if not tries and dag.max_tries else []
        tries.append(Try(len(tries) + 1, scheduled, queued, start, end, state))
        at = end + (300.0 if plan else 0.0)
    return Task(name, position, tuple(tries), tries[-1].state, tries[-1].end)
