"""The platform on loopback: its APIs on free ports, in threads of this process, for as long as the context lasts."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from sample_data.airflow_api import airflow_app
from sample_data.hooks import Hooks
from sample_data.pagerduty_api import all_incidents, pagerduty_app
from sample_data.platform import build_platform
from sample_data.prometheus_api import prometheus_app
from sample_data.store import Store

START_TIMEOUT_S = 20.0


class SamplePlatform:
    """A context manager: inside it, the platform answers at its addresses, `prometheus_url` and so on.

    `end` is the last moment with data (aware; now when absent), `days` how far back it goes. `clock` says what time it
    is for the servers; without one it stays `end`, so that two runs give the same answers. Data goes on for a day after
    the end, for a clock that runs. `ports` are those of Prometheus and Airflow, 0 takes a free one. `hooks` remembers
    what was sent to the receivers below `hooks_url`; `pagerduty_key` opens incidents, `pagerduty_token` reads them.

    Raises OSError when a port is taken and ValueError for a naive end.
    """

    def __init__(
        self, end: datetime | None = None, days: int = 30, seed: int = 7, *,
        clock: Callable[[], datetime] | None = None, ports: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        self.platform = build_platform(end or datetime.now(UTC), days, seed)
        self.store = Store(self.platform)
        self.airflow_username = "meterline"
        self.airflow_password = secrets.token_urlsafe(16)
        self.airflow_token = secrets.token_urlsafe(32)
        self.prometheus_url = ""
        self.airflow_url = ""
        self.hooks_url = ""
        self.runbooks_url = ""
        self.pagerduty_url = ""
        self.pagerduty_token = secrets.token_urlsafe(16)
        self.pagerduty_key = secrets.token_hex(16)
        self._clock = clock or (lambda: self.platform.end)
        self.hooks = Hooks(self._clock)
        self._ports = (*ports, 0, 0)
        self._running: list[_Running] = []

    def __enter__(self) -> SamplePlatform:
        credentials = (self.airflow_token, self.airflow_username, self.airflow_password)
        apps = (
            prometheus_app(self.store, self._clock),
            airflow_app(self.platform.runs, self._clock, *credentials),
            self.hooks.app(),
            pagerduty_app(
                all_incidents(self.platform.calendar, self.platform.seed), self._clock, self.pagerduty_token,
                self.pagerduty_key,
            ),
        )  # fmt: skip
        try:
            for app, port in zip(apps, self._ports, strict=True):
                self._running.append(_Running(app, port))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.prometheus_url, self.airflow_url, hooks, self.pagerduty_url = (one.url for one in self._running)
        self.hooks_url, self.runbooks_url = f"{hooks}/hooks", f"{hooks}/runbooks"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one in self._running:
            one.stop()
        self._running.clear()


class _Running:
    """One application on one port."""

    def __init__(self, app: Starlette, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                self.stop()
                raise OSError(f"the sample server at {self.url} did not start within {START_TIMEOUT_S:.0f} s")
            self._thread.join(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()
