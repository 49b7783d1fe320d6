"""The entries of a receiver in Alertmanager's file, one model a kind, checked as Alertmanager checks them.

Texts that Alertmanager renders as Go templates are known, so that an existing file loads, and not used: our senders
write the message. Each that is set becomes a warning.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, ValidationInfo, model_validator

from alerts.routing.field_types import (
    Count,
    Flag,
    GoDuration,
    HostPort,
    Many,
    Secret,
    SecretUrl,
    Text,
    TextMap,
    Url,
    as_text,
)
from alerts.routing.file_base import Entry, reading
from alerts.routing.file_http import HttpEntry, TlsEntry, at_most_one
from alerts.routing.file_slack import SlackAction, SlackField

RESPONDER = re.compile(r"team|teams|user|escalation|schedule")


class ReceiverEntry(Entry):
    """What all kinds have. `IGNORED` are texts that are known and not used."""

    IGNORED: ClassVar[tuple[str, ...]] = ()
    KEY: ClassVar[str] = ""

    send_resolved: Flag = True

    @model_validator(mode="before")
    @classmethod
    def _without_ignored(cls, content: Any, info: ValidationInfo) -> Any:
        if not isinstance(content, dict):
            return content
        for key in cls.IGNORED:
            if key in content and as_text(content[key]):
                reading(info).warn(f"{cls.KEY}: {key} is ignored, the message is meterline's own")
        return {key: value for key, value in content.items() if key not in cls.IGNORED}

    def untold(self, info: ValidationInfo, *keys: str) -> None:
        """Warn of the keys that are set, checked, and not used."""
        for key in keys:
            if getattr(self, key):
                reading(info).warn(f"{self.KEY}: {key} is ignored, the message is meterline's own")


class HttpReceiverEntry(ReceiverEntry):
    """A kind that is told over HTTP."""

    http_config: HttpEntry | None = None
    timeout: GoDuration = timedelta(0)


class WebhookEntry(HttpReceiverEntry):
    """`webhook_configs`."""

    KEY = "webhook_configs"

    url: SecretUrl = None
    url_file: Text = ""
    max_alerts: Count = 0

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not self.url and not self.url_file:
            raise ValueError("one of url or url_file must be configured")
        at_most_one(url=self.url, url_file=self.url_file)
        return self


class SlackEntry(HttpReceiverEntry):
    """`slack_configs`."""

    KEY = "slack_configs"
    IGNORED = (
        "color", "title", "title_link", "pretext", "text", "message_text", "footer", "fallback", "callback_id",
        "image_url", "thumb_url", "message_strategy",
    )  # fmt: skip

    send_resolved: Flag = False
    api_url: SecretUrl = None
    api_url_file: Text = ""
    app_token: Secret = None
    app_token_file: Text = ""
    app_url: Url = None
    channel: Text = ""
    username: Text = ""
    icon_emoji: Text = ""
    icon_url: Text = ""
    link_names: Flag = False
    short_fields: Flag = False
    update_message: Flag = False
    mrkdwn_in: Many[Text] = None
    fields: Many[SlackField] = None
    actions: Many[SlackAction] = None

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        at_most_one(api_url=self.api_url, api_url_file=self.api_url_file)
        at_most_one(app_token=self.app_token, app_token_file=self.app_token_file)
        if (self.app_token or self.app_token_file) and (self.api_url or self.api_url_file):
            raise ValueError("at most one of api_url/api_url_file & app_token/app_token_file must be configured")
        self.untold(info, "short_fields", "update_message", "mrkdwn_in", "fields", "actions")
        return self


class ImageEntry(Entry):
    """An image or link of PagerDuty's."""

    src: Text = ""
    alt: Text = ""
    href: Text = ""


class LinkEntry(Entry):
    """A link of PagerDuty's."""

    href: Text = ""
    text: Text = ""


class PagerDutyEntry(HttpReceiverEntry):
    """`pagerduty_configs`."""

    KEY = "pagerduty_configs"
    IGNORED = ("description",)

    routing_key: Secret = None
    routing_key_file: Text = ""
    service_key: Secret = None
    service_key_file: Text = ""
    url: Url = None
    client: Text = ""
    client_url: Text = ""
    severity: Text = ""
    class_: Text = Field("", alias="class")
    component: Text = ""
    group: Text = ""
    source: Text = ""
    details: TextMap = Field(default_factory=dict)
    images: Many[ImageEntry] = None
    links: Many[LinkEntry] = None

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        if not (self.routing_key or self.service_key or self.routing_key_file or self.service_key_file):
            raise ValueError("missing service or routing key in PagerDuty config")
        at_most_one(routing_key=self.routing_key, routing_key_file=self.routing_key_file)
        at_most_one(service_key=self.service_key, service_key_file=self.service_key_file)
        self.untold(info, "images", "links")
        return self


class ThreadingEntry(Entry):
    """`threading` of an e-mail."""

    enabled: Flag = False
    thread_by_date: Text = ""


class EmailEntry(ReceiverEntry):
    """`email_configs`."""

    model_config = ConfigDict(populate_by_name=False)
    KEY = "email_configs"
    IGNORED = ("html", "text")

    send_resolved: Flag = False
    to: Text = ""
    sender: Text = Field("", alias="from")
    hello: Text = ""
    smarthost: HostPort = None
    auth_username: Text = ""
    auth_password: Secret = None
    auth_password_file: Text = ""
    auth_secret: Secret = None
    auth_secret_file: Text = ""
    auth_identity: Text = ""
    headers: TextMap = Field(default_factory=dict)
    require_tls: Flag | None = None
    tls_config: TlsEntry | None = None
    force_implicit_tls: Flag | None = None
    threading: ThreadingEntry | None = None

    @model_validator(mode="after")
    def _valid(self, info: ValidationInfo) -> Self:
        if not self.to:
            raise ValueError("missing to address in email config")
        at_most_one(auth_password=self.auth_password, auth_password_file=self.auth_password_file)
        at_most_one(auth_secret=self.auth_secret, auth_secret_file=self.auth_secret_file)
        names: set[str] = set()
        for header in self.headers:
            name = _canonical(header)
            if name in names:
                raise ValueError(f'duplicate header "{name}" in email config')
            names.add(name)
        self.untold(info, "threading")
        return self


class TeamsEntry(HttpReceiverEntry):
    """`msteamsv2_configs`, and `msteams_configs` of old."""

    KEY = "msteamsv2_configs"
    IGNORED = ("title", "text", "summary")

    webhook_url: SecretUrl = None
    webhook_url_file: Text = ""

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not self.webhook_url and not self.webhook_url_file:
            raise ValueError("one of webhook_url or webhook_url_file must be configured")
        at_most_one(webhook_url=self.webhook_url, webhook_url_file=self.webhook_url_file)
        return self


class ResponderEntry(Entry):
    """Whom Opsgenie tells."""

    id: Text = ""
    name: Text = ""
    username: Text = ""
    type: Text = ""

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not (self.id or self.username or self.name):
            raise ValueError("opsGenieConfig responder has to have at least one of id, username or name specified")
        if "{{" not in self.type and not RESPONDER.fullmatch(self.type.lower()):
            raise ValueError(f"opsGenieConfig responder type {self.type} does not match valid options")
        return self


class OpsgenieEntry(HttpReceiverEntry):
    """`opsgenie_configs`."""

    KEY = "opsgenie_configs"
    IGNORED = ("message", "description", "source", "entity", "actions", "tags", "note", "priority")

    api_key: Secret = None
    api_key_file: Text = ""
    api_url: Url = None
    details: TextMap = Field(default_factory=dict)
    responders: Many[ResponderEntry] = None
    update_alerts: Flag = False

    @model_validator(mode="after")
    def _valid(self) -> Self:
        at_most_one(api_key=self.api_key, api_key_file=self.api_key_file)
        return self


class AppriseEntry(ReceiverEntry):
    """`apprise_configs`, ours."""

    KEY = "apprise_configs"

    url: Secret = None
    url_file: Text = ""

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not self.url and not self.url_file:
            raise ValueError("one of url or url_file must be configured")
        at_most_one(url=self.url, url_file=self.url_file)
        return self


def _canonical(header: str) -> str:
    return "-".join(part[:1].upper() + part[1:].lower() for part in header.split("-"))
