"""What serving runtimes and the mesh say: vLLM, Triton, Knative's queue-proxy, Istio.

The scrape configuration of this platform drops histogram buckets that nobody asks for, as large installations do; the
bounds that stay are the runtimes' own. For every histogram the +Inf bucket is the count of the same events.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sample_data.catalog import Service
from sample_data.grid import STEP, Ints, random
from sample_data.platform import Platform
from sample_data.series import Metric, Target, make_target
from sample_data.traffic import Replica, bucketed, counted, replicas

Bounds = tuple[str, ...]
"""Values of `le` as the runtime prints them, without +Inf."""

VLLM_LATENCY: Bounds = ("0.5", "1.0", "2.0", "2.5", "5.0", "10.0", "20.0", "60.0")
VLLM_FIRST: Bounds = ("0.1", "0.25", "0.5", "1.0", "2.5", "10.0")
ISTIO_LATENCY: Bounds = ("500", "1000", "2500", "5000", "10000", "30000")
KNATIVE_LATENCY: Bounds = ("0.01", "0.025", "0.1", "0.25", "0.5", "2.5")

Metrics = dict[str, Metric]

NAMES = (
    "vllm:request_success_total", "vllm:prompt_tokens_total", "vllm:generation_tokens_total",
    "vllm:prefix_cache_hits_total", "vllm:e2e_request_latency_seconds_bucket",
    "vllm:time_to_first_token_seconds_bucket", "vllm:num_requests_running", "vllm:num_requests_waiting",
    "istio_requests_total", "istio_request_duration_milliseconds_bucket",
    "nv_inference_request_success", "nv_inference_request_failure", "nv_inference_pending_request_count",
    "kn_serving_invocation_duration_seconds_count", "kn_serving_invocation_duration_seconds_bucket",
)  # fmt: skip


def serving_metrics(platform: Platform) -> Metrics:
    """All serving metrics by name."""
    metrics = {name: Metric(name, 0) for name in NAMES}
    for service in platform.services:
        pods = replicas(platform, service)
        for replica in pods:
            RUNTIMES[service.runtime](platform, service, replica, metrics)
        if service.mesh:
            _istio(platform, service, pods, metrics)
    return metrics


def _where(service: Service, replica: Replica, target: Target) -> dict[str, str]:
    return {
        "cluster": service.cluster, "instance": target.instance, "job": service.name, "namespace": service.namespace,
        "pod": replica.pod.name, "container": replica.pod.container, "service": service.name,
    }  # fmt: skip


def _histogram(metric: Metric, labels: Mapping[str, str], target: Target, bounds: Bounds, rows: Ints) -> None:
    for bound, row in zip((*bounds, "+Inf"), rows, strict=True):
        metric.add({**labels, "le": bound}, target, 0, row)


def _first_step(increases: Ints, before: int) -> Ints:
    whole = increases.astype(np.int64)
    whole[0] += before
    return whole


def _vllm(platform: Platform, service: Service, replica: Replica, metrics: Metrics) -> None:
    restart = platform.grid.index(platform.calendar.engine_restart)
    resets = (restart,) if service.name == "rag-answers" else ()
    outages = tuple(slice(point, point + 2) for point in resets)
    target = make_target(platform.grid, platform.seed, f"{replica.pod.name}:8000", outages)
    labels = {**_where(service, replica, target), "model_name": service.model, "engine": "0"}
    rng = random(platform.seed, "vllm", replica.pod.name)

    def counter(name: str, increases: Ints, **more: str) -> None:
        metrics[f"vllm:{name}_total"].add({**labels, **more}, target, 0, counted(increases, resets))

    finished = _first_step(replica.finished, replica.before[0])
    cut = rng.binomial(finished, 0.14)
    for reason, increases in (("stop", finished - cut), ("length", cut)):
        counter("request_success", increases, finished_reason=reason)
    prompt, answer = service.tokens
    # a client that goes away is counted in the prompt tokens and in no per-request metric
    started = finished + _first_step(replica.aborted, replica.before[1])
    tokens = np.rint(started * prompt * rng.lognormal(0, 0.06, len(started))).astype(np.int64)
    counter("prompt_tokens", tokens)
    counter("prefix_cache_hits", np.rint(tokens * rng.uniform(0.28, 0.36, len(tokens))).astype(np.int64))
    counter("generation_tokens", np.rint(finished * answer * rng.lognormal(0, 0.05, len(started))).astype(np.int64))
    for name, medians, bounds in (
        ("e2e_request_latency", replica.latency, VLLM_LATENCY),
        ("time_to_first_token", replica.first, VLLM_FIRST),
    ):
        rows = bucketed(replica.finished, replica.before[0], medians, bounds, rng)
        _histogram(metrics[f"vllm:{name}_seconds_bucket"], labels, target, bounds, counted(rows, resets))
    busy = replica.finished / STEP * replica.latency * 1.15
    metrics["vllm:num_requests_running"].add(labels, target, 0, rng.poisson(busy))
    waiting = rng.poisson(np.clip(busy - 2.5, 0, None) * 0.4)
    if service.name == "translate":
        points = platform.grid.span(*platform.calendar.flapping_queue)
        waiting[points] += 40 * (np.arange(points.stop - points.start) // 2 % 2)
    metrics["vllm:num_requests_waiting"].add(labels, target, 0, waiting)


def _istio(platform: Platform, service: Service, pods: list[Replica], metrics: Metrics) -> None:
    target = make_target(platform.grid, platform.seed, f"{service.name}-waypoint:15020")
    rng = random(platform.seed, "istio", service.name)
    labels = {
        "cluster": service.cluster, "instance": target.instance, "job": "istio-proxies",
        "namespace": "istio-ingress", "pod": f"{service.name}-waypoint-0", "request_protocol": "http",
        "destination_service_namespace": service.namespace, "destination_service_name": service.name,
        "destination_workload": service.name, "source_workload": "istio-ingressgateway",
    }  # fmt: skip
    codes = (
        ("200", "-", sum(pod.finished for pod in pods), sum(pod.before[0] for pod in pods), 1.0),
        ("0", "DC", sum(pod.aborted for pod in pods), sum(pod.before[1] for pod in pods), 0.7),
        ("503", "UF", sum(pod.failed for pod in pods), sum(pod.before[2] for pod in pods), 0.1),
    )
    medians = np.mean([pod.latency for pod in pods], axis=0) * 1000
    for code, flags, counts, before, faster in codes:
        if code == "0" and service.name != "chat":  # only the ingress of chat sees its clients go away
            continue
        one = {**labels, "reporter": "destination", "response_code": code, "response_flags": flags}
        total = counted(_first_step(np.asarray(counts), before))
        metrics["istio_requests_total"].add(one, target, 0, total)
        if service.name == "chat":  # the client's side reports the same requests: adding both doubles them
            metrics["istio_requests_total"].add({**one, "reporter": "source"}, target, 0, total)
        rows = bucketed(np.asarray(counts), before, medians * faster, ISTIO_LATENCY, rng)
        name = "istio_request_duration_milliseconds_bucket"
        _histogram(metrics[name], one, target, ISTIO_LATENCY, counted(rows))


def _triton(platform: Platform, service: Service, replica: Replica, metrics: Metrics) -> None:
    target = make_target(platform.grid, platform.seed, f"{replica.pod.name}:8002")
    labels = {**_where(service, replica, target), "model": service.model, "version": "3"}
    rng = random(platform.seed, "triton", replica.pod.name)
    finished = _first_step(replica.finished, replica.before[0])
    metrics["nv_inference_request_success"].add(labels, target, 0, counted(finished))
    rejected = rng.binomial(replica.failed, 0.4)
    parts = {"REJECTED": rejected, "BACKEND": replica.failed - rejected, "CANCELED": replica.aborted,
             "OTHER": np.zeros_like(rejected)}  # fmt: skip
    for reason, increases in parts.items():
        one = {**labels, "reason": reason}
        metrics["nv_inference_request_failure"].add(one, target, 0, counted(increases))
    waiting = rng.poisson(replica.finished / STEP * replica.latency * 0.5)
    metrics["nv_inference_pending_request_count"].add(labels, target, 0, waiting)


def _knative(platform: Platform, service: Service, replica: Replica, metrics: Metrics) -> None:
    target = make_target(platform.grid, platform.seed, f"{replica.pod.name}:9091")
    revision = replica.pod.name.split("-deployment-")[0]
    labels = _where(service, replica, target) | {
        "container": "queue-proxy", "service": revision, "kn_service_name": service.name,
        "kn_configuration_name": service.name, "kn_revision_name": revision,
    }  # fmt: skip
    rng = random(platform.seed, "knative", replica.pod.name)
    for code, counts, before, faster in (
        ("200", replica.finished, replica.before[0], 1.0),
        ("500", replica.failed, replica.before[2], 1.6),
    ):
        one = {**labels, "http_response_status_code": code}
        total = counted(_first_step(counts, before))
        metrics["kn_serving_invocation_duration_seconds_count"].add(one, target, 0, total)
        rows = bucketed(counts, before, replica.latency * faster, KNATIVE_LATENCY, rng)
        name = "kn_serving_invocation_duration_seconds_bucket"
        _histogram(metrics[name], one, target, KNATIVE_LATENCY, counted(rows))


RUNTIMES = {"vllm": _vllm, "triton": _triton, "knative": _knative}
