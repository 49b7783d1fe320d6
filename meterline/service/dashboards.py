"""The dashboards as a child process: started, started again when it dies, stopped for certain.

A Streamlit of its own process, so that neither a heavy page nor a crash there touches collecting. It reads published
Parquet only, hence it may live while the warehouse is owned by us.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from dashboards.serve import command, environment

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two starts at most; a process that lived this long starts again without a pause."""


class DashboardProcess:
    """One Streamlit server for the results in `data`, on a port that is free."""

    def __init__(self, data: Path, address: str, port: int) -> None:
        self.url = f"http://{f'[{address}]' if ':' in address else address}:{port}"
        self._command = command(data, port, address)
        self._environment = environment(data)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._quick_deaths = 0
        self._start_at: float | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        self._start_at = None
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone, and a stop reaches all that it started
        )

    def watch(self) -> None:
        """Call it every second or so: starts the process again when it has died, after a pause that grows."""
        now = time.monotonic()
        if self._start_at is not None:
            if now >= self._start_at:
                self.start()
        elif self._process and (code := self._process.poll()) is not None:
            lived = now - self._started
            self._quick_deaths = self._quick_deaths + 1 if lived < LONGEST_PAUSE else 0
            pause = min(2.0 ** (self._quick_deaths - 1), LONGEST_PAUSE) if self._quick_deaths else 0.0
            logger.warning("dashboards ended with %d after %.0f s, starting again in %.0f s", code, lived, pause)
            self._start_at = now + pause

    def stop(self, deadline: float = 3.0) -> None:
        """End the process and what it started; returns when it is gone."""
        self._start_at = None
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(deadline)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
