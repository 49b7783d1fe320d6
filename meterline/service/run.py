"""Start, watch and stop the service: API, dashboards and scheduler over one owned warehouse.

A stop (SIGTERM, SIGINT) ends within ten seconds and leaves no process behind. Work that does not end in time is cut
off: its transaction is rolled back by the database, and the watermark says where to go on.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from meterline.api import create_app
from meterline.config.model import Config
from meterline.inventory import store_inventory
from meterline.service.dashboards import DashboardProcess
from meterline.service.listening import ApiServer, bind, free_port
from meterline.service.scheduler import Scheduler
from warehouse.database import Warehouse

WATCH_EVERY = 0.5
"""Seconds between two looks at the dashboards' process."""

WORK_DEADLINE = 3.5
"""Seconds that running jobs get to end; the API and the dashboards take up to three more each."""

logger = logging.getLogger(__name__)


class Service:
    """API and dashboards over `warehouse`, up while the block lasts; the scheduler when `schedule` is called.

    Raises ConfigurationError when a port is taken, before anything is started.
    """

    def __init__(self, config: Config, warehouse: Warehouse) -> None:
        listen = config.listen
        api_socket = bind(listen.address, listen.api, "listen.api")
        try:
            port = free_port(listen.address, listen.dashboards, "listen.dashboards")
        except BaseException:
            api_socket.close()
            raise
        self._scheduler = Scheduler(config, warehouse)
        self._scheduled = False
        self._dashboards = DashboardProcess(config.data, listen.address, port)
        self._api = ApiServer(create_app(config.data, listen.address, self._scheduler.next_runs), api_socket)
        self.dashboards_url = self._dashboards.url
        self.api_url = self._api.url

    def __enter__(self) -> Service:
        self._api.start()
        self._dashboards.start()
        return self

    def schedule(self, *, collect_now: bool = True) -> None:
        """Start collecting and analysing."""
        self._scheduler.start(collect_now=collect_now)
        self._scheduled = True

    def watch(self, stop: threading.Event) -> None:
        """Keep the dashboards alive until `stop` is set."""
        while not stop.wait(WATCH_EVERY):
            self._dashboards.watch()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._dashboards.stop()
        self._api.stop()
        if self._scheduled and not self._scheduler.stop(WORK_DEADLINE):
            logger.warning("work was still running and is cut off; what it had stored is complete")
            sys.stdout.flush()
            sys.stderr.flush()
            # worker threads would hold the process; the database rolls their transaction back
            os._exit(1 if kind else 0)


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


def run(config: Config, announce: Callable[[str], None]) -> None:
    """Run the service until it is told to stop. Raises WarehouseBusy and ConfigurationError before it starts."""
    with Warehouse.open(config.data, "meterline run") as warehouse, stop_signals() as stop:
        store_inventory(warehouse, config)
        with Service(config, warehouse) as service:
            announce(f"dashboards {service.dashboards_url}")
            announce(f"API        {service.api_url}")
            service.schedule()
            service.watch(stop)
            announce("stopping")
