"""Push to real Alertmanagers (0.25), and to servers that fail."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.alertmanager import AlertmanagerPush
from alerts.delivery.label_names import classic_names
from deliveries import T0, Hands
from servers import alertmanager
from servers.sink import Behaviour, Sink
from warehouse.alert_log import intake
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as opened:
        yield opened


def fire(log: AlertLog, now: datetime, *names: str, ends_at: datetime | None = None, **labels: str) -> None:
    began = now - timedelta(minutes=3)
    alerts = [Alert({"alertname": name} | labels, {"summary": "s"}, began, ends_at) for name in names]
    with log.transaction() as tx:
        intake.accept(tx, alerts, now, None, "rule")


def pushed(log: AlertLog) -> list[dict[str, Any]]:
    return [json.loads(row["detail"]) for row in log.rows("SELECT detail FROM event WHERE kind = 'pushed' ORDER BY id")]


@pytest.mark.server
def test_two_peers_hold_what_fires_and_one_that_is_away_disturbs_nothing(log: AlertLog, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with alertmanager.serve(tmp_path / "a") as a, alertmanager.serve(tmp_path / "b") as b, Sink() as hung:
        hung.behave(Behaviour("hang"))
        push = AlertmanagerPush(log, [a, hung.url, b + "/"], deadline=timedelta(seconds=2))
        fire(log, now, "Burn", **{"gen_ai.request-model": "m", "gen_ai_request_model": "kept"})
        fire(log, now, "Plain")
        began = time.monotonic()
        push.push(now)
        held = _await(lambda: len(alertmanager.alerts(a)) == len(alertmanager.alerts(b)) == 2, a)
        assert time.monotonic() - began < 1.9
        burn = next(one for one in held if one["labels"]["alertname"] == "Burn")
        assert burn["labels"] == {"alertname": "Burn", "gen_ai_request_model": "kept"}
        assert _time(burn["startsAt"]) == _milliseconds(now - timedelta(minutes=3))
        assert _time(burn["endsAt"]) == _milliseconds(now + timedelta(minutes=4))
        over = datetime.now(UTC)
        fire(log, over, "Plain", ends_at=over)
        push.push(over, wait_seconds=3)
        held = _await(lambda: len(alertmanager.alerts(a)) == 1, a)  # the API lists what is not resolved
        assert held[0]["labels"]["alertname"] == "Burn"
        hung.close()
        push.close()
    standing = push.standing()
    assert (standing[a], standing[b]) == ("ok", "ok")
    assert standing[hung.url] != "ok"
    by_peer = {peer: [one["status"] for one in pushed(log) if one["peer"] == peer] for peer in standing}
    assert by_peer[a] == by_peer[b] == [200, 200]


def test_changes_at_once_everything_each_minute_ended_ones_for_15(log: AlertLog, hands: Hands, sink: Sink) -> None:
    push = AlertmanagerPush(log, [sink.url], clock=hands.clock)
    fire(log, T0, "A")

    def told(seconds: float) -> list[str]:
        hands.pass_(seconds)
        before = len(sink.received)
        push.push(hands.wall, wait_seconds=5)
        return [one["labels"]["alertname"] for body in sink.bodies()[before:] for one in body]

    assert told(0) == ["A"]
    assert told(1) == []
    fire(log, hands.wall, "B")
    assert told(1) == ["B"]
    assert told(60) == ["A", "B"]
    over = hands.wall
    fire(log, over, "A", ends_at=over)
    assert told(1) == ["A"]
    posted = sink.bodies()[-1][0]
    assert (_time(posted["startsAt"]), _time(posted["endsAt"])) == (T0 - timedelta(minutes=3), over)
    assert "generatorURL" not in posted
    assert told(60) == ["B", "A"]
    assert told(15 * 60) == ["B"]
    assert {_time(one["endsAt"]) - hands.wall for one in sink.bodies()[-1]} == {timedelta(minutes=4)}
    push.close()


def test_a_peer_that_comes_back_is_told_and_only_changes_are_events(log: AlertLog, hands: Hands, sink: Sink) -> None:
    push = AlertmanagerPush(log, [sink.url.replace("http://", "http://user:secret@")], clock=hands.clock)
    fire(log, T0, "A")
    sink.behave(Behaviour(status=503, body="busy", times=3))
    for _ in range(6):
        push.push(hands.wall, wait_seconds=5)
        hands.pass_(16)
    push.close()
    with AlertLog(log.directory) as again:  # a restart is no change
        push = AlertmanagerPush(again, [sink.url], clock=hands.clock)
        push.push(hands.wall, wait_seconds=5)
        push.close()
    assert [(one["peer"], one["status"]) for one in pushed(log)] == [(sink.url, 503), (sink.url, 200)]
    assert len(sink.received) >= 5


def test_an_alert_that_the_server_cannot_parse_hides_no_other(log: AlertLog, hands: Hands, sink: Sink) -> None:
    push = AlertmanagerPush(log, [sink.url], clock=hands.clock)
    fire(log, T0, "A", "B", "C")
    sink.behave(Behaviour(status=422, body="0.x in body must be", times=1))
    push.push(hands.wall, wait_seconds=5)
    push.close()
    assert [len(body) for body in sink.bodies()] == [3, 1, 2]
    assert push.standing() == {sink.url: "ok"}


def test_only_the_chosen_are_pushed(log: AlertLog, hands: Hands, sink: Sink) -> None:
    push = AlertmanagerPush(log, [sink.url], clock=hands.clock, chosen=lambda alert: alert.labels["alertname"] != "A")
    fire(log, T0, "A", "B")
    push.push(hands.wall, wait_seconds=5)
    push.close()
    assert [one["labels"]["alertname"] for one in sink.bodies()[0]] == ["B"]


def test_an_address_that_is_none(log: AlertLog) -> None:
    with pytest.raises(ConfigurationError, match="http://host:9093"):
        AlertmanagerPush(log, ["alertmanager:9093"])


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_mapped_names_are_classic_and_classic_ones_stay(labels: dict[str, str]) -> None:
    mapped = classic_names(labels)
    assert all(name.isascii() and name.isidentifier() for name in mapped)
    assert classic_names(mapped) == mapped
    assert set(mapped.values()) <= set(labels.values())


def _await(what: Any, url: str, seconds: float = 5.0) -> list[dict[str, Any]]:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, alertmanager.alerts(url)
        time.sleep(0.02)
    return alertmanager.alerts(url)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
