"""The pods: who holds which device, from when to when, and the few that ask for CPU and memory alone.

Every pod has its place given by hand or by its pipeline, so the plan can be checked: no device has two owners unless
its node shares cards by time-slicing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_DNS, uuid5

from sample_data.airflow_records import pod_labels
from sample_data.calendar import Calendar, weekday
from sample_data.fleet import NODES, WHOLE, Device, Node
from sample_data.grid import DAY, HOUR, random
from sample_data.pipelines import Run

Use = Literal["serving", "training", "notebook", "batch", "idle", "system", "cache"]
NODE = {node.name: node for node in NODES}

ASKED = {"serving": 0.35, "training": 0.8, "notebook": 0.2, "batch": 0.5, "idle": 0.5}
"""Share of its node's CPU and memory that a pod asks for, beside each of its GPUs, of what falls to one of them."""

KEPT_AFTER_END = 1800
"""Seconds for which a finished pod is still listed before its owner deletes it."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod with one container; times are epoch seconds. `cores` and `ram_mib` are what it asks for beside GPUs.

    `node` None: never bound. `devices` empty and `quantity` 0: it wants no GPU. `created` to `running` it is Pending
    though bound (image pull); `finished` None: it still runs; `deleted` None: it is still listed. `service` names what
    it serves. `labels` are those that Airflow sets.
    """

    cluster: str
    namespace: str
    name: str
    container: str
    use: Use
    node: Node | None
    devices: tuple[Device, ...]
    quantity: int
    resource: str
    created: float
    running: float
    finished: float | None = None
    deleted: float | None = None
    failed: bool = False
    service: str | None = None
    cores: int = 1
    ram_mib: int = 2048
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def uid(self) -> str:
        return str(uuid5(NAMESPACE_DNS, f"{self.name}.{self.namespace}.{self.cluster}.{self.created}"))


def _pod(
    node_name: str, namespace: str, name: str, use: Use, devices: tuple[Device, ...], created: float, running: float,
    finished: float | None = None, deleted: float | None = None, *, container: str = "main", failed: bool = False,
    service: str | None = None, labels: tuple[tuple[str, str], ...] = (),
) -> Pod:  # fmt: skip
    node = NODE[node_name]
    share = ASKED[use] * len(devices) / (len(node.devices) * node.replicas)
    return Pod(
        node.cluster, namespace, name, container, use, node, devices, len(devices), node.resource(devices[0]), created,
        running, finished, deleted, failed, service, max(round(node.cores * share), 1),
        max(round(node.ram_gib * share), 1) * 1024, labels,
    )  # fmt: skip


def _plain(node_name: str, namespace: str, name: str, use: Use, cores: int, ram_gib: int, created: float) -> Pod:
    """A pod that wants no GPU and never ends."""
    node = NODE[node_name]
    return Pod(
        node.cluster, namespace, name, name.split("-")[0], use, node, (), 0, "", created, created + 30.0, cores=cores,
        ram_mib=ram_gib * 1024,
    )  # fmt: skip


def _cards(*gpus: int) -> tuple[Device, ...]:
    return tuple((gpu, None) for gpu in gpus)


SERVING: tuple[tuple[str, str, str, tuple[Device, ...]], ...] = (
    ("chat", "use1-h100-01", "chat-7c9f6b5d8-4kqzt", _cards(0, 1)),
    ("chat", "use1-h100-01", "chat-7c9f6b5d8-x2v8m", _cards(2, 3)),
    ("summarize", "use1-h100-01", "summarize-5d7bc94f6-pl6wd", _cards(4, 5)),
    ("code-assist", "euw1-h100-01", "code-assist-6f8d4c7b9-tq5rn", _cards(0, 1, 2, 3)),
    ("rag-answers", "euw1-h100-01", "rag-answers-85c6d9f7b-m9jh2", _cards(4)),
    ("translate", "euw1-a100-01", "translate-7b6f5c8d4-c7xks", _cards(0)),
    ("rerank", "use1-mig-01", "rerank-0", ((0, 0),)),
    ("rerank", "use1-mig-01", "rerank-1", ((0, 1),)),
    ("fraud-score", "use1-mig-01", "fraud-score-00007-deployment-6d5c8-7nqwz", ((6, 0),)),
    ("fraud-score", "use1-mig-01", "fraud-score-00007-deployment-6d5c8-kc4vb", ((6, 1),)),
    ("image-tag", "use1-l4-01", "image-tag-00003-deployment-79bf4-s8pxr", _cards(0)),
    ("image-tag", "use1-l4-01", "image-tag-00003-deployment-79bf4-w5mtl", _cards(0)),
)
"""Replicas of services: service, node, pod, devices. They run from before the start to the end."""


PLAIN: tuple[tuple[str, str, str, Use, int, int], ...] = (
    ("use1-l4-01", "kube-system", "coredns-5d78c9869d-8xqjz", "system", 1, 1),
    ("use1-l4-01", "monitoring", "prometheus-k8s-0", "system", 8, 48),
    ("euw1-a100-01", "kube-system", "coredns-5d78c9869d-k2v7m", "system", 1, 1),
    ("euw1-a100-01", "monitoring", "prometheus-k8s-0", "system", 6, 32),
    ("ust1-h100-01", "kube-system", "coredns-5d78c9869d-t9w4c", "system", 1, 1),
    ("ust1-h100-01", "monitoring", "prometheus-k8s-0", "system", 4, 24),
    ("use1-l4-01", "search", "query-cache-0", "cache", 4, 32),
)
"""Pods without a GPU: node, namespace, name, use, cores and GiB that they ask for."""


def all_pods(
    calendar: Calendar, runs: tuple[Run, ...], namespaces: dict[str, str], start: int, end: int, seed: int
) -> tuple[Pod, ...]:
    """Every pod that lives in [start, end); `namespaces` gives the namespace of each service."""
    before = start - 20 * DAY
    pods = [
        _pod(node, namespaces[service], name, "serving", devices, before, before + 180.0,
             container="kserve-container", service=service)
        for service, node, name, devices in SERVING
    ]  # fmt: skip
    pods += _steady(calendar, before)
    pods += [_plain(*words, before) for words in PLAIN]
    pods += _working_hours(start, end, seed)
    pods += _nightly(start, end, seed)
    pods += [pod for run in runs for pod in _training(run)]
    return tuple(pod for pod in pods if pod.created < end and (pod.deleted is None or pod.deleted > start))


def _steady(calendar: Calendar, before: int) -> Iterator[Pod]:
    """What stands around: notebooks, a namespace that no team owns, and the three cases of README.md."""
    yield _pod("use1-h100-01", "sandbox-llm", "notebook-kay-0", "notebook", _cards(6), before, before + 90.0)
    yield _pod("use1-mig-01", "devtools-notebooks", "notebook-ines-0", "notebook", ((6, 3),), before, before + 90.0)
    yield _pod("use1-mig-01", "risk", "notebook-omar-0", "notebook", ((1, 0),), before, before + 90.0)
    yield _pod("use1-l4-01", "vision-lab", "notebook-ada-0", "notebook", _cards(0), before, before + 90.0)
    yield _pod("use1-l4-01", "vision-lab", "notebook-jun-0", "notebook", _cards(1), before, before + 90.0)
    yield _pod("use1-l4-01", "vision-lab", "label-assist-0", "notebook", _cards(1), before, before + 90.0)
    friday, monday = calendar.idle_weekend
    yield _pod("ust1-h100-01", "research", "pretrain-debug-0", "idle", _cards(6, 7), friday, friday + 420.0, monday,
               monday + KEPT_AFTER_END)  # fmt: skip
    done = calendar.days_before(5, 16)
    yield _pod("euw1-a100-01", "vision", "embed-backfill-9h2xw", "batch", _cards(1, 2), done - 4 * DAY,
               done - 4 * DAY + 260.0, done)  # fmt: skip
    asked = calendar.days_before(3, 10.4)
    yield Pod("us-train", "research", "giant-sweep-0", "main", "training", None, (), 16, WHOLE, asked, asked, cores=300,
              ram_mib=3 * 1024**2)  # fmt: skip


def _working_hours(start: int, end: int, seed: int) -> Iterator[Pod]:
    """Interactive pods of workdays, deleted in the evening."""
    plans = (("euw1-a100-01", "assistant-lab", "lab", _cards(3, 4), 7.5),
             ("ust1-h100-01", "research", "dev", _cards(6), 15.0))  # fmt: skip
    for day in range(start // DAY * DAY, end, DAY):
        if weekday(day) > 4:
            continue
        for node, namespace, name, devices, hour in plans:
            rng = random(seed, "interactive", name, day)
            created = day + hour * HOUR + rng.uniform(0, 2400)
            # the idle allocation of the weekend takes over the research cards on Friday evening
            length = 2.0 if name == "dev" and weekday(day) == 4 else rng.uniform(7, 9.5)
            finished = created + length * HOUR
            pod = f"{name}-{day // DAY % 1000:03d}-0"
            yield _pod(node, namespace, pod, "notebook", devices, created, created + 120.0, finished, finished + 60.0)


def _nightly(start: int, end: int, seed: int) -> Iterator[Pod]:
    """Batch jobs: an index rebuild each night, an evaluation each morning."""
    plans = (("euw1-h100-01", "search-batch", "reindex", _cards(5, 6), 21.0, 5.5),
             ("euw1-a100-01", "research", "evaluate", _cards(5, 6, 7), 5.0, 7.0))  # fmt: skip
    for day in range(start // DAY * DAY - DAY, end, DAY):
        for node, namespace, name, devices, hour, hours in plans:
            rng = random(seed, "batch", name, day)
            created = day + hour * HOUR + rng.uniform(2, 40)
            running = created + rng.uniform(40, 400)
            finished = running + hours * HOUR * rng.uniform(0.8, 1.2)
            pod = f"{name}-{day // HOUR}-{_suffix(int(rng.integers(36**5)))}"
            yield _pod(node, namespace, pod, "batch", devices, created, running, finished, finished + KEPT_AFTER_END)


def _training(run: Run) -> Iterator[Pod]:
    """One pod for each try of the task that needs GPUs."""
    if run.dag.node is None:
        return
    for task in run.tasks:
        if task.name != run.dag.heavy or task.state == "skipped":
            continue
        for attempt in task.tries:
            created = attempt.start - 3.0
            running = min(created + 240.0, attempt.end)
            name = f"{run.dag.name.replace('_', '-')}-{run.scheduled // HOUR}-{attempt.number}"
            yield _pod(
                run.dag.node, run.dag.namespace, name, "training", run.dag.devices, created, running, attempt.end,
                attempt.end + KEPT_AFTER_END, failed=attempt.state == "failed",
                labels=tuple(pod_labels(run, task.name, attempt.number).items()),
            )  # fmt: skip


def _suffix(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(digits[number // 36**power % 36] for power in range(5))
