"""The meterline.yaml of the demo, as a person would write it for this platform."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sample_data.catalog import HANDOVER, PLATFORM_NAMESPACES, SERVICE_BUDGETS, Service, Team
from sample_data.fleet import REGIONS
from sample_data.grid import utc
from sample_data.platform import Platform
from sample_data.prices import PRICES, Price
from sample_data.roster import PLATFORM_SERVICES, PLATFORM_TEAM, TEAM_NAMES

MATCHED_BY_MODEL = frozenset({"rag-answers", "translate", "rerank"})
"""Services that are told by the model name of their engine; the mesh and Knative know only the service's name."""

OBJECTIVES = {
    "chat": "latency: {threshold: 10s, objective: 0.9}, availability: {objective: 0.999}",
    "summarize": "latency: {threshold: 10s, objective: 0.95}, availability: {objective: 0.99}",
    "code-assist": "latency: {threshold: 2500ms, objective: 0.85}, availability: {objective: 0.995}",
    "rag-answers": "latency: {threshold: 5s, objective: 0.95}, availability: {objective: 0.99}",
    "fraud-score": "latency: {threshold: 100ms, objective: 0.99}, availability: {objective: 0.999}",
    "image-tag": "latency: {threshold: 500ms, objective: 0.95}",
}
"""Thresholds lie on bucket bounds of the runtime that measures the service, so attainment is exact."""

TEMPLATE = """\
# The sample platform: {days} days up to {end:%Y-%m-%dT%H:%MZ}. What is wrong on it: sample_data/README.md.
data: {data}
report: {{currency: USD, timezone: UTC}}

clusters:
{clusters}

# Namespaces that no team names here are nobody's: their cost is shown as unallocated. {handed} went from {giver} to
# {taker} at noon; what it cost before stays with {giver}.
teams:
{teams}

services:
{services}

# The H100 became cheaper at a day boundary: hours before it keep the old price. Two nodes of the training cluster are
# spot. The enterprise agreement takes 3 % off everything on demand.
prices:
{prices}
  discounts:
    - {{percent: "3", from: {agreement}, pricing: on_demand}}

# Idle capacity is shown as rows of its own; what keeps the clusters running, and support at 1.20 an hour, is shared by
# all teams in proportion to what they cost.
allocation:
  basis: request
  idle: {{by: node, split: none}}
  shared:
    - {{name: platform, namespaces: [{platform_namespaces}], hourly: "1.20", split: weighted}}

sources:
  - name: clusters                 # one Prometheus for three clusters: every series has a cluster label
    type: prometheus
    url: {prometheus}
    profiles: [dcgm, kube-state-metrics, cadvisor, vllm, istio, triton, knative]
    scrape_interval: 5m
    backfill: {days}d
    window: 10d
  - name: pipelines
    type: airflow
    url: {airflow}
    token: {{file: {token}}}
    pipelines: {{training: ["train_*"], deployment: ["deploy_*"]}}
    train_task: train
    backfill: {days}d
  - name: drift
    type: evidently
    path: {workspace}
    every: 1d
  - {{name: bill, type: focus, path: {bills}}}
{pages}
# What the provider calls the same things; a SKU that is not named here (network, support) is nothing that is metered.
billing:
  skus:
{skus}
"""

PAGES = """\
  - name: pages
    type: pagerduty
    url: {url}
    token: {{file: {token}}}
    teams: {{{teams}}}
    # Incidents of these services are the platform's fault, all others that of whoever offers the model.
    attribution: {{{platform}, "*": product}}
    backfill: 30d
"""

ALERTING = """
# Objectives in OpenSLO, routes in Alertmanager's own format, changes to rules: all beside this file.
slos: [slos/*.yaml]
alerting:
  file: alertmanager.yml
  rules: [rules/*.yaml]
  owner: platform-oncall
  external_url: http://127.0.0.1:{api}
listen: {{api: {api}, dashboards: {dashboards}}}
"""


@dataclass(frozen=True, slots=True)
class Reliability:
    """What the pages about reliability need: PagerDuty with the file of its token, and the ports of Meterline itself.

    slos/*.yaml, rules/*.yaml and alertmanager.yml beside the configuration are the caller's to write.
    """

    pagerduty_url: str
    token_file: Path
    api_port: int
    dashboards_port: int


def demo_configuration(
    platform: Platform, prometheus_url: str, airflow_url: str, token_file: Path, data_dir: Path, workspace_dir: Path,
    bill_dir: Path, reliability: Reliability | None = None,
) -> str:  # fmt: skip
    """The configuration as YAML text.

    `token_file` holds Airflow's bearer token, `workspace_dir` the Evidently workspace, `bill_dir` the
    provider's bills; the caller writes them. Without `reliability` there are no objectives, alerts and pages.
    """
    change = utc(platform.calendar.price_change).date()
    handed_over = f"{utc(platform.calendar.days_before(9, 12)):%Y-%m-%dT%H:%MZ}"
    text = TEMPLATE.format(
        days=platform.days,
        end=platform.end,
        data=_text(data_dir),
        teams="\n".join(_team(team, handed_over) for team in platform.teams),
        services="\n".join(map(_service, platform.services)),
        clusters="\n".join(f"  - {{name: {name}, region: {region}}}" for name, region in REGIONS.items()),
        handed=HANDOVER.namespace,
        giver=HANDOVER.giver,
        taker=HANDOVER.taker,
        agreement=utc(platform.calendar.days_before(20)).date(),
        platform_namespaces=", ".join(PLATFORM_NAMESPACES),
        prometheus=prometheus_url,
        airflow=airflow_url,
        token=_text(token_file),
        workspace=_text(workspace_dir),
        bills=_text(bill_dir / "*.csv"),
        pages=_pages(reliability) if reliability else "",
        prices=_prices(date(change.year - 1, 1, 1), change),
        skus="\n".join(map(_sku, PRICES)),
    )
    if reliability is None:
        return text
    return text + ALERTING.format(api=reliability.api_port, dashboards=reliability.dashboards_port)


def _pages(reliability: Reliability) -> str:
    teams = {name: team for team, name in TEAM_NAMES.items()} | {PLATFORM_TEAM: "platform"}
    return PAGES.format(
        url=reliability.pagerduty_url,
        token=_text(reliability.token_file),
        teams=", ".join(f"{name}: {team}" for name, team in teams.items()),
        platform=", ".join(f"{name}: platform" for name in PLATFORM_SERVICES),
    )


def _prices(long_ago: date, change: date) -> str:
    lines = []
    for kind, key in (("gpu", "gpu_hour"), ("cpu", "cpu_hour"), ("memory", "ram_gib_hour")):
        lines.append(f"  {key}:")
        for one in (price for price in PRICES if price.kind == kind):
            words = {"model": one.model, "region": one.region, "pricing": "spot" if one.spot else None}
            more = "".join(f", {name}: {word}" for name, word in words.items() if word)
            since = change if one.before else long_ago
            if one.before:
                lines.append(f'    - {{price: "{one.before}", from: {long_ago}, to: {change}{more}}}')
            lines.append(f'    - {{price: "{one.amount}", from: {since}{more}}}')
    return "\n".join(lines)


def _sku(price: Price) -> str:
    what = f"model: {price.model}" if price.model else f"resource: {price.kind}"
    return f"    - {{sku: {price.sku}, {what}}}"


def _team(team: Team, handed_over: str) -> str:
    namespaces, since = [_text(namespace) for namespace in team.namespaces], ""
    if team.name == HANDOVER.giver:
        namespaces.append(f"{{name: {HANDOVER.namespace}, to: {handed_over}}}")
    if team.name == HANDOVER.taker:  # the label came with the namespace; a label goes before a namespace
        namespaces.append(f"{{name: {HANDOVER.namespace}, from: {handed_over}}}")
        since = f", from: {handed_over}"
    return (
        f"  - {{name: {team.name}, namespaces: [{', '.join(namespaces)}],\n"
        f"     labels: [{{name: team, value: {team.name}{since}}}], cost_center: {team.cost_center},\n"
        f'     budget: {{monthly: "{team.budget}", quarterly: "{team.quarterly}", thresholds: [0.8, 1.0]}}}}'
    )


def _service(service: Service) -> str:
    if service.name in MATCHED_BY_MODEL:
        match = f"namespace: {service.namespace}, model_name: {service.model}"
    else:
        match = f"namespace: {service.namespace}, service: {service.name}"
    objectives = OBJECTIVES.get(service.name)
    budget = SERVICE_BUDGETS.get(service.name)
    lines = [f"  - {{name: {service.name}, team: {service.team}, tier: {service.tier}, path: {service.path},"]
    lines.append(
        f"     model: {service.model},"
        + (f' budget: {{monthly: "{budget}", thresholds: [0.8, 1.0]}},' if budget else "")
    )
    lines.append(f"     match: {{{match}}}" + (f",\n     {objectives}}}" if objectives else "}"))
    return "\n".join(lines)


def _text(value: object) -> str:
    """A YAML double-quoted scalar: JSON's are a subset."""
    return json.dumps(str(value), ensure_ascii=False)
