"""`meterline check` of what concerns alerts: routes, receivers, rules, objectives, Alertmanagers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servers import alertmanager, prometheus
from servers.scripted import Handler, Step, reply, scripted

GOOD_ROUTING = """
route:
  receiver: hook
  routes:
    - {matchers: [severity="page"], receiver: pager}
    - {matchers: [severity="info"], receiver: quiet}
receivers:
  - {name: hook, webhook_configs: [{url: http://127.0.0.1:9}]}
  - {name: pager, pagerduty_configs: [{routing_key: secret-key}]}
  - {name: quiet}
"""
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: chat
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: '{bad}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: up}}}}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99}}]
"""


def by_path(steps: dict[str, Step]) -> Step:
    def step(handler: Handler) -> None:
        steps.get(handler.asked.path, reply("", 404))(handler)

    return step


READY = by_path({
    "/-/ready": reply("OK", headers={"Content-Type": "text/plain"}),
    "/api/v2/status": reply(
        '{"cluster": {"status": "ready", "peers": [{}, {}]}, "versionInfo": {"version": "0.28.0"}}'
    ),
})  # fmt: skip


@pytest.fixture
def routed(write_config, tmp_path: Path):
    """Write a routing file, and a configuration that names it."""

    def write(routing: str, more: str = "") -> Path:
        (tmp_path / "am.yml").write_text(routing)
        return write_config(f"alerting: {{file: am.yml{more}}}\n")

    return write


def service(name: str, bad: str) -> str:
    return SLO.format(name=name, bad=bad)


def test_routes_receivers_and_rules_are_counted(cli, routed) -> None:
    path = routed(GOOD_ROUTING, ", owner: mo")
    ran = cli("check", "--config", path)
    assert ran.code == 0, ran.err
    first, *_, last = ran.out.splitlines()
    assert first.startswith("alerting: 3 routes, 3 receivers, ")
    assert last == f"{path}: valid, 0 of 0 sources reached"
    found = json.loads(cli("check", "--config", path, "--json").out)["alerting"]
    assert (found["routes"], found["receivers"], found["problems"], found["peers"]) == (3, 3, [], [])
    rules = found["rules"]
    assert first == f"alerting: 3 routes, 3 receivers, {rules['on']} rules on, {len(rules['off'])} off"
    assert {one["reason"] for one in rules["off"]} <= {"it is not enabled"}, "mo acts on every page"
    assert "secret-key" not in ran.out + ran.err


def test_rules_that_lack_an_owner_are_named_with_the_reason(cli, routed) -> None:
    ran = cli("check", "--config", routed(GOOD_ROUTING))
    assert ran.code == 0
    [line] = [line for line in ran.err.splitlines() if "rules are off" in line]
    assert "each because it would page and has no owner: " in line
    assert line.endswith("gpu_memory_error, gpu_xid")
    assert "  fix: say who acts under alerting.owner" in ran.err


def test_without_alerting_nothing_is_said_about_it(cli, write_config) -> None:
    ran = cli("check", "--config", write_config("data: x\n"))
    assert (ran.code, ran.err, len(ran.out.splitlines())) == (0, "", 1)
    found = json.loads(cli("check", "--config", write_config("data: x\n"), "--json").out)
    assert found["alerting"]["configured"] is False
    assert found["slos"] == {"objectives": 0, "indicators": [], "warnings": []}


def test_warnings_of_the_routing_are_told(cli, routed) -> None:
    silent = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\ntemplates: ['*.tmpl']\n"
    ran = cli("check", "--config", routed(silent, ", owner: mo"))
    assert ran.code == 0
    assert "warning: alerting: route {} can take pages, and its receiver nobody tells nobody" in ran.err
    assert ran.err.count("warning: ") == 2


def test_a_receiver_that_cannot_work_is_bad_news(cli, routed) -> None:
    broken = GOOD_ROUTING.replace("webhook_configs: [{url: http://127.0.0.1:9}]", "opsgenie_configs: [{api_key: k}]")
    path = routed(broken, ", owner: mo")
    ran = cli("check", "--config", path)
    assert ran.code == 1
    assert "error: alerting: opsgenie[0] of receiver hook has no sender\n  fix: Opsgenie ends on" in ran.err
    assert "valid" not in ran.out
    [problem] = json.loads(cli("check", "--config", path, "--json").out)["alerting"]["problems"]
    assert problem["error"] == "opsgenie[0] of receiver hook has no sender"


def test_wrong_files_are_all_told_before_anything_is_reached(cli, write_config, tmp_path: Path) -> None:
    (tmp_path / "am.yml").write_text("route: {receiver: gone}\nreceivers: [{name: hook}]\n")
    (tmp_path / "rule.yaml").write_text("{name: Mine, title: mine, severity: loud, signal: {slo: burn}}\n")
    with scripted(reply("{}")) as server:
        path = write_config(
            f"sources: [{{name: p, type: prometheus, url: '{server.url}', profiles: [dcgm]}}]\n"
            "alerting: {file: am.yml, rules: [rule.yaml]}\n"
        )
        ran = cli("check", "--config", path)
        assert server.asked == []
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first.startswith(f"error: {tmp_path}/am.yml:1: ")
    assert 'undefined receiver "gone" used in route' in first
    assert second.startswith(f"error: {tmp_path}/rule.yaml: Mine: severity: 'loud': ")


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (by_path({"/-/ready": reply("no", 503)}), "it is not ready"),
        (reply("<html>", headers={"Content-Type": "text/html"}), "its answer to /api/v2/status is not JSON"),
        (reply("gone", 404), "it answers 404 to /api/v2/status"),
    ],
)
def test_an_alertmanager_that_is_not_there_fails(cli, write_config, step: Step, cause: str) -> None:
    with scripted(step) as server, scripted(READY) as good:
        address = server.url.replace("http://", "http://user:hunter2@")
        path = write_config(
            f"alerting: {{alertmanager: ['{address}', '{good.url}/', 'http://127.0.0.1:9'], owner: mo}}\n"
        )
        ran = cli("check", "--config", path)
        content = json.loads(cli("check", "--config", path, "--json").out)
    assert ran.code == 3
    assert f"error: Alertmanager {server.url}: {cause}\n  fix: " in ran.err
    assert "error: Alertmanager http://127.0.0.1:9: it cannot be reached (" in ran.err
    assert f"alerting: Alertmanager 0.28.0 at {good.url}, cluster ready\n" in ran.out
    assert f"warning: alerting: the user in the address of Alertmanager {server.url} is not sent\n  fix: " in ran.err
    assert "hunter2" not in ran.out + ran.err + json.dumps(content)
    peers = content["alerting"]["peers"]
    assert [(one["ok"], one["version"]) for one in peers] == [(False, None), (True, "0.28.0"), (False, None)]
    assert content["alerting"]["routes"] is None


def test_a_member_of_the_cluster_that_is_not_named_is_a_warning(cli, write_config) -> None:
    with scripted(READY) as good:
        ran = cli("check", "--config", write_config(f"alerting: {{alertmanager: ['{good.url}'], owner: mo}}\n"))
    assert ran.code == 0
    assert "warning: alerting: the cluster of Alertmanagers has 2 members, and 1 are told of alerts\n  fix: " in ran.err


@pytest.mark.server
def test_a_real_alertmanager(cli, write_config, tmp_path: Path) -> None:
    with alertmanager.serve(tmp_path / "am") as url:
        ran = cli("check", "--config", write_config(f"alerting: {{alertmanager: ['{url}'], owner: mo}}\n"))
    assert ran.code == 0, ran.err
    assert f" at {url}, cluster disabled\n" in ran.out
    assert ran.out.startswith("alerting: pushed to Alertmanager, ")


@pytest.mark.server
def test_every_query_is_asked_of_a_real_prometheus(cli, write_config, tmp_path: Path) -> None:
    """`up` has no series on a server without targets: three totals and one of the bad ones are empty."""
    if not prometheus.installed():
        pytest.skip("prometheus and promtool are not installed")
    queries = {"fine": "vector(1)", "empty": "nothing_total", "broken": "sum(rate(x[5m])", "matrix": "up[5m]"}
    for name, bad in queries.items():
        (tmp_path / f"{name}.slo.yaml").write_text(service(name, bad))
    with prometheus.serve(tmp_path / "server") as url:
        path = write_config(
            f"sources: [{{name: prod, type: prometheus, url: '{url}', profiles: [dcgm]}}]\n"
            'slos: ["*.slo.yaml"]\nservices: []\n'
        )
        ran = cli("check", "--config", path)
        found = json.loads(cli("check", "--config", path, "--json").out)["slos"]
    assert ran.code == 1
    assert "error: indicator broken (source prod): " in ran.err
    assert "parse error: unclosed left parenthesis" in ran.err
    assert "error: indicator matrix (source prod): up[5m] gives a matrix where a vector was expected" in ran.err
    assert "warning: indicator empty (source prod): nothing_total has no series now" in ran.err
    assert "slos: 4 objectives, 4 indicators, 4 queries answered by Prometheus\n" in ran.out
    checked = {one["sli"]: (one["ok"], [asked["series"] for asked in one["queries"]]) for one in found["indicators"]}
    assert checked == {"fine": (True, [1, 0]), "empty": (True, [0, 0]), "broken": (False, []), "matrix": (False, [])}
    assert any("unknown service" in text or "chat" in text for text in found["warnings"])


def test_nothing_is_asked_of_a_source_that_is_down(cli, write_config, tmp_path: Path) -> None:
    (tmp_path / "a.slo.yaml").write_text(service("a", "b"))
    path = write_config(
        "sources: [{name: prod, type: prometheus, url: 'http://127.0.0.1:9', profiles: [dcgm], retries: 0}]\n"
        'slos: ["*.slo.yaml"]\n'
    )
    ran = cli("check", "--config", path)
    assert ran.code == 3
    assert ran.err.count("error: ") == 1
    [one] = json.loads(cli("check", "--config", path, "--json").out)["slos"]["indicators"]
    assert (one["sli"], one["ok"], one["queries"], one["error"]) == ("a", None, [], None)
