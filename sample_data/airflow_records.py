"""The pipeline timelines as Airflow 3 shows them at a moment: runs, task instances and tries, key for key.

`now` is an argument, in epoch seconds: what lies after it has not happened. As on the real server a record has no
`updated_at`, though one can filter by it; a task instance shows its last try only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from sample_data.grid import utc
from sample_data.pipelines import DAGS, Dag, Run, Task, Try

Body = dict[str, Any]

LABEL_LENGTH = 63
"""Characters that Kubernetes allows in the value of a label."""


@dataclass(frozen=True, slots=True)
class Record:
    """One answer object, with `number` (its database id, from 1) and `updated_at` in epoch seconds."""

    number: int
    updated_at: float
    body: Body


def moment(seconds: float | None) -> str | None:
    """Epoch seconds as Airflow prints times: microseconds only when there are some, and a Z."""
    return None if seconds is None else utc(round(seconds, 6)).isoformat().replace("+00:00", "Z")


def run_id(run: Run) -> str:
    """The id of a scheduled run."""
    return f"scheduled__{utc(run.scheduled).isoformat()}"


def pod_labels(run: Run, task: str, attempt: int) -> dict[str, str]:
    """The labels that KubernetesPodOperator gives the pod of a try."""
    return {
        "dag_id": label_value(run.dag.name), "task_id": label_value(task), "run_id": label_value(run_id(run)),
        "try_number": str(attempt), "kubernetes_pod_operator": "True",
    }  # fmt: skip


def label_value(text: str) -> str:
    """A text as Airflow makes it fit for a label: what Kubernetes refuses is dropped, then a hash tells it apart."""
    safe = re.sub(r"^[^a-z0-9A-Z]*|[^a-zA-Z0-9_\-\.]|[^a-z0-9A-Z]*$", "", text)
    if safe == text and len(safe) <= LABEL_LENGTH:
        return safe
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()[:9]
    return f"{safe[: LABEL_LENGTH - len(digest) - 1]}-{digest}"


def dag_runs(runs: tuple[Run, ...], now: float) -> list[Record]:
    """The runs that exist at `now`, in the order in which they were made."""
    return [_dag_run(number, run, now) for number, run in enumerate(_known(runs, now), start=1)]


def task_instances(runs: tuple[Run, ...], now: float) -> list[Record]:
    """The task instances of the runs that exist at `now`."""
    pairs = [(run, task) for run in _known(runs, now) for task in run.tasks]
    return [_task_instance(number, run, task, now) for number, (run, task) in enumerate(pairs, start=1)]


def tries(run: Run, task: Task, now: float) -> list[Body]:
    """Every try of a task that has begun at `now`; a task that never started shows itself once, as try 0."""
    begun: list[Try | None] = [attempt for attempt in task.tries if attempt.scheduled <= now]
    return [
        {**_identity(run, task), **_attempt(task, attempt, now), **_place(run, task, attempt, now)}
        for attempt in begun or [None]
    ]


def dags(now: float) -> list[Record]:
    """All pipelines, by name."""
    ordered = sorted(DAGS, key=lambda dag: dag.name)
    return [Record(number, now, _dag(dag, now)) for number, dag in enumerate(ordered, start=1)]


def _known(runs: tuple[Run, ...], now: float) -> Iterator[Run]:
    return (run for run in sorted(runs, key=lambda run: run.queued) if run.queued <= now)


def _version(dag: Dag) -> Body:
    return {
        "id": str(uuid5(NAMESPACE_DNS, f"version.{dag.name}")), "version_number": 1, "dag_id": dag.name,
        "bundle_name": "dags-folder", "bundle_version": None, "created_at": "2026-01-05T09:00:00.125000Z",
        "dag_display_name": dag.name, "bundle_url": None,
    }  # fmt: skip


def _dag_run(number: int, run: Run, now: float) -> Record:
    started, ended = run.start <= now, run.end <= now
    passed = [run.queued, run.start, run.end, *(task.decided for task in run.tasks)]
    updated = max(at for at in passed if at <= now)
    body: Body = {
        "dag_run_id": run_id(run), "dag_id": run.dag.name, "logical_date": moment(run.scheduled),
        "queued_at": moment(run.queued), "start_date": moment(run.start) if started else None,
        "end_date": moment(run.end) if ended else None,
        "duration": round(run.end - run.start, 6) if ended else None,
        "data_interval_start": moment(run.scheduled), "data_interval_end": moment(run.scheduled),
        "run_after": moment(run.scheduled), "last_scheduling_decision": moment(updated) if started else None,
        "run_type": "scheduled", "state": run.state if ended else "running" if started else "queued",
        "triggered_by": "timetable", "triggering_user_name": None, "conf": {}, "note": None,
        "dag_versions": [_version(run.dag)], "bundle_version": None, "dag_display_name": run.dag.name,
        "partition_key": None, "partition_date": None,
    }  # fmt: skip
    return Record(number, updated, body)


def _identity(run: Run, task: Task) -> Body:
    return {"task_id": task.name, "dag_id": run.dag.name, "dag_run_id": run_id(run), "map_index": -1}


def _attempt(task: Task, attempt: Try | None, now: float) -> Body:
    """Times and state of one try; of a task without tries, the state that the scheduler gave it."""
    if attempt is None:
        decided = not task.tries and task.decided <= now
        at = moment(task.decided) if decided else None
        return {
            "start_date": at, "end_date": at, "duration": 0.0 if decided else None,
            "state": task.state if decided else None, "try_number": 0,
        }  # fmt: skip
    ended, started = attempt.end <= now, attempt.start <= now
    waiting = "queued" if attempt.queued <= now else "scheduled"
    state: str = attempt.state if ended else "running" if started else waiting
    return {
        "start_date": moment(attempt.start) if started else None, "end_date": moment(attempt.end) if ended else None,
        "duration": round(attempt.end - attempt.start, 6) if ended else None, "state": state,
        "try_number": attempt.number,
    }  # fmt: skip


def _place(run: Run, task: Task, attempt: Try | None, now: float) -> Body:
    started = attempt is not None and attempt.start <= now
    return {
        "max_tries": run.dag.max_tries, "task_display_name": task.name, "dag_display_name": run.dag.name,
        "hostname": f"airflow-worker-{run.number % 3}" if started else "", "unixname": "airflow",
        "pool": "default_pool", "pool_slots": 1, "queue": "default", "priority_weight": len(run.tasks) - task.position,
        "operator": "_PythonDecoratedOperator", "operator_name": "@task",
        "queued_when": moment(attempt.queued) if attempt and attempt.queued <= now else None,
        "scheduled_when": moment(attempt.scheduled) if attempt else None,
        "pid": 1000 + run.number % 30000 if started else None, "executor": None, "executor_config": "{}",
        "dag_version": _version(run.dag),
    }  # fmt: skip


def _task_instance(number: int, run: Run, task: Task, now: float) -> Record:
    begun = [attempt for attempt in task.tries if attempt.scheduled <= now]
    last = begun[-1] if begun else None
    attempt = _attempt(task, last, now)
    if last and attempt["state"] == "failed" and last is not task.tries[-1]:
        attempt["state"] = "up_for_retry"
    key = f"{task.name}.{run.dag.name}.{run.scheduled}.{attempt['try_number']}"
    body = {
        "id": str(uuid5(NAMESPACE_DNS, key)), **_identity(run, task), "logical_date": moment(run.scheduled),
        "run_after": moment(run.scheduled), **attempt, **_place(run, task, last, now), "note": None,
        "rendered_map_index": None,
        "rendered_fields": {"templates_dict": None, "op_args": [], "op_kwargs": {}} if attempt["start_date"] else {},
        "trigger": None, "triggerer_job": None,
    }  # fmt: skip
    moments = [at for one in begun for at in (one.scheduled, one.queued, one.start, one.end) if at <= now]
    if not task.tries and task.decided <= now:
        moments.append(task.decided)
    return Record(number, max(moments, default=run.queued), body)


def _dag(dag: Dag, now: float) -> Body:
    days = "*" if len(dag.days) == 7 else ",".join(str((day + 1) % 7) for day in sorted(dag.days))
    schedule = f"{int(dag.hour % 1 * 60)} {int(dag.hour)} * * {days}"
    return {
        "dag_id": dag.name, "dag_display_name": dag.name, "is_paused": False, "is_stale": False,
        "last_parsed_time": moment(now - 12), "last_parse_duration": 0.21, "last_expired": None,
        "bundle_name": "dags-folder", "bundle_version": None, "relative_fileloc": f"{dag.name}.py",
        "fileloc": f"/opt/airflow/dags/{dag.name}.py", "description": None, "timetable_summary": schedule,
        "timetable_description": "", "timetable_partitioned": False, "timetable_periodic": True,
        "tags": [{"name": dag.team, "dag_id": dag.name, "dag_display_name": dag.name}], "max_active_tasks": 16,
        "max_active_runs": 1, "max_consecutive_failed_dag_runs": 0, "has_task_concurrency_limits": False,
        "has_import_errors": False, "next_dagrun_logical_date": None, "next_dagrun_data_interval_start": None,
        "next_dagrun_data_interval_end": None, "next_dagrun_run_after": None, "allowed_run_types": None,
        "owners": [dag.team], "is_backfillable": True,
        "file_token": str(uuid5(NAMESPACE_DNS, f"file.{dag.name}")),
    }  # fmt: skip
