"""What dcgm-exporter says: device metrics with the labels of the pod that owns the device, in both label styles.

A device has one series for each owner and one for the times when it has none; a card shared by time-slicing has one
copy of its value for each sharing pod. An idle device carries no workload labels, so the exporter's own show through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from uuid import NAMESPACE_DNS, uuid5

import numpy as np

from sample_data.fleet import HONOR_LABELS, Device, Node
from sample_data.grid import Floats, Ints, random
from sample_data.platform import Platform
from sample_data.series import Metric, Series, Target, make_target
from sample_data.traffic import load_of
from sample_data.workloads import Pod

DECIMALS = {
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": 4,
    "DCGM_FI_PROF_SM_ACTIVE": 4,
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 4,
    "DCGM_FI_PROF_DRAM_ACTIVE": 4,
    "DCGM_FI_DEV_GPU_UTIL": 0,
    "DCGM_FI_DEV_FB_USED": 0,
    "DCGM_FI_DEV_POWER_USAGE": 1,
    "DCGM_FI_DEV_XID_ERRORS": 0,
}
BROKEN: Mapping[tuple[str, Device], tuple[str, int]] = {
    ("ust1-h100-01", (2, None)): ("broken_link", 74), ("use1-h100-01", (5, None)): ("broken_memory", 95),
}  # fmt: skip
"""Devices that show an XID: an NVLink error until the driver restarts, an uncontained memory error until a reset."""

SPATIAL = {"serving": 0.68, "training": 0.86, "notebook": 0.45, "batch": 0.74, "idle": 0.3}
"""Share of the streaming multiprocessors busy while the engine is."""

TENSOR = {"serving": 0.22, "training": 0.58, "notebook": 0.1, "batch": 0.35, "idle": 0.0}
MEMORY = {"serving": 0.9, "training": 0.5, "notebook": 0.15, "batch": 0.55, "idle": 0.0}
"""Share of the card's memory held: LLM servers take nearly all of it whatever the load."""


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """A piece of the grid in which a device has the same owners."""

    points: slice
    owners: tuple[Pod, ...]


def gpu_metrics(platform: Platform) -> dict[str, Metric]:
    """All DCGM metrics by name."""
    metrics = {name: Metric(name, decimals) for name, decimals in DECIMALS.items()}
    for node in platform.nodes:
        lost = platform.calendar.node_not_ready
        outages = (platform.grid.span(*lost),) if node.name == "ust1-a100-01" else ()
        target = make_target(platform.grid, platform.seed, f"{node.name}:9400", outages)
        for device in node.devices:
            _device(platform, node, device, target, metrics)
    return metrics


def _device(platform: Platform, node: Node, device: Device, target: Target, metrics: dict[str, Metric]) -> None:
    pods = [pod for pod in platform.pods if pod.node is node and device in pod.devices]
    pieces: dict[tuple[tuple[str, str], ...], list[tuple[Ints, dict[str, Floats]]]] = {}
    for stretch in stretches(platform, pods):
        points = np.arange(stretch.points.start, stretch.points.stop, dtype=np.int64)
        values = _values(platform, node, device, stretch)
        for labels in _labels(node, device, stretch.owners):
            pieces.setdefault(tuple(labels.items()), []).append((points, values))
    for key, parts in pieces.items():
        points = np.concatenate([points for points, _ in parts])
        for name in DECIMALS.keys() - node.omits:
            column = np.concatenate([values[name] for _, values in parts])
            whole = np.rint(column * 10 ** DECIMALS[name]).astype(np.int64)
            metrics[name].series.append(Series(dict(key), target, points, whole))


def stretches(platform: Platform, pods: list[Pod]) -> Iterator[Stretch]:
    """The grid cut where the owners of a device change; together the stretches are the whole grid."""
    lives = [(platform.grid.span(pod.created, pod.finished), pod) for pod in pods]
    cuts = sorted({0, platform.grid.size, *(edge for span, _ in lives for edge in (span.start, span.stop))})
    for start, stop in pairwise(cuts):
        owners = tuple(pod for span, pod in lives if span.start <= start < span.stop)
        yield Stretch(slice(start, stop), owners)


def _values(platform: Platform, node: Node, device: Device, stretch: Stretch) -> dict[str, Floats]:
    size = stretch.points.stop - stretch.points.start
    rng = random(platform.seed, node.name, device, stretch.points.start)
    engine = np.zeros(size)
    for pod in stretch.owners:
        engine = engine + activity(platform, pod, stretch.points, rng)
    engine = np.clip(engine, 0.0, 0.995)
    use = stretch.owners[0].use if stretch.owners else "idle"
    wobble = rng.normal(1.0, 0.04, size)
    sm = np.clip(engine * SPATIAL[use] * wobble, 0, engine)
    share = 1.0 if device[1] is None else {"7": 1.0, "3": 0.5, "2": 2 / 7, "1": 1 / 7}[(node.profile(device) or "1")[0]]
    memory = node.memory_mib * share * (MEMORY[use] if stretch.owners else 0.006)
    memory_noise = 1.0 if use == "serving" else rng.normal(1.0, 0.01, size)
    code = np.zeros(platform.grid.size)
    if (node.name, device) in BROKEN:
        when, xid = BROKEN[node.name, device]
        code[platform.grid.span(*getattr(platform.calendar, when))] = xid
    return {
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": engine,
        "DCGM_FI_PROF_SM_ACTIVE": sm,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": np.clip(sm * TENSOR[use] * wobble, 0, 1),
        "DCGM_FI_PROF_DRAM_ACTIVE": np.clip(engine * (0.7 if use == "serving" else 0.4) * wobble, 0, 1),
        "DCGM_FI_DEV_GPU_UTIL": np.clip(engine * 108, 0, 100),
        "DCGM_FI_DEV_FB_USED": np.clip(memory * memory_noise * np.ones(size), 0, node.memory_mib),
        "DCGM_FI_DEV_POWER_USAGE": node.idle_watts + (node.full_watts - node.idle_watts) * engine * wobble * 0.9,
        "DCGM_FI_DEV_XID_ERRORS": code[stretch.points],
    }


def activity(platform: Platform, pod: Pod, points: slice, rng: np.random.Generator) -> Floats:
    """Engine activity (0..1) that one pod causes on each of its devices; 0 while its image is pulled."""
    size = points.stop - points.start
    times = platform.grid.times[points]
    if pod.use == "serving" and pod.service:
        level = 0.14 + 0.8 * load_of(platform, platform.service(pod.service))[points] + rng.normal(0, 0.02, size)
    elif pod.use == "training":
        level = rng.normal(0.93, 0.025, size) - 0.5 * (rng.random(size) < 0.04)  # checkpoints and evaluations
    elif pod.use == "batch":
        level = rng.normal(0.78, 0.06, size)
    elif pod.use == "notebook":
        hour = times / 3600 % 24
        awake = (hour > 8) & (hour < 20) & ((times // 86400 + 3) % 7 < 5)
        level = np.where(rng.random(size) < 0.3 * awake, rng.uniform(0.1, 0.6, size), 0.001)
    else:
        level = np.zeros(size)
    held: Floats = np.clip(level, 0.0, 1.0) * (times >= pod.running)
    return held


def _labels(node: Node, device: Device, owners: tuple[Pod, ...]) -> Iterator[dict[str, str]]:
    gpu, number = device
    honor = HONOR_LABELS[node.cluster]
    own = {"namespace": "gpu-operator", "pod": f"nvidia-dcgm-exporter-{node.name[-7:]}", "container": "dcgm-exporter"}
    labels = {
        "cluster": node.cluster, "instance": f"{node.name}:9400", "job": "dcgm-exporter", "Hostname": node.name,
        "gpu": str(gpu), "device": f"nvidia{gpu}", "UUID": f"GPU-{uuid5(NAMESPACE_DNS, f'{node.name}/{gpu}')}",
        "modelName": node.model, "DCGM_FI_DRIVER_VERSION": "570.133.20", **own,
    }  # fmt: skip
    profile = node.profile(device)
    if profile:
        labels |= {"GPU_I_PROFILE": profile, "GPU_I_ID": str((number or 0) + 1)}
    if not owners:
        yield labels
    for copy, pod in enumerate(owners):
        workload = {"namespace": pod.namespace, "pod": pod.name, "container": pod.container}
        shared = {"vgpu": str(copy)} if len(owners) > 1 else {}
        yield labels | shared | (workload if honor else {f"exported_{name}": text for name, text in workload.items()})
