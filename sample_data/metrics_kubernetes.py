"""What kube-state-metrics says: requests and phases of pods, capacity, condition and labels of nodes."""

from __future__ import annotations

import numpy as np

from sample_data.fleet import HONOR_LABELS, WHOLE, Node
from sample_data.grid import Ints
from sample_data.platform import Platform
from sample_data.series import Metric, Target, make_target
from sample_data.workloads import Pod

PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
NAMES = (
    "kube_pod_container_resource_requests", "kube_pod_status_phase", "kube_pod_created", "kube_node_status_capacity",
    "kube_node_status_allocatable", "kube_node_status_condition", "kube_node_labels",
)  # fmt: skip


def kubernetes_metrics(platform: Platform) -> dict[str, Metric]:
    """All kube-state-metrics by name."""
    metrics = {name: Metric(name, 0) for name in NAMES}
    targets = {
        cluster: make_target(platform.grid, platform.seed, f"kube-state-metrics.{cluster}:8080")
        for cluster in HONOR_LABELS
    }
    for pod in platform.pods:
        _pod(platform, pod, targets[pod.cluster], metrics)
    for node in platform.nodes:
        _node(platform, node, targets[node.cluster], metrics)
    return metrics


def _scrape(cluster: str, target: Target) -> dict[str, str]:
    return {"cluster": cluster, "instance": target.instance, "job": "kube-state-metrics"}


def _level(value: int, size: int) -> Ints:
    return np.full(size, value, dtype=np.int64)


def _pod(platform: Platform, pod: Pod, target: Target, metrics: dict[str, Metric]) -> None:
    points = platform.grid.span(pod.created, pod.deleted)
    first, size = points.start, points.stop - points.start
    times = platform.grid.times[points]
    labels = {**_scrape(pod.cluster, target), "namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}
    request = {**labels, "container": pod.container, "resource": pod.resource, "unit": "integer"}
    if pod.node:  # a pod that is not bound has an empty node label, which Prometheus drops
        request["node"] = pod.node.name
    metrics["kube_pod_container_resource_requests"].add(request, target, first, _level(pod.quantity, size))
    metrics["kube_pod_created"].add(labels, target, first, _level(int(pod.created), size))
    ended = times >= (pod.finished or np.inf)
    running = (times >= pod.running) & ~ended if pod.node else np.zeros(size, dtype=bool)
    states = {
        "Pending": ~running & ~ended,
        "Running": running,
        "Succeeded": ended & (not pod.failed),
        "Failed": ended & pod.failed,
    }
    for phase in PHASES:
        held = states.get(phase, np.zeros(size, dtype=bool)).astype(np.int64)
        metrics["kube_pod_status_phase"].add({**labels, "phase": phase}, target, first, held)


def _node(platform: Platform, node: Node, target: Target, metrics: dict[str, Metric]) -> None:
    size = platform.grid.size
    labels = {**_scrape(node.cluster, target), "node": node.name}
    for resource, units in node.capacity.items():
        one = {**labels, "resource": resource, "unit": "integer"}
        for name in ("kube_node_status_capacity", "kube_node_status_allocatable"):
            metrics[name].add(one, target, 0, _level(units, size))
    ready = np.ones(size, dtype=np.int64)
    if node.name == "ust1-a100-01":
        ready[platform.grid.span(*platform.calendar.node_not_ready)] = 0
    # a kubelet that is silent is not "false" but unknown
    for status, held in (("true", ready), ("false", np.zeros_like(ready)), ("unknown", 1 - ready)):
        condition = {**labels, "condition": "Ready", "status": status}
        metrics["kube_node_status_condition"].add(condition, target, 0, held)
    described = {
        "label_nvidia_com_gpu_product": node.product,
        "label_nvidia_com_gpu_replicas": str(node.replicas),
        "label_nvidia_com_gpu_sharing_strategy": "time-slicing" if node.replicas > 1 else "none",
        "label_nvidia_com_mig_strategy": "mixed" if WHOLE in node.capacity and node.layout else "single",
    }
    metrics["kube_node_labels"].add({**labels, **described}, target, 0, _level(1, size))
