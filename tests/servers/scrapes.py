"""Series of exporters on a scrape grid, written down as OpenMetrics text that promtool loads into a Prometheus.

2026-10-05, every 30 s at 10 and 40 seconds past the minute. A clock is `HH:MM:SS`, a span of samples has both ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from warehouse.interval import parse_utc

FIRST, LAST = "08:00:10", "12:09:40"
STEP_S = 30

Value = float | Callable[[float], float]


def at(clock: str) -> float:
    """Epoch seconds of a clock of that day."""
    return parse_utc(f"2026-10-05T{clock}").timestamp()


class Scrapes:
    """Collects series; `text` is what they look like to promtool."""

    def __init__(self) -> None:
        self._families: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, metric: str, value: Value, first: str = FIRST, last: str = LAST, **labels: str | int | float) -> None:
        """One series with a sample at each scrape in the span; `value` may be a function of epoch seconds."""
        shown = ",".join(f'{name}="{text}"' for name, text in labels.items())
        moment = at(first)
        while moment <= at(last):
            number = value(moment) if callable(value) else value
            self._families[metric].append(f"{metric}{{{shown}}} {float(number)!r} {moment:.3f}")
            moment += STEP_S

    @property
    def text(self) -> str:
        lines = []
        for metric, samples in self._families.items():
            lines += [f"# TYPE {metric} unknown", *samples]
        return "\n".join([*lines, "# EOF", ""])


def pod(
    scrapes: Scrapes, name: str, node: str, requests: dict[str, dict[str, float]], *, phase: str = "Running",
    first: str = FIRST, last: str = LAST, **labels: str,
) -> None:  # fmt: skip
    """What kube-state-metrics says of a pod that is in one phase: `requests` are container -> resource -> amount."""
    own = {"namespace": "ns", "pod": name, "uid": f"uid-{name}", "instance": "ksm:8080", **labels}
    for container, resources in requests.items():
        for resource, amount in resources.items():
            scrapes.add(
                "kube_pod_container_resource_requests", amount, first, last, **own, container=container, node=node,
                resource=resource,
            )  # fmt: skip
    for one in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
        scrapes.add("kube_pod_status_phase", one == phase, first, last, **own, phase=one)


def node(scrapes: Scrapes, name: str, capacity: dict[str, float], labels: dict[str, str | int], **more: str) -> None:
    """What kube-state-metrics says of a node; `labels` as it spells them, without `label_`."""
    own = {"node": name, "instance": "ksm:8080", **more}
    for resource, amount in capacity.items():
        for metric in ("kube_node_status_capacity", "kube_node_status_allocatable"):
            scrapes.add(metric, amount, **own, resource=resource)
    scrapes.add("kube_node_status_condition", 1, **own, condition="Ready", status="true")
    scrapes.add("kube_node_labels", 1, **own, **{f"label_{label}": text for label, text in labels.items()})
