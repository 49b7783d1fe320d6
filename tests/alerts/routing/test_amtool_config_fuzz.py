"""Files that are right, a little wrong or broken: accepted and refused just as `amtool check-config` does."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.routing.load import load_routing
from servers import amtool
from warehouse.errors import ConfigurationError

FILES = 300
SEED = 5

# Everything that both amtool 0.25 and this product know.
FULL = """
global:
  resolve_timeout: 5m
  smtp_smarthost: mail.example.com:25
  smtp_from: alerts@example.com
  smtp_hello: example.com
  smtp_auth_username: alerts
  smtp_auth_password: secret
  smtp_require_tls: false
  slack_api_url: https://slack.example.com/hook
  pagerduty_url: https://pagerduty.example.com/v2/enqueue
  opsgenie_api_key: key
  opsgenie_api_url: https://opsgenie.example.com/
  victorops_api_key: key
  http_config: {follow_redirects: true, bearer_token: token, tls_config: {insecure_skip_verify: false}}
route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h30m
  routes:
  - matchers: ['service=~"api|web"', 'severity!="info"']
    receiver: pager
    continue: true
    group_by: ['...']
    mute_time_intervals: [nights]
    routes:
    - match: {team: core, tier: '1'}
      match_re: {region: 'eu-.*'}
      active_time_intervals: [days, nights]
      receiver: mail
  - matchers: [team = data]
    receiver: chat
    repeat_interval: 1d
inhibit_rules:
- source_matchers: [severity="page"]
  target_matchers: ['severity=~"ticket|info"']
  equal: [service, cluster]
- source_match: {alertname: Down}
  source_match_re: {cluster: 'a|b'}
  target_match: {severity: info}
  target_match_re: {cluster: '.+'}
time_intervals:
- name: days
  time_intervals:
  - times: [{start_time: '09:00', end_time: '17:00'}, {start_time: '18:00', end_time: '24:00'}]
    weekdays: ['monday:friday', sunday]
    days_of_month: ['1:15', '-3:-1']
    months: ['january:march', '5', december]
    years: ['2026:2030', '2032']
    location: Europe/Berlin
mute_time_intervals:
- name: nights
  time_intervals: [{times: [{start_time: '00:00', end_time: '07:30'}]}]
receivers:
- name: default
  webhook_configs:
  - url: https://hooks.example.com/a?b=c
    max_alerts: 10
    send_resolved: false
    http_config: {basic_auth: {username: u, password: p}, proxy_url: 'http://proxy:3128'}
- name: pager
  pagerduty_configs:
  - routing_key: key
    severity: critical
    class: c
    details: {one: '1'}
    images: [{src: a, alt: b, href: c}]
    links: [{href: a, text: b}]
  - {service_key: key, url: 'https://pagerduty.example.com/x', http_config: {authorization: {credentials: c}}}
- name: chat
  slack_configs:
  - channel: '#alerts'
    api_url: https://slack.example.com/other
    title: '{{ .Title }}'
    fields: [{title: t, value: v, short: true}]
    actions: [{type: button, text: Open, url: 'https://example.com', name: n, confirm: {text: sure}}]
    mrkdwn_in: [text]
    link_names: true
- name: mail
  email_configs:
  - to: team@example.com
    headers: {Subject: hi, X-One: '1'}
    tls_config: {server_name: mail}
    smarthost: 'other.example.com:587'
    require_tls: true
  opsgenie_configs:
  - {responders: [{name: team, type: team}], details: {a: b}, tags: x, priority: P1}
"""
VALUES: tuple[Any, ...] = (
    None, "", "~", True, False, "true", "yes", 0, 1, -1, 1.5, "5", "0", "1h", "1.5h", "1h30m", "30m1h", "-1h", "0s",
    "1y", "x", "default", "pager", "days", "nowhere", "a b", "a-b", "größe", "...", "=", "a=b", 'a="b', "a=~(",
    "a!~'b'", "a==b", "{a=b", "https://example.com", "http://", "ftp://example.com", "example.com:80",
    "https://exa mple.com", "https://e:port/", "http://[::1]:9/x", "https://example.com/%zz", "//x",
    "https://u:p@h:1/x?y=%zz#f", "<secret>", "HTTP://x", "http:x", "h:1", "h:", ":25", "h", "[::1]:25", "::1:25",
    "monday", "Monday:Friday", "friday:monday", "8", "1:31", "-1:-5", "5:-28", "5:-20", "0:3", "january", "13",
    "12:1", "2026", "2027:2026", "1:2:3", "24:00", "24:01", "9:00", "23:60", "00:00", "UTC", "Local", "Mars/Base",
    "Europe", "europe/berlin", "../x", "tEaM", "robot", [], {}, [None], ["a"], {"a": "b"}, [["a"]], "0x10", "0b11",
    "010", "1_000", "1e3", "2026-11-24", ".inf", "18446744073709551616", "null", "TLS12", "TLS99", "basic", "a\nb",
    "é\u0085", "🔥", "{{ .X }}", "{{", "#c", "'", '"', "%41", "&a", "*a", "!b", "a: b", "- a", "\t",
)  # fmt: skip
INSERTED = (
    ":", "-", "{", "}", "[", "]", "'", '"', "#", "&", "*", "!", "|", ">", "%", "@", "`", ",", "\t", "~", "\\", "é",
    "?", "\n", "<<:", "&x", "*x", " ", ": ", "- ",
)  # fmt: skip
# What amtool lets through and can never deliver to.
REFUSED_BY_INTENT = ("is not a port",)


def places(content: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value."""
    if not isinstance(content, dict | list):
        return []
    pairs = list(content.items() if isinstance(content, dict) else enumerate(content))
    return [(content, key) for key, _ in pairs] + [place for _, value in pairs for place in places(value)]


def mutate(content: Any, draw: random.Random) -> None:
    container, key = draw.choice(places(content))
    kind = draw.random()
    if kind < 0.55:
        container[key] = copy.deepcopy(draw.choice(VALUES))
    elif kind < 0.7:
        del container[key]
    elif kind < 0.8:
        container[key] = draw.choice(([container[key]], {"a": container[key]}))
    elif isinstance(container, dict):
        _, other = draw.choice([place for place in places(content) if isinstance(place[1], str)])
        container[draw.choice((other, "unknown", f"{key}_file"))] = copy.deepcopy(container[key])
    else:
        container.insert(key, copy.deepcopy(container[key]))


def scramble(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text))
    kind = draw.random()
    if kind < 0.35:
        return text[:at] + text[at + draw.randint(1, 3) :]
    if kind < 0.75:
        return text[:at] + draw.choice(INSERTED) + text[at:]
    lines = text.splitlines(keepends=True)
    row = draw.randrange(len(lines))
    return "".join(lines[:row] + draw.choice(([lines[row]] * 2, [], [" " + lines[row]])) + lines[row + 1 :])


def a_file(draw: random.Random) -> str:
    if draw.random() < 0.3:
        return scramble(FULL, draw)
    content = yaml.safe_load(FULL)
    if draw.random() < 0.3:
        content.pop(draw.choice(list(content)))
    for _ in range(draw.choice((0, 1, 1, 1, 2))):
        mutate(content, draw)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def ours(path: Path) -> tuple[bool, str]:
    try:
        load_routing(path, "classic")
    except ConfigurationError as error:
        return False, str(error)
    return True, ""


@pytest.mark.server
@pytest.mark.skipif(not amtool.installed(), reason="needs amtool (Debian's prometheus-alertmanager)")
def test_the_same_files_are_accepted(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    paths = []
    for number in range(FILES):
        paths.append(tmp_path / f"{number}.yml")
        paths[-1].write_text(a_file(draw), encoding="utf-8")
    theirs = amtool.ask_all(amtool.accepts, paths)
    different = [
        (path.read_text(encoding="utf-8"), answer, mine)
        for path, answer in zip(paths, theirs, strict=True)
        if (mine := ours(path))[0] != answer[0] and not any(words in mine[1] for words in REFUSED_BY_INTENT)
    ]
    assert not different, f"{len(different)} differ, the first: {different[0]}"
    assert 0.2 * FILES < sum(accepted for accepted, _ in theirs) < 0.8 * FILES
