"""Whatever happens in whatever order: what fires and is not suppressed is told in time, and nothing is told twice.

Random stories of posts, ends, silences, passing time, restarts, reloads and kills in any
transaction, before and after it was stored. The receivers' side is the outbox.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from dispatch_story import START, Story, alert
from dying_log import DyingLog, Killed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.routing.load import parse_routing
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.moment import from_us, to_us

GROUP_WAIT, GROUP_INTERVAL = timedelta(seconds=30), timedelta(seconds=60)
NAMES = ("A", "B")
INTEGRATIONS = ("webhook[0]", "webhook[1]")


def routing(group_by: str) -> str:
    return f"""
route: {{receiver: hook, group_by: [{group_by}], group_wait: 30s, group_interval: 60s, repeat_interval: 1h}}
receivers:
  - name: hook
    webhook_configs: [{{url: 'http://127.0.0.1:1/'}}, {{url: 'http://127.0.0.1:1/', send_resolved: false}}]
"""


NAME = st.sampled_from(NAMES)
WAIT = st.sampled_from([0, 1, 25, 31, 61, 130])
STEP = st.one_of(
    st.tuples(st.just("fire"), NAME, st.sampled_from([0, 20, 100])),
    st.tuples(st.just("fire for a while"), NAME, st.sampled_from([20, 70])),
    st.tuples(st.just("resolve"), NAME),
    st.tuples(st.just("silence"), NAME, st.sampled_from([10, 45, 150])),
    st.tuples(st.just("restart")),
    st.tuples(st.just("reload"), st.sampled_from(["service", "alertname"])),
    st.tuples(st.just("kill"), st.integers(0, 4), st.booleans()),
)


class Life:
    """One random story. `undisturbed_since` is when the process last came up or began to decide otherwise."""

    def __init__(self, directory: Path) -> None:
        self.log = DyingLog(directory)
        self.story = Story(self.log, routing("service"))
        self.undisturbed_since = START

    def step(self, what: str, *about: object) -> None:
        """Do one thing; if the process dies of it, bring it back."""
        try:
            self._do(what, *about)
        except Killed:
            self._again(self.story.restart)

    def _do(self, what: str, *about: object) -> None:
        story = self.story
        match what, *about:
            case "fire", str(name), int(age):
                story.fire(name, age=age)
            case "fire for a while", str(name), int(seconds):
                story.post(alert(name, story.now), timeout=seconds)
            case "resolve", str(name):
                story.resolve(name)
            case "silence", str(name), int(seconds):
                story.silence([{"name": "alertname", "op": "=", "value": name}], seconds)
            case "wait", int(seconds):
                story.until((story.now - START).total_seconds() + seconds)
            case "restart", *_:
                self._again(story.restart)
            case "reload", str(group_by):
                story.routing = parse_routing(routing(group_by), "reloaded")
                self._again(lambda: story.dispatcher.reload(story.routing, story.now))
            case "kill", int(transactions), bool(committed):
                self.log.die_in(transactions, committed=committed)

    def _again(self, how: Callable[[], None]) -> None:
        self.undisturbed_since = self.story.now
        how()
        self.story.tick()

    def check_told_in_time(self) -> None:
        """No alert fires longer than group_wait + group_interval without being told, unless it is silenced."""
        now = self.story.now
        groups = {one: group.group_key for group in self.story.dispatcher.groups() for one in group.fingerprints}
        for name in NAMES:
            one = fingerprint(alert(name, now).labels)
            if not self.log.rows("SELECT 1 FROM alert WHERE fingerprint = ? AND ends_at IS NULL", (one,)):
                continue
            began, fired = self._began(one)
            since = self._visible_since(name, fired)
            if since is not None and now - since > GROUP_WAIT + GROUP_INTERVAL:
                for integration in INTEGRATIONS:
                    assert self._told(one, groups[one], integration, began), (name, integration, now - since)

    def _began(self, one: str) -> tuple[datetime, datetime]:
        """When it fired last, before that without an end of which a tick must have known, and without any end."""
        began = fired = ended = START - timedelta(days=1)
        rows = self.log.rows(
            "SELECT at, kind FROM event WHERE fingerprint = ? AND kind IN ('fired', 'resolved') ORDER BY id", (one,)
        )
        for row in rows:
            if row["kind"] == "resolved":
                ended = from_us(row["at"])
            else:
                fired = from_us(row["at"])
                began = fired if fired - ended > GROUP_INTERVAL else began
        return began, fired

    def _told(self, one: str, group_key: str, integration: str, began: datetime) -> bool:
        rows = self.log.rows(
            "SELECT payload FROM delivery WHERE group_key = ? AND integration = ? AND created_at >= ?",
            (group_key, integration, to_us(began)),
        )
        told = (alert for row in rows for alert in json.loads(row["payload"])["alerts"])
        return any(alert["fingerprint"] == one and alert["status"] == "firing" for alert in told)

    def _visible_since(self, name: str, fired: datetime) -> datetime | None:
        since = max(fired, self.undisturbed_since)
        for row in self.log.rows("SELECT * FROM silence"):
            if json.loads(row["matchers"])[0]["value"] == name:
                if from_us(row["ends_at"]) > self.story.now:
                    return None
                since = max(since, from_us(row["ends_at"]))
        return since

    def check_the_log_is_true(self) -> None:
        """What an integration is held to believe is what its newest delivery about the alert said."""
        said: dict[tuple[str, str, str], str] = {}
        for row in self.log.rows("SELECT group_key, integration, payload FROM delivery ORDER BY id"):
            for one in json.loads(row["payload"])["alerts"]:
                said[row["group_key"], row["integration"], one["fingerprint"]] = one["status"]
        for (key, integration), fingerprints in self._known().items():
            for one in fingerprints:
                assert said[key, integration, one] == "firing"

    def check_nothing_twice(self) -> None:
        """No two deliveries bring the same news of the same episodes, unless a silence lay between them."""
        news: Counter[object] = Counter()
        for row in self.log.rows(
            "SELECT * FROM delivery WHERE reason IN ('first notification', 'new alerts in group')"
        ):
            about = frozenset(
                (one["fingerprint"], one["status"], *self._episode(one["fingerprint"], row["created_at"]))
                for one in json.loads(row["payload"])["alerts"]
            )
            news[row["group_key"], row["integration"], row["reason"], about] += 1
        assert all(times == 1 for times in news.values()), news

    def _episode(self, one: str, at: int) -> tuple[int, int]:
        counts = [
            self.log.rows("SELECT count(*) FROM event WHERE fingerprint = ? AND kind = ? AND at <= ?", (one, kind, at))
            for kind in ("fired", "unsilenced")
        ]
        return counts[0][0][0], counts[1][0][0]

    def _known(self) -> dict[tuple[str, str], set[str]]:
        rows = self.log.rows("SELECT group_key, integration, firing FROM notification")
        return {(row["group_key"], row["integration"]): set(json.loads(row["firing"])) for row in rows}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(STEP, WAIT), min_size=3, max_size=16))
def test_told_in_time_and_nothing_twice(steps: list[tuple[tuple[str, ...], int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        life = Life(Path(directory))
        for step, seconds in steps:
            life.step(*step)
            life.step("wait", seconds)
            life.check_told_in_time()
        life.step("wait", 200)
        life.check_told_in_time()
        life.check_the_log_is_true()
        life.check_nothing_twice()
        life.log.close()
