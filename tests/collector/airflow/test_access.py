"""Ways into Airflow, what `check` says, and settings that are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collector.airflow.api import AirflowApi
from collector.airflow.settings import AirflowSettings, Pipelines
from servers.recorded_airflow import RecordedAirflow, serving
from servers.scripted import reply, scripted
from warehouse.errors import BadAnswer, ConfigurationError, Rejected, Unauthorized


@pytest.fixture(scope="module")
def airflow() -> Iterator[RecordedAirflow]:
    with serving(RecordedAirflow()) as server:
        yield server


def settings(url: str, **keys: Any) -> AirflowSettings:
    access = {"token": "fixture-token"} if not {"token", "username"} & set(keys) else {}
    return AirflowSettings.model_validate({"name": "flows", "type": "airflow", "url": url, **access, **keys})


def test_check_tells_version_pipelines_and_patterns(airflow: RecordedAirflow) -> None:
    pipelines = {"training": ["train_*"], "deployment": ["ship_*"]}
    assert settings(airflow.url, pipelines=pipelines).open().check() == [
        f"Airflow 3.3.2 at {airflow.url}",
        "training: 2 DAGs: train_fraud, train_ranker_hourly",
        "deployment: 0 DAGs",
        "other: 2 DAGs: batch_score_long, deploy_model",
        "pattern 'ship_*' matches no DAG",
    ]


def test_a_password_is_traded_for_a_token(airflow: RecordedAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_PASSWORD", airflow.password)
    with AirflowApi(settings(airflow.url, username="ana", password={"env": "AIRFLOW_PASSWORD"})) as api:
        assert len(api.runs({})) == 17


def test_an_expired_session_is_renewed_once(airflow: RecordedAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    with AirflowApi(settings(airflow.url, username="ana", password=airflow.password)) as api:
        api.dags()
        monkeypatch.setattr(airflow, "token", "the-next-one")
        assert len(api.dags()) == 4


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"token": "wrong"}, r"403 Forbidden \(Invalid JWT token\); check the credentials"),
        ({"username": "ana", "password": "wrong"}, r"401 Unauthorized \(Invalid credentials\)"),
    ],
)
def test_wrong_credentials_are_named(airflow: RecordedAirflow, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(Unauthorized, match=words) as caught:
        settings(airflow.url, **keys).open().check()
    assert "wrong" not in str(caught.value)


def test_a_missing_token_file_is_named_before_anything_is_asked(airflow: RecordedAirflow, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="secret file"):
        settings(airflow.url, token={"file": tmp_path / "none"}).open().check()


def test_airflow_2_is_told_apart() -> None:
    with (
        scripted(reply('{"detail": "Not Found"}', 404)) as server,
        pytest.raises(Rejected, match=r"Airflow 3.0 or later is needed"),
    ):
        settings(server.url).open().check()


def test_something_else_is_not_airflow() -> None:
    with scripted(reply('{"hello": 1}')) as server, pytest.raises(BadAnswer, match="is not Airflow"):
        settings(server.url).open().check()


def test_names_in_paths_are_quoted() -> None:
    with scripted(reply('{"task_instances": [], "total_entries": 0}')) as server:
        with AirflowApi(settings(server.url)) as api:
            api.task_instances({}, "d", "scheduled__2026-11-24T08:00:00+00:00/x")
        path = server.asked[0].path
    assert path == "/api/v2/dags/d/dagRuns/scheduled__2026-11-24T08%3A00%3A00%2B00%3A00%2Fx/taskInstances"


def test_kinds_are_given_by_pattern_and_training_wins() -> None:
    pipelines = Pipelines(training=("train_*", "both"), deployment=("*_deploy", "both"))
    kinds = [pipelines.kind(name) for name in ("train_x", "x_deploy", "both", "TRAIN_x", "other")]
    assert kinds == ["training", "deployment", "training", "other", "other"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"username": "ana"}, "go together"),
        ({"token": "t", "username": "ana", "password": "p"}, "a token, or username"),
        ({"token": None}, "a token, or username"),
        ({"tokn": "t"}, "tokn"),
        ({"pipelines": {"trainig": ["x"]}}, "trainig"),
        ({"overlap": "an hour"}, "expected a duration"),
        ({"url": "airflow:8080"}, "expected an address"),
    ],
)
def test_a_mistake_in_the_settings_is_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings("http://127.0.0.1:8080", **keys) if "url" not in keys else settings(keys.pop("url"), **keys)
