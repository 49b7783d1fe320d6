"""The whole of Alertmanager's file as pydantic models: global settings, receivers by name, and the routing half."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

from pydantic import Field, ValidationInfo, model_validator

from alerts.routing.field_types import Duration, Flag, HostPort, Many, Secret, SecretUrl, Text, Url
from alerts.routing.file_base import Entry, Given, reading
from alerts.routing.file_http import HttpEntry, TlsEntry, at_most_one
from alerts.routing.file_receivers import (
    AppriseEntry,
    EmailEntry,
    OpsgenieEntry,
    PagerDutyEntry,
    SlackEntry,
    TeamsEntry,
    WebhookEntry,
)
from alerts.routing.file_tree import InhibitEntry, IntervalEntry, RouteEntry

OURS = (
    "webhook_configs", "slack_configs", "pagerduty_configs", "email_configs", "msteamsv2_configs", "msteams_configs",
    "opsgenie_configs", "apprise_configs",
)  # fmt: skip
OTHERS = frozenset({
    "discord_configs", "incidentio_configs", "jira_configs", "mattermost_configs", "pushover_configs",
    "rocketchat_configs", "sns_configs", "telegram_configs", "victorops_configs", "webex_configs", "wechat_configs",
})  # fmt: skip


class GlobalEntry(Entry):
    """`global`: what receivers inherit. The settings of kinds that we do not serve are known and not used."""

    resolve_timeout: Duration = timedelta(minutes=5)
    http_config: HttpEntry | None = None
    smtp_from: Text = ""
    smtp_hello: Text = "localhost"
    smtp_smarthost: HostPort = None
    smtp_auth_username: Text = ""
    smtp_auth_password: Secret = None
    smtp_auth_password_file: Text = ""
    smtp_auth_secret: Secret = None
    smtp_auth_secret_file: Text = ""
    smtp_auth_identity: Text = ""
    smtp_require_tls: Flag = True
    smtp_tls_config: TlsEntry | None = None
    smtp_force_implicit_tls: Flag | None = None
    slack_api_url: SecretUrl = None
    slack_api_url_file: Text = ""
    slack_app_token: Secret = None
    slack_app_token_file: Text = ""
    slack_app_url: Url = "https://slack.com/api/chat.postMessage"
    pagerduty_url: Url = "https://events.pagerduty.com/v2/enqueue"
    opsgenie_api_url: Url = "https://api.opsgenie.com/"
    opsgenie_api_key: Secret = None
    opsgenie_api_key_file: Text = ""
    jira_api_url: Url = None
    wechat_api_url: Url = None
    wechat_api_secret: Secret = None
    wechat_api_secret_file: Text = ""
    wechat_api_corp_id: Text = ""
    victorops_api_url: Url = None
    victorops_api_key: Secret = None
    victorops_api_key_file: Text = ""
    telegram_api_url: Url = None
    telegram_bot_token: Secret = None
    telegram_bot_token_file: Text = ""
    webex_api_url: Url = None
    rocketchat_api_url: Url = None
    rocketchat_token: Secret = None
    rocketchat_token_file: Text = ""
    rocketchat_token_id: Secret = None
    rocketchat_token_id_file: Text = ""
    mattermost_webhook_url: SecretUrl = None
    mattermost_webhook_url_file: Text = ""

    @model_validator(mode="after")
    def _valid(self) -> Self:
        for key in ("slack_api_url", "opsgenie_api_key", "victorops_api_key", "smtp_auth_password", "smtp_auth_secret"):
            at_most_one(**{key: getattr(self, key), f"{key}_file": getattr(self, f"{key}_file")})
        at_most_one(slack_app_token=self.slack_app_token, slack_app_token_file=self.slack_app_token_file)
        return self


class ReceiverGroup(Entry):
    """A receiver: a name and its integrations by kind."""

    name: Text = ""
    webhook_configs: Many[Given[WebhookEntry]] = None
    slack_configs: Many[Given[SlackEntry]] = None
    pagerduty_configs: Many[Given[PagerDutyEntry]] = None
    email_configs: Many[Given[EmailEntry]] = None
    msteamsv2_configs: Many[Given[TeamsEntry]] = None
    msteams_configs: Many[Given[TeamsEntry]] = None
    opsgenie_configs: Many[Given[OpsgenieEntry]] = None
    apprise_configs: Many[Given[AppriseEntry]] = None

    @model_validator(mode="before")
    @classmethod
    def _served(cls, content: Any) -> Any:
        for key in content if isinstance(content, dict) else ():
            if key in OTHERS:
                raise ValueError(f"{key} is not supported here; known are {', '.join(OURS)}")
        return content

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if not self.name:
            raise ValueError("missing name in receiver")
        return self


class Root(Entry):
    """The file."""

    settings: GlobalEntry | None = Field(None, alias="global")
    route: RouteEntry | None = None
    receivers: Many[ReceiverGroup | None] = None
    inhibit_rules: Many[InhibitEntry] = None
    templates: Many[Text] = None
    mute_time_intervals: Many[IntervalEntry | None] = None
    time_intervals: Many[IntervalEntry | None] = None

    @model_validator(mode="after")
    def _told(self, info: ValidationInfo) -> Self:
        if self.templates:
            reading(info).warn("templates are ignored: messages are meterline's own")
        if self.mute_time_intervals:
            reading(info).warn("mute_time_intervals at the top is deprecated: call it time_intervals")
        return self
