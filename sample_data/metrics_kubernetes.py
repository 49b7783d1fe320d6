"""What kube-state-metrics says: requests, phases and labels of pods, capacity, condition and labels of nodes.

Only the labels that its --metric-labels-allowlist names are there, spelled in its way.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np

from sample_data.fleet import HONOR_LABELS, REGIONS, WHOLE, Node
from sample_data.grid import Ints
from sample_data.platform import Platform
from sample_data.series import Metric, Target, make_target
from sample_data.workloads import Pod

PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
NAMES = (
    "kube_pod_container_resource_requests", "kube_pod_status_phase", "kube_pod_created", "kube_pod_labels",
    "kube_node_status_capacity",
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
    request = {**labels, "container": pod.container}
    if pod.node:  # a pod that is not bound has an empty node label, which Prometheus drops
        request["node"] = pod.node.name
    asked = [("cpu", "core", pod.cores), ("memory", "byte", pod.ram_mib * 1024**2)]
    if pod.quantity:
        asked.append((pod.resource, "integer", pod.quantity))
    for resource, unit, amount in asked:
        one = {**request, "resource": resource, "unit": unit}
        metrics["kube_pod_container_resource_requests"].add(one, target, first, _level(amount, size))
    metrics["kube_pod_created"].add(labels, target, first, _level(int(pod.created), size))
    shown = {f"label_{label}": value for label, value in pod_labels(platform, pod).items()}
    metrics["kube_pod_labels"].add({**labels, **shown}, target, first, _level(1, size))
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


def pod_labels(platform: Platform, pod: Pod) -> dict[str, str]:
    """The labels of a pod; one whose namespace no team owns has no team there either."""
    labels = {"app": pod.service or pod.name.split("-")[0]}
    for team in platform.teams:
        if any(fnmatchcase(pod.namespace, own) for own in team.namespaces):
            labels["team"] = team.name
    return {**labels, **dict(pod.labels)}


def _node(platform: Platform, node: Node, target: Target, metrics: dict[str, Metric]) -> None:
    size = platform.grid.size
    labels = {**_scrape(node.cluster, target), "node": node.name}
    offered = [("cpu", "core", node.cores), ("memory", "byte", node.ram_gib * 1024**3)]
    offered += [(resource, "integer", units) for resource, units in node.capacity.items()]
    for resource, unit, units in offered:
        one = {**labels, "resource": resource, "unit": unit}
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
        "label_nvidia_com_gpu_count": str(node.gpus),
        "label_nvidia_com_gpu_memory": str(node.memory_mib),
        "label_nvidia_com_gpu_replicas": str(node.replicas),
        "label_nvidia_com_gpu_sharing_strategy": "time-slicing" if node.replicas > 1 else "none",
        "label_nvidia_com_mig_strategy": "mixed" if WHOLE in node.capacity and node.layout else "single",
        "label_node_kubernetes_io_instance_type": node.instance_type,
        "label_topology_kubernetes_io_region": REGIONS[node.cluster],
        **_capacity_type(node),
    }
    metrics["kube_node_labels"].add({**labels, **described}, target, 0, _level(1, size))


def _capacity_type(node: Node) -> dict[str, str]:
    """Karpenter makes the nodes of the training cluster, node groups those of the others: each has its own label."""
    if node.cluster == "us-train":
        return {"label_karpenter_sh_capacity_type": "spot" if node.spot else "on-demand"}
    return {"label_eks_amazonaws_com_capacity_type": "SPOT" if node.spot else "ON_DEMAND"}
