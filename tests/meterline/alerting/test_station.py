"""The station as a whole, with a clock that is set by hand: jumps, a stale evaluation, reload, push or own routing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterline.alerting.clock import Jumps
from meterline.alerting.silencing import duration, matchers_of
from meterline.alerting.stale import evaluated
from meterline.alerting.station import Station
from meterline.config.load import load
from meterline.config.model import Config
from warehouse.alert_log import intake, outbox
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.history import listed
from warehouse.alert_log.log import AlertLog
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ROUTING = """
global: {{resolve_timeout: 5m}}
route: {{receiver: {name}, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}}
receivers: [{{name: {name}, webhook_configs: [{{url: "http://127.0.0.1:9/"}}]}}]
"""


class Clocks:
    """A wall clock and a monotonic one; `go` moves both, `set_wall` only the first."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON, 0.0

    def go(self, by: timedelta) -> None:
        self.wall += by
        self.steady += by.total_seconds()

    def set_wall(self, by: timedelta) -> None:
        self.wall += by


class Place:
    """A station whose threads are not started: its turns are made by the test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clocks = Clocks()
        self.write("team")
        self.warehouse = Warehouse.open(self.config().data)
        self.log = AlertLog(self.config().data)
        self.station = Station(
            self.config(), self.warehouse, self.log, lambda: self.clocks.wall, lambda: self.clocks.steady
        )
        self.station.prepare()

    def write(self, receiver: str) -> None:
        (self.directory / "alertmanager.yml").write_text(ROUTING.format(name=receiver))
        (self.directory / "meterline.yaml").write_text("data: data\nalerting: alertmanager.yml\n")

    def config(self) -> Config:
        return load(self.directory / "meterline.yaml")

    def turn(self, after: timedelta = timedelta(0)) -> None:
        self.clocks.go(after)
        evaluated(self.log, self.clocks.wall)
        self.station.turn()

    def post(self) -> None:
        with self.log.transaction() as tx:
            intake.accept(tx, [Alert({"alertname": "A"}, {}, self.clocks.wall)], self.clocks.wall, 5 * MINUTE)

    def firing(self) -> set[str]:
        return {one.alert.labels["alertname"] for one in listed(self.log)}

    def queued(self) -> int:
        return int(self.log.rows("SELECT count(*) AS n FROM delivery")[0]["n"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.station.stop()
    made.log.close()
    made.warehouse.close()


def test_an_alert_is_told_after_group_wait(place: Place) -> None:
    place.post()
    place.turn()
    assert place.queued() == 0
    place.turn(10 * timedelta(seconds=1))
    assert place.queued() == 1
    assert outbox.open_integrations(place.log) == [("team", "webhook[0]")]


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
def test_a_jump_of_the_clock_resolves_and_repeats_nothing(place: Place, jump: timedelta) -> None:
    place.post()
    place.turn()
    place.turn(10 * timedelta(seconds=1))
    place.clocks.set_wall(jump)
    place.turn(timedelta(seconds=1))
    place.turn(2 * MINUTE)
    assert (place.firing(), place.queued()) == ({"A"}, 1)
    place.turn(3 * MINUTE)
    assert place.firing() == set(), "it expires five minutes after it was posted, whatever the clock showed"


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
def test_a_page_that_waits_is_not_delayed_by_a_jump(place: Place, jump: timedelta) -> None:
    place.post()
    place.turn()
    place.clocks.set_wall(jump)
    place.turn(10 * timedelta(seconds=1))
    assert place.queued() == 1


def test_time_that_passes_is_no_jump() -> None:
    jumps = Jumps(NOON, 0.0)
    assert jumps.look(NOON + HOUR, 3600.0) is None
    assert jumps.look(NOON + HOUR + 5 * timedelta(seconds=1), 3601.0) is None
    assert jumps.look(NOON + HOUR + 2 * MINUTE, 3602.0) == timedelta(seconds=114)


def test_an_evaluation_that_stops_is_an_alert(place: Place) -> None:
    place.turn()
    place.clocks.go(2 * MINUTE)
    place.station.turn()
    assert place.firing() == {"MeterlineEvaluationStale"}
    place.turn()
    assert place.firing() == set()


def test_a_wrong_file_leaves_the_routing_that_is_in_force(place: Place) -> None:
    place.write("other")
    place.station.reload(place.config())
    assert list(place.station.routing.receivers) == ["other"]
    (place.directory / "alertmanager.yml").write_text("route: {receiver: nowhere}\nreceivers: []\n")
    with pytest.raises(ConfigurationError, match=r"alertmanager\.yml"):
        place.station.reload(place.config())
    assert list(place.station.routing.receivers) == ["other"]


def test_a_reload_tells_nobody_again(place: Place) -> None:
    place.post()
    place.turn()
    place.turn(10 * timedelta(seconds=1))
    place.station.reload(place.config())
    place.turn(2 * MINUTE)
    assert place.queued() == 1


def test_after_a_restart_nothing_is_told_again_and_nothing_is_forgotten(place: Place) -> None:
    place.post()
    place.turn()
    place.turn(10 * timedelta(seconds=1))
    place.clocks.go(HOUR)
    again = Station(place.config(), place.warehouse, place.log, lambda: place.clocks.wall, lambda: place.clocks.steady)
    again.prepare()
    evaluated(place.log, place.clocks.wall)
    again.turn()
    assert (place.firing(), place.queued()) == ({"A"}, 1), "its sender gets the time to post it again"
    again.stop()


def test_words_become_matchers_and_spans() -> None:
    assert [str(one) for one in matchers_of(("Slow", "service=~chat|search"))] == [
        'alertname="Slow"',
        'service=~"chat|search"',
    ]
    assert duration("1d12h") == timedelta(hours=36)
    for wrong in ("", "0h", "2 hours", "1.5h"):
        with pytest.raises(ConfigurationError):
            duration(wrong)
    with pytest.raises(ConfigurationError, match="empty string"):
        matchers_of(("service=~.*",))
