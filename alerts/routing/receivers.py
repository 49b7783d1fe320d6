"""What is known about each place an alert can be told, as Alertmanager's file spells it.

One settings model per kind. Secrets are written inline or as `*_file`; a file is read when something is sent, so that
a rotated secret needs no restart, and neither shows in a repr. Texts that Alertmanager would render as Go templates
are not used (load.py warns): our senders write the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, SecretStr

from alerts.routing.http_settings import HttpSettings, TlsSettings, secret_text

Kind = Literal["webhook", "slack", "pagerduty", "email", "msteamsv2", "opsgenie", "apprise"]


class WebhookSettings(BaseModel):
    """`webhook_configs`: POST of Alertmanager's JSON, version 4."""

    url: SecretStr | None = None
    url_file: Path | None = None
    max_alerts: int = 0  # 0 = all
    timeout: timedelta = timedelta(0)  # 0 = the sender's own
    http_config: HttpSettings = HttpSettings()

    def address(self) -> str:
        """The URL. Raises ConfigurationError when its file cannot be read."""
        return secret_text(self.url, self.url_file, "url")


class SlackSettings(BaseModel):
    """`slack_configs`: an incoming webhook, or with an app's token (an authorization then) the API."""

    api_url: SecretStr | None = None
    api_url_file: Path | None = None
    channel: str = ""
    username: str = ""
    icon_emoji: str = ""
    icon_url: str = ""
    link_names: bool = False
    timeout: timedelta = timedelta(0)
    http_config: HttpSettings = HttpSettings()

    def address(self) -> str:
        """The URL. Raises ConfigurationError when its file cannot be read."""
        return secret_text(self.api_url, self.api_url_file, "api_url")


class PagerDutySettings(BaseModel):
    """`pagerduty_configs`: Events API v2 (`routing_key`); a `service_key` is used as one."""

    routing_key: SecretStr | None = None
    routing_key_file: Path | None = None
    service_key: SecretStr | None = None
    service_key_file: Path | None = None
    url: str = "https://events.pagerduty.com/v2/enqueue"
    client: str = ""
    client_url: str = ""
    severity: str = ""
    class_: str = ""
    component: str = ""
    group: str = ""
    source: str = ""
    details: Mapping[str, str] = {}
    timeout: timedelta = timedelta(0)
    http_config: HttpSettings = HttpSettings()

    def key(self) -> str:
        """The integration key. Raises ConfigurationError when its file cannot be read."""
        if self.routing_key or self.routing_key_file:
            return secret_text(self.routing_key, self.routing_key_file, "routing_key")
        return secret_text(self.service_key, self.service_key_file, "service_key")


class EmailSettings(BaseModel):
    """`email_configs`; `smarthost` is (host, port)."""

    to: str
    sender: str  # `from` in the file
    smarthost: tuple[str, int]
    hello: str = "localhost"
    auth_username: str = ""
    auth_password: SecretStr | None = None
    auth_password_file: Path | None = None
    auth_secret: SecretStr | None = None
    auth_secret_file: Path | None = None
    auth_identity: str = ""
    headers: Mapping[str, str] = {}
    require_tls: bool = True
    implicit_tls: bool = False  # TLS from the first byte, as on port 465
    tls_config: TlsSettings = TlsSettings()

    def password(self) -> str | None:
        """The password, None without one. Raises ConfigurationError when its file cannot be read."""
        if self.auth_password or self.auth_password_file:
            return secret_text(self.auth_password, self.auth_password_file, "auth_password")
        return None


class TeamsSettings(BaseModel):
    """`msteamsv2_configs`: a Workflows URL."""

    webhook_url: SecretStr | None = None
    webhook_url_file: Path | None = None
    timeout: timedelta = timedelta(0)
    http_config: HttpSettings = HttpSettings()

    def address(self) -> str:
        """The URL. Raises ConfigurationError when its file cannot be read."""
        return secret_text(self.webhook_url, self.webhook_url_file, "webhook_url")


class OpsgenieSettings(BaseModel):
    """`opsgenie_configs`: accepted so that an existing file loads; Opsgenie ends on 2027-04-05 and gets nothing."""

    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    api_url: str = "https://api.opsgenie.com/"
    http_config: HttpSettings = HttpSettings()


class AppriseSettings(BaseModel):
    """`apprise_configs`, ours: one apprise URL."""

    url: SecretStr | None = None
    url_file: Path | None = None

    def address(self) -> str:
        """The URL. Raises ConfigurationError when its file cannot be read."""
        return secret_text(self.url, self.url_file, "url")


@dataclass(frozen=True, slots=True)
class Integration:
    """One entry of a receiver: `index` counts within the kind."""

    receiver: str
    kind: Kind
    index: int
    settings: BaseModel
    send_resolved: bool

    @property
    def key(self) -> str:
        """`slack[0]`: what the log of notifications and the outbox know it by."""
        return f"{self.kind}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A name that routes point to; without integrations it is told nothing."""

    name: str
    integrations: tuple[Integration, ...] = ()
