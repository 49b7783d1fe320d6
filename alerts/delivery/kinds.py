"""Which sender serves which kind of integration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alerts.delivery.result import Sender
from alerts.delivery.senders.apprise import AppriseSender
from alerts.delivery.senders.email import EmailSender
from alerts.delivery.senders.msteams import TeamsSender
from alerts.delivery.senders.pagerduty import PagerDutySender
from alerts.delivery.senders.slack import SlackSender
from alerts.delivery.senders.webhook import WebhookSender
from alerts.routing.load import Routing
from alerts.routing.receivers import Integration
from warehouse.errors import ConfigurationError, MeterlineError

SENDERS: Mapping[str, Callable[[Any], Sender]] = {
    "webhook": WebhookSender,
    "pagerduty": PagerDutySender,
    "slack": SlackSender,
    "msteamsv2": TeamsSender,
    "email": EmailSender,
    "apprise": AppriseSender,
}
NO_SENDER = {
    "opsgenie": "Opsgenie ends on 2027-04-05: use webhook_configs with the address of a Jira Service Management "
    "integration, or pagerduty_configs",
}


def make_sender(integration: Integration) -> Sender:
    """The sender of an integration.

    Raises ConfigurationError for a kind without one, and when it can be seen before sending that it cannot work.
    """
    kind = SENDERS.get(integration.kind)
    if kind is None:
        raise ConfigurationError(
            f"{integration.key} of receiver {integration.receiver} has no sender",
            NO_SENDER.get(integration.kind, f"use one of {', '.join(SENDERS)}"),
        )
    try:
        return kind(integration.settings)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{integration.key} of receiver {integration.receiver}: {error.message}", error.remedy
        ) from error


def unusable(routing: Routing) -> list[MeterlineError]:
    """What is wrong with integrations that can be seen without sending: for a check of the configuration."""
    problems: list[MeterlineError] = []
    for receiver in routing.receivers.values():
        for integration in receiver.integrations:
            try:
                make_sender(integration).close()
            except ConfigurationError as error:
                problems.append(error)
    return problems
