"""The meterline.yaml of the demo, as a person would write it for this platform."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from sample_data.catalog import Service, Team
from sample_data.grid import utc
from sample_data.platform import Platform

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

# Namespaces that no team names here are nobody's: their cost is shown as unallocated.
teams:
{teams}

services:
{services}

# The H100 became cheaper at a day boundary: hours before it keep the old price.
prices:
  gpu_hour:
    - {{model: NVIDIA-H100-80GB-HBM3, price: "2.95", from: {long_ago}, to: {change}}}
    - {{model: NVIDIA-H100-80GB-HBM3, price: "2.60", from: {change}}}
    - {{model: NVIDIA-A100-SXM4-80GB, price: "1.60", from: {long_ago}}}
    - {{model: NVIDIA-L4, price: "0.70", from: {long_ago}}}

sources:
  - name: clusters                 # one Prometheus for three clusters: every series has a cluster label
    type: prometheus
    url: {prometheus}
    profiles: [dcgm, kube-state-metrics, vllm, istio, triton, knative]
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
"""


def demo_configuration(
    platform: Platform, prometheus_url: str, airflow_url: str, token_file: Path, data_dir: Path, workspace_dir: Path
) -> str:
    """The configuration as YAML text.

    `token_file` holds Airflow's bearer token, `workspace_dir` the Evidently workspace; the caller writes both.
    """
    change = utc(platform.calendar.price_change).date()
    return TEMPLATE.format(
        days=platform.days,
        end=platform.end,
        data=_text(data_dir),
        teams="\n".join(map(_team, platform.teams)),
        services="\n".join(map(_service, platform.services)),
        long_ago=date(change.year - 1, 1, 1),
        change=change,
        prometheus=prometheus_url,
        airflow=airflow_url,
        token=_text(token_file),
        workspace=_text(workspace_dir),
    )


def _team(team: Team) -> str:
    namespaces = ", ".join(_text(namespace) for namespace in team.namespaces)
    return (
        f"  - {{name: {team.name}, namespaces: [{namespaces}], cost_center: {team.cost_center}, "
        f'budget: {{monthly: "{team.budget}"}}}}'
    )


def _service(service: Service) -> str:
    if service.name in MATCHED_BY_MODEL:
        match = f"namespace: {service.namespace}, model_name: {service.model}"
    else:
        match = f"namespace: {service.namespace}, service: {service.name}"
    objectives = OBJECTIVES.get(service.name)
    lines = [f"  - {{name: {service.name}, team: {service.team}, tier: {service.tier}, path: {service.path},"]
    lines.append(f"     model: {service.model},")
    lines.append(f"     match: {{{match}}}" + (f",\n     {objectives}}}" if objectives else "}"))
    return "\n".join(lines)


def _text(value: object) -> str:
    """A YAML double-quoted scalar: JSON's are a subset."""
    return json.dumps(str(value), ensure_ascii=False)
