"""The platform's service level objectives, as its people would write them: OpenSLO v1 files on its own metrics.

Plain selectors on counters of the mesh, the engines and the queue-proxies; what fails of them is listed in README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sample_data.platform import Platform
from sample_data.runbooks import NONE

MESH = 'reporter="destination",destination_service_name="{service}"'
INVALID = 'response_code=~"[1235]..|429"'
"""Requests that are neither cut short by the client (0 with DC) nor wrong by it."""

KNATIVE = 'kn_serving_invocation_duration_seconds_count{kn_service_name="fraud-score"'


@dataclass(frozen=True, slots=True)
class Objective:
    """One SLO; `detail` is what its name does not say. `events`: the queries of a ratio of counters, or of a threshold.

    `more` are further keys of the objective (op and value of a threshold, slices).
    """

    service: str
    name: str
    detail: str
    target: str
    method: str
    events: dict[str, str]
    more: dict[str, Any]


def _ratio(service: str, name: str, detail: str, target: str, **events: str) -> Objective:
    return Objective(service, name, detail, target, "Occurrences", events, {})


def _mesh(service: str, name: str, more: str) -> str:
    return f"{name}{{{MESH.format(service=service)},{more}}}"


def _available(service: str, target: str) -> Objective:
    requests = "istio_requests_total"
    return _ratio(
        service, "availability", "", target,
        bad=_mesh(service, requests, 'response_code=~"5.."'), total=_mesh(service, requests, INVALID),
    )  # fmt: skip


OBJECTIVES = (
    _available("chat", "0.995"),
    _available("summarize", "0.99"),
    _ratio(
        "chat", "ttft", " (1 s to the first token)", "0.95",
        good='vllm:time_to_first_token_seconds_bucket{service="chat",le="1.0"}',
        total='vllm:time_to_first_token_seconds_bucket{service="chat",le="+Inf"}',
    ),
    _available("code-assist", "0.999"),
    _ratio(
        "code-assist", "latency", " (2.5 s)", "0.85",
        good=_mesh("code-assist", "istio_request_duration_milliseconds_bucket", 'response_code="200",le="2500"'),
        total=_mesh("code-assist", "istio_requests_total", INVALID),
    ),
    _ratio(
        "fraud-score", "availability", "", "0.999",
        bad=f'{KNATIVE},http_response_status_code=~"5.."}}', total=f"{KNATIVE}}}",
    ),
    Objective(
        "translate", "queue", " (at most 10 requests)", "0.98", "Timeslices",
        {"query": 'vllm:num_requests_waiting{service="translate"}'},
        {"op": "lte", "value": 10, "timeSliceTarget": 0.9, "timeSliceWindow": "5m"},
    ),
)  # fmt: skip


def write_objectives(directory: Path, platform: Platform, runbooks: str) -> list[Path]:
    """One file a service below `directory`; returns them. `runbooks` is the address below which runbooks lie."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for service in dict.fromkeys(one.service for one in OBJECTIVES):
        owner = platform.service(service).team
        documents = [_document(one, owner, runbooks) for one in OBJECTIVES if one.service == service]
        target = directory / f"{service}.yaml"
        target.write_text(yaml.safe_dump_all(documents, sort_keys=False, width=120), encoding="utf-8")
        written.append(target)
    return written


def _document(one: Objective, team: str, runbooks: str) -> dict[str, Any]:
    sources = {
        key: {"metricSource": {"type": "Prometheus", "spec": {"query": query}}} for key, query in one.events.items()
    }
    if "query" in sources:
        indicator: dict[str, Any] = {"thresholdMetric": sources["query"]}
    else:
        indicator = {"ratioMetric": {"counter": True, **sources}}
    name = f"{one.service}-{one.name}"
    runbook = {} if name in NONE else {"meterline.dev/runbook-url": f"{runbooks}/{name}"}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {
            "name": name,
            "displayName": f"{one.service} {one.name}{one.detail}",
            "annotations": {"meterline.dev/owner": f"{team}-oncall", **runbook},
        },
        "spec": {
            "service": one.service,
            "indicator": {"metadata": {"name": name}, "spec": indicator},
            "timeWindow": [{"duration": "30d", "isRolling": True}],
            "budgetingMethod": one.method,
            "objectives": [{"target": float(one.target), **one.more}],
        },
    }
