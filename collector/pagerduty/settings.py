"""What the configuration says about a PagerDuty account."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from collector.on_call.meaning import OnCallSettings
from collector.rest.connection import RestConnection
from collector.secret import Secret


class PagerDutySettings(OnCallSettings, RestConnection):
    """A PagerDuty account; a read-only API key is enough."""

    type: Literal["pagerduty"]
    url: str = Field(default="https://api.pagerduty.com", description="https://api.eu.pagerduty.com for EU accounts.")
    token: Secret = Field(description="REST API key (read-only).")


SETTINGS = PagerDutySettings
