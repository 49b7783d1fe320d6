"""Slack's fields and buttons in Alertmanager's file: checked as Alertmanager does, and then not used."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from alerts.routing.field_types import Flag, Text
from alerts.routing.file_base import Entry


class SlackField(Entry):
    """A field of the message."""

    title: Text = ""
    value: Text = ""
    short: Flag | None = None

    @model_validator(mode="after")
    def _valid(self) -> Self:
        for key in ("title", "value"):
            if not getattr(self, key):
                raise ValueError(f"missing {key} in Slack field configuration")
        return self


class SlackConfirmation(Entry):
    """A question before a button does something."""

    text: Text = ""
    title: Text = ""
    ok_text: Text = ""
    dismiss_text: Text = ""

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not self.text:
            raise ValueError("missing text in Slack confirmation configuration")
        return self


class SlackAction(Entry):
    """A button."""

    type: Text = ""
    text: Text = ""
    url: Text = ""
    style: Text = ""
    name: Text = ""
    value: Text = ""
    confirm: SlackConfirmation | None = None

    @model_validator(mode="after")
    def _valid(self) -> Self:
        for key in ("type", "text"):
            if not getattr(self, key):
                raise ValueError(f"missing {key} in Slack action configuration")
        if not self.url and not self.name:
            raise ValueError("missing name or url in Slack action configuration")
        return self
