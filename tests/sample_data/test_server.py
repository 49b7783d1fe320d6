"""The platform over real HTTP, and the configuration that a demo would use for it."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from sample_data.configuration import demo_configuration
from sample_data.server import SamplePlatform

END = datetime(2026, 11, 24, 10, 58, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def configuration(store, folder: Path, data: str) -> str:
    urls = ("http://127.0.0.1:9", "http://127.0.0.1:10")
    return demo_configuration(store.platform, *urls, folder / "token", folder / data, folder / "workspace", folder)


def test_both_apis_answer_while_the_context_lasts():
    with SamplePlatform(END, days=2) as platform:
        prometheus, airflow = platform.prometheus_url, platform.airflow_url
        answer = httpx.post(f"{prometheus}/api/v1/query", data={"query": "count(kube_node_labels)"}).json()
        assert answer["data"]["result"][0]["value"][1] == "8"
        token = httpx.post(
            f"{airflow}/auth/token", json={"username": platform.airflow_username, "password": platform.airflow_password}
        ).json()["access_token"]
        assert token == platform.airflow_token
        runs = httpx.get(f"{airflow}/api/v2/dags/~/dagRuns", headers={"authorization": f"Bearer {token}"}).json()
        assert runs["total_entries"] > 10
    for url in (prometheus, airflow):
        with pytest.raises(httpx.TransportError):
            httpx.get(url)


def test_a_taken_port_is_an_error_and_nothing_is_left_running():
    with SamplePlatform(END, days=1) as first:
        port = int(first.prometheus_url.rsplit(":", 1)[1])
        second = SamplePlatform(END, days=1, ports=(0, port))
        with pytest.raises(OSError, match="in use"), second:
            pass


def test_the_configuration_is_yaml_with_every_team_service_and_price(month, tmp_path):
    text = configuration(month, tmp_path, "data: x")
    content = yaml.safe_load(text)
    assert content["data"] == str(tmp_path / "data: x")
    assert {team["name"] for team in content["teams"]} == {team.name for team in month.platform.teams}
    assert {service["name"] for service in content["services"]} == {one.name for one in month.platform.services}
    assert {service["team"] for service in content["services"]} <= {team["name"] for team in content["teams"]}
    priced = {price["model"] for price in content["prices"]["gpu_hour"]}
    models = {one.labels["modelName"].replace(" ", "-")
              for one in month.metrics["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].series}  # fmt: skip
    assert priced == models
    h100 = [price for price in content["prices"]["gpu_hour"] if "H100" in price["model"]]
    assert h100[0]["to"] == h100[1]["from"]
    assert month.platform.start.date() < h100[1]["from"] < month.platform.end.date()
    assert [source["type"] for source in content["sources"]] == ["prometheus", "airflow", "evidently", "focus"]


def test_meterline_accepts_the_configuration(month, tmp_path):
    for kind in ("airflow", "evidently", "focus"):
        pytest.importorskip(f"collector.{kind}.settings")
    load = pytest.importorskip("meterline.config.load").load
    file = tmp_path / "meterline.yaml"
    file.write_text(configuration(month, tmp_path, "data"))
    config = load(file)
    assert len(config.services) == 8
    assert len(config.sources) == 4


def test_a_mistake_on_the_command_line_is_one_line():
    command = [sys.executable, "-m", "sample_data", "--days", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "needs at least one day" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_serves_until_a_signal(end):
    command = [sys.executable, "-m", "sample_data", "--days", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split()[1]
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        process.send_signal(end)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
