"""Templates: each of them loads as it is printed, and asks only for what can be measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from collector.prometheus.profile import load as load_profile
from meterline.openslo.load import load_slos
from meterline.openslo.sources import fact_metrics
from meterline.openslo.template import Wanted, flavours, render, templates
from warehouse.errors import ConfigurationError

from ..conftest import Cli
from .conftest import CHAT, source

ALL = [(name, flavour) for name, one in templates().items() for flavour in one.indicators]


def test_which_there_are() -> None:
    assert set(templates()) == {
        "availability", "latency", "ttft", "tpot", "stream_completed", "goodput_tokens",
    }  # fmt: skip
    assert flavours() == ["facts", "istio", "vllm"]
    assert all({"facts", "vllm"} <= set(one.indicators) for one in templates().values())


@pytest.mark.parametrize(("name", "flavour"), ALL)
@pytest.mark.parametrize("model", [None, 'llama-3 "x"\\{},,'])
def test_what_is_printed_loads(name: str, flavour: str, model: str | None, tmp_path: Path) -> None:
    wanted = Wanted("chat", flavour, model, "99.5%", None, "4w", None, "https://run.example/chat")
    (tmp_path / "slo.yaml").write_text(render(name, wanted))
    slos = load_slos(["slo.yaml"], tmp_path, [CHAT], [source("prod")])
    assert slos.warnings == ()
    (one,) = slos.objectives
    assert (one.slo, one.service, one.objective) == (f"chat-{name.replace('_', '-')}", "chat", "99.5")
    assert (one.window.span.length.days, one.runbook_url) == (28, "https://run.example/chat")
    definition = one.indicator.definition
    if flavour == "facts":
        assert (definition["metric"], definition["service"]) == (name, "chat")
        assert ("threshold" in definition) == (fact_metrics()[name] != "none")
        return
    queries = [str(definition[part]) for part in ("good", "bad", "total") if part in definition]
    assert all(("model_name=" in query) == (model is not None and flavour == "vllm") for query in queries)
    assert not [query for query in queries if "$" in query or ",}" in query or (model is None and "{}" in query)]
    if model is not None and flavour == "vllm":
        assert all(json.dumps(model) in query for query in queries)


@pytest.mark.parametrize("flavour", ["vllm", "istio"])
def test_metrics_that_a_profile_collects_too_are_spelt_as_there(flavour: str) -> None:
    collected = {one.metric.removesuffix("_bucket") for one in load_profile(flavour).metrics}
    asked = {
        text.split("{")[0].removesuffix("_bucket").removesuffix("_count")
        for one in templates().values() if flavour in one.indicators
        for text in (one.indicators[flavour].good, one.indicators[flavour].bad, one.indicators[flavour].total) if text
    }  # fmt: skip
    newer = {"vllm:inter_token_latency_seconds", "vllm:request_time_per_output_token_seconds"}
    assert asked - collected <= newer


@pytest.mark.parametrize(
    ("name", "wanted", "threshold"),
    [
        ("latency", Wanted("chat", "vllm", threshold="2s"), 'le=~"2(\\\\.0)?"'),
        ("latency", Wanted("chat", "vllm", threshold="2500ms"), 'le="2.5"'),
        ("latency", Wanted("chat", "istio", threshold="2500ms"), 'le=~"2500(\\\\.0)?"'),
        ("tpot", Wanted("chat", "vllm", threshold="75ms"), 'le="0.075"'),
    ],
)
def test_a_threshold_is_a_bucket(name: str, wanted: Wanted, threshold: str) -> None:
    item = yaml.safe_load(render(name, wanted))
    good = item["spec"]["indicator"]["spec"]["ratioMetric"]["good"]["metricSource"]["spec"]["query"]
    assert threshold in good


@pytest.mark.parametrize(
    ("name", "wanted", "told"),
    [
        ("latency", Wanted("chat", "vllm", threshold="3s"), "the nearest are 2.5s, 2s, 1.5s, 1s"),
        ("latency", Wanted("chat", threshold="soon"), "--threshold soon is no time"),
        ("availability", Wanted("chat", threshold="2s"), "the template availability has no threshold"),
        ("ttft", Wanted("chat", "istio"), "the template ttft is not there for istio"),
        ("ttft", Wanted("chat", target="100"), "--target 100 is no percentage"),
        ("ttft", Wanted("chat", target="high"), "--target high is no percentage"),
        ("ttft", Wanted("chat", window="30days"), "--window 30days is no duration"),
    ],
)
def test_what_cannot_be_is_refused(name: str, wanted: Wanted, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        render(name, wanted)
    assert told in str(caught.value)


def test_the_command(cli: Cli) -> None:
    from click.testing import CliRunner

    from meterline.cli.slo_templates import template

    words = ["ttft", "--service", "My Service", "--from", "vllm", "--model", "chat-70b", "--threshold", "500ms"]
    answer = CliRunner().invoke(template, words)
    assert answer.exit_code == 0
    assert yaml.safe_load(answer.stdout)["metadata"]["name"] == "my-service-ttft"
    listed = CliRunner().invoke(template, [])
    assert all(name in listed.stdout for name in templates())
    assert isinstance(CliRunner().invoke(template, ["ttft"]).exception, ConfigurationError)
    assert isinstance(CliRunner().invoke(template, ["x", "--service", "a"]).exception, ConfigurationError)
