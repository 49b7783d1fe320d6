"""Dashboards: what Grafana's JSON must have, and which panels a configuration gives."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.prometheus import profile
from meterline.config.load import load
from meterline.grafana.export import dashboards_of
from meterline.grafana.profile_words import Unmeasured, Words, outcome_matchers
from meterline.grafana.template import boards
from meterline.openslo.prometheus_rules import prometheus_rules
from warehouse.errors import ConfigurationError

ALL = "[dcgm, kube-state-metrics, vllm, istio, triton, knative, kserve]"
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
UNITS = {"short", "none", "percentunit", "reqps", "s", "d", "bytes", "watt"}
"""The ids of Grafana's value formats that are used; Grafana shows an unknown one as a suffix."""

SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}, annotations: {{meterline.dev/burn-alerts: "{rules}"}}}}
spec:
  service: chat
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        good: {{metricSource: {{type: Prometheus, spec: {{query: good_total}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: all_total}}}}}}
  timeWindow: [{{duration: {window}, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{targetPercent: 90}}]
"""


def configured(directory: Path, text: str, *slos: tuple[str, str, str]) -> Any:
    for name, window, rules in slos:
        (directory / f"{name}.slo.yaml").write_text(SLO.format(name=name, window=window, rules=rules))
    path = directory / "meterline.yaml"
    path.write_text(text + ('slos: ["*.slo.yaml"]\n' if slos else ""))
    return load(path)


def prometheus(name: str, profiles: str, more: str = "") -> str:
    return f"  - {{name: {name}, type: prometheus, url: 'http://127.0.0.1:9', profiles: {profiles}{more}}}\n"


def expressions(dashboard: Any) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    slos = [("chat", "28d", "google-28d"), ("batch", "7d", "google-7d")]
    found, notes = dashboards_of(configured(tmp_path, "sources:\n" + prometheus("prod", ALL), *slos))
    assert notes == []
    return json.loads(json.dumps(found))


@pytest.mark.parametrize("uid", [board.uid for board in boards()])
def test_it_is_what_grafana_imports(made: dict[str, Any], uid: str) -> None:
    one = made[uid]
    assert (one["uid"], one["id"], one["schemaVersion"]) == (uid, None, 39)
    [asked] = one["__inputs"]
    assert (asked["name"], asked["type"], asked["pluginId"]) == ("DS_PROMETHEUS", "datasource", "prometheus")
    source, *variables = one["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("DS_PROMETHEUS", "datasource", "prometheus")
    used = set(re.findall(r"\$(?!__)([a-z]+)", "".join(expressions(one))))
    assert used == {variable["name"] for variable in variables}
    assert all(variable["datasource"] == SOURCE and variable["allValue"] == ".*" for variable in variables)
    assert {"type": "panel", "id": "timeseries", "name": "timeseries", "version": ""} in one["__requires"]
    kinds = {panel["type"] for panel in one["panels"]} - {"row"}
    assert kinds == {need["id"] for need in one["__requires"] if need["type"] == "panel"}


@pytest.mark.parametrize("uid", [board.uid for board in boards()])
def test_every_panel_is_whole_and_none_lies_on_another(made: dict[str, Any], uid: str) -> None:
    panels = made[uid]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert panels[0]["type"] == "row"
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        assert panel["title"]
        if panel["type"] == "row":
            assert (place["w"], place["h"]) == (24, 1)
            continue
        assert panel["datasource"] == SOURCE
        assert panel["targets"]
        assert all(target["datasource"] == SOURCE for target in panel["targets"])
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
        units = {panel["fieldConfig"]["defaults"]["unit"]} | {
            override["properties"][0]["value"] for override in panel["fieldConfig"]["overrides"]
        }
        assert units <= UNITS
        assert not re.search(r"<<|>>", json.dumps(panel)), "a word was not filled in"
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        )  # fmt: skip
        assert apart, (one, other)


def test_a_panel_for_each_burn_rule_with_its_factor_as_a_line(made: dict[str, Any]) -> None:
    burning = [panel for panel in made["meterline-slos"]["panels"] if "faster than" in panel["title"]]
    titles = [panel["title"] for panel in burning]
    # 28 d: 2 % of the budget in 1 h is 0.02 x 672 = 13.44, 5 % in 6 h 0.05 x 112 = 5.6; 7 d: 8 % in 1 h is 0.08 x 168,
    # which is 13.44 too: of twice four rules one is the same
    assert len(titles) == 7
    assert titles[:2] == ["page: faster than 13.44 in 1h and 5m", "page: faster than 5.6 in 6h and 30m"]
    assert [step["value"] for step in burning[0]["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [None, 13.44]
    selector = 'slo=~"$slo",objective=~"$objective"'
    for panel, windows, chosen in ((burning[0], ("1h", "5m"), ""), (burning[1], ("6h", "30m"), ',slo=~"chat"')):
        assert [target["expr"] for target in panel["targets"]] == [
            f"slo:sli_error:ratio_rate{window}{{{selector}{chosen}}} / slo:error_budget:ratio" for window in windows
        ]


def test_it_reads_only_what_the_rules_record(made: dict[str, Any], tmp_path: Path) -> None:
    rules = prometheus_rules(load(tmp_path / "meterline.yaml").slos.objectives)
    recorded = {
        rule["record"] for group in yaml.safe_load(rules.text)["groups"] for rule in group["rules"] if "record" in rule
    }
    read = set(re.findall(r"slo:[a-z_]+:[a-z0-9_]+", "\n".join(expressions(made["meterline-slos"]))))
    assert {"slo:sli_error:ratio_rate1h", "slo:period_error_budget_remaining:ratio"} <= read <= recorded


def test_only_what_is_read_has_panels(tmp_path: Path) -> None:
    text = "sources:\n" + prometheus("gpus", "[dcgm]", ", match: 'job=\"dcgm\"'") + prometheus("web", "[kserve]")
    found, notes = dashboards_of(configured(tmp_path, text))
    assert set(found) == {"meterline-gpu", "meterline-serving"}
    assert notes == [
        "matchers of sources are left out, as there are several: name one with --source",
        "Service level objectives: left out, it needs objectives that are asked of Prometheus",
    ]
    titles = {panel["title"] for panel in found["meterline-gpu"]["panels"]}
    assert "SM active" in titles
    assert not titles & {"Asked for", "GPUs asked for", "GPUs that nodes have"}
    # KServe's own server knows no failure, no first token and no queue
    assert [panel["title"] for panel in found["meterline-serving"]["panels"]] == [
        "KServe model server (Python SDK), as the engine sees it", "Requests", "Latency",
    ]  # fmt: skip
    found, notes = dashboards_of(configured(tmp_path, text), "gpus")
    assert set(found) == {"meterline-gpu"}
    selectors = re.findall(r"DCGM_\w+(\{[^}]*\})", "".join(expressions(found["meterline-gpu"])))
    assert set(selectors) == {'{job="dcgm",cluster=~"$cluster"}'}
    with pytest.raises(ConfigurationError, match="no Prometheus source is named gpu;") as caught:
        dashboards_of(configured(tmp_path, text), "gpu")
    assert caught.value.remedy == "known sources: gpus, web"


@pytest.mark.parametrize("name", profile.available())
def test_outcomes_of_every_profile_can_be_selected(name: str) -> None:
    for metric in profile.load(name).metrics:
        outcomes = {rule.outcome for rule in metric.outcome}
        assert len(outcome_matchers(metric, sorted(outcomes))) == len(metric.outcome)


def test_the_first_rule_that_matches_counts() -> None:
    [metric] = [one for one in profile.load("istio").metrics if one.measure == "requests"]
    assert outcome_matchers(metric, ["bad"]) == [
        'response_flags!~".*DC.*",response_code!~"429",response_code=~"5..|0"'
    ]  # fmt: skip
    with pytest.raises(Unmeasured, match="kserve does not tell these outcomes"):
        Words(profile.load("kserve")).rate("requests", "bad")
    with pytest.raises(Unmeasured, match="vllm has no sm"):
        Words(profile.load("vllm")).level("sm")


def test_the_command_writes_files(cli, write_config, tmp_path: Path) -> None:
    path = write_config("sources:\n" + prometheus("prod", "[dcgm, vllm]"))
    ran = cli("export", "grafana", "--config", path, "--out", tmp_path / "out", "--json")
    assert ran.code == 0
    rows = json.loads(ran.out)
    assert [row["dashboard"] for row in rows] == ["meterline-gpu", "meterline-serving"]
    for row in rows:
        content = json.loads(Path(row["file"]).read_text())
        assert row["panels"] == len([one for one in content["panels"] if one["type"] != "row"]) > 0
    assert ran.err == "note: Service level objectives: left out, it needs objectives that are asked of Prometheus\n"
    (tmp_path / "file").write_text("")
    ran = cli("export", "grafana", "--config", path, "--out", tmp_path / "file" / "below")
    assert (ran.code, "cannot write" in ran.err) == (2, True)
    assert cli("export", "grafana", "--config", write_config("data: x\n")).code == 2
