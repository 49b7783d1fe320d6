"""Which rules are in force: ours, and the configured files."""

from __future__ import annotations

from alerts.rules.load import Rules, load_rules
from meterline.config.model import Config


def rules_of(config: Config) -> Rules:
    """The rules by `config`: ours, changed by and together with the configured files. Raises ConfigurationError."""
    alerting = config.alerting
    if alerting is None:
        return load_rules()
    return load_rules([str(one) for one in alerting.rules], owner=alerting.owner, required=alerting.require)
