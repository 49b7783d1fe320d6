"""Opt-in: the real Evidently reads the files that our tests and our sample stand on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sample_data.catalog import MODELS
from sample_data.drift_workspace import write_drift_workspace

pytestmark = pytest.mark.evidently
DATA = Path(__file__).parents[2] / "data" / "evidently" / "workspace"


def test_evidently_loads_our_test_data_and_our_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    core = pytest.importorskip("evidently.core.report")
    write_drift_workspace(tmp_path, MODELS[:1], datetime(2026, 11, 24, 11, tzinfo=UTC), 2, seed=1)
    for file in [*DATA.rglob("snapshots/*.json"), *tmp_path.rglob("snapshots/*.json")]:
        loaded = core.Snapshot.loads(file.read_text())
        assert loaded.dict()["metrics"]


def test_evidently_opens_the_sample_as_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    workspaces = pytest.importorskip("evidently.ui.workspace")
    write_drift_workspace(tmp_path, MODELS, datetime(2026, 11, 24, 11, tzinfo=UTC), 3, seed=1)
    workspace = workspaces.Workspace(str(tmp_path))
    names = sorted(project.name for project in workspace.list_projects())
    assert names == sorted(f"{model.name} drift" for model in MODELS if model.monitor != "none")
