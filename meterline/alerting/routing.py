"""Which routing is in force: the configured file, or one that tells nobody, so that alerts are kept and shown."""

from __future__ import annotations

from alerts.routing.load import Routing, load_routing, parse_routing
from meterline.config.model import Config

NOBODY = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def routing_of(config: Config) -> Routing:
    """Raises ConfigurationError when the file is missing or wrong."""
    alerting = config.alerting
    if alerting is None or alerting.file is None:
        return parse_routing(NOBODY, "no alerting configured")
    return load_routing(alerting.file, alerting.matchers)
