"""All couriers: one for each integration that has something to send, begun when it first has.

A new configuration takes effect at the next attempt; deliveries of a receiver that is gone become dead letters, since
nobody would ever send them, and say so in an alert.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from alerts.delivery.clock import SYSTEM, Clock
from alerts.delivery.courier import LATE_AFTER, Courier
from alerts.delivery.kinds import make_sender
from alerts.delivery.own_alerts import OwnAlerts
from alerts.delivery.result import Sender, Undeliverable
from alerts.routing.load import Routing
from alerts.routing.receivers import Integration
from warehouse.alert_log import outbox
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError, WarehouseError

logger = logging.getLogger(__name__)

STOP_SECONDS = 15.0  # longer than one attempt may last
GONE = timedelta(hours=1)

Place = tuple[str, str]
"""A receiver and the key of one of its integrations."""


class PostOffice:
    """Sends what is in the outbox of `log` to the receivers of `routing`.

    Call `wake` after each commit that may have queued something; it is safe from any thread. `on_alert` is called, from
    a courier's thread, after an alert about ourselves began or ended, so that the dispatcher can look at it.
    """

    def __init__(
        self,
        log: AlertLog,
        routing: Routing,
        *,
        clock: Clock = SYSTEM,
        on_alert: Callable[[], None] = lambda: None,
        sender_of: Callable[[Integration], Sender] = make_sender,
        late_after: timedelta | None = LATE_AFTER,
    ) -> None:
        self._log, self._clock, self._on_alert = log, clock, on_alert
        self._sender_of, self._late_after = sender_of, late_after
        self._integrations = _integrations(routing)
        self._couriers: dict[Place, Courier] = {}
        self._lock = threading.Lock()
        self._open = False

    def start(self) -> None:
        """Begin to send, what was left over from before first of all."""
        self._open = True
        self.wake()

    def wake(self) -> None:
        """Look at the outbox now."""
        if not self._open:
            return
        try:
            places = outbox.open_integrations(self._log)
        except WarehouseError as error:
            logger.error("the outbox cannot be read: %s", error)
            places = []
        with self._lock:
            for place in places:
                if place not in self._couriers and self._open:
                    self._couriers[place] = courier = self._courier(place)
                    courier.start()
            for courier in self._couriers.values():
                courier.wake()

    def reload(self, routing: Routing) -> None:
        """Send by another configuration from now on; the attempts at hand end by the old one."""
        with self._lock:
            before, self._integrations = self._integrations, _integrations(routing)
            for place, courier in self._couriers.items():
                if before.get(place) != self._integrations.get(place):
                    courier.use(*self._sender(place))
        self.wake()

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Stop, giving attempts at hand `seconds` in all to end; whether they did.

        One that did not is repeated at the next start and marked as a possible repeat.
        """
        self._open = False
        with self._lock:
            couriers = list(self._couriers.values())
            self._couriers.clear()
        for courier in couriers:
            courier.stop()
        end = self._clock.monotonic() + seconds
        busy = [courier for courier in couriers if not courier.join(end - self._clock.monotonic())]
        return not busy

    def _courier(self, place: Place) -> Courier:
        sender, own = self._sender(place)
        return Courier(self._log, own, sender, self._clock, self._on_alert, late_after=self._late_after)

    def _sender(self, place: Place) -> tuple[Sender, OwnAlerts]:
        integration = self._integrations.get(place)
        if integration is None:
            return Undeliverable("the receiver or integration is no longer configured"), OwnAlerts(*place, gone=GONE)
        try:
            return self._sender_of(integration), OwnAlerts(*place)
        except ConfigurationError as error:
            logger.error("%s", error)
            return Undeliverable(str(error)), OwnAlerts(*place)


def _integrations(routing: Routing) -> dict[Place, Integration]:
    return {(one.receiver, one.key): one for receiver in routing.receivers.values() for one in receiver.integrations}
