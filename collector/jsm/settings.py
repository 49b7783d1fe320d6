"""What the configuration says about a site of Jira Service Management Operations, or an Opsgenie account."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from collector.on_call.meaning import OnCallSettings, matches
from collector.rest.connection import RestConnection
from collector.secret import Secret

Verdict = Literal["actionable", "noise", "planned", "duplicate"]


class JsmSettings(OnCallSettings, RestConnection):
    """A site (`cloud_id`, with e-mail address and API token, or an OAuth token), or an Opsgenie account (`api_key`)."""

    type: Literal["jsm"]
    url: str = Field(default="https://api.atlassian.com", description="https://api.opsgenie.com for Opsgenie.")
    cloud_id: str | None = Field(default=None, description="Of the site: https://SITE.atlassian.net/_edge/tenant_info.")
    username: str | None = Field(default=None, description="E-mail address that the API token belongs to.")
    token: Secret | None = Field(default=None, description="API token of username; alone, an OAuth access token.")
    api_key: Secret | None = Field(default=None, description="API key of an Opsgenie account, instead of all these.")
    pages: tuple[str, ...] = Field(default=("P1", "P2", "P3"), description="Priorities for which somebody is paged.")
    verdicts: dict[str, Verdict] = Field(
        default={
            "actionable": "actionable", "noise": "noise", "false-positive": "noise", "planned": "planned",
            "duplicate": "duplicate",
        },
        description="What a tag (pattern) that people put on an alert says about the page.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        site = self.cloud_id is not None and self.token is not None
        if (self.api_key is None) == (not site) or (self.api_key and (self.cloud_id or self.token or self.username)):
            raise ValueError("give cloud_id and token (and username), or an Opsgenie api_key")
        return self

    @property
    def is_opsgenie(self) -> bool:
        return self.api_key is not None

    def verdict_of(self, tags: list[str]) -> Verdict | None:
        """What the first telling tag says; None without one."""
        return next(
            (what for pattern, what in self.verdicts.items() if any(matches(pattern, tag) for tag in tags)), None
        )


SETTINGS = JsmSettings
