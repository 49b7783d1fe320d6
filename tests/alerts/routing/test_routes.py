"""The tree: who is told, what is inherited, what a group is called, and how fast it is."""

from __future__ import annotations

import time
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.routing.load import parse_routing
from alerts.routing.route import Route, group_key, group_labels, match, walk
from alerts.routing.trace import trace

TREE = """
route:
  receiver: root
  group_by: [service, cluster]
  repeat_interval: 2h
  labels: {owner: platform}
  routes:
  - matchers: [severity="page", team="a"]
    receiver: a
    group_wait: 10s
    mute_time_intervals: [nights]
    continue: true
    routes:
    - matchers: [tier="1"]
      group_by: ['...']
      labels: {tier: first}
      routes:
      - matchers: [region="eu"]
        group_by: []
  - matchers: [severity="page"]
    receiver: b
    active_time_intervals: [nights]
receivers: [{name: root}, {name: a}, {name: b}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}]
"""
ROOT = parse_routing(TREE, "tree").root


def test_inheritance() -> None:
    a, b = ROOT.routes
    tier = a.routes[0]
    region = tier.routes[0]
    assert (tier.receiver, tier.group_wait, tier.repeat_interval) == ("a", timedelta(seconds=10), timedelta(hours=2))
    assert tier.group_interval == timedelta(minutes=5)
    assert (tier.group_by, tier.group_by_all) == ((), True)
    assert (region.group_by, region.group_by_all) == ((), False)
    assert b.group_by == ("service", "cluster")
    assert region.labels == {"owner": "platform", "tier": "first"}
    assert (a.mute_time_intervals, b.active_time_intervals) == (("nights",), ("nights",))
    assert (tier.mute_time_intervals, tier.goes_on) == ((), False)  # neither is inherited


def test_keys_paths_and_ids() -> None:
    region = ROOT.routes[0].routes[0].routes[0]
    assert region.key == '{}/{severity="page",team="a"}/{tier="1"}/{region="eu"}'
    assert region.path == ("{}", '{severity="page",team="a"}', '{tier="1"}', '{region="eu"}')
    assert [route.id for route in walk(ROOT)] == ["0", "0/0", "0/0/0", "0/0/0/0", "0/1"]


def test_groups() -> None:
    labels = {"service": 'a"b', "severity": "page", "zz": "1", "a1": "2"}
    assert group_labels(ROOT, labels | {"cluster": ""}) == {"service": 'a"b'}
    assert group_labels(ROOT, labels) == {"service": 'a"b'}
    assert group_key(ROOT, group_labels(ROOT, labels)) == r'{}:{service="a\"b"}'
    tier = ROOT.routes[0].routes[0]
    assert group_labels(tier, labels) == labels
    assert group_key(tier, {}) == tier.key + ":{}"


def test_trace_says_what_stopped_an_alert() -> None:
    steps = trace(ROOT, {"severity": "page", "team": "a", "tier": "2"})
    assert [(step.route.id, step.taken, str(step.failed) if step.failed else None) for step in steps] == [
        ("0", False, None),
        ("0/0", True, None),
        ("0/0/0", False, 'tier="1"'),
        ("0/1", True, None),  # since 0/0 continues
    ]
    assert [step.route.id for step in trace(ROOT, {"severity": "info"})] == ["0", "0/0", "0/1"]


NAMES = st.sampled_from(["severity", "team", "tier", "region"])
LABELS = st.dictionaries(NAMES, st.sampled_from(["", "page", "a", "1", "eu"]))


@given(LABELS)
def test_always_told_and_traced_alike(labels: dict[str, str]) -> None:
    taken = match(ROOT, labels)
    assert taken
    assert [step.route for step in trace(ROOT, labels) if step.taken] == taken
    assert len({route.id for route in taken}) == len(taken)
    assert match(ROOT, {name: value for name, value in labels.items() if value}) == taken  # empty is missing


def test_two_hundred_nodes_and_many_alerts() -> None:
    """The promise is 20,000 alerts a second of one core's time (50,000 measured); half may do on a busy machine."""
    groups = [
        f"""
  - matchers: ['team=~"t{number}|u{number}.*"', 'env!="dev"']
    receiver: r
    routes: [{{matchers: ['severity=~"page|critical"']}}, {{matchers: ['severity!~"info|debug"'], continue: true}},
             {{matchers: ['service="s{number}"', 'cluster!~"c.*"']}}]"""
        for number in range(50)
    ]
    root = parse_routing(f"route:\n  receiver: r\n  routes:{''.join(groups)}\nreceivers: [{{name: r}}]\n", "x").root
    assert len(walk(root)) == 201
    alerts = [
        {"team": f"t{number % 60}", "severity": ("page", "info", "warn")[number % 3], "service": f"s{number % 50}"}
        for number in range(4_000)
    ]
    started = time.process_time()
    for labels in alerts:
        match(root, labels)
    assert len(alerts) / (time.process_time() - started) > 10_000


def test_a_route_is_a_value() -> None:
    assert Route(receiver="a") == Route(receiver="a")
    assert parse_routing(TREE, "tree").root == ROOT
