"""From files to objectives: references, sources, windows, alerts, annotations, and what is accepted with a warning."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analytics.reliability.burn_windows import burn_rules
from meterline.config.load import InvalidConfiguration
from meterline.openslo.duration import Span, parse_span, shorthand
from meterline.openslo.load import load_slos

from .conftest import CHAT, LoadText, facts, metric, named, other, ratio, slo, source

BURN = {"kind": "burnrate", "op": "lte", "threshold": 2, "lookbackWindow": "1h", "alertAfter": "5m"}
POLICY = {
    "alertWhenBreaching": True,
    "conditions": [
        {"kind": "AlertCondition", "metadata": {"name": "c"}, "spec": {"severity": "sev1", "condition": BURN}}
    ],
    "notificationTargets": [
        {"kind": "AlertNotificationTarget", "metadata": {"name": "t"}, "spec": {"target": "slack"}}
    ],
}


def test_documents_lists_and_json_are_one(load_text: LoadText) -> None:
    items = [slo(), named(slo(), "second")]
    documents = load_text(*items)
    a_list = load_text(yaml.safe_dump(items))
    in_json = load_text(json.dumps(items), name="slo.json")
    assert documents.objectives == a_list.objectives == in_json.objectives
    assert [one.slo for one in documents.objectives] == ["chat-good", "second"]


def test_patterns(tmp_path: Path) -> None:
    for path, name in (("a/x.yaml", "one"), ("a/b/y.yml", "two"), ("z.json", "three")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(json.dumps(named(slo(), name)))
    found = load_slos(["a/**/*.y*ml", "z.json", "a/x.yaml", "none/*.yaml"], tmp_path, [CHAT])
    assert {one.slo for one in found.objectives} == {"one", "two", "three"}
    assert found.warnings == ("slos: no file matches none/*.yaml",)
    with pytest.raises(InvalidConfiguration, match=r"there is no such file.*rule readable"):
        load_slos(["absent.yaml"], tmp_path)


def test_the_usual_rules_where_there_is_no_policy(load_text: LoadText) -> None:
    (one,) = load_text(slo()).objectives
    assert [(a.rule, a.severity, a.long, a.short, a.factor, a.min_bad) for a in one.alerts] == [
        (a.name, a.severity, a.long, a.short, a.factor, a.min_bad) for a in burn_rules(timedelta(days=28))
    ]


def test_a_policy_is_taken_as_written_and_doubts_are_told(load_text: LoadText) -> None:
    inline = {"kind": "AlertPolicy", "metadata": {"name": "fast"}, "spec": POLICY}
    slos = load_text(slo(alertPolicies=[inline]))
    (alert,) = slos.objectives[0].alerts
    assert (alert.rule, alert.severity, alert.factor, alert.min_bad) == ("fast", "sev1", 2.0, 0.0)
    assert (alert.long, alert.short) == (timedelta(hours=1), timedelta(minutes=5))
    said = "\n".join(slos.warnings)
    assert "lte would alert while the budget does not burn: it is taken as gt" in said
    assert "alertAfter: not kept" in said
    assert "sev1 goes to routing as it is" in said


def test_a_policy_that_does_not_alert_when_breaching_makes_no_rule(load_text: LoadText) -> None:
    slos = load_text(
        slo(alertPolicies=[{"alertPolicyRef": "p"}]), other("AlertPolicy", "p", POLICY | {"alertWhenBreaching": False})
    )
    assert slos.objectives[0].alerts == ()
    assert any("policy p never alerts" in one for one in slos.warnings)


def test_annotations(load_text: LoadText) -> None:
    item = named(slo(), "x", burn_alerts="off", runbook_url="https://run.example/x", owner="anna", empty_slices="good")
    (one,) = load_text(item).objectives
    assert (one.alerts, one.runbook_url, one.owner, one.empty_slices) == ((), "https://run.example/x", "anna", "good")
    # `off` without quotes is a word, as in OpenSLO's own tools, and not a boolean
    (again,) = load_text(yaml.safe_dump(item).replace("'off'", "off")).objectives
    assert again == one


def test_windows_by_name_and_fewest_bad_events(load_text: LoadText) -> None:
    (one,) = load_text(named(slo(), "x", burn_alerts="google-7d", min_bad_events="20")).objectives
    assert [a.budget for a in one.alerts] == [0.08, 0.125, 0.2, 0.42]
    assert {a.min_bad for a in one.alerts} == {20.0}


def test_windows_that_are_not_there_are_refused(load_text: LoadText, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"burn-alerts: 'mine'.*\(rule annotation\)"):
        load_text(named(slo(), "x", burn_alerts="mine"))
    (tmp_path / "mine.yaml").write_text(
        "period_days: 28\nrules: [{name: quick, severity: page, budget: 0.01, long_minutes: 30, short_minutes: 3}]\n"
    )
    (one,) = load_text(named(slo(), "x", burn_alerts="mine.yaml")).objectives
    (alert,) = one.alerts
    assert alert.factor == pytest.approx(0.01 * 28 * 24 * 60 / 30)


def test_who_owns_it(load_text: LoadText) -> None:
    (one,) = load_text(slo()).objectives
    assert (one.team, one.tier, one.owner) == ("search", 1, "search")
    described = {"kind": "Service", "apiVersion": "openslo/v1"} | {
        "metadata": {
            "name": "images", "labels": {"team": "labs", "tier": ["2"]},
            "annotations": {"meterline.dev/owner": "ben", "meterline.dev/runbook-url": "https://run.example/i"},
        }
    }  # fmt: skip
    slos = load_text(slo(service="images"), described)
    (two,) = slos.objectives
    assert (two.team, two.tier, two.owner, two.runbook_url) == ("labs", 2, "ben", "https://run.example/i")
    (warning,) = slos.warnings
    assert "spec.service: images is no service of the configuration (chat)" in warning


def test_sources(load_text: LoadText, tmp_path: Path) -> None:
    def through(reference: str | None, *data_sources: dict[str, object], sources: tuple[str, ...]) -> str:
        use = {"metricSourceRef": reference} if reference else {}
        parts = ratio(good=metric("a", **use), total=metric("b", **use))
        item = slo(indicator={"metadata": {"name": "g"}, "spec": {"ratioMetric": parts}})
        return load_text(item, *data_sources, sources=sources).objectives[0].indicator.source

    def described(name: str, **details: str) -> dict[str, object]:
        return other("DataSource", name, {"type": "Prometheus", "connectionDetails": details})

    assert through(None, sources=("only",)) == "only"
    assert through("b", sources=("a", "b")) == "b"
    assert through("b", described("b", url="http://elsewhere"), sources=("a", "b")) == "b"
    assert through("prom", described("prom", source="a"), sources=("a", "b")) == "a"
    with pytest.raises(InvalidConfiguration, match="rule prometheus-source"):
        through("prom", described("prom", source="c"), sources=("a", "b"))
    with pytest.raises(InvalidConfiguration, match=r"expected metricSourceRef with the name .*: a, b \(rule"):
        through(None, sources=("a", "b"))
    # the address of a DataSource names a source too
    (tmp_path / "u.yaml").write_text(
        yaml.safe_dump_all([
            slo(indicator={"metadata": {"name": "g"}, "spec": {"ratioMetric": ratio(
                good=metric("a", metricSourceRef="p"), total=metric("b", metricSourceRef="p"))}}),
            described("p", url="http://prom.example:9090/"),
        ])
    )  # fmt: skip
    configured = [source("x"), source("y", "http://prom.example:9090")]
    assert load_slos(["u.yaml"], tmp_path, [CHAT], configured).objectives[0].indicator.source == "y"


@pytest.mark.parametrize(
    ("spec", "kind", "definition"),
    [
        ({"metric": "availability"}, "metric", {"metric": "availability", "service": "chat"}),
        ({"metric": "ttft", "threshold": "500ms"}, "metric", {"metric": "ttft", "service": "chat", "threshold": 0.5}),
        ({"metric": "tpot", "threshold": 0.1, "service": "x"}, "metric",
         {"metric": "tpot", "service": "x", "threshold": 0.1}),
        # the service's own threshold stands in
        ({"metric": "latency"}, "metric", {"metric": "latency", "service": "chat", "threshold": 1.5}),
        ({"query": "SELECT ts, 1 AS good, 2 AS total FROM serving_count WHERE ts >= $since AND ts < $until;"}, "sql",
         {"sql": "SELECT ts, 1 AS good, 2 AS total FROM serving_count WHERE ts >= $since AND ts < $until"}),
    ],
)  # fmt: skip
def test_indicators_of_facts(
    spec: dict[str, object], kind: str, definition: dict[str, object], load_text: LoadText
) -> None:
    (one,) = load_text(slo(indicator=facts(**spec)), sources=()).objectives
    found = one.indicator
    assert (found.source, found.kind, found.definition) == ("facts", kind, definition)
    assert (found.sli, found.grain) == ("chat-good", timedelta(minutes=5))


def test_each_service_has_its_own_counts_of_a_shared_indicator(load_text: LoadText) -> None:
    shared = other("SLI", "answered", facts(metric="availability")["spec"])
    both = [
        named(slo(indicator=None, indicatorRef="answered", service=name), f"{name}-a") for name in ("chat", "image")
    ]
    slos = load_text(shared, *both)
    assert [one.sli for one in slos.indicators] == ["answered/chat", "answered/image"]


def test_each_threshold_has_its_own_counts(load_text: LoadText) -> None:
    value = {"metadata": {"name": "v"}, "spec": {"thresholdMetric": metric("queue_seconds")}}
    objectives = [
        {"displayName": "fast", "op": "lt", "value": 1, "target": 0.9},
        {"op": "lte", "value": 2.5, "targetPercent": 99.95},
    ]
    slos = load_text(slo(indicator=value, objectives=objectives))
    assert [(one.objective, one.target, one.indicator.sli) for one in slos.objectives] == [
        ("fast", Decimal("0.9"), "chat-good/fast"), ("99.95", Decimal("0.9995"), "chat-good/99.95"),
    ]  # fmt: skip
    assert slos.objectives[1].indicator.definition == {"query": "queue_seconds", "op": "lte", "value": 2.5}
    # minutes are counted, not events: few of them are not low traffic
    assert {alert.min_bad for alert in slos.objectives[0].alerts} == {0.0}


def test_an_indicator_of_several_slos_is_measured_once(load_text: LoadText) -> None:
    shared = other("SLI", "answered", {"ratioMetric": ratio()})
    several = [named(slo(indicator=None, indicatorRef="answered"), f"slo-{number}") for number in range(3)]
    slos = load_text(*several, shared)
    assert [one.sli for one in slos.indicators] == ["answered"]


def test_a_raw_ratio(load_text: LoadText) -> None:
    raw = {"ratioMetric": {"rawType": "failure", "raw": metric("job:errors:ratio")}}
    (one,) = load_text(slo(indicator={"metadata": {"name": "r"}, "spec": raw})).objectives
    assert (one.indicator.kind, one.indicator.definition) == ("raw", {"raw": "job:errors:ratio", "type": "failure"})


def test_doubts_about_counters_and_slices_are_told(load_text: LoadText) -> None:
    parts = ratio(good=metric("sum(a) / 2"), total=metric("sum by (pod) (b)"))
    slices = {"target": 0.9, "timeSliceTarget": 0.9, "timeSliceWindow": "1h"}
    item = slo(indicator={"metadata": {"name": "g"}, "spec": {"ratioMetric": parts}})
    item["spec"] |= {"budgetingMethod": "Timeslices", "objectives": [slices]}
    slos = load_text(item)
    assert slos.objectives[0].indicator.definition == {"good": "sum(a) / 2", "total": "b", "counter": True}
    about_query, about_slices = slos.warnings
    assert "ratioMetric.good.metricSource.spec.query: neither a selector nor a sum of one" in about_query
    assert "timeSliceWindow: longer than the short window of page_quick, page_slow: they see" in about_slices


def test_what_says_nothing_is_told(load_text: LoadText) -> None:
    slos = load_text(
        slo(timeWindow=[{"duration": "1M", "isRolling": True}], objectives=[{"target": 0.9, "timeSliceWindow": 5}])
    )
    said = "\n".join(slos.warnings)
    assert "1M of a rolling window is 30d" in said
    assert "timeSliceWindow: says nothing with Occurrences" in said
    assert slos.objectives[0].slice is None


def test_an_empty_file_is_told(load_text: LoadText) -> None:
    assert load_text("# nothing\n").warnings[0].endswith("slo.yaml: holds no OpenSLO object")


@given(st.integers(1, 36_500), st.sampled_from("mhdwMQY"))
def test_durations(count: int, unit: str) -> None:
    span = parse_span(f"{count}{unit}")
    if span is not None:
        assert span == Span(count, unit)
        assert str(span) == f"{count}{unit}"


@given(st.integers(1, 10**6))
def test_a_shorthand_is_read_as_the_same_length(minutes: int) -> None:
    span = parse_span(shorthand(timedelta(minutes=minutes)))
    assert span is not None
    assert span.length == timedelta(minutes=minutes)


@given(st.text(max_size=6))
def test_no_text_but_a_duration_is_one(text: str) -> None:
    span = parse_span(text)
    assert span is None or (str(span).lstrip("0") == text.lstrip("0") and text[-1] in "mhdwMQY")


def test_the_example_of_the_documentation_is_read(load_text: LoadText) -> None:
    page = (Path(__file__).parents[3] / "docs" / "slos.md").read_text()
    (example,) = [block for block in page.split("```yaml\n") if block.startswith("apiVersion")]
    slos = load_text(example.split("```")[0])
    (one,) = slos.objectives
    assert (one.slo, one.target, one.runbook_url) == (
        "chat-availability", Decimal("0.999"), "https://runbooks.example/chat",
    )  # fmt: skip
    assert slos.warnings == ()
    # the factors of the table of rules there
    assert [f"{alert.factor:.4g}" for alert in one.alerts] == ["13.44", "5.6", "2.8", "0.9333"]
