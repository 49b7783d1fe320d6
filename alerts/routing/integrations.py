"""From a receiver as written and the global settings to integrations that can send: nothing is left to inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from alerts.routing.document import Flaw
from alerts.routing.file_base import Reading
from alerts.routing.file_http import HttpEntry, TlsEntry, in_base
from alerts.routing.file_receivers import (
    AppriseEntry,
    EmailEntry,
    OpsgenieEntry,
    PagerDutyEntry,
    SlackEntry,
    TeamsEntry,
    WebhookEntry,
)
from alerts.routing.file_root import GlobalEntry, ReceiverGroup
from alerts.routing.http_settings import HttpSettings
from alerts.routing.receivers import (
    AppriseSettings,
    EmailSettings,
    Integration,
    Kind,
    OpsgenieSettings,
    PagerDutySettings,
    Receiver,
    SlackSettings,
    TeamsSettings,
    WebhookSettings,
)

KINDS: Mapping[str, Kind] = {
    "webhook_configs": "webhook",
    "slack_configs": "slack",
    "pagerduty_configs": "pagerduty",
    "email_configs": "email",
    "msteamsv2_configs": "msteamsv2",
    "msteams_configs": "msteamsv2",
    "opsgenie_configs": "opsgenie",
    "apprise_configs": "apprise",
}


def receiver(group: ReceiverGroup, common: GlobalEntry, context: Reading, place: int) -> Receiver:
    """The receiver, complete. Raises Flaw where something needed is set neither here nor globally."""
    found: list[Integration] = []
    count: dict[Kind, int] = {}
    for key, kind in KINDS.items():
        for index, entry in enumerate(getattr(group, key) or ()):
            try:
                settings = SETTINGS[kind](entry, common, context)
            except ValueError as error:
                raise Flaw(str(error), ("receivers", place, key, index)) from None
            number = count[kind] = count.get(kind, -1) + 1
            found.append(Integration(group.name, kind, number, settings, entry.send_resolved))
    if group.opsgenie_configs:
        context.warn("opsgenie_configs: deprecated, Opsgenie ends on 2027-04-05 and is told nothing; use its successor")
    if group.msteams_configs:
        context.warn("msteams_configs: Office 365 connectors have ended; sent as msteamsv2_configs, to a Workflows URL")
    return Receiver(group.name, tuple(found))


def _http(entry: HttpEntry | None, common: GlobalEntry, context: Reading) -> HttpSettings:
    return (entry or common.http_config or HttpEntry()).settings(context)


def _plain(text: str, key: str, context: Reading) -> str:
    """The text, empty with a warning if it is a template: it cannot be what a receiver would understand."""
    if "{{" not in text:
        return text
    context.warn(f"{key} is ignored: it is a template, and templates are not rendered")
    return ""


def _webhook(entry: WebhookEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    return WebhookSettings(
        url=_sendable(entry.url, context),
        url_file=in_base(entry.url_file, context.base),
        max_alerts=entry.max_alerts,
        timeout=entry.timeout,
        http_config=_http(entry.http_config, common, context),
    )


def _sendable(url: SecretStr | None, context: Reading) -> SecretStr | None:
    if url and url.get_secret_value() == "<secret>":
        context.warn("a URL is written as <secret>: that is how Alertmanager hides one, nothing can be sent there")
    return url


def _slack(entry: SlackEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    url, url_file = entry.api_url, entry.api_url_file
    token, token_file = entry.app_token, entry.app_token_file
    http = _http(entry.http_config, common, context)
    if not (url or url_file or token or token_file):
        url, url_file = common.slack_api_url, common.slack_api_url_file
        token, token_file = (None, "") if url or url_file else (common.slack_app_token, common.slack_app_token_file)
    if not (url or url_file or token or token_file):
        raise ValueError("no global Slack API URL set either inline or in a file")
    if token or token_file:
        if http.authorization_type:
            raise ValueError("http authorization can't be set when using Slack App tokens")
        # As Alertmanager does it: an app's token is a bearer token at the address of the API.
        url = SecretStr(entry.app_url or common.slack_app_url or "")
        bearer = {"credentials": token, "credentials_file": in_base(token_file, context.base)}
        http = http.model_copy(update={"authorization_type": "Bearer", **bearer})
    return SlackSettings(
        api_url=_sendable(url, context),
        api_url_file=in_base(url_file, context.base),
        channel=_plain(entry.channel, "slack_configs: channel", context),
        username=_plain(entry.username, "slack_configs: username", context),
        icon_emoji=_plain(entry.icon_emoji, "slack_configs: icon_emoji", context),
        icon_url=_plain(entry.icon_url, "slack_configs: icon_url", context),
        link_names=entry.link_names,
        timeout=entry.timeout,
        http_config=http,
    )


def _pagerduty(entry: PagerDutyEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    url = entry.url or common.pagerduty_url
    if not url:
        raise ValueError("no global PagerDuty URL set")
    texts = {
        key: _plain(getattr(entry, key), f"pagerduty_configs: {key.strip('_')}", context)
        for key in ("client", "client_url", "severity", "class_", "component", "group", "source")
    }
    details = {key: _plain(text, f"pagerduty_configs: details {key}", context) for key, text in entry.details.items()}
    return PagerDutySettings(
        routing_key=entry.routing_key,
        routing_key_file=in_base(entry.routing_key_file, context.base),
        service_key=entry.service_key,
        service_key_file=in_base(entry.service_key_file, context.base),
        url=url,
        details={key: text for key, text in details.items() if text},
        timeout=entry.timeout,
        http_config=_http(entry.http_config, common, context),
        **texts,
    )


def _email(entry: EmailEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    smarthost = entry.smarthost or common.smtp_smarthost
    if not smarthost:
        raise ValueError("no global SMTP smarthost set")
    sender = entry.sender or common.smtp_from
    if not sender:
        raise ValueError("no global SMTP from set")
    for key, address in (("to", entry.to), ("from", sender)):
        if "{{" in address:
            raise ValueError(f"email_configs: {key} is a template, which is not rendered here: write the address")
    own_password = entry.auth_password or entry.auth_password_file
    own_secret = entry.auth_secret or entry.auth_secret_file
    tls = entry.tls_config or common.smtp_tls_config or TlsEntry()
    implicit = common.smtp_force_implicit_tls if entry.force_implicit_tls is None else entry.force_implicit_tls
    password_file = entry.auth_password_file if own_password else common.smtp_auth_password_file
    secret_file = entry.auth_secret_file if own_secret else common.smtp_auth_secret_file
    headers = {name: _plain(text, f"email_configs: header {name}", context) for name, text in entry.headers.items()}
    return EmailSettings(
        to=entry.to,
        sender=sender,
        smarthost=smarthost,
        hello=entry.hello or common.smtp_hello,
        auth_username=entry.auth_username or common.smtp_auth_username,
        auth_password=entry.auth_password if own_password else common.smtp_auth_password,
        auth_password_file=in_base(password_file, context.base),
        auth_secret=entry.auth_secret if own_secret else common.smtp_auth_secret,
        auth_secret_file=in_base(secret_file, context.base),
        auth_identity=entry.auth_identity or common.smtp_auth_identity,
        headers={name: text for name, text in headers.items() if text},
        require_tls=common.smtp_require_tls if entry.require_tls is None else entry.require_tls,
        implicit_tls=smarthost[1] == 465 if implicit is None else implicit,
        tls_config=tls.settings(context.base),
    )


def _teams(entry: TeamsEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    return TeamsSettings(
        webhook_url=_sendable(entry.webhook_url, context),
        webhook_url_file=in_base(entry.webhook_url_file, context.base),
        timeout=entry.timeout,
        http_config=_http(entry.http_config, common, context),
    )


def _opsgenie(entry: OpsgenieEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    own = entry.api_key or entry.api_key_file
    if not (own or common.opsgenie_api_key or common.opsgenie_api_key_file):
        raise ValueError("no global OpsGenie API Key set either inline or in a file")
    return OpsgenieSettings(
        api_key=entry.api_key if own else common.opsgenie_api_key,
        api_key_file=in_base(entry.api_key_file if own else common.opsgenie_api_key_file, context.base),
        api_url=entry.api_url or common.opsgenie_api_url or "",
        http_config=_http(entry.http_config, common, context),
    )


def _apprise(entry: AppriseEntry, common: GlobalEntry, context: Reading) -> BaseModel:
    return AppriseSettings(url=entry.url, url_file=in_base(entry.url_file, context.base))


SETTINGS: Mapping[Kind, Callable[[Any, GlobalEntry, Reading], BaseModel]] = {
    "webhook": _webhook,
    "slack": _slack,
    "pagerduty": _pagerduty,
    "email": _email,
    "msteamsv2": _teams,
    "opsgenie": _opsgenie,
    "apprise": _apprise,
}
