"""Airflow's answers as documents of the history: the natural id of each, and what of it is kept.

A natural id ends in parts without slashes, so the run of a try is its id without the last three. Left out are the parts
that users fill and nothing is computed from: run configuration, rendered arguments and notes may hold secrets.
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

RUN, TASK, TRY = "dag_run", "task_instance", "task_try"
LEFT_OUT = frozenset(
    {"conf", "note", "rendered_fields", "executor_config", "triggering_user_name", "dag_versions", "dag_version"}
)


def run_key(row: Row) -> str:
    """`dag/run`, of a run, a task instance or a try."""
    return f"{row['dag_id']}/{row['dag_run_id']}"


def task_key(row: Row) -> str:
    """`dag/run/task/map index`: what a task instance is for the server."""
    return f"{run_key(row)}/{row['task_id']}/{row['map_index']}"


def try_key(row: Row) -> str:
    """`dag/run/task/map index/try`: what is kept of it, because the next try takes its place on the server."""
    return f"{task_key(row)}/{row['try_number']}"


def kept(row: Row) -> Row:
    """The answer without what is left out of the history."""
    return {key: value for key, value in row.items() if key not in LEFT_OUT}
