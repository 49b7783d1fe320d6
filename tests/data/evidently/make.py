"""Regenerate the workspace beside this file with the real Evidently (`pip install meterline[evidently]`).

    python tests/data/evidently/make.py

The data is seeded. Charts (`widget`, `widgets`, `tests_widgets`), nine tenths of each file, are emptied, and ids are
replaced by fixed ones; everything else is as Evidently wrote it. `expected.json` is what Evidently's other output,
`Run.dict()`, says of the same reports.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"  # before the import: Evidently counts its uses otherwise

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import MissingValueCount, ValueDrift
from evidently.presets import DataDriftPreset
from evidently.tests import lte
from evidently.ui.workspace import Workspace

HERE = Path(__file__).parent
PROJECT = "01a1e000-0000-7000-8000-00000000f4a0"
COLUMNS = DataDefinition(numerical_columns=["amount", "age"], categorical_columns=["country"])


def frame(rng: np.random.Generator, rows: int, shift: float) -> Dataset:
    data = pd.DataFrame(
        {
            "amount": rng.normal(shift, 1, rows),
            "age": rng.normal(40, 10, rows),
            "country": rng.choice(["de", "fr", "it"], rows),
        }
    )
    return Dataset.from_pandas(data, data_definition=COLUMNS)


def reports() -> dict[str, tuple[Report, int, datetime | None]]:
    """By the name of the case: the report, rows of its reference, its timestamp."""
    methods: dict[str, Any] = {"num_method": "psi", "cat_method": "chisquare", "per_column_method": {"age": "ks"}}
    metadata = {
        "model": "fraud-gbm-v7", "model_version": 7, "n_ref": 600, "n_cur": 500,
        "roles": {"amount": "feature", "country": "prediction"},
    }  # fmt: skip
    critical = [lte(0.5, is_critical=False)]
    return {
        "methods": (
            Report([DataDriftPreset(**methods)], include_tests=True, metadata=metadata, tags=["prod"]),
            600,
            datetime(2026, 11, 20, 6, tzinfo=UTC),
        ),
        "small_defaults": (Report([DataDriftPreset()]), 600, datetime(2026, 11, 21, 6)),
        "large_defaults": (
            Report([DataDriftPreset()], include_tests=True, tags=["prod", "feature"]),
            1200,
            datetime(2026, 11, 22, 6, tzinfo=UTC),
        ),
        "own_test": (
            Report([ValueDrift(column="amount", method="wasserstein", threshold=0.2, tests=critical)]),
            600,
            datetime(2026, 11, 23, 6, tzinfo=UTC),
        ),
        "quality": (Report([MissingValueCount(column="age")]), 600, datetime(2026, 11, 24, 6, tzinfo=UTC)),
    }


def main() -> None:
    expected: dict[str, Any] = {}
    folder = HERE / "workspace" / PROJECT
    shutil.rmtree(HERE / "workspace", ignore_errors=True)
    (folder / "snapshots").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace.create(temporary)
        project = workspace.create_project("fraud monitor")
        for number, (case, (report, rows, timestamp)) in enumerate(reports().items(), start=1):
            rng = np.random.default_rng(number)
            run = report.run(frame(rng, 500, 0.8), frame(rng, rows, 0.0), timestamp=timestamp)
            identity = str(workspace.add_run(project.id, run).id)
            fixed = f"01a1e000-0000-7000-8000-{number:012d}"
            expected[case] = {"snapshot": f"{PROJECT}/{fixed}", "metrics": drifts(json.loads(run.json()))}
            written = Path(temporary) / str(project.id) / "snapshots" / f"{identity}.json"
            write(folder / "snapshots" / f"{fixed}.json", emptied(json.loads(written.read_text())))
        metadata = json.loads((Path(temporary) / str(project.id) / "metadata.json").read_text())
        write(folder / "metadata.json", {**metadata, "id": PROJECT})
    write(HERE / "expected.json", expected)


def drifts(run: dict[str, Any]) -> list[dict[str, Any]]:
    """Column, method, threshold, value and test statuses of the drift metrics in `Run.dict()`."""
    statuses: dict[str, list[str]] = {}
    for test in run["tests"]:
        column = test["metric_config"]["params"].get("column")
        statuses.setdefault(column, []).append(test["status"])
    found = [metric for metric in run["metrics"] if metric["config"]["type"].endswith(":ValueDrift")]
    return [
        {
            **{key: metric["config"][key] for key in ("column", "method", "threshold")},
            "value": metric["value"],
            "tests": statuses.get(metric["config"]["column"], []),
        }
        for metric in found
    ]


def emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: [] if k in ("widget", "widgets", "tests_widgets") else emptied(v) for k, v in value.items()}
    return [emptied(one) for one in value] if isinstance(value, list) else value


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
