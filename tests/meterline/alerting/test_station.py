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
from warehouse.alert_log.history import history, listed
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError, WarehouseError

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

    def __init__(self, wall: datetime) -> None:
        self.wall, self.steady = wall, 0.0

    def go(self, by: timedelta) -> None:
        self.wall += by
        self.steady += by.total_seconds()

    def set_wall(self, by: timedelta) -> None:
        self.wall += by


class Place:
    """A station whose threads are not started: its turns are made by the test."""

    def __init__(self, directory: Path, start: datetime = NOON, routing: str = ROUTING) -> None:
        self.directory, self.routing = directory, routing
        self.clocks = Clocks(start)
        self.write("team")
        self.warehouse = Warehouse.open(self.config().data)
        self.log = AlertLog(self.config().data)
        self.station = Station(
            self.config(), self.warehouse, self.log, lambda: self.clocks.wall, lambda: self.clocks.steady
        )
        self.station.prepare()

    def write(self, receiver: str) -> None:
        (self.directory / "alertmanager.yml").write_text(self.routing.format(name=receiver))
        (self.directory / "meterline.yaml").write_text("data: data\nalerting: alertmanager.yml\n")

    def close(self) -> None:
        self.station.stop()
        self.log.close()
        self.warehouse.close()

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
    made.close()


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


def test_who_routes_is_decided_at_the_start(place: Place) -> None:
    """Between a routing that is gone and Alertmanagers that are not asked yet, pages would be nobody's."""
    (place.directory / "meterline.yaml").write_text("data: data\nalerting: {alertmanager: ['http://127.0.0.1:9']}\n")
    with pytest.raises(ConfigurationError, match="only with a start"):
        place.station.reload(place.config())
    place.post()
    place.turn()
    place.turn(10 * timedelta(seconds=1))
    assert place.queued() == 1


def test_a_reload_that_cannot_be_written_leaves_everything(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: AlertLog) -> None:
        raise WarehouseError("the log cannot be written (database or disk is full)", "make room")

    place.write("other")
    config = place.config()
    with monkeypatch.context() as patched:
        patched.setattr(AlertLog, "transaction", full)
        with pytest.raises(WarehouseError):
            place.station.reload(config)
    assert list(place.station.routing.receivers) == ["team"]
    place.post()
    place.turn()
    place.turn(10 * timedelta(seconds=1))
    assert outbox.open_integrations(place.log) == [("team", "webhook[0]")]


def test_with_alertmanagers_nothing_is_said_to_be_routed_here(tmp_path: Path) -> None:
    (tmp_path / "meterline.yaml").write_text("data: data\nalerting: {alertmanager: ['http://127.0.0.1:9']}\n")
    config = load(tmp_path / "meterline.yaml")
    with Warehouse.open(config.data) as warehouse, AlertLog(config.data) as log:
        with log.transaction() as tx:
            accepted = intake.accept(tx, [Alert({"alertname": "A"}, {}, NOON)], NOON, 5 * MINUTE)
        station = Station(config, warehouse, log, lambda: NOON + HOUR, lambda: 0.0)
        station.prepare()
        station.turn()
        known = history(log, accepted.fingerprints[0])
        assert known is not None
        assert known.episodes[0].ended_at is None, "its sender gets the time to post it again"
        assert {event.kind for event in known.events} <= {"fired", "pushed"}
        station.stop()


NIGHT = """
route:
  receiver: {name}
  group_wait: 10s
  group_interval: 1m
  routes: [{{matchers: [alertname=A], mute_time_intervals: [night]}}]
receivers: [{{name: {name}, webhook_configs: [{{url: "http://127.0.0.1:9/"}}]}}]
time_intervals: [{{name: night, time_intervals: [{when}]}}]
"""


@pytest.mark.parametrize(
    ("when", "begins", "told_at"),
    [
        # the night ends at 07:00 in Berlin: 06:00 UTC in winter, 05:00 in summer; the clocks changed on 25 October
        ("{times: [{start_time: '00:00', end_time: '07:00'}], location: Europe/Berlin}",
         datetime(2026, 10, 25, 4, 30, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        ("{times: [{start_time: '00:00', end_time: '07:00'}], location: Europe/Berlin}",
         datetime(2026, 10, 24, 4, 30, tzinfo=UTC), datetime(2026, 10, 24, 5, 0, tzinfo=UTC)),
        # 2028 has a 29 February, of which the last day of the month is one
        ("{days_of_month: ['-1'], months: ['february']}",
         datetime(2028, 2, 29, 23, 30, tzinfo=UTC), datetime(2028, 3, 1, 0, 0, tzinfo=UTC)),
    ],
    ids=["winter time", "summer time", "leap day"],
)  # fmt: skip
def test_a_page_of_the_night_is_told_when_the_night_ends(
    tmp_path: Path, when: str, begins: datetime, told_at: datetime
) -> None:
    place = Place(tmp_path, begins, NIGHT.replace("{when}", when.replace("{", "{{").replace("}", "}}")))
    with place.log.transaction() as tx:
        intake.accept(tx, [Alert({"alertname": "A"}, {}, begins)], begins, None)
    place.turn()
    while place.clocks.wall < told_at - MINUTE:
        place.turn(MINUTE / 2)
        assert place.queued() == 0
    while not place.queued():
        place.turn(MINUTE / 2)
        assert place.clocks.wall < told_at + 2 * MINUTE
    [row] = place.log.rows("SELECT created_at FROM delivery")
    assert told_at <= from_us(row["created_at"]) <= told_at + MINUTE
    place.close()


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
    for wrong in ("", "0h", "2 hours", "1.5h", "40000d", "99999999999d"):
        with pytest.raises(ConfigurationError):
            duration(wrong)
    with pytest.raises(ConfigurationError, match="empty string"):
        matchers_of(("service=~.*",))
