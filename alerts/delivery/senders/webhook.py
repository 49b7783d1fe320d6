"""Alertmanager's webhook, version 4, with what a receiver needs to drop repeats beside it."""

from __future__ import annotations

from typing import Any

import orjson

from alerts.delivery.exchange import Exchange
from alerts.delivery.result import NOT_SENT, Result
from alerts.routing.receivers import WebhookSettings
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import ConfigurationError


class WebhookSender:
    """POSTs the payload as it is in the outbox.

    Added are `meterline.delivery`, `.attempt` and `.possible_repeat`, and the header Idempotency-Key, which is the same
    in every attempt of one delivery.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings.http_config, settings.timeout)

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """One POST."""
        headers = {"Idempotency-Key": f"{delivery.dedup_key}-{delivery.id}"}
        if repeat:
            headers["Meterline-Possible-Repeat"] = "true"
        try:
            url = self._settings.address()
        except ConfigurationError as error:
            return Result("failed", None, NOT_SENT + error.message)
        body = webhook_body(delivery, repeat, self._settings.max_alerts)
        return self._exchange.post(url, orjson.dumps(body), headers)

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()


def webhook_body(delivery: Delivery, repeat: bool, max_alerts: int = 0) -> dict[str, Any]:
    """The JSON of one attempt; alerts above `max_alerts` (0: no limit) are counted in `truncatedAlerts`."""
    body = dict(delivery.payload)
    alerts = list(body.get("alerts") or ())
    if 0 < max_alerts < len(alerts):
        body["truncatedAlerts"] = int(body.get("truncatedAlerts") or 0) + len(alerts) - max_alerts
        body["alerts"] = alerts[:max_alerts]
    body["meterline"] = {
        **(body.get("meterline") or {}),
        "delivery": delivery.id,
        "attempt": delivery.attempts + 1,
        "possible_repeat": repeat,
    }
    return body
