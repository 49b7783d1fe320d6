"""What is told when, what is held back by what, and that the log of events says so. All times are seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from dispatch_story import ROUTING, Story, alert

from alerts.dispatch.dispatcher import Dispatcher
from warehouse.alert_log import silences
from warehouse.alert_log.alert import fingerprint

TREE = """
route:
  receiver: hook
  group_by: [service]
  routes:
    - {matchers: ['severity="page"'], receiver: pager, continue: true}
    - {matchers: ['team="night"'], receiver: hook, mute_time_intervals: [noon]}
    - {matchers: ['team="day"'], receiver: hook, active_time_intervals: [noon]}
    - {matchers: ['team="nobody"'], receiver: nobody}
time_intervals:
  - {name: noon, time_intervals: [{times: [{start_time: '12:00', end_time: '13:00'}]}]}
receivers:
  - {name: hook, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
  - name: pager
    pagerduty_configs: [{routing_key: one}]
    webhook_configs: [{url: 'http://127.0.0.1:1/', send_resolved: false}]
  - {name: nobody}
"""
HOURS = 3600.0


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def reasons(story: Story) -> list[tuple[float, str]]:
    return [(sent.at, sent.reason) for sent in story.sent()]


def test_a_group_waits_then_is_looked_at_every_interval(story: Story) -> None:
    story.fire("A")
    story.until(10)
    story.fire("B")
    story.until(100)
    story.fire("C")
    story.until(5 * HOURS)
    assert [(sent.at, sent.reason, len(sent.alerts)) for sent in story.sent()] == [
        (30, "first notification", 2),
        (330, "new alerts in group", 3),
        (330 + 4 * HOURS, "repeat interval elapsed", 3),
    ]


def test_what_began_long_ago_is_told_at_once(story: Story) -> None:
    story.fire("A")
    story.until(5)
    story.fire("B", age=31)
    assert [(sent.at, len(sent.alerts)) for sent in story.sent()] == [(5, 2)]


def test_what_waits_is_an_event_and_says_until_when(story: Story) -> None:
    story.fire("A")
    story.until(40)
    story.fire("B")
    story.fire("B")  # told twice is no change
    held = [
        (at, detail["why"], detail["until"] / 1e6 - story.origin.timestamp()) for at, _, detail in story.events("held")
    ]
    assert held == [(0, "group_wait", 30), (40, "group_interval", 330)]
    (at, _, detail) = story.events("routed")[0]
    assert (at, detail["routes"]) == (
        0,
        [{"receiver": "hook", "path": ["{}"], "group_key": '{}:{service="s"}', "group_labels": {"service": "s"}}],
    )


def test_ends_are_told_and_the_group_is_gone(story: Story) -> None:
    story.fire("A", "B")
    story.until(40)
    story.resolve("A")
    story.until(400)
    story.resolve("B")
    story.until(700)
    assert reasons(story) == [(30, "first notification"), (330, "new resolved alerts"), (630, "all alerts resolved")]
    assert story.sent()[-1].statuses == [("resolved", "B")]
    assert story.sent()[-1].priority == 2
    assert story.log.rows("SELECT * FROM aggregation") == []
    assert story.next_at is None
    assert story.dispatcher.groups() == []
    assert story.dispatcher.status(story.sent()[0].alerts[0], story.now) is None
    story.fire("A")
    story.until(800)
    assert reasons(story)[3:] == [(730, "first notification")]


def test_an_integration_that_wants_no_ends_hears_of_the_next_episode(tmp_path: Path) -> None:
    """Alertmanager would not tell it: its log still has the alert as firing."""
    story = Story(tmp_path, TREE)
    story.fire("A", "B", severity="page")
    story.until(40)
    story.resolve("B", severity="page")
    story.until(340)
    story.fire("B", severity="page")
    story.until(700)
    assert [(sent.at, sent.integration, sent.reason) for sent in story.sent()] == [
        (30, "webhook[0]", "first notification"),
        (30, "pagerduty[0]", "first notification"),
        (330, "pagerduty[0]", "new resolved alerts"),
        (630, "webhook[0]", "new alerts in group"),
        (630, "pagerduty[0]", "new alerts in group"),
    ]


def test_the_next_episode_is_told_though_a_silence_hid_the_end_of_the_last(story: Story) -> None:
    """Here too Alertmanager would keep quiet until repeat_interval."""
    story.fire("A", "B")
    story.until(40)
    silence = story.silence([{"name": "alertname", "op": "=", "value": "A"}], 600)
    story.until(340)
    story.resolve("A")
    story.until(700)
    story.fire("A")
    story.until(1000)
    assert [(sent.at, sent.reason, sent.statuses) for sent in story.sent()] == [
        (30, "first notification", [("firing", "A"), ("firing", "B")]),
        (930, "new alerts in group", [("firing", "A"), ("firing", "B")]),
    ]
    assert [(at, kind) for at, kind, _ in story.events("silenced", "unsilenced")] == [
        (330, "silenced"),
        (630, "unsilenced"),  # with its end
    ]
    assert story.events("silenced")[0][2] == {"silences": [silence]}


def test_a_silence_that_is_ended_or_damaged_holds_nothing_back(story: Story) -> None:
    silence = story.silence([{"name": "service", "op": "=~", "value": "s|t"}], HOURS)
    with story.log.transaction() as tx:
        tx.execute("INSERT INTO silence SELECT 'damaged', '[{\"name\":\"a\",\"op\":\"=~\",\"value\":\"(\"}]', "
                   "starts_at, ends_at, '', '', updated_at + 1 FROM silence")  # fmt: skip
    story.fire("A")
    story.until(100)
    assert reasons(story) == []
    with story.log.transaction() as tx:
        silences.expire(tx, silence, story.now)
    story.until(400)
    assert reasons(story) == [(330, "first notification")]


@pytest.mark.parametrize(("team", "kind", "begins"), [("day", "inactive", 0), ("night", "mute", 4 * HOURS)])
def test_intervals_keep_a_route_quiet(tmp_path: Path, team: str, kind: str, begins: float) -> None:
    """The story begins at 08:00; noon is from 12:00 to 13:00."""
    story = Story(tmp_path, TREE)
    story.now = story.at(begins)
    story.fire("A", team=team)
    story.until(begins + 600)
    assert reasons(story) == []
    ends = (4 if team == "day" else 5) * HOURS
    story.until(ends + 600)
    ((at, reason),) = reasons(story)
    assert ends <= at <= ends + 300
    assert reason == "first notification"
    about = {"interval": "noon", "kind": kind, "receiver": "hook", "group_key": story.sent()[0].payload["groupKey"]}
    assert story.events("muted", "unmuted") == [(begins + 30, "muted", about), (at, "unmuted", about)]


def test_inhibition_ends_with_its_source(tmp_path: Path) -> None:
    rule = "{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [service]}"
    story = Story(tmp_path, f"inhibit_rules: [{rule}]\n{ROUTING}")
    story.fire("Slow", severity="warning")
    story.fire("Down", severity="critical")
    story.until(40)
    story.resolve("Down", severity="critical")
    story.until(400)
    assert [(sent.at, sent.statuses) for sent in story.sent()] == [
        (30, [("firing", "Down")]),
        (330, [("resolved", "Down"), ("firing", "Slow")]),
    ]
    by = fingerprint({"alertname": "Down", "service": "s", "severity": "critical"})
    assert story.events("inhibited", "uninhibited") == [
        (30, "inhibited", {"by": by, "rule": 0}),
        (330, "uninhibited", {"by": by, "rule": 0}),
    ]


def test_what_nobody_repeats_expires(story: Story) -> None:
    story.post(alert("A", story.now), timeout=60)
    story.until(700)
    assert reasons(story) == [(30, "first notification"), (330, "all alerts resolved")]
    assert story.events("resolved") == [(60, "resolved", {"by": "expiry"})]


def test_a_receiver_without_integrations_is_told_nothing(tmp_path: Path) -> None:
    story = Story(tmp_path, TREE)
    story.fire("A", team="nobody")
    story.until(100)
    assert story.sent() == []
    assert [(one.receiver, len(one.fingerprints)) for one in story.dispatcher.groups()] == [("nobody", 1)]
    story.resolve("A", team="nobody")
    story.until(400)
    assert story.dispatcher.groups() == []


def test_groups_that_page_are_told_first(story: Story) -> None:
    known: list[int] = []
    story.dispatcher = Dispatcher(story.log, story.routing, queued=lambda: known.append(len(story.sent())))
    tickets = [alert("A", story.now, service=f"a{number:03}", severity="ticket") for number in range(250)]
    story.post(*tickets, alert("A", story.now, service="z", severity="page"))
    story.until(30)
    sent = story.sent()
    assert (sent[0].payload["groupLabels"], sent[0].priority) == ({"service": "z"}, 0)
    assert {one.priority for one in sent[1:]} == {1}
    assert known == [1, 101, 201, 251]  # pages are on their way before the others are written


def test_a_storm_is_one_notification_for_each_group(story: Story) -> None:
    for start in range(0, 3000, 500):
        story.now = story.at(start / 100)
        story.post(*(alert("A", story.now, service=f"s{n % 20}", pod=f"p{n}") for n in range(start, start + 500)))
    story.until(329)
    sent = story.sent()
    assert len(sent) == 20
    assert sum(len(one.alerts) for one in sent) == 3000
    assert {one.reason for one in sent} == {"first notification"}


def test_a_start_in_the_far_future_stops_nothing(story: Story) -> None:
    """An overflow in one alert must not be the end of routing for all."""
    story.post(alert("Far", datetime.max.replace(tzinfo=UTC)))
    story.fire("A", service="other")
    story.until(31)
    assert sorted(sent.statuses for sent in story.sent()) == [[("firing", "A")], [("firing", "Far")]]
