"""The platform's alertmanager.yml: each team has a pager and a list of tickets, the platform team gets the rest.

Pagers are PagerDuty's, tickets go to webhooks: both are the sample platform itself.
"""

from __future__ import annotations

from pathlib import Path

from sample_data.platform import Platform

TEMPLATE = """\
# Alertmanager's own file. Pages go to a team's pager at once, everything else to its tickets; what names no team is the
# platform team's, and so are pages about machines, whoever runs on them. Pagers are the sample's PagerDuty, all others
# its webhooks.
route:
  receiver: platform-tickets
  group_by: [alertname, service]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h
  routes:
    - matchers: [severity=~"page|critical", owner="platform-oncall"]
      receiver: platform-pager
      group_wait: 0s
{routes}

# A page says what its ticket would say, and a fast burn what a slow one would.
inhibit_rules:
  - source_matchers: [alertname="slo_burn", severity="page"]
    target_matchers: [alertname="slo_burn", severity="ticket"]
    equal: [slo, objective]        # alone it would match all alerts that have neither label
  - source_matchers: [rule="ticket_quick"]
    target_matchers: [rule="ticket_slow"]
    equal: [slo, objective]

time_intervals:
  - name: out-of-hours
    time_intervals:
      - {{weekdays: [saturday, sunday]}}
      - {{times: [{{start_time: "00:00", end_time: "07:00"}}, {{start_time: "19:00", end_time: "24:00"}}]}}

receivers:
{receivers}
"""

ROUTE = """\
    - matchers: [team="{team}"]
      receiver: {team}-tickets
      routes:
        - matchers: [severity=~"page|critical"]
          receiver: {team}-pager
          group_wait: 0s
        - matchers: [severity="info"]
          receiver: {team}-tickets
          mute_time_intervals: [out-of-hours]"""

PAGER = """\
  - name: {name}
    pagerduty_configs: [{{routing_key_file: "{key_file}", url: "{events}", send_resolved: true}}]"""

TICKETS = """\
  - name: {name}
    webhook_configs: [{{url: "{hooks}/{name}", send_resolved: true}}]"""


def write_routing(target: Path, platform: Platform, hooks: str, events: str, key_file: Path) -> None:
    """Write the file.

    `hooks` is the address of the platform's receivers, without the last slash; `events` that of PagerDuty's events,
    `key_file` holds the routing key for it.
    """
    teams = [team.name for team in platform.teams]
    receivers = [
        template.format(name=f"{team}-{kind}", hooks=hooks, events=events, key_file=key_file)
        for team in (*teams, "platform")
        for kind, template in (("pager", PAGER), ("tickets", TICKETS))
    ]
    text = TEMPLATE.format(routes="\n".join(ROUTE.format(team=team) for team in teams), receivers="\n".join(receivers))
    target.write_text(text, encoding="utf-8")
