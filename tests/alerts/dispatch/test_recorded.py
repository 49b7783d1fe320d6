"""Seventeen scenarios recorded from a real Alertmanager, told again: the same notifications at the same times.

Where a receiver fails or the process is killed we promise more than Alertmanager does; those scenarios say how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatch_story import Story

from alerts.dispatch.dispatcher import Dispatcher
from warehouse.alert_log import outbox
from warehouse.alert_log.alert import Alert, fingerprint

DATA = Path(__file__).parents[2] / "data" / "alertmanager" / "webhooks"
ZERO = datetime(2026, 11, 24, 8, 29, 46, 430000, tzinfo=UTC)
JITTER = 0.04
HOUR = timedelta(hours=1)

ROUTING = """
global: {resolve_timeout: 4s}
route:
  receiver: hook
  group_by: [service]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 6s
  routes:
    - {matchers: ['route="max"'], receiver: hook_max}
    - {matchers: ['route="nores"'], receiver: hook_nores}
    - {matchers: ['route="all"'], receiver: hook, group_by: ['...']}
    - {matchers: ['route="flaky"'], receiver: hook_flaky}
    - {matchers: ['route="bad"'], receiver: hook_bad}
    - {matchers: ['route="fan"'], receiver: hook, continue: true}
    - {matchers: ['route="fan"'], receiver: hook_nores}
inhibit_rules:
  - {source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [service]}
receivers:
  - {name: hook, webhook_configs: [{url: 'http://127.0.0.1:1/hook'}]}
  - {name: hook_max, webhook_configs: [{url: 'http://127.0.0.1:1/max', max_alerts: 2}]}
  - {name: hook_nores, webhook_configs: [{url: 'http://127.0.0.1:1/nores', send_resolved: false}]}
  - {name: hook_flaky, webhook_configs: [{url: 'http://127.0.0.1:1/flaky'}]}
  - {name: hook_bad, webhook_configs: [{url: 'http://127.0.0.1:1/bad'}]}
"""


class Replay:
    """One scenario; times are the recording's `t`."""

    def __init__(self, directory: Path, name: str, begin: float) -> None:
        (path,) = DATA.glob(f"{name}_*.json")
        self.recorded: dict[str, Any] = json.loads(path.read_text())
        self.story = Story(directory, ROUTING, ZERO)
        self.story.dispatcher = Dispatcher(self.story.log, self.story.routing, external_url="http://vm:19193")
        self.story.now = self.story.at(begin)

    def fire(self, at: float, *labels: dict[str, str], age: float | None = None) -> None:
        """Posted at `at` without a start, which puts it an hour ahead; or begun `age` seconds before."""
        self.story.until(at)
        ahead = self.story.now + HOUR
        starts = ahead if age is None else self.story.now - timedelta(seconds=age)
        self.story.post(*(self._alert(one, starts, ahead) for one in labels))

    def resolve(self, at: float, *labels: dict[str, str], starts: float, ends: float) -> None:
        self.story.until(at)
        self.story.post(*(self._alert(one, self.story.at(starts), self.story.at(ends)) for one in labels))

    def _alert(self, labels: dict[str, str], starts: datetime, ends: datetime | None) -> Alert:
        known = {alert["fingerprint"]: alert for one in self.recorded["requests"] for alert in one["body"]["alerts"]}
        beside = known.get(fingerprint(labels), next(iter(known.values()), {"annotations": {}, "generatorURL": ""}))
        return Alert(labels, beside["annotations"], starts, ends, beside["generatorURL"])

    def check(self, until: float, requests: list[dict[str, Any]] | None = None) -> None:
        """Everything recorded, or `requests` of it, was sent: each group's in order, at its time, word for word."""
        self.story.until(until)
        expected = self.recorded["requests"] if requests is None else requests
        ours = sorted(self.story.sent(), key=lambda sent: (sent.receiver, sent.payload["groupKey"], sent.at))
        theirs = sorted(expected, key=lambda one: (one["body"]["receiver"], one["body"]["groupKey"], one["t"]))
        assert [(sent.receiver, sent.payload["groupKey"]) for sent in ours] == [
            (one["body"]["receiver"], one["body"]["groupKey"]) for one in theirs
        ]
        for sent, one in zip(ours, theirs, strict=True):
            assert sent.at == pytest.approx(one["t"], abs=JITTER)
            body = _in_microseconds(one["body"])
            assert {key: sent.payload[key] for key in body} == body


def _in_microseconds(body: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(re.sub(r"(\.\d{6})\d+Z", r"\1Z", json.dumps(body)))
    return result


def _labels(name: str, service: str, **more: str) -> dict[str, str]:
    return {"alertname": name, "service": service} | more


@pytest.fixture
def replay(tmp_path: Path) -> Callable[[str, float], Replay]:
    return lambda name, begin: Replay(tmp_path, name, begin)


Make = Callable[[str, float], Replay]


def test_01_one_alert_fires_and_resolves(replay: Make) -> None:
    one = replay("01", 0.0)
    burn = _labels("Burn", "s1", severity="critical")
    one.fire(0.396, burn, age=30)  # older than group_wait: told at once
    one.resolve(3.898, burn, starts=-36.102, ends=2.898)
    one.check(7.3)


def test_02_a_group_of_three_loses_one_gains_one_and_resolves(replay: Make) -> None:
    one = replay("02", 7.0)
    pods = [_labels("Burn", "s2", severity="critical", pod=pod) for pod in ("p0", "p1", "p2", "p9")]
    one.fire(7.4, *pods[:3])
    one.resolve(9.602, pods[1], starts=-10.398, ends=9.502)
    one.fire(12.103, pods[3])
    one.resolve(14.605, pods[0], pods[2], pods[3], starts=-5.395, ends=14.505)
    one.check(20.0)


def test_03_what_fires_and_resolves_inside_group_wait_is_not_told(replay: Make) -> None:
    one = replay("03", 18.0)
    one.fire(18.3, _labels("Short", "s3"))
    one.resolve(18.8, _labels("Short", "s3"), starts=18.0, ends=18.7)
    one.check(30.0)
    assert one.story.dispatcher.groups() == []
    assert one.story.next_at is None


def test_04_when_a_silence_ends_it_is_told_at_the_next_tick(replay: Make) -> None:
    one = replay("04", 21.9)
    silence = one.story.silence([{"name": "alertname", "op": "=", "value": "Sil"}], 3.0)
    one.fire(21.941, _labels("Sil", "s4"))
    one.story.until(23.5)
    (seen,) = one.recorded["get_alerts_while_silenced"]
    status = one.story.dispatcher.status(seen["fingerprint"], one.story.now)
    assert status is not None
    assert status.silenced_by == (silence,)
    assert list(status.receivers) == [receiver["name"] for receiver in seen["receivers"]]
    one.check(28.0)
    assert [(kind, detail) for _, kind, detail in one.story.events("silenced", "unsilenced")] == [
        ("silenced", {"silences": [silence]}),
        ("unsilenced", {"silences": [silence]}),
    ]


def test_05_the_critical_one_inhibits_the_warning_of_the_same_service(replay: Make) -> None:
    one = replay("05", 27.0)
    slow = [_labels("Slow", service, severity="warning") for service in ("s5", "s6")]
    one.fire(27.545, _labels("Down", "s5", severity="critical"), *slow)
    one.check(30.6)
    for seen in one.recorded["get_alerts"]:
        status = one.story.dispatcher.status(seen["fingerprint"], one.story.now)
        assert status is not None
        assert list(status.inhibited_by) == seen["status"]["inhibitedBy"]
    (event,) = one.story.events("inhibited")
    assert event[2] == {"by": "9ea851daa5e40acf", "rule": 0}


def test_06_a_repeat_waits_for_the_tick_after_repeat_interval(replay: Make) -> None:
    """The tick at 37.65 came 0.02 s late, as the recording shows; 6 s after that no tick comes before 45.65."""
    one = replay("06", 30.0)
    one.fire(30.65, _labels("Rep", "s7"))
    one.story.until(46.6, lateness=[0, 0, 0, 0.02])
    one.check(46.6)
    assert [sent.reason for sent in one.story.sent()] == ["first notification"] + ["repeat interval elapsed"] * 2


def test_07_without_an_end_it_resolves_after_resolve_timeout(replay: Make) -> None:
    one = replay("07", 46.0)
    one.story.until(46.653135)
    (starts, labels) = (one.story.now, _labels("NoEnd", "s8"))
    timeout = one.story.routing.resolve_timeout.total_seconds()
    one.story.post(one._alert(labels, starts, None), timeout=timeout)
    one.check(55.0)


def test_08_max_alerts_truncates(replay: Make) -> None:
    one = replay("08", 55.0)
    one.fire(55.654, *(_labels("Many", "s9", route="max", i=str(i)) for i in range(5)))
    one.check(57.6)
    assert len(one.story.sent()[0].alerts) == 5  # the outbox knows of all


def test_09_send_resolved_false_sends_no_end(replay: Make) -> None:
    one = replay("09", 57.0)
    labels = _labels("NoRes", "s10", route="nores")
    one.fire(57.657, labels)
    one.resolve(59.9, labels, starts=57.0, ends=59.8)
    one.check(75.0)


def test_10_group_by_all_tells_each_alert_alone(replay: Make) -> None:
    one = replay("10", 62.0)
    one.fire(62.464, *(_labels("All", "s11", route="all", i=str(i)) for i in range(3)))
    one.check(64.4)


def test_11_a_receiver_that_answers_503_is_one_delivery_with_three_attempts(replay: Make) -> None:
    """Alertmanager's retries are requests of one flush; ours are attempts of one delivery, which outlives a kill."""
    one = replay("11", 64.0)
    one.fire(64.466, _labels("Flaky", "s12", route="flaky"))
    story, requests = one.story, one.recorded["requests"]
    story.until(65.5)
    for request in requests:
        story.until(request["t"])
        delivery = outbox.waiting(story.log, "hook_flaky", "webhook[0]", story.now)
        assert delivery is not None
        body = _in_microseconds(request["body"])
        assert {key: delivery.payload[key] for key in body} == body
        with story.log.transaction() as tx:
            attempt = outbox.begin_attempt(tx, delivery.id, story.now)
            outcome = "sent" if request["answered"] == 200 else "failed"
            outbox.end_attempt(
                tx, attempt, story.now, outcome=outcome, status=request["answered"], answer="", again_at=story.now
            )
    one.check(69.4, requests[:1])
    assert outbox.waiting(story.log, "hook_flaky", "webhook[0]", story.now) is None


def test_12_a_receiver_that_answers_400_gets_it_once(replay: Make) -> None:
    """Alertmanager sends it again each group_interval: its log has no entry. Ours is a dead letter, told of by an alert
    about ourselves (alerts/delivery), so nobody is asked twice the same wrong question before repeat_interval."""
    one = replay("12", 69.0)
    one.fire(69.47, _labels("Bad", "s13", route="bad"))
    story = one.story
    story.until(70.5)
    delivery = outbox.waiting(story.log, "hook_bad", "webhook[0]", story.now)
    assert delivery is not None
    with story.log.transaction() as tx:
        attempt = outbox.begin_attempt(tx, delivery.id, story.now)
        outbox.end_attempt(tx, attempt, story.now, outcome="dead", status=400, answer="bad")
    one.check(75.4, one.recorded["requests"][:1])
    story.until(77.0)
    assert [sent.reason for sent in story.sent()] == ["first notification", "repeat interval elapsed"]


def test_13_continue_tells_two_receivers(replay: Make) -> None:
    one = replay("13", 75.0)
    one.fire(75.476, _labels("Fan", "s14", route="fan"))
    one.check(77.4)
    assert [sent.receiver for sent in one.story.sent()] == ["hook", "hook_nores"]


def test_14_labels_in_any_script(replay: Make) -> None:
    one = replay("14", 77.0)
    one.fire(77.507, {"alertname": "推論遅延", "service": "größe", "team": "🔥"})
    one.check(79.0)


def test_15_a_kill_after_the_notification_repeats_nothing(replay: Make) -> None:
    """Alertmanager tells it again at 81.54: its log was in memory. Ours is written with the delivery."""
    one = replay("15", 79.0)
    labels = _labels("Kill", "s15", severity="critical")
    one.fire(79.521, labels, age=30)
    one.story.until(80.2)
    one.story.restart()
    one.fire(81.5, labels, age=32)
    one.check(84.5, one.recorded["requests"][:1])


def test_16_a_stop_repeats_nothing(replay: Make) -> None:
    one = replay("16", 84.0)
    labels = _labels("Term", "s16", severity="critical")
    one.fire(85.039, labels, age=30)
    one.story.until(85.5)
    one.story.restart()
    one.fire(87.0, labels, age=32)
    one.check(90.0)


def test_17_a_kill_inside_group_wait_loses_nothing(replay: Make) -> None:
    """Alertmanager forgets it, although it had answered 200. Ours is told as soon as the process is back."""
    one = replay("17", 90.0)
    assert one.recorded["requests"] == []
    one.fire(90.3, _labels("Lost", "s17"))
    one.story.now = one.story.at(93.0)  # killed at 90.5, back at 93
    one.story.restart()
    one.story.until(95.0)
    assert [(sent.at, sent.reason) for sent in one.story.sent()] == [(93.0, "first notification")]
