"""The long tail (Discord, ntfy, Telegram, SMS ...) through the optional library apprise.

apprise says only whether it worked, not what the receiver answered: a success is `accepted`, never `sent`, and as a
refusal and an outage look alike, a failure is tried TRIES times and then is a dead letter.
"""

from __future__ import annotations

import inspect
import logging
from typing import Any

from alerts.delivery.exchange import DEADLINE
from alerts.delivery.message import message_of
from alerts.delivery.result import NOT_SENT, Result
from alerts.delivery.senders.plain_text import plain_text
from alerts.routing.receivers import AppriseSettings
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import ConfigurationError

TRIES = 5


class AppriseSender:
    """Hands notifications to one apprise URL.

    Raises ConfigurationError when the package is missing or does not understand the URL.
    """

    def __init__(self, settings: AppriseSettings) -> None:
        self._settings = settings
        self._to(settings.address())

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """One call of the library."""
        final = delivery.attempts + 1 >= TRIES
        try:
            service = self._to(self._settings.address())
        except ConfigurationError as error:
            return Result("dead" if final else "failed", None, NOT_SENT + error.message)
        message = message_of(delivery.payload)
        kind = "success" if message.status == "resolved" else "failure"
        bounded = "timeout" in inspect.signature(service.notify).parameters  # since 2.0
        more = {"timeout": DEADLINE.total_seconds()} if bounded else {}
        told = service.notify(
            body=plain_text(message, repeat), title=message.title, notify_type=kind, body_format="text", **more
        )
        if told:
            return Result("accepted", None, "apprise took it; whether it arrived is not known")
        said = getattr(getattr(told, "status", None), "name", "FAILURE")
        return Result("dead" if final else "failed", None, f"apprise says {said}, without the receiver's answer")

    def close(self) -> None:
        """Nothing is kept."""

    def _to(self, url: str) -> Any:
        try:
            import apprise
        except ImportError as error:
            raise ConfigurationError(
                "a receiver has apprise_configs, and the package apprise is not installed",
                "pip install 'meterline[apprise]'",
            ) from error
        logging.getLogger("apprise").disabled = True  # it writes whole addresses, tokens included
        service = apprise.Apprise()
        if not service.add(url):
            scheme = url.partition(":")[0][:20] if "://" in url else "no scheme"
            raise ConfigurationError(
                f"apprise does not understand the url of apprise_configs ({scheme}://...)",
                "write it as apprise documents it for that service; `apprise --dry-run -b test URL` checks one",
            )
        return service
