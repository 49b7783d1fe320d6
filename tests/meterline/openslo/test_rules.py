"""Every rule refuses something, names itself, and is described in the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from meterline.config.load import InvalidConfiguration
from meterline.openslo.rules import RULES

from .conftest import LoadText, facts, metric, named, other, ratio, slo

Refused = Callable[..., tuple[str, ...]]

GOOD = {"metadata": {"name": "good"}, "spec": {"ratioMetric": ratio()}}
POLICY = {
    "alertWhenBreaching": True,
    "conditions": [{"conditionRef": "c"}],
    "notificationTargets": [{"targetRef": "t"}],
}
BURN = {"kind": "burnrate", "op": "gt", "threshold": 2, "lookbackWindow": "1h"}
TARGETS = [other("AlertNotificationTarget", "t", {"target": "x"})]
CONDITIONS = [other("AlertCondition", "c", {"severity": "page", "condition": BURN})]
THRESHOLD = {"metadata": {"name": "v"}, "spec": {"thresholdMetric": metric("up")}}
ALPHA = {"apiVersion": "openslo/v1alpha", "kind": "SLO", "metadata": {"name": "x"}, "spec": {}}


def inline(spec: dict[str, Any]) -> dict[str, Any]:
    return slo(indicator={"metadata": {"name": "x"}, "spec": spec})


def window(**keys: Any) -> dict[str, Any]:
    return slo(timeWindow=[{"duration": "28d", "isRolling": True} | keys])


def sliced(method: str, **keys: Any) -> dict[str, Any]:
    return slo(budgetingMethod=method, objectives=[{"target": 0.9} | keys])


def metadata(**keys: Any) -> dict[str, Any]:
    return slo() | {"metadata": {"name": "x"} | keys}


SEVERAL: dict[str, list[Any]] = {
    "readable": ["a: [\n"],
    "object": [["text"]],
    "written-once": ["apiVersion: openslo/v1\nkind: Service\nkind: Service\nmetadata: {name: a}\n"],
    "api-version": [slo() | {"apiVersion": "openslo.com/v2alpha"}],
    "v1alpha": [ALPHA],
    "kind": [slo() | {"kind": "Slo"}],
    "required-key": [slo(service=None)],
    "unknown-key": [slo(budgetMethod="Occurrences")],
    "type": [slo(service=["chat"])],
    "unique-name": [slo(), slo()],
    "reference": [slo(indicator=None, indicatorRef="nowhere")],
    "name-length": [named(slo(), "a" * 64)],
    "name-characters": [named(slo(), "Chat_1")],
    "display-name": [metadata(displayName="x" * 64)],
    "description": [slo(description="x" * 1051)],
    "label-key": [metadata(labels={"-x": "y"})],
    "annotation-key": [metadata(annotations={"Not A Domain/x": "y"})],
    "annotation": [named(slo(), "x", runbook_url="see the wiki")],
    "one-time-window": [slo(timeWindow=[])],
    "duration": [window(duration="28D")],
    "calendar-required": [window(isRolling=False)],
    "calendar-forbidden": [window(calendar={"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"})],
    "calendar-unit": [
        window(duration="24h", isRolling=False, calendar={"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"})
    ],
    "start-time": [window(isRolling=False, calendar={"startTime": "2026-02-30 00:00:00", "timeZone": "UTC"})],
    "time-zone": [window(isRolling=False, calendar={"startTime": "2026-01-01 00:00:00", "timeZone": "CEST+2"})],
    "budgeting-method": [slo(budgetingMethod="occurrences")],
    "one-objective": [slo(objectives=[])],
    "composite": [slo(indicator=None, objectives=[{"target": 0.9, "indicator": GOOD}])],
    "target-once": [slo(objectives=[{"target": 0.9, "targetPercent": 90}])],
    "target-range": [slo(objectives=[{"targetPercent": 100}])],
    "target-digits": [slo(objectives=[{"targetPercent": 99.99999999999}])],
    "time-slices": [sliced("Timeslices", timeSliceTarget=0.9)],
    "ratio-time-slices": [sliced("RatioTimeslices")],
    "time-slice-target": [sliced("Timeslices", timeSliceTarget=0, timeSliceWindow="5m")],
    "time-slice-grain": [
        slo(
            indicator=facts(metric="availability"), budgetingMethod="RatioTimeslices",
            objectives=[{"target": 0.9, "timeSliceWindow": "4m"}],
        )
    ],
    "unique-objective": [slo(objectives=[{"target": 0.9}, {"targetPercent": 90}])],
    "indicator": [slo(indicator=None)],
    "indicator-once": [slo(indicatorRef="x"), other("SLI", "x", GOOD["spec"])],
    "threshold-or-ratio": [inline({"description": "nothing"})],
    "total-or-raw": [inline({"ratioMetric": ratio(total=None)})],
    "good-or-bad": [inline({"ratioMetric": ratio(good=None)})],
    "raw-type": [inline({"ratioMetric": {"raw": metric("x")}})],
    "ratio-without-op": [slo(objectives=[{"target": 0.9, "value": 2}])],
    "threshold-with-op": [slo(indicator=THRESHOLD, objectives=[{"target": 0.9, "op": "lt"}])],
    "metric-source": [inline({"ratioMetric": ratio(total=metric("x", type="Datadog"))})],
    "one-source": [inline({"ratioMetric": ratio(good=metric("x", metricSourceRef="other"),
                                                total=metric("y", metricSourceRef="prod"))})],
    "prometheus-source": [inline({"ratioMetric": ratio(total=metric("x", metricSourceRef="nowhere"))})],
    "meterline-metric": [slo(indicator=facts(metric="latencies"))],
    "meterline-query": [slo(indicator=facts(query="SELECT 1 AS good"))],
    "alert-policy": [slo(alertPolicies=[{"kind": "AlertPolicy"}])],
    "one-condition": [other("AlertPolicy", "p", POLICY | {"conditions": [{"conditionRef": "c"}] * 2})],
    "alert-condition": [other("AlertPolicy", "p", POLICY | {"conditions": [{"kind": "AlertCondition"}]})],
    "notification-target": [other("AlertPolicy", "p", POLICY | {"notificationTargets": []})],
    "burn-window": [window(duration="20m")],
}  # fmt: skip


def test_every_rule_has_an_example_here() -> None:
    assert set(SEVERAL) == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_refuses_and_names_itself(rule: str, refused: Refused) -> None:
    problems = refused(*SEVERAL[rule], sources=("prod", "other") if rule == "one-source" else ("prod",))
    assert [one for one in problems if not one.endswith(f"(rule {rule})")] == []
    assert all(one.startswith("slo.yaml:") for one in problems)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_is_documented(rule: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "slos.md").read_text()
    assert f"`{rule}`" in page


def test_json_is_judged_alike(refused: Refused) -> None:
    """The same object as YAML and as JSON that is indented with tabs: the same words, and each its own line."""
    item = slo(objectives=[{"target": 2}])
    (in_yaml,) = refused(item)
    (in_json,) = refused(json.dumps(item, indent="\t"), name="slo.json")
    assert in_json.split(": ", 1)[1] == in_yaml.split(": ", 1)[1]
    lines = json.dumps(item, indent="\t").splitlines()
    assert '"target": 2' in lines[int(in_json.split(":")[1]) - 1]
    assert "target: 2" in yaml.safe_dump(item, sort_keys=False).splitlines()[int(in_yaml.split(":")[1]) - 1]


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([slo(objectivs=[])], "spec.objectivs: unknown key, did you mean objectives? (rule unknown-key)"),
        ([slo(service=None)], "SLO chat-good (object 1): spec.service: this key is required (rule required-key)"),
        (
            [named(slo(), "x", burn_alert="off")],
            "metadata.annotations.meterline.dev/burn-alert: 'off': unknown annotation, did you mean "
            "meterline.dev/burn-alerts? (rule annotation)",
        ),
        (
            [inline({"ratioMetric": ratio(total=metric("x", metricSourceRef="lab"))})],
            "ratioMetric.total.metricSource.metricSourceRef: 'lab': expected the name of a source "
            "of type prometheus, or of a DataSource that names one: prod (rule prometheus-source)",
        ),
        (
            [slo(indicator=facts(metric="ttft"))],
            "ratioMetric.raw.metricSource.spec.threshold: expected a threshold such as 500ms or 2s with ttft "
            "(rule meterline-metric)",
        ),
        (
            [slo(indicator=facts(query="SELECT ts, value AS good FROM serving_count"))],
            "expected the columns ts, good, total, got ts, good (rule meterline-query)",
        ),
        ([slo(indicator=None, indicatorRef="good"), other("SLI", "goood", GOOD["spec"])],
         "spec.indicatorRef: 'good': expected the name of a kind SLI: goood (rule reference)"),
        ([slo(alertPolicies=[{"alertPolicyRef": "p"}]), other("AlertPolicy", "p", POLICY), *CONDITIONS],
         "AlertPolicy p (object 2): spec.notificationTargets[0].targetRef: 't': expected the name of a kind "
         "AlertNotificationTarget: there is none (rule reference)"),
        ([other("AlertPolicy", "p", POLICY), *TARGETS],
         "conditions[0].conditionRef: 'c': expected the name of a kind AlertCondition: there is none (rule reference)"),
    ],
)  # fmt: skip
def test_what_was_expected_is_said(objects: list[Any], expected: str, refused: Refused) -> None:
    (problem,) = refused(*objects)
    assert problem.endswith(expected)


def test_a_second_object_of_a_name_says_where_the_first_is(load_text: LoadText, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load_text(slo(), slo())
    (problem,) = caught.value.problems
    file = tmp_path / "slo.yaml"
    first, second = [
        number for number, line in enumerate(file.read_text().splitlines(), 1) if "name: chat-good" in line
    ]
    assert problem == (
        f"{file}:{second}: SLO chat-good (object 2): metadata.name: 'chat-good': expected a name that no other SLO "
        f"has, {file}:{first} has this one (rule unique-name)"
    )


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(refused: Refused) -> None:
    problems = refused(slo(objectives=[{"target": 3, "op": "less"}], timeWindow=[{"duration": "1x"}]), "no object")
    lines = [int(one.split(":")[1]) for one in problems]
    assert lines == sorted(lines)
    assert len(problems) == 4
