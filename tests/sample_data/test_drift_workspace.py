"""The sample's drift monitors: laid out as Evidently lays them out, and telling the story that the models ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sample_data.catalog import MODELS
from sample_data.drift_workspace import write_drift_workspace

END = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
REAL = Path(__file__).parents[1] / "data" / "evidently" / "workspace"


@dataclass(frozen=True)
class Model:
    name: str
    monitor: str
    team: str = "risk"
    tier: int = 1


FOUR = [Model("a", "daily"), Model("b", "stale"), Model("c", "none"), Model("d", "drifted", "assistant")]


def paths(value: Any, at: str = "") -> Iterator[str]:
    """Every key path of a document, list positions and fingerprints left out, with the type of what is there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{at}.{'*' if at == '.metric_results' else key}")
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        yield f"{at}: {type(value).__name__}"


def snapshots(workspace: Path, model: str) -> list[dict[str, Any]]:
    found = [json.loads(file.read_text()) for file in workspace.rglob("snapshots/*.json")]
    return sorted((one for one in found if one["metadata"]["model"] == model), key=lambda one: str(one["timestamp"]))


def drift(snapshot: dict[str, Any]) -> dict[str, tuple[float, float, str]]:
    """By column: score, threshold, test status."""
    found = {}
    for result in snapshot["metric_results"].values():
        params = result["metric_value_location"]["metric"]["params"]
        if params["type"].endswith(":ValueDrift"):
            found[params["column"]] = (result["value"], params["threshold"], result["tests"][0]["status"])
    return found


def test_the_keys_are_those_of_a_real_snapshot(tmp_path: Path) -> None:
    write_drift_workspace(tmp_path, FOUR, END, 3, seed=1)
    real = json.loads(next(REAL.rglob("snapshots/*0001.json")).read_text())
    ours = snapshots(tmp_path, "a")[0]
    settings = (".num_method", ".cat_method", ".per_column_method")  # of the preset, which we leave at their defaults

    def shape(document: dict[str, Any]) -> set[str]:
        named = {path for path in paths(document) if not path.startswith(".metadata")}
        return {path for path in named if not any(word in path for word in settings)}

    assert shape(ours) == shape(real)
    assert {type(value) for value in ours["metadata"].values()} <= {str, dict}  # as Evidently writes them


def test_the_project_is_that_of_a_real_workspace(tmp_path: Path) -> None:
    write_drift_workspace(tmp_path, FOUR[:1], END, 3, seed=1)
    (ours,) = tmp_path.glob("*/metadata.json")
    (real,) = REAL.glob("*/metadata.json")
    assert set(paths(json.loads(ours.read_text()))) == set(paths(json.loads(real.read_text())))


def test_each_model_tells_its_story(tmp_path: Path) -> None:
    write_drift_workspace(tmp_path, FOUR, END, 30, seed=1)
    daily, stale, drifted = (snapshots(tmp_path, name) for name in "abd")
    assert len(daily) == len(drifted) == 30
    assert END - datetime.fromisoformat(daily[-1]["timestamp"]) < timedelta(days=1)
    assert timedelta(days=9) <= END - datetime.fromisoformat(stale[-1]["timestamp"]) < timedelta(days=10)
    assert snapshots(tmp_path, "c") == []
    for snapshot in daily + stale + drifted[:24]:
        assert {status for _, _, status in drift(snapshot).values()} == {"SUCCESS"}
    for snapshot in drifted[24:]:
        told = drift(snapshot)
        assert [column for column, (_, _, status) in told.items() if status == "FAIL"] == ["prompt_tokens"]
        score, threshold, _ = told["prompt_tokens"]
        assert score > threshold


def test_statuses_agree_with_scores(tmp_path: Path) -> None:
    write_drift_workspace(tmp_path, FOUR, END, 30, seed=5)
    for snapshot in [*snapshots(tmp_path, "a"), *snapshots(tmp_path, "d")]:
        for column, (score, threshold, status) in drift(snapshot).items():
            past = score < threshold if column == "fraud_probability" else score > threshold  # its scores are p-values
            assert past == (status == "FAIL")


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    def written(name: str) -> dict[Path, tuple[bytes, float]]:
        folder = tmp_path / name
        write_drift_workspace(folder, MODELS, END, 30, seed=1)
        return {file.relative_to(folder): (file.read_bytes(), file.stat().st_mtime) for file in folder.rglob("*.json")}

    one, two = written("one"), written("two")
    assert one == two
    assert len(one) == 7 + 6 * 30 + 21


def test_a_naive_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        write_drift_workspace(tmp_path, FOUR, datetime(2026, 11, 24), 3, seed=1)
