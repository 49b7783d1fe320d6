"""Inhibition: Alertmanager's rules one by one, the same as a search through all alerts, and fast for 50,000."""

from __future__ import annotations

import time
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from alerts.routing.inhibition import Inhibitor, InhibitRule
from alerts.routing.matcher import matches_all
from alerts.routing.matcher_text import parse_matchers

RULE = InhibitRule(parse_matchers('severity="page"'), parse_matchers('severity=~"ticket|info"'), ("service",))
BOTH = InhibitRule(parse_matchers('a=~".+"'), parse_matchers('a=~"x.*"'), ("cluster",))


def test_a_target_with_equal_labels_is_inhibited_while_the_source_fires() -> None:
    inhibitor = Inhibitor([RULE])
    target = {"severity": "info", "service": "api"}
    assert inhibitor.inhibitor_of("t", target) is None
    inhibitor.set("s", {"severity": "page", "service": "api", "other": "1"}, True)
    assert inhibitor.inhibitor_of("t", target) == ("s", 0)
    assert inhibitor.inhibitor_of("u", {"severity": "info", "service": "web"}) is None
    inhibitor.set("s", {"severity": "page", "service": "api"}, False)
    assert inhibitor.inhibitor_of("t", target) is None


def test_a_label_missing_on_both_sides_is_equal() -> None:
    inhibitor = Inhibitor([RULE])
    inhibitor.set("s", {"severity": "page"}, True)
    assert inhibitor.inhibitor_of("t", {"severity": "info"}) == ("s", 0)
    assert inhibitor.inhibitor_of("t", {"severity": "info", "service": ""}) == ("s", 0)
    assert inhibitor.inhibitor_of("t", {"severity": "info", "service": "api"}) is None


def test_an_alert_of_both_sides_needs_a_source_of_one_side() -> None:
    inhibitor = Inhibitor([BOTH])
    inhibitor.set("x1", {"a": "x1"}, True)
    inhibitor.set("x2", {"a": "x2"}, True)
    assert inhibitor.inhibitor_of("x1", {"a": "x1"}) is None
    inhibitor.set("y", {"a": "y"}, True)
    assert inhibitor.inhibitor_of("x1", {"a": "x1"}) == ("y", 0)


def test_the_second_rule_is_named() -> None:
    inhibitor = Inhibitor([RULE, InhibitRule(parse_matchers("kind=down"), (), ())])
    inhibitor.set("d", {"kind": "down"}, True)
    assert inhibitor.inhibitor_of("t", {"severity": "info"}) == ("d", 1)


VALUES = st.sampled_from(["", "page", "info", "ticket"])
ALERT = st.fixed_dictionaries(
    {}, optional={"severity": VALUES, "service": VALUES, "a": st.sampled_from(["x", "xy", "z"])}
)
RULES = [
    RULE,
    BOTH,
    InhibitRule(parse_matchers('service!="info"'), parse_matchers("severity=page,a!=z"), ("a", "service")),
]


@given(st.lists(st.tuples(st.integers(0, 6), ALERT, st.booleans()), max_size=25), ALERT)
def test_the_same_as_looking_at_every_alert(
    changes: list[tuple[int, dict[str, str], bool]], target: dict[str, str]
) -> None:
    inhibitor = Inhibitor(RULES)
    firing: dict[str, Mapping[str, str]] = {}
    known: dict[str, dict[str, str]] = {}
    for number, labels, fires in changes:
        fingerprint = str(number)
        labels = known.setdefault(fingerprint, labels)  # a fingerprint is its labels
        inhibitor.set(fingerprint, labels, fires)
        if fires:
            firing[fingerprint] = labels
        else:
            firing.pop(fingerprint, None)
    found = inhibitor.inhibitor_of("target", target)
    expected = {(source, index) for index, rule in enumerate(RULES) for source in sources(rule, target, firing)}
    assert found in expected if expected else found is None


def sources(rule: InhibitRule, target: Mapping[str, str], firing: Mapping[str, Mapping[str, str]]) -> list[str]:
    if not matches_all(rule.target, target):
        return []
    two_sided = matches_all(rule.source, target)
    return [
        fingerprint
        for fingerprint, labels in firing.items()
        if matches_all(rule.source, labels)
        and all(labels.get(name, "") == target.get(name, "") for name in rule.equal)
        and not (two_sided and matches_all(rule.target, labels))
    ]


def test_fifty_thousand_alerts() -> None:
    """Half are sources in one group, half their targets: a search through all pairs would take hours."""
    inhibitor = Inhibitor([RULE])
    started = time.process_time()
    for number in range(25_000):
        inhibitor.set(f"s{number}", {"severity": "page", "service": "api", "n": str(number)}, True)
    target = {"severity": "info", "service": "api"}
    assert all(inhibitor.inhibitor_of(f"t{number}", target) == ("s0", 0) for number in range(25_000))
    for number in range(25_000):
        inhibitor.set(f"s{number}", {}, False)
    assert inhibitor.inhibitor_of("t", target) is None
    assert time.process_time() - started < 10
