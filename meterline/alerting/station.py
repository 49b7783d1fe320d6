"""The threads of the service that bring alerts to people: one that evaluates, one that routes, couriers that send.

    pulse     every half minute; what it finds is in the log before it goes on
    routing   wakes when something was posted, when a group is due, and every second for what other processes wrote
    couriers  one a receiver's integration (alerts.delivery); a receiver that hangs slows no other

Every part goes on where the log says it stopped, so a kill at any moment loses nothing. A part that fails (a full disk,
a defect) is one line in the log file and is tried again. One process owns the data directory, so there is one station.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.delivery.alertmanager import AlertmanagerPush
from alerts.delivery.heartbeat import Heartbeat
from alerts.delivery.kinds import unusable
from alerts.delivery.office import PostOffice
from alerts.dispatch.dispatcher import Dispatcher
from alerts.routing.load import Routing
from meterline.alerting.clock import Jumps
from meterline.alerting.links import link_maker
from meterline.alerting.pulse import EVERY, Pulse
from meterline.alerting.routing import routing_of
from meterline.alerting.rules import rules_of
from meterline.alerting.stale import CYCLES, last_evaluated, shifted, watch_evaluation
from meterline.collecting import Clock, utc_now
from meterline.config.model import Config
from warehouse.alert_log.intake import expire, prolong
from warehouse.alert_log.log import AlertLog
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError, MeterlineError, WarehouseError

logger = logging.getLogger(__name__)

LONGEST_SLEEP = 1.0
"""Seconds between two looks for what another process wrote: a silence, an acknowledgement."""

SWITCH = 0.0005
"""Seconds after which a thread that computes lets others run: who posts alerts waits for many short turns, and at
Python's 5 ms each of them a storm would be taken half as fast."""

BURST = 0.1
"""Seconds from the first sign of something new: what comes in a burst is taken in together."""


SAY_AGAIN = 60.0
"""Seconds between two lines about one and the same failure."""


class Station:
    """Alerts of one configuration, up from `start` to `stop`.

    Raises ConfigurationError when the routing or a rule is wrong, before anything is started.
    """

    def __init__(
        self, config: Config, warehouse: Warehouse, log: AlertLog, clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._config = config
        self._log = log
        self._clock = clock
        self._monotonic = monotonic
        self._routing = routing_of(config)
        self._pulse = Pulse(config, warehouse, log)
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._swap = threading.Lock()
        self._sleep = LONGEST_SLEEP
        self._said: dict[str, tuple[str, float]] = {}
        self._threads = [
            threading.Thread(target=self._evaluate, name="alerts-pulse", daemon=True),
            threading.Thread(target=self._route, name="alerts-routing", daemon=True),
        ]
        alerting = config.alerting
        external = alerting.external_url if alerting else None
        self._push = AlertmanagerPush(log, alerting.alertmanager) if alerting and alerting.alertmanager else None
        self._office = PostOffice(log, self._routing, on_alert=self.wake)
        self._dispatcher = Dispatcher(
            log, self._routing, external_url=external or "", links=link_maker(log, external), queued=self._office.wake
        )

        beat = alerting.heartbeat if alerting else None
        self._heartbeat = Heartbeat(lambda: beat.url, every=beat.every, alive=self._alive) if beat else None

    @property
    def routing(self) -> Routing:
        """The routing in force."""
        return self._routing

    def prepare(self) -> None:
        """Go on where the log says that the last process stopped."""
        now = self._began = self._clock()
        self._jumps = Jumps(now, self._monotonic())
        if self._push is None:
            _warn(self._routing)
            self._dispatcher.start(now)
        else:  # nothing is routed here, so nothing may be said to be
            with self._log.transaction() as tx:
                prolong(tx, now + self._routing.resolve_timeout)

    def start(self) -> None:
        """Evaluate, route and send in threads of its own."""
        sys.setswitchinterval(SWITCH)
        self.prepare()
        if self._push is None:
            self._office.start()
        if self._heartbeat is not None:
            self._heartbeat.start()
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was posted, silenced or acknowledged: route it now."""
        self._woken.set()

    def reload(self, config: Config) -> None:
        """Take the routing and the rules of `config`. Raises MeterlineError, and the old ones stay."""
        routing = routing_of(config)
        rules = rules_of(config)
        if _peers(config) != _peers(self._config):  # the file that it names instead routes nothing yet
            raise ConfigurationError(
                "alerting.alertmanager: which Alertmanagers route, or that none does, changes only with a start",
                "start the service again",
            )
        with self._swap:
            if self._push is None:  # first: it alone can fail, when the disk is full
                self._dispatcher.reload(routing, self._clock())
            self._config, self._routing = config, routing
            self._pulse.take(config, rules)
            self._office.reload(routing)
        if self._push is None:
            _warn(routing)
        self.wake()

    def stop(self, deadline: float = 3.0) -> None:
        """End the threads; requests that are under way get up to `deadline` seconds."""
        self._stopping.set()
        self._woken.set()
        ends = self._monotonic() + deadline
        if self._push is None:
            self._office.stop(deadline)
        if self._heartbeat is not None:
            self._heartbeat.stop(max(0.0, ends - self._monotonic()))
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, ends - self._monotonic()))

    def _alive(self) -> bool:
        last = max(filter(None, (last_evaluated(self._log), self._began)))
        return self._clock() - last <= CYCLES * EVERY

    def _evaluate(self) -> None:
        while not self._stopping.is_set():
            began = self._monotonic()
            self._guarded("evaluating", self._beat)
            self.wake()
            self._stopping.wait(max(0.0, EVERY.total_seconds() - (self._monotonic() - began)))

    def _beat(self) -> None:
        self._pulse.beat(self._clock(), self._stopping.is_set)

    def _route(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            self._guarded("routing", self.turn)
            if self._woken.wait(self._sleep):
                self._stopping.wait(BURST)

    def turn(self) -> None:
        """One turn of routing: what the threads do again and again."""
        now = self._clock()
        jump = self._jumps.look(now, self._monotonic())
        with self._swap:
            if jump is not None:
                logger.warning("the clock was set by %s: what is pending moves with it", jump)
                self._dispatcher.shifted(jump)
                self._began += jump
                shifted(self._log, jump)
            watch_evaluation(self._log, now, EVERY, self._began)
            if self._push is not None:
                with self._log.transaction() as tx:
                    expire(tx, now)
                self._push.push(now)
                return
            tick = self._dispatcher.tick(now)
        self._sleep = _until(tick.next_at, now)

    def _guarded(self, doing: str, work: Callable[[], None]) -> None:
        """What nobody expected is one line and stops nothing; the next turn tries again."""
        try:
            work()
        except MeterlineError as error:
            self._say(logging.ERROR if isinstance(error, WarehouseError) else logging.WARNING, doing, str(error))
        except Exception as defect:
            self._say(logging.ERROR, doing, f"{type(defect).__name__}: {(str(defect).splitlines() or [''])[0]}")
            logger.debug("%s alerts", doing, exc_info=True)
        else:
            self._said.pop(doing, None)

    def _say(self, level: int, doing: str, what: str) -> None:
        """Once a minute: a disk that is full must not be filled with the news of it."""
        before, at = self._said.get(doing, ("", 0.0))
        if what != before or self._monotonic() - at >= SAY_AGAIN:
            self._said[doing] = what, self._monotonic()
            logger.log(level, "%s alerts: %s", doing, what)


def _peers(config: Config) -> tuple[str, ...]:
    return (config.alerting.alertmanager if config.alerting else None) or ()


def _warn(routing: Routing) -> None:
    """Say what is odd, and which receivers can never be told: their deliveries will be dead letters."""
    for warning in routing.warnings:
        logger.warning("alerting: %s", warning)
    for problem in unusable(routing):
        logger.error("alerting: %s", problem)


def _until(next_at: datetime | None, now: datetime) -> float:
    if next_at is None:
        return LONGEST_SLEEP
    return min(LONGEST_SLEEP, max(0.01, (next_at - now) / timedelta(seconds=1)))
