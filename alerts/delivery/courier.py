"""One integration's deliveries, one after the other, in a thread of its own.

An attempt is written before its request leaves and its end after the answer. While the disk is full nothing is sent
that cannot be written, and what was sent is written before anything else is sent: that delays, and repeats nothing.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.delivery.clock import SYSTEM, Clock
from alerts.delivery.own_alerts import OwnAlerts
from alerts.delivery.patience import Patience
from alerts.delivery.result import NOT_SENT, Result, Sender
from warehouse.alert_log import outbox
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import WarehouseError

logger = logging.getLogger(__name__)

IDLE = 5.0
"""Seconds between looks at the outbox when nobody wakes us: another process may have written to it."""
LOOK_AGAIN = 1.0
DISK_FIRST, DISK_MOST = 1.0, 30.0
LATE_AFTER = timedelta(minutes=15)

MAY_HAVE_ARRIVED = f"""
SELECT 1 FROM attempt WHERE delivery_id = ? AND (finished_at IS NULL OR outcome = 'failed'
AND (status IS NULL OR status IN (408, 502, 504)) AND answer NOT LIKE '{NOT_SENT}%') LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class _End:
    """An attempt that is over and not yet written down."""

    attempt: int
    delivery: Delivery
    result: Result
    at: datetime
    again_at: datetime | None


class Courier:
    """Sends what the outbox has for one integration.

    `step` does one thing and says how long to wait; `start` runs steps in a thread. `on_alert` is called after an alert
    about ourselves began or ended.
    """

    def __init__(
        self,
        log: AlertLog,
        own: OwnAlerts,
        sender: Sender,
        clock: Clock = SYSTEM,
        on_alert: Callable[[], None] = lambda: None,
        *,
        patience: Patience | None = None,
        late_after: timedelta | None = LATE_AFTER,
    ) -> None:
        self._log, self._own, self._clock, self._on_alert = log, own, clock, on_alert
        self._sender, self._next_sender = sender, sender
        self._patience = patience or Patience()
        self._late_after = late_after
        self._end: _End | None = None
        self._disk_pause = 0.0
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        name = f"courier {self._own.receiver} {self._own.integration}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def use(self, sender: Sender, own: OwnAlerts) -> None:
        """Send with other settings from the next attempt on."""
        self._own, self._next_sender = own, sender
        self._wake.set()

    def wake(self) -> None:
        """Look at the outbox now."""
        self._wake.set()

    def stop(self) -> None:
        """Send nothing more after the attempt at hand."""
        self._stopping.set()
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end; False when it did not: its attempt stays open and is repeated later."""
        if self._thread is not None:
            self._thread.join(max(seconds, 0.0))
        return self._thread is None or not self._thread.is_alive()

    def step(self) -> float:
        """Send or write down at most one attempt; the seconds until the next step."""
        try:
            pause = self._recorded() if self._end is not None else self._looked()
        except WarehouseError as error:
            self._disk_pause = min(max(self._disk_pause * 2, DISK_FIRST), DISK_MOST)
            logger.error("%s of receiver %s waits: %s", self._own.integration, self._own.receiver, error)
            return self._disk_pause
        self._disk_pause = 0.0
        return pause

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    pause = self.step()
                except Exception:  # a defect of ours: the other deliveries must still go out
                    logger.exception("%s of receiver %s", self._own.integration, self._own.receiver)
                    pause = LOOK_AGAIN
                self._wake.wait(pause)
        finally:
            self._sender.close()

    def _looked(self) -> float:
        if self._next_sender is not self._sender:
            self._sender.close()
            self._sender = self._next_sender
        at = self._clock.monotonic()
        if at < self._patience.paused_until:
            return self._patience.paused_until - at
        now = self._clock.now()
        delivery = outbox.waiting(self._log, self._own.receiver, self._own.integration, now)
        if delivery is None:
            return IDLE
        ahead = self._patience.due(delivery.id, (delivery.next_at - now).total_seconds(), at)
        if ahead > 0:
            return min(ahead, LOOK_AGAIN)
        return self._attempt(delivery, now)

    def _attempt(self, delivery: Delivery, now: datetime) -> float:
        repeat = delivery.attempts > 0 and bool(self._log.rows(MAY_HAVE_ARRIVED, (delivery.id,)))
        with self._log.transaction() as tx:
            attempt = outbox.begin_attempt(tx, delivery.id, now)
        try:
            result = self._sender.send(delivery, repeat)
        except Exception as error:  # the type alone: the text may hold an address or a token
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("delivery %d by %s: %s\n%s", delivery.id, self._own.integration, type(error).__name__, where)
            result = Result("failed", None, f"a defect of Meterline ({type(error).__name__})")
        ended, again_at = self._clock.now(), None
        if result.outcome == "failed":
            at = self._clock.monotonic()
            wait = self._patience.after_failure(delivery.id, delivery.attempts, result, at)
            again_at = ended + timedelta(seconds=wait)
        else:
            self._patience.after_end(delivery.id, result.done)
        self._end = _End(attempt, delivery, result, ended, again_at)
        return self._recorded()

    def _recorded(self) -> float:
        end = self._end
        assert end is not None
        at = self._clock.monotonic()
        with self._log.transaction() as tx:
            told = self._written(tx, end, at)
        self._end = None
        level = {"failed": logging.WARNING, "dead": logging.ERROR}.get(end.result.outcome, logging.INFO)
        logger.log(level, "%s", self._line(end))
        if told:
            self._on_alert()
        return max(self._patience.paused_until - at, 0.0)

    def _written(self, tx: Writing, end: _End, at: float) -> bool:
        """Write all that follows from an attempt; whether an alert about ourselves began or ended."""
        delivery, result = end.delivery, end.result
        outbox.end_attempt(
            tx, end.attempt, end.at, outcome=result.outcome, status=result.status, answer=result.answer,
            again_at=end.again_at,
        )  # fmt: skip
        if result.done:
            return self._own.sent(tx, end.at)
        if result.outcome == "dead":
            return self._own.dead(tx, delivery, result, end.at)
        since = self._patience.failing_since
        if since is None or self._late_after is None or at - since < self._late_after.total_seconds():
            return False
        return self._own.late(tx, end.at - timedelta(seconds=at - since), result, end.at)

    def _line(self, end: _End) -> str:
        delivery, result = end.delivery, end.result
        return (
            f"{self._own.integration} of receiver {self._own.receiver}: delivery {delivery.id} ({delivery.reason}) "
            f"{result.outcome}, attempt {delivery.attempts + 1}, status {result.status}: {result.answer}"
        )
