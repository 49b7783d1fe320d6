"""Configurations: messages with their line, warnings, what receivers inherit, and secrets that stay hidden."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from alerts.routing.load import Routing, load_routing, parse_routing
from alerts.routing.receivers import (
    AppriseSettings,
    EmailSettings,
    OpsgenieSettings,
    PagerDutySettings,
    SlackSettings,
    TeamsSettings,
    WebhookSettings,
)
from warehouse.errors import ConfigurationError

HEAD = "route: {receiver: r}\n"


def receiver(text: str, before: str = "") -> Routing:
    return parse_routing(f"{before}{HEAD}receivers:\n- name: r\n  {text}\n", "f.yml")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "no routes provided"),
        ("route: {receiver: r", 2, "yaml: "),
        ("route: {receiver: r}\nreceivers:\n- name: r\nroute: {}\n", 4, 'key "route" already set in map'),
        ("route:\n  receiver: r\n  group_wiat: 1s\n", 3, "field group_wiat not found in route"),
        ("route:\n  receiver: r\n", 1, 'undefined receiver "r" used in route'),
        ("route:\n  receiver: r\n  routes:\n  - receiver: x\nreceivers: [{name: r}]", 4, 'undefined receiver "x"'),
        ("route:\n  group_by: [a]\n", 1, "root route must specify a default receiver"),
        ("route:\n  receiver: r\n  continue: true\nreceivers: [{name: r}]", 3, "cannot have continue in root route"),
        ("route:\n  receiver: r\n  continue: 'true'\n", 3, "cannot unmarshal !!str `true` into bool"),
        ("route:\n  receiver: r\n  group_by: a\n", 3, "into a list"),
        ("route:\n  receiver: r\n  repeat_interval: 0s\n", 1, "repeat_interval cannot be zero"),
        ("route:\n  receiver: r\n  routes:\n  - matchers:\n    - a=~(\n", 4, "error parsing regexp: missing closing )"),
        ("a: &x {b: *x}\n", 1, "anchor value contains itself"),
    ],
)
def test_messages_name_the_line(text: str, line: int | None, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_routing(text, "f.yml")
    assert refused.value.message.startswith(f"f.yml:{line}: " if line else "f.yml: ")
    assert message in refused.value.message
    assert refused.value.remedy


def test_unserved_kinds_are_refused_with_the_list_of_the_known() -> None:
    with pytest.raises(
        ConfigurationError, match="telegram_configs is not supported here; known are webhook_configs, sl"
    ):
        receiver("telegram_configs: [{bot_token: a, chat_id: 1}]")
    with pytest.raises(
        ConfigurationError, match="field pager_configs not found in receivers; kinds of receivers are web"
    ):
        receiver("pager_configs: []")
    for key in ("oauth2: {client_id: a}", "http_headers: {}"):
        with pytest.raises(ConfigurationError, match="is not supported here"):
            receiver(f"webhook_configs: [{{url: 'http://a', http_config: {{{key}}}}}]")


def test_small_files_that_blow_up_are_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    with pytest.raises(ConfigurationError, match="excessive aliasing"):
        parse_routing(bomb, "f.yml")
    with pytest.raises(ConfigurationError):
        parse_routing("[" * 5_000, "f.yml")
    deep = "route: {receiver: r" + ", routes: [{a: 1" * 400 + "}]" * 400 + "}"
    with pytest.raises(ConfigurationError):
        parse_routing(deep, "f.yml")


def test_every_kind_with_what_it_inherits(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n", encoding="utf-8")
    path = tmp_path / "am.yml"
    path.write_text(
        """
global:
  resolve_timeout: 3m
  smtp_smarthost: '[::1]:465'
  smtp_from: from@example.com
  smtp_auth_password: pass
  slack_api_url: https://slack.example.com/global
  pagerduty_url: https://pd.example.com/v2
  opsgenie_api_key: og
  http_config: {authorization: {credentials_file: key}, proxy_url: 'http://proxy:3128'}
route: {receiver: all}
receivers:
- name: all
  webhook_configs:
  - {url: 'https://hook.example.com/a', max_alerts: 5, timeout: 1.5s}
  - {url_file: key, send_resolved: false, http_config: {basic_auth: {username: u, password: p}}}
  slack_configs: [{channel: '#a', username: '{{ .X }}'}, {app_token: xoxb, channel: c, http_config: {}}]
  pagerduty_configs: [{routing_key_file: key, class: c, details: {a: b, t: '{{ x }}'}}]
  email_configs: [{to: a@example.com, headers: {Subject: s}}]
  msteamsv2_configs: [{webhook_url: 'https://teams.example.com/1'}]
  msteams_configs: [{webhook_url: 'https://teams.example.com/2'}]
  opsgenie_configs: [{}]
  apprise_configs: [{url: 'ntfy://topic'}]
""",
        encoding="utf-8",
    )
    routing = load_routing(path)
    assert routing.resolve_timeout == timedelta(minutes=3)
    found = {integration.key: integration for integration in routing.receivers["all"].integrations}
    assert list(found) == [
        "webhook[0]", "webhook[1]", "slack[0]", "slack[1]", "pagerduty[0]", "email[0]", "msteamsv2[0]", "msteamsv2[1]",
        "opsgenie[0]", "apprise[0]",
    ]  # fmt: skip
    resolved = {key: integration.send_resolved for key, integration in found.items()}
    assert [key for key, sends in resolved.items() if not sends] == ["webhook[1]", "slack[0]", "slack[1]", "email[0]"]
    webhook, other = found["webhook[0]"].settings, found["webhook[1]"].settings
    assert isinstance(webhook, WebhookSettings)
    assert isinstance(other, WebhookSettings)
    assert (webhook.address(), webhook.max_alerts) == ("https://hook.example.com/a", 5)
    assert webhook.timeout == timedelta(seconds=1.5)
    assert webhook.http_config.authorization() == "Bearer from-file"
    assert webhook.http_config.proxy_url == "http://proxy:3128"
    assert (other.address(), other.http_config.basic_auth()) == ("from-file", ("u", "p"))
    assert other.http_config.authorization() is None
    slack, app = found["slack[0]"].settings, found["slack[1]"].settings
    assert isinstance(slack, SlackSettings)
    assert isinstance(app, SlackSettings)
    assert (slack.address(), slack.channel, slack.username) == ("https://slack.example.com/global", "#a", "")
    assert app.address() == "https://slack.com/api/chat.postMessage"
    assert app.http_config.authorization() == "Bearer xoxb"
    pagerduty = found["pagerduty[0]"].settings
    assert isinstance(pagerduty, PagerDutySettings)
    assert (pagerduty.key(), pagerduty.url, pagerduty.class_) == ("from-file", "https://pd.example.com/v2", "c")
    assert pagerduty.details == {"a": "b"}
    email = found["email[0]"].settings
    assert isinstance(email, EmailSettings)
    assert (email.smarthost, email.sender, email.require_tls) == (("::1", 465), "from@example.com", True)
    assert (email.implicit_tls, email.password(), email.hello) == (True, "pass", "localhost")
    teams = found["msteamsv2[1]"].settings
    assert isinstance(teams, TeamsSettings)
    assert teams.address() == "https://teams.example.com/2"
    assert isinstance(found["opsgenie[0]"].settings, OpsgenieSettings)
    apprise = found["apprise[0]"].settings
    assert isinstance(apprise, AppriseSettings)
    assert apprise.address() == "ntfy://topic"
    told = "\n".join(routing.warnings)
    for words in ("slack_configs: username", "details t", "opsgenie_configs: deprecated", "msteams_configs"):
        assert words in told
    (tmp_path / "key").unlink()
    with pytest.raises(ConfigurationError, match=r"url_file .*key cannot be read"):
        other.address()


SECRETS = """
global: {smtp_auth_password: hidden-1, slack_api_url: 'https://hidden-2', smtp_smarthost: 'h:25', smtp_from: f}
route: {receiver: r}  # a comment with hidden-3
receivers:
- name: r
  webhook_configs: [{url: 'https://hidden-4/x', http_config: {basic_auth: {username: u, password: hidden-5}}}]
  pagerduty_configs: [{routing_key: hidden-6, http_config: {authorization: {credentials: hidden-7}}}]
  email_configs: [{to: a, auth_password: hidden-8}]
  slack_configs: [{}]
  apprise_configs: [{url: 'ntfy://hidden-9'}]
"""


def test_secrets_never_show() -> None:
    routing = parse_routing(SECRETS, "f.yml")
    assert "hidden" not in repr(routing)
    assert "hidden" not in routing.text
    assert routing.text.count("<secret>") == 8  # hidden-3 was a comment
    again = parse_routing(routing.text.replace("ntfy://", ""), "shown")
    assert again.root == routing.root


@pytest.mark.parametrize(
    "text",
    [
        "webhook_configs: [{url: 'https://hidden:port/'}]",
        "webhook_configs: [{url: 'https://h/%zzhidden'}]",
        "slack_configs: [{api_url: 'hidden://x'}]",
        "webhook_configs: [{url: ['hidden']}]",
    ],
)
def test_secrets_do_not_come_back_in_messages(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        receiver(text)
    assert "hidden" not in str(refused.value).replace('unsupported scheme "hidden"', "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("webhook_configs: [{}]", "one of url or url_file must be configured"),
        ("webhook_configs: [{url: 'http://a', url_file: b}]", "at most one of url & url_file must be configured"),
        ("webhook_configs: [null]", "an empty list item"),
        ("slack_configs: [{}]", "no global Slack API URL set either inline or in a file"),
        ("slack_configs: [{api_url: 'http://a', fields: [{title: x}]}]", "missing value in Slack field"),
        ("slack_configs: [{api_url: 'http://a', app_token: b}]", "at most one of api_url/api_url_file & app_token"),
        ("pagerduty_configs: [{}]", "missing service or routing key in PagerDuty config"),
        ("email_configs: [{to: a}]", "no global SMTP smarthost set"),
        ("email_configs: [{to: a, smarthost: 'h:25'}]", "no global SMTP from set"),
        ("email_configs: [{to: '{{ .X }}', from: b, smarthost: 'h:25'}]", "to is a template"),
        ("email_configs: [{to: a, smarthost: 'h:x'}]", 'address "h:x": x is not a port'),
        ("email_configs: [{to: a, headers: {to: a, TO: b}}]", 'duplicate header "To" in email config'),
        ("opsgenie_configs: [{}]", "no global OpsGenie API Key set either inline or in a file"),
        ("opsgenie_configs: [{api_key: a, responders: [{name: a, type: b}]}]", "does not match valid options"),
        ("apprise_configs: [{}]", "one of url or url_file must be configured"),
        (
            "webhook_configs: [{url: 'http://a', http_config: {bearer_token: a, basic_auth: {}}}]",
            "at most one of basic",
        ),
        (
            "webhook_configs: [{url: 'http://a', http_config: {authorization: {type: basic}}}]",
            'use "basic_auth" instead',
        ),
    ],
)
def test_receivers_that_cannot_send_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        receiver(text)
    assert message in refused.value.message


def test_warnings() -> None:
    routing = parse_routing(
        """
templates: [a.tmpl]
route: {receiver: r, routes: [{match: {a: b}, receiver: s}, {matchers: [a=has space]}]}
receivers:
- {name: r, webhook_configs: [{url: 'http://a'}], slack_configs: [{api_url: '<secret>', title: x, actions: []}]}
- {name: s}
mute_time_intervals: [{name: x}]
""",
        "f.yml",
    )
    told = "\n".join(routing.warnings)
    for words in (
        "templates are ignored",
        "match and match_re",
        "mute_time_intervals at the top",
        "slack_configs: title",
    ):
        assert words in told
    for words in ("matcher a=has space", "written as <secret>", 'route {}/{a="b"} can take pages, and its receiver s'):
        assert words in told
    assert "actions" not in told


@pytest.mark.parametrize(
    ("routes", "warned"),
    [
        ("[]", True),
        ("[{matchers: ['severity=~\"page|critical\"'], receiver: told}]", False),
        ("[{matchers: ['severity=\"page\"'], receiver: told}]", True),  # critical still ends at the root
        ("[{matchers: ['severity=~\"page|critical\"', a=b], receiver: told}]", True),
    ],
)
def test_a_page_that_tells_nobody_is_warned_of(routes: str, warned: bool) -> None:
    text = (
        f"route: {{receiver: nobody, routes: {routes}}}\nreceivers: [{{name: nobody}}, {{name: told, webhook_configs: "
    )
    routing = parse_routing(text + "[{url: 'http://a'}]}]", "f.yml")
    assert ("tells nobody" in "\n".join(routing.warnings)) is warned
