"""Push to the user's Alertmanagers instead of routing ourselves: their tree, silences and habits stay in charge.

Every peer of a cluster is told everything, each in a thread of its own: they do not share alerts, and one that hangs
must not delay another. Both times are always given: without startsAt a server takes endsAt for it, and without endsAt
it resolves after its own timeout. Firing alerts are told again each `interval`, ended ones for 15 minutes, so a peer
that was away learns both. Nothing is queued: what a peer must know is always read from the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from alerts.delivery.clock import SYSTEM, Clock
from alerts.delivery.exchange import DEADLINE, Exchange
from alerts.delivery.peer import Peer
from alerts.routing.http_settings import HttpSettings
from warehouse.alert_log.alert import StoredAlert
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError

logger = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=1)


class AlertmanagerPush:
    """Tells the Alertmanagers at `urls` (each peer's own address, never a load balancer) what fires.

    `chosen` says which alerts they are told of; by default all. Raises ConfigurationError for an address that is none.
    """

    def __init__(
        self,
        log: AlertLog,
        urls: Sequence[str],
        *,
        interval: timedelta = INTERVAL,
        http: HttpSettings | None = None,
        deadline: timedelta = DEADLINE,
        clock: Clock = SYSTEM,
        chosen: Callable[[StoredAlert], bool] = lambda alert: True,
    ) -> None:
        for url in urls:
            if not url.startswith(("http://", "https://")) or not urlsplit(url).netloc:
                raise ConfigurationError("an address of an Alertmanager is no http(s) URL", "write http://host:9093")
        self._peers = [
            Peer(log, url, Exchange(http, deadline, clock.now), interval, clock.monotonic, chosen)
            for url in dict.fromkeys(url.rstrip("/") for url in urls)
        ]
        self._threads = [ThreadPoolExecutor(1, f"push {peer.name}") for peer in self._peers]
        self._busy: list[Future[None] | None] = [None for _ in self._peers]

    def push(self, now: datetime, wait_seconds: float = 0.0) -> None:
        """Tell every peer what it does not know yet; call it after each change and at least a few times a minute.

        It does not wait for the peers unless told how long; a peer that is still busy is told with a later call.
        """
        for place, (peer, thread) in enumerate(zip(self._peers, self._threads, strict=True)):
            busy = self._busy[place]
            if busy is None or busy.done():
                self._busy[place] = thread.submit(_told, peer, now)
        if wait_seconds > 0:
            wait([busy for busy in self._busy if busy is not None], wait_seconds)

    def standing(self) -> dict[str, str]:
        """For each peer, without credentials: `ok`, or what its last answer was."""
        return {peer.name: peer.standing for peer in self._peers}

    def close(self) -> None:
        """Stop; requests at hand end within their deadline."""
        for peer, thread in zip(self._peers, self._threads, strict=True):
            thread.submit(peer.close)
        for thread in self._threads:
            thread.shutdown(wait=True)


def _told(peer: Peer, now: datetime) -> None:
    try:
        peer.tell(now)
    except Exception:  # a full disk or a defect: the next call tries again
        logger.exception("telling %s", peer.name)
