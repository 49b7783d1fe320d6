"""Snapshots of the real Evidently 0.7.23, against what its `Run.dict()` says of the same reports."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collector.evidently.methods import method
from collector.evidently.snapshot import NotASnapshot, prune, scores

DATA = Path(__file__).parents[2] / "data" / "evidently"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text())
UTC = ZoneInfo("UTC")


def text(case: str) -> bytes:
    project, _, snapshot = EXPECTED[case]["snapshot"].partition("/")
    return (DATA / "workspace" / project / "snapshots" / f"{snapshot}.json").read_bytes()


def rows(case: str, zone: ZoneInfo = UTC) -> list[dict[str, Any]]:
    return scores(prune(text(case)), "fraud monitor", zone)


@pytest.mark.parametrize("case", EXPECTED)
def test_columns_scores_and_thresholds_are_those_of_run_dict(case: str) -> None:
    told = [(row["column_name"], row["score"], row["threshold"]) for row in rows(case)]
    assert told == [(metric["column"], metric["value"], metric["threshold"]) for metric in EXPECTED[case]["metrics"]]


def test_a_method_has_one_name_whether_chosen_or_given() -> None:
    assert [row["method"] for row in rows("methods")] == ["psi", "ks", "chisquare"]
    assert [row["method"] for row in rows("small_defaults")] == ["ks", "ks", "chisquare"]
    assert [row["method"] for row in rows("large_defaults")] == ["wasserstein", "wasserstein", "jensenshannon"]


def test_p_values_drift_below_the_threshold_and_distances_above() -> None:
    assert [(row["direction"], row["drifted"]) for row in rows("methods")] == [
        ("above", True),  # psi .666 against .1, and its test failed
        ("below", False),  # ks .230 against .05
        ("below", False),  # chi-square .054 against .05
    ]
    assert [
        (row["direction"], row["drifted"]) for row in rows("small_defaults")
    ] == [  # no tests: score against threshold
        ("below", True),  # 1.4e-22 < .05
        ("below", False),  # .69
        ("below", True),  # .0002
    ]
    assert [row["drifted"] for row in rows("large_defaults")] == [True, False, False]


def test_a_test_of_the_users_own_decides_even_when_it_is_only_a_warning() -> None:
    (row,) = rows("own_test")
    assert EXPECTED["own_test"]["metrics"][0]["tests"] == ["WARNING"]
    assert (row["score"] > 0.5, row["threshold"], row["drifted"]) == (True, 0.2, True)


def test_a_passed_test_wins_over_the_threshold() -> None:
    body = prune(text("own_test"))
    for result in body["metric_results"].values():
        result["tests"] = [{"id": "lte", "status": "SUCCESS"}]
    assert [row["drifted"] for row in scores(body, "p", UTC)] == [False]


def test_model_version_and_sample_sizes_come_from_metadata_which_is_text() -> None:
    row = rows("methods")[0]
    assert (row["model"], row["model_version"], row["n_reference"], row["n_current"]) == ("fraud-gbm-v7", "7", 600, 500)
    row = rows("small_defaults")[0]
    assert (row["model"], row["model_version"], row["n_reference"], row["n_current"]) == (
        "fraud monitor",
        None,
        None,
        None,
    )


def test_the_role_comes_from_metadata_or_a_tag_and_is_not_guessed() -> None:
    assert [row["dataset_role"] for row in rows("methods")] == ["feature", None, "prediction"]
    assert {row["dataset_role"] for row in rows("large_defaults")} == {"feature"}
    assert {row["dataset_role"] for row in rows("small_defaults")} == {None}


def test_a_timestamp_without_zone_is_the_local_time_of_its_machine() -> None:
    assert rows("small_defaults")[0]["ts"] == datetime(2026, 11, 21, 6)
    assert rows("small_defaults", ZoneInfo("America/New_York"))[0]["ts"] == datetime(2026, 11, 21, 11)
    assert rows("methods", ZoneInfo("America/New_York"))[0]["ts"] == datetime(2026, 11, 20, 6)


def test_a_snapshot_without_drift_metrics_has_no_rows() -> None:
    assert rows("quality") == []


def test_charts_are_not_kept() -> None:
    kept = json.dumps(prune(text("methods")))
    assert "widget" not in kept
    assert len(kept) < len(text("methods")) / 3


def test_a_score_that_is_no_number_is_null_and_drifts_neither_way() -> None:
    broken = json.loads(text("small_defaults"))
    for result in broken["metric_results"].values():
        result["value"] = float("nan")
    found = scores(prune(json.dumps(broken).encode()), "p", UTC)
    assert [(row["score"], row["drifted"]) for row in found] == [(None, None)] * 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (text("methods")[:2000], "not complete JSON"),
        (b"[]", "not an Evidently snapshot"),
        (b'{"metric_results": {}}', "layout"),
        (b'{"metric_results": {"a": 1}, "timestamp": "2026-01-01"}', "layout"),
        (b'{"suite": {}, "timestamp": "2023-01-01"}', "0.5 or earlier"),
        (b'\xff\xfe{"a"', "not complete JSON"),
    ],
)
def test_what_is_no_snapshot_says_why(content: bytes, words: str) -> None:
    with pytest.raises(NotASnapshot, match=words):
        prune(content)


def test_a_timestamp_that_is_none_is_named() -> None:
    with pytest.raises(NotASnapshot, match="'yesterday'"):
        scores(prune(b'{"metric_results": {}, "timestamp": "yesterday"}'), "p", UTC)


def test_a_method_that_nobody_knows_has_no_direction() -> None:
    unknown = method("custom function 'mine'")
    assert (unknown.name, unknown.direction, unknown.drifted(0.9, 0.1)) == ("custom function 'mine'", None, None)


def test_evidently_is_not_imported() -> None:
    program = "import sys, collector.evidently.source; sys.exit('evidently' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
