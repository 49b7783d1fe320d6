"""Objectives, routes and receivers of the sample platform: as Meterline reads them, and as amtool does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from sample_data.alert_rules import write_rules
from sample_data.configuration import Reliability, demo_configuration
from sample_data.objectives import OBJECTIVES, write_objectives
from sample_data.routing import write_routing
from sample_data.runbooks import NONE, TEXTS
from sample_data.selector import parse
from sample_data.server import SamplePlatform
from servers import amtool

END = datetime(2026, 11, 24, 10, 58, tzinfo=UTC)
HOOKS = "http://127.0.0.1:9/hooks"
RUNBOOKS = "http://127.0.0.1:9/runbooks"
PAGERDUTY = "http://127.0.0.1:11"


def routed(directory: Path, month) -> Path:
    target, key = directory / "alertmanager.yml", directory / "pagerduty-key"
    key.write_text("key")
    write_routing(target, month.platform, HOOKS, f"{PAGERDUTY}/v2/enqueue", key)
    return target


def test_every_query_finds_series_of_the_platform(month):
    from sample_data.prometheus_answer import vector

    for one in OBJECTIVES:
        for key, query in one.events.items():
            points = vector(month, parse(query), int(month.platform.end.timestamp() * 1000))
            assert points, (one.name, key)
            if key == "query":
                assert len(points) == 1


def test_meterline_reads_objectives_and_routes(month, tmp_path):
    load = pytest.importorskip("meterline.config.load").load
    write_objectives(tmp_path / "slos", month.platform, RUNBOOKS)
    write_rules(tmp_path / "rules" / "changes.yaml", month.platform, RUNBOOKS)
    routed(tmp_path, month)
    urls = ("http://127.0.0.1:9", "http://127.0.0.1:10")
    text = demo_configuration(
        month.platform, *urls, tmp_path / "token", tmp_path / "data", tmp_path / "workspace", tmp_path,
        Reliability(PAGERDUTY, tmp_path / "pagerduty-token", 8321, 8501),
    )  # fmt: skip
    (tmp_path / "meterline.yaml").write_text(text)
    config = load(tmp_path / "meterline.yaml")
    assert config.slos.warnings == ()
    assert len(config.slos.objectives) == len(OBJECTIVES)
    assert {one.source for one in config.slos.indicators} == {"clusters"}
    assert config.alerting is not None
    assert config.alerting.external_url == "http://127.0.0.1:8321"
    assert config.listen.dashboards == 8501
    pages = next(source for source in config.sources if source.name == "pages")
    assert pages.attributed_to("GPU fleet") == "platform"
    assert pages.attributed_to("chat") == "product"
    assert pages.team_of("Developer Tools") == "devtools"
    assert {one.slo for one in config.slos.objectives if one.runbook_url is None} == NONE
    rules = pytest.importorskip("meterline.alerting.rules").rules_of(config)
    assert rules.off == ()
    assert rules.named("gpu_idle_workload").threshold == 168
    assert rules.named("gpu_xid").owner == "platform-oncall"
    assert pytest.importorskip("meterline.alerting.routing").routing_of(config).warnings == ()


def test_pages_and_tickets_reach_their_team(month, tmp_path):
    file = routed(tmp_path, month)
    asked = {
        ("devtools", "page", "devtools-oncall"): "devtools-pager",
        ("devtools", "ticket", "platform-oncall"): "devtools-tickets",
        ("risk", "critical", "risk-oncall"): "risk-pager",
        ("risk", "page", "platform-oncall"): "platform-pager",
        ("nobody", "ticket", "x"): "platform-tickets",
    }
    receivers = {receiver["name"] for receiver in yaml.safe_load(file.read_text())["receivers"]}
    assert receivers >= set(asked.values())
    if not amtool.installed():
        pytest.skip("amtool is not installed")
    fine, words = amtool.accepts(file)
    assert fine, words
    for (team, severity, owner), receiver in asked.items():
        assert amtool.receivers(file, {"team": team, "severity": severity, "owner": owner}) == receiver


def test_receivers_take_everything_and_remember_it():
    with SamplePlatform(END, days=1) as platform:
        assert httpx.post(f"{platform.hooks_url}/risk-pager", json={"status": "firing"}).status_code == 200
        assert httpx.post(f"{platform.hooks_url}/risk-pager", content=b"not JSON").status_code == 200
        assert httpx.get(platform.hooks_url).json() == {"risk-pager": 2}
        assert [one["body"] for one in httpx.get(f"{platform.hooks_url}/risk-pager").json()] == [
            {"status": "firing"}, "not JSON"
        ]  # fmt: skip
        assert [one.body for one in platform.hooks.received("risk-pager")] == [{"status": "firing"}, "not JSON"]
        assert platform.hooks.received("nobody") == []


def test_runbooks_answer_but_one_and_one_objective_names_none():
    named = {f"{one.service}-{one.name}" for one in OBJECTIVES}
    with SamplePlatform(END, days=1) as platform:
        answers = {name: httpx.get(f"{platform.runbooks_url}/{name}").status_code for name in {*named, "gpu"} - NONE}
    assert {name for name, status in answers.items() if status == 404} == {"chat-ttft"}
    assert set(TEXTS) | {"chat-ttft"} == set(answers)
