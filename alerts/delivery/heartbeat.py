"""The dead man's switch: a POST each few minutes while we work, so that somebody else notices when we do not.

It beats only while `alive` says so: an evaluation that hangs must stop it, although this thread still runs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import orjson

from alerts.delivery.clock import SYSTEM, Clock
from alerts.delivery.exchange import Exchange
from alerts.delivery.result import Result

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)


class Heartbeat:
    """Beats at `url()` (read each time; it is a secret) once in `every`."""

    def __init__(
        self,
        url: Callable[[], str],
        *,
        every: timedelta = EVERY,
        alive: Callable[[], bool] = lambda: True,
        clock: Clock = SYSTEM,
        exchange: Exchange | None = None,
    ) -> None:
        self._url, self._every, self._alive, self._clock = url, every.total_seconds(), alive, clock
        self._exchange = exchange or Exchange(now=clock.now)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.last: Result | None = None

    def beat(self) -> Result | None:
        """Beat once; None when we are not alive. A failure is logged once until it works again."""
        if not self._alive():
            logger.error("no heartbeat: the last evaluation is too long ago")
            return None
        body = {"status": "ok", "source": "meterline", "at": self._clock.now()}
        result = self._exchange.post(self._url(), orjson.dumps(body))
        if not result.done and (self.last is None or self.last.done):
            logger.error("the heartbeat was not taken: %s %s", result.status or "", result.answer)
        self.last = result
        return result

    def start(self) -> None:
        """Beat now and then again and again, in a thread."""
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 15.0) -> None:
        """Stop beating."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
            except Exception:  # a secret file that is away, for one: the next beat may find it
                logger.exception("heartbeat")
            self._stopping.wait(self._every)
        self._exchange.close()
