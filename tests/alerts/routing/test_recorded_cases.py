"""What the real amtool and Alertmanager 0.25 answered, recorded (tests/data/alertmanager/ORIGIN.md), in both modes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from alerts.routing.load import Routing, load_routing
from alerts.routing.matcher_text import Mode
from alerts.routing.route import Route, group_key, group_labels, match
from warehouse.errors import ConfigurationError

DATA = Path(__file__).parents[2] / "data" / "alertmanager"
SHARED = Path(__file__).parents[4] / "shared" / "cases" / "alertmanager"
MODES: tuple[Mode, ...] = ("classic", "fallback")
SINCE_0_27 = ("dash_label_name", "utf8_bare_label", "group_by_bad_name")


def recorded(name: str, key: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))[key]
    return content


@cache
def routing(config: str, mode: Mode) -> Routing:
    return load_routing(DATA / config, mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", recorded("routing_cases.json", "cases"), ids=lambda case: case["id"])
def test_receivers(case: dict[str, Any], mode: Mode) -> None:
    routes = match(routing(case["config"], mode).root, case["labels"])
    assert [route.receiver for route in routes] == case["expected_receivers"]


@pytest.mark.parametrize("check", recorded("config_checks.json", "checks"), ids=lambda check: check["config"])
def test_checks_of_0_25(check: dict[str, Any]) -> None:
    verify(check, "classic")


@pytest.mark.parametrize("check", recorded("config_checks.json", "checks"), ids=lambda check: check["config"])
def test_checks_since_0_27(check: dict[str, Any]) -> None:
    modern = any(name in check["config"] for name in SINCE_0_27)
    verify(check | {"accepted": True} if modern else check, "fallback")


def verify(check: dict[str, Any], mode: Mode) -> None:
    path = DATA / check["config"]
    if check["accepted"]:
        load_routing(path, mode)
        return
    with pytest.raises(ConfigurationError) as refused:
        load_routing(path, mode)
    assert check["message"] in refused.value.message
    assert refused.value.message.startswith(str(path))
    assert refused.value.remedy


@pytest.mark.parametrize("path", sorted((DATA / "webhooks").glob("*.json")), ids=lambda path: path.stem)
def test_group_keys(path: Path) -> None:
    """The route's key is taken from the recording, the group's text is made here."""
    content = json.loads(path.read_text(encoding="utf-8"))
    requests = content.get("requests", []) if isinstance(content, dict) else []
    for body in (request["body"] for request in requests if "groupKey" in (request.get("body") or {})):
        key = body["groupKey"]
        route = Route(receiver="hook", key=key[: key.index("}:{") + 1], group_by=tuple(body["groupLabels"]))
        labels = group_labels(route, body["alerts"][0]["labels"])
        assert labels == body["groupLabels"]
        assert group_key(route, labels) == key


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not beside this repository")
def test_every_shared_case() -> None:
    """The copies here are those cases; where there are more beside the repository, they hold too."""
    cases = json.loads((SHARED / "routing_cases.json").read_text(encoding="utf-8"))["cases"]
    roots = {name: load_routing(SHARED / name, "classic").root for name in {case["config"] for case in cases}}
    wrong = [
        case["id"]
        for case in cases
        if [route.receiver for route in match(roots[case["config"]], case["labels"])] != case["expected_receivers"]
    ]
    assert not wrong
