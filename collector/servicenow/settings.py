"""What the configuration says about a ServiceNow instance."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from collector.on_call.meaning import OnCallSettings, matches
from collector.rest.connection import RestConnection
from collector.secret import Secret

Verdict = Literal["actionable", "noise", "planned", "duplicate"]


class ServiceNowSettings(OnCallSettings, RestConnection):
    """An instance, read by a user whose time zone is GMT: dates in queries are read in the user's zone."""

    type: Literal["servicenow"]
    url: str = Field(description="https://INSTANCE.service-now.com")
    username: str | None = Field(default=None, description="A user that may read the table, together with password.")
    password: Secret | None = Field(default=None, description="Password of username.")
    token: Secret | None = Field(default=None, description="OAuth access token, instead of username and password.")
    table: str = Field(default="incident", pattern=r"^[a-z][a-z0-9_]*$", description="Table of incidents.")
    only: str | None = Field(
        default=None,
        pattern=r"^[^\r\n]+$",
        description="Encoded query that narrows the incidents, such as assignment_group.name=ML Platform.",
    )
    pages: tuple[str, ...] = Field(default=("1", "2"), description="Priorities for which somebody is paged.")
    acknowledged: tuple[str, ...] = Field(default=("2", "3"), description="States in which somebody works on it.")
    resolved: tuple[str, ...] = Field(default=("6", "7", "8"), description="States in which it is over.")
    close_codes: dict[str, Verdict] = Field(
        default={
            "duplicate": "duplicate", "not solved (not reproducible)": "noise", "solution provided": "actionable",
            "workaround provided": "actionable", "resolved by change": "actionable",
            "resolved by problem": "actionable", "solved*": "actionable",
        },
        description="What a close code (pattern) says about the page; others say nothing.",
    )  # fmt: skip
    started_field: str | None = Field(default=None, description="Column with the time at which the impact began.")
    attribution_field: str | None = Field(default=None, description="Column that says who caused it.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if (self.token is None) == (self.username is None):
            raise ValueError("give a token, or username and password")
        return self

    def meaning_of(self, close_code: str | None) -> Verdict | None:
        """What a close code says about the page; None when it says nothing."""
        if not close_code:
            return None
        return next((what for pattern, what in self.close_codes.items() if matches(pattern, close_code)), None)


SETTINGS = ServiceNowSettings
