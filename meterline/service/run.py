"""Start, watch and stop the service: API, dashboards, scheduler and alerts over one owned warehouse.

A stop (SIGTERM, SIGINT) ends within ten seconds and leaves no process behind. Work that does not end in time is cut
off: its transaction is rolled back by the database, and the watermark says where to go on.

SIGHUP, or POST /-/reload, reads the configuration file again for what concerns alerts: routing, rules, objectives. When
something in it is wrong, the one in force stays.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from meterline.alerting.station import Station
from meterline.api import create_app
from meterline.api_alerts.answering import Desk
from meterline.collecting import utc_now
from meterline.config.load import load
from meterline.config.model import Config
from meterline.inventory import store_inventory
from meterline.service.dashboards import DashboardProcess
from meterline.service.listening import ApiServer, bind, free_port
from meterline.service.scheduler import Scheduler
from warehouse.alert_log.log import AlertLog
from warehouse.database import Warehouse
from warehouse.errors import MeterlineError

WATCH_EVERY = 0.5
"""Seconds between two looks at the dashboards' process."""

WORK_DEADLINE = 3.5
"""Seconds that running jobs get to end; the API and the dashboards take up to three more each."""

logger = logging.getLogger(__name__)


class Service:
    """API and dashboards over `warehouse`, up while the block lasts; scheduler and alerts when `schedule` is called.

    `path` is the configuration's file, for `reload`. Raises ConfigurationError when a port is taken, or when routing or
    rules are wrong, before anything is started.
    """

    def __init__(self, config: Config, warehouse: Warehouse, path: Path | None = None) -> None:
        listen = config.listen
        self._warehouse = warehouse
        self._path = path
        self._log = AlertLog(config.data)
        self._station = Station(config, warehouse, self._log)
        api_socket = bind(listen.address, listen.api, "listen.api")
        try:
            port = free_port(listen.address, listen.dashboards, "listen.dashboards")
        except BaseException:
            api_socket.close()
            raise
        self._scheduler = Scheduler(config, warehouse)
        self._scheduled = False
        self._dashboards = DashboardProcess(config.data, listen.address, port)
        alerting = config.alerting
        desk = Desk(
            self._log, utc_now, self._station.wake, lambda: self._station.routing, self.reload,
            classic=alerting is not None and alerting.matchers == "classic",
        )  # fmt: skip
        app = create_app(
            config.data, listen.address, self._scheduler.next_runs, desk, alerting.external_url if alerting else None
        )
        self._api = ApiServer(app, api_socket)
        self.dashboards_url = self._dashboards.url
        self.api_url = self._api.url

    def __enter__(self) -> Service:
        self._api.start()
        self._dashboards.start()
        return self

    def schedule(self, *, collect_now: bool = True) -> None:
        """Start collecting and analysing, evaluating rules and sending alerts."""
        self._scheduler.start(collect_now=collect_now)
        self._station.start()
        self._scheduled = True

    def reload(self) -> None:
        """Take routing, rules and objectives of the configuration file as it is now.

        Raises MeterlineError when something in it is wrong; then everything stays as it was.
        """
        if self._path is None:
            return
        config = load(self._path)
        self._station.reload(config)
        store_inventory(self._warehouse, config)
        logger.info("%s was read again", self._path)

    def reload_or_stay(self) -> None:
        """The same for a signal, which has nobody to tell but the log."""
        try:
            self.reload()
        except MeterlineError as error:
            logger.error("the configuration in force stays: %s", error)

    def watch(self, stop: threading.Event, again: threading.Event | None = None) -> None:
        """Keep the dashboards alive until `stop` is set; reload whenever `again` is."""
        while not stop.wait(WATCH_EVERY):
            self._dashboards.watch()
            if again is not None and again.is_set():
                again.clear()
                self.reload_or_stay()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._dashboards.stop()
        self._api.stop()
        if self._scheduled:
            self._station.stop()
        if self._scheduled and not self._scheduler.stop(WORK_DEADLINE):
            logger.warning("work was still running and is cut off; what it had stored is complete")
            sys.stdout.flush()
            sys.stderr.flush()
            # worker threads would hold the process; the database rolls their transaction back
            os._exit(1 if kind else 0)


@contextmanager
def reload_signal() -> Iterator[threading.Event]:
    """Yields an event that SIGHUP sets, instead of ending the process."""
    again = threading.Event()
    before = signal.signal(signal.SIGHUP, lambda number, frame: again.set())
    try:
        yield again
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Yields an event that SIGTERM and SIGINT set, instead of what they did before."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(path: Path, announce: Callable[[str], None]) -> None:
    """Run the service of the configuration in `path` until it is told to stop.

    Raises WarehouseBusy and ConfigurationError before it starts.
    """
    config = load(path)
    with Warehouse.open(config.data, "meterline run") as warehouse, stop_signals() as stop, reload_signal() as again:
        store_inventory(warehouse, config)
        with Service(config, warehouse, path) as service:
            announce(f"dashboards {service.dashboards_url}")
            announce(f"API        {service.api_url}")
            service.schedule()
            service.watch(stop, again)
            announce("stopping")
