"""The drift monitors of the platform as an Evidently workspace: the files that its jobs would have left behind.

The layout is that of Evidently 0.7, key for key, without charts; Evidently itself is not needed. Every monitored model
has a project with one snapshot a day, at about 06:00 UTC. Promises: the same arguments give the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from sample_data.grid import random

HOUR = 6
STALE = timedelta(days=9)
DRIFTING = timedelta(days=6)
ROWS_REFERENCE, ROWS_CURRENT = 5000, 2000
DRIFT_SHARE = 0.5
CRITICAL = {"is_critical": True, "alias": None, "label_filters": None}

Body = dict[str, Any]


class MonitoredModel(Protocol):
    """A model in production. `monitor` is daily, stale (silent for 9 days), none, or drifted (for 6 days)."""

    @property
    def name(self) -> str: ...
    @property
    def team(self) -> str: ...
    @property
    def tier(self) -> int: ...
    @property
    def monitor(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A column under watch. The first column of a model is the one that drifts."""

    column: str
    method: str
    threshold: float
    role: str = "feature"


LANGUAGE = (
    Watched("prompt_tokens", "psi", 0.1),
    Watched("topic", "jensenshannon", 0.1, "text"),
    Watched("language", "jensenshannon", 0.1),
    Watched("answer_tokens", "wasserstein", 0.1, "prediction"),
)
COLUMNS = {
    "risk": (
        Watched("merchant_category", "psi", 0.1),
        Watched("amount", "wasserstein", 0.1),
        Watched("account_age_days", "wasserstein", 0.1),
        Watched("country", "jensenshannon", 0.1),
        Watched("fraud_probability", "ks", 0.05, "prediction"),
    ),
    "vision": (
        Watched("brightness", "wasserstein", 0.1),
        Watched("aspect_ratio", "psi", 0.1),
        Watched("label", "jensenshannon", 0.1, "prediction"),
    ),
}
"""What is watched, by team; the teams not named here run language models."""


def write_drift_workspace(
    directory: Path, models: Iterable[MonitoredModel], end: datetime, days: int, seed: int
) -> None:
    """Write one project for each model that has a monitor, with snapshots of the last `days` days before `end` (aware).

    The files' times are those of the snapshots. Raises ValueError for a naive end.
    """
    if end.tzinfo is None:
        raise ValueError("end must be aware")
    for model in models:
        if model.monitor != "none":
            _write_project(directory, model, end.astimezone(UTC), days, seed)


def _write_project(directory: Path, model: MonitoredModel, end: datetime, days: int, seed: int) -> None:
    project = _uuid(end - timedelta(days=days), f"project.{model.name}")
    folder = directory / str(project)
    (folder / "snapshots").mkdir(parents=True, exist_ok=True)
    about = {"id": str(project), "name": f"{model.name} drift", "description": None, "org_id": None, "version": "2"}
    _write(folder / "metadata.json", about, end - timedelta(days=days))
    silent = end - STALE if model.monitor == "stale" else end
    for number in range(days + 1):
        rng = random(seed, "drift", model.name, number)
        day = (end - timedelta(days=number)).replace(hour=HOUR, minute=0, second=0, microsecond=0)
        at = day + timedelta(seconds=round(rng.uniform(60, 900)))
        if end - timedelta(days=days) <= at < silent:
            drifting = model.monitor == "drifted" and at >= end - DRIFTING
            snapshot = _snapshot(model, at, rng, drifting)
            _write(folder / "snapshots" / f"{_uuid(at, model.name)}.json", snapshot, at)


def _snapshot(model: MonitoredModel, at: datetime, rng: np.random.Generator, drifting: bool) -> Body:
    watched = COLUMNS.get(model.team, LANGUAGE)
    results = [_value_drift(one, *_score(one, rng, drifting and position == 0)) for position, one in enumerate(watched)]
    failed = sum(test["status"] == "FAIL" for result in results for test in result["tests"])
    results.insert(0, _drifted_columns(failed, failed / len(watched)))
    by_fingerprint = {result["metric_value_location"]["metric"]["metric_id"]: result for result in results}
    metadata = {
        "model": model.name, "model_version": "1", "n_reference": str(ROWS_REFERENCE), "n_current": str(ROWS_CURRENT),
        "roles": {one.column: one.role for one in watched},
    }  # fmt: skip
    return {
        "report": {"items": []}, "name": None, "timestamp": at.isoformat(), "metadata": metadata,
        "tags": ["production", f"tier-{model.tier}"], "metric_results": by_fingerprint,
        "top_level_metrics": list(by_fingerprint), "widgets": [], "tests_widgets": [],
    }  # fmt: skip


def _score(watched: Watched, rng: np.random.Generator, drifting: bool) -> tuple[float, bool]:
    """The score, and whether it is past the threshold: a healthy p-value is far above, a healthy distance below."""
    if watched.method == "ks":
        return float(rng.uniform(0.001, 0.02) if drifting else rng.uniform(0.2, 0.95)), drifting
    share = rng.uniform(1.8, 3.2) if drifting else rng.uniform(0.15, 0.7)
    return float(watched.threshold * share), drifting


def _value_drift(watched: Watched, score: float, drifted: bool) -> Body:
    params = {
        "type": "evidently:metric_v2:ValueDrift", "column": watched.column, "method": watched.method,
        "threshold": watched.threshold,
    }  # fmt: skip
    metric = _metric(params)
    test = {
        "id": "drift", "name": f"Value Drift for column {watched.column}",
        "description": f"Drift score is {score:0.2f}. The drift detection method is {watched.method}. "
                       f"The drift threshold is {watched.threshold:0.2f}.",
        "metric_config": metric, "test_config": {}, "status": "FAIL" if drifted else "SUCCESS",
        "bound_test": {
            "type": "evidently:bound_test:ValueDriftBoundTest",
            "test": {"type": "evidently:test_v2:ValueDriftTest", **CRITICAL},
            "metric_fingerprint": metric["metric_id"],
        },
    }  # fmt: skip
    return _single(f"Value drift for {watched.column}", metric, {}, [test], score)


def _drifted_columns(count: int, share: float) -> Body:
    metric = _metric({"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": DRIFT_SHARE})
    limit = {
        "type": "evidently:test_v2:LessThanMetricTest", **CRITICAL, "threshold": DRIFT_SHARE,
    }  # fmt: skip
    passed = share < DRIFT_SHARE
    compared = f"{share:.3f} {'<' if passed else '>='} {DRIFT_SHARE:.3f}"
    test = {
        "id": "lt", "name": f"Share of Drifted Columns: Less {DRIFT_SHARE:.3f}",
        "description": f"Share of Drifted Columns: Actual value {compared}",
        "metric_config": metric, "test_config": limit, "status": "SUCCESS" if passed else "FAIL",
        "bound_test": {
            "type": "evidently:bound_test:CountBoundTest", "test": limit, "metric_fingerprint": metric["metric_id"],
            "is_count": False,
        },
    }  # fmt: skip
    return {
        "type": "evidently:metric_result_v2:CountValue", "display_name": "Count of Drifted Columns",
        "metric_value_location": {"metric": metric, "param": {}}, "widget": [], "tests": [test],
        "count": _single("Count of Drifted Columns", metric, {"value_type": "count"}, [], float(count)),
        "share": _single("Share of Drifted Columns", metric, {"value_type": "share"}, [], share),
    }  # fmt: skip


def _single(name: str, metric: Body, param: Body, tests: list[Body], value: float) -> Body:
    return {
        "type": "evidently:metric_result_v2:SingleValue", "display_name": name,
        "metric_value_location": {"metric": metric, "param": param}, "widget": [], "tests": tests, "value": value,
    }  # fmt: skip


def _metric(params: Body) -> Body:
    fingerprint = md5(json.dumps(params, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
    return {"metric_id": fingerprint, "params": params}


def _uuid(at: datetime, name: str) -> UUID:
    """A version 7 UUID of that moment, its random bits taken from the name."""
    milliseconds = int(at.timestamp() * 1000)
    tail = int.from_bytes(sha256(f"{name}.{milliseconds}".encode()).digest()[:10], "big")
    value = milliseconds << 80 | tail & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def _write(path: Path, body: Body, at: datetime) -> None:
    path.write_text(json.dumps(body), encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
