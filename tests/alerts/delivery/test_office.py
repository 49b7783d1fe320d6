"""All couriers at once, in real threads, against real servers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.delivery.kinds import unusable
from alerts.delivery.office import PostOffice
from alerts.delivery.own_alerts import FAILED
from alerts.routing.load import Routing
from alerts.routing.receivers import (
    AppriseSettings,
    Integration,
    OpsgenieSettings,
    PagerDutySettings,
    Receiver,
    WebhookSettings,
)
from alerts.routing.route import Route
from deliveries import states
from servers.sink import EVENTS, Behaviour, Sink
from warehouse.alert_log.log import AlertLog


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as opened:
        yield opened


def routing(*integrations: Integration) -> Routing:
    names = {one.receiver for one in integrations}
    receivers = {name: Receiver(name, tuple(one for one in integrations if one.receiver == name)) for name in names}
    return Routing(root=ROOT, receivers=receivers)


def webhook(url: str, receiver: str = "oncall", seconds: float = 5) -> Integration:
    settings = WebhookSettings(url=SecretStr(url), timeout=timedelta(seconds=seconds))
    return Integration(receiver, "webhook", 0, settings, True)


def until(what: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def now() -> datetime:
    return datetime.now(UTC)


def test_what_was_left_over_is_sent_at_the_start_and_new_ones_when_woken(log: AlertLog, sink: Sink, queue: Any) -> None:
    queue(now=now())
    office = PostOffice(log, routing(webhook(sink.url)))
    office.start()
    sink.wait(1)
    queue(group="second", now=now())
    office.wake()
    sink.wait(2)
    assert office.stop()
    assert set(states(log).values()) == {"sent"}


def test_a_receiver_that_hangs_or_drips_slows_no_other(log: AlertLog, sink: Sink, queue: Any) -> None:
    sink.behave(Behaviour("hang", path="/hang"), Behaviour("drip", pause=0.2, path="/drip"))
    hooks = [webhook(f"{sink.url}/{name}", name, 2) for name in ("hang", "drip", "fine")]
    office = PostOffice(log, routing(*hooks))
    office.start()
    for name in ("hang", "drip", "fine"):
        for group in range(5):
            queue(receiver=name, group=f"{name}{group}", now=now())
    began = time.monotonic()
    office.wake()
    sink.wait(5, path="/fine")
    assert time.monotonic() - began < 1
    assert office.stop()
    assert len(sink.bodies("/hang")) == 1


def test_no_incident_twice_when_a_stop_cuts_an_attempt_off(log: AlertLog, sink: Sink, queue: Any) -> None:
    sink.behave(Behaviour("hang", times=1))
    settings = PagerDutySettings(routing_key=SecretStr("R" * 32), url=sink.url + EVENTS)
    place = routing(Integration("oncall", "pagerduty", 0, settings, True))
    queue(integration="pagerduty[0]", now=now())
    office = PostOffice(log, place)
    office.start()
    sink.wait(1)
    assert not office.stop(0.05)  # as a kill would: the end of the attempt is never written
    with AlertLog(log.directory) as again:
        office = PostOffice(again, place)
        office.start()
        sink.wait(2)
        assert office.stop()
        until(lambda: set(states(again).values()) == {"sent"})
    assert [one.opened for one in sink.incidents.by_key.values()] == [1]
    assert sink.bodies()[1]["payload"]["custom_details"]["possible_repeat"] is True


def test_a_reload_sends_to_the_new_address_and_buries_what_nobody_would_send(
    log: AlertLog, sink: Sink, queue: Any
) -> None:
    told: list[bool] = []
    office = PostOffice(
        log, routing(webhook(f"{sink.url}/old"), webhook(f"{sink.url}/x", "gone")), on_alert=lambda: told.append(True)
    )
    office.start()
    queue(now=now())
    office.wake()
    sink.wait(1, path="/old")
    office.reload(routing(webhook(f"{sink.url}/new")))
    queue(group="b", now=now())
    lost = queue(receiver="gone", now=now())
    office.wake()
    sink.wait(1, path="/new")
    until(lambda: states(log)[lost] == "dead" and bool(told))
    assert office.stop()
    assert sink.bodies("/x") == []
    row = log.rows("SELECT labels, expires_at, received_at FROM alert WHERE origin = 'self'")[0]
    assert (json.loads(row["labels"])["alertname"], json.loads(row["labels"])["receiver"]) == (FAILED, "gone")
    assert row["expires_at"] - row["received_at"] == 3600 * 10**6  # nothing can ever succeed there


def test_an_integration_that_cannot_be_made_is_found_before_and_says_so_after(log: AlertLog, queue: Any) -> None:
    place = routing(
        Integration("r", "opsgenie", 0, OpsgenieSettings(), True),
        Integration("r", "apprise", 0, AppriseSettings(url=SecretStr("nonsense")), True),
    )
    assert ["opsgenie[0]" in str(one) or "apprise[0]" in str(one) for one in unusable(place)] == [True, True]
    dead = queue(receiver="r", integration="opsgenie[0]", now=now())
    office = PostOffice(log, place)
    office.start()
    until(lambda: states(log)[dead] == "dead")
    assert office.stop()
    assert "2027-04-05" in log.rows("SELECT answer FROM attempt")[0]["answer"]


ROOT = Route(
    receiver="oncall", matchers=(), group_by=(), group_by_all=False, group_wait=timedelta(0),
    group_interval=timedelta(minutes=5), repeat_interval=timedelta(hours=4), goes_on=False, mute_time_intervals=(),
    active_time_intervals=(), labels={}, routes=(), key="{}", path=(), id="0",
)  # fmt: skip
