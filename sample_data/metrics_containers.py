"""What the kubelet's cAdvisor says: CPU and memory that containers use, while they run.

Of pods without a GPU it also shows the sum over the pod, a row without a container, as it really does for every pod:
who adds all rows up counts them twice.
"""

from __future__ import annotations

import numpy as np

from sample_data.grid import STEP, Floats, random
from sample_data.platform import Platform
from sample_data.series import Metric, Target, make_target
from sample_data.traffic import load_of
from sample_data.workloads import Pod

CPU, MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"

BUSY = {"training": 0.72, "batch": 0.6, "notebook": 0.06, "idle": 0.01, "system": 0.4, "cache": 1.7}
"""Share of the requested cores that is used; services follow their load. A cache takes more than it asked for."""

HELD = {
    "serving": 0.55, "training": 0.8, "batch": 0.6, "notebook": 0.25, "idle": 0.04, "system": 0.5, "cache": 0.9,
}  # fmt: skip
"""Share of the requested memory that is in use."""

PAGE = 4096


def container_metrics(platform: Platform) -> dict[str, Metric]:
    """Both metrics by name."""
    metrics = {name: Metric(name, 0) for name in (CPU, MEMORY)}
    targets = {node.name: make_target(platform.grid, platform.seed, f"{node.name}:10250") for node in platform.nodes}
    for pod in platform.pods:
        if pod.node:
            _pod(platform, pod, targets[pod.node.name], metrics)
    return metrics


def _pod(platform: Platform, pod: Pod, target: Target, metrics: dict[str, Metric]) -> None:
    points = platform.grid.span(pod.running, pod.finished)
    size = points.stop - points.start
    if not pod.node or not size:
        return
    rng = random(platform.seed, "container", pod.uid)
    cores = _busy(platform, pod)[points] * pod.cores * rng.lognormal(0, 0.05, size)
    seconds = np.cumsum(np.rint(cores * STEP)).astype(np.int64)
    held = np.rint(pod.ram_mib * 1024**2 * HELD[pod.use] * rng.normal(1, 0.004, size) / PAGE).astype(np.int64) * PAGE
    group = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{pod.uid.replace('-', '_')}.slice"
    labels = {
        "cluster": pod.cluster, "instance": target.instance, "job": "kubelet", "metrics_path": "/metrics/cadvisor",
        "node": pod.node.name, "namespace": pod.namespace, "pod": pod.name,
    }  # fmt: skip
    container = {"container": pod.container, "id": f"{group}/cri-containerd-{pod.uid.replace('-', '')}.scope"}
    for more in (container, *(() if pod.devices else ({"id": group},))):
        metrics[CPU].add({**labels, **more, "cpu": "total"}, target, points.start, seconds)
        metrics[MEMORY].add({**labels, **more}, target, points.start, held)


def _busy(platform: Platform, pod: Pod) -> Floats:
    if pod.service:
        return 0.1 + 0.55 * load_of(platform, platform.service(pod.service))
    return np.full(platform.grid.size, BUSY[pod.use])
