"""A platform small enough to work out by hand, as OpenMetrics text and as inventory.

2026-10-05, 09:00 to 12:00 UTC, scraped every 30 s at 10 and 40 seconds past. One node n1 with 4 H100, 2.00 an hour
until 11:00 and 3.00 from then.

- chat-0 (namespace search) asks for 1 GPU: pending without a node until 09:29:40, bound but starting for 300 s (first
  sample 09:30:10, which speaks for the 30 s before it), then running beyond 12:00. Held: 09:29:40 to 12:00 = 9,020 s.
- train-0 (namespace ml) asks for 2 GPUs and runs for 60 samples, 10:00:10 to 10:29:40 = 1,800 s, then it is Succeeded
  and keeps reporting its request until 10:44:40. Held: 2 x 1,800 s.
- batch-0 (namespace ml) asks for 8 GPUs and never gets a node: it holds nothing.
- GPU-1 is chat-0's (SM 0.5, engine 0.8), GPU-2 and GPU-3 are train-0's (SM 0.9 and 0.005, engine 0.95 and 0.01), GPU-4
  is nobody's. The exporter runs with honor_labels: false.
- chat-0 answers 2 requests a scrape with 100 tokens in and 50 out each; half take up to 1 s, all up to 2.5 s. The
  engine restarts at 11:00:10, so its counters fall to 0. Samples 0..179 give 358, those after the restart 2 x 119 =
  238: 596 requests in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from warehouse.database import Warehouse
from warehouse.interval import Interval, naive, parse_utc

START, END = parse_utc("2026-10-05T09:00"), parse_utc("2026-10-05T12:00")
WINDOW = Interval(START, END)
NOW = parse_utc("2026-10-05T12:10")
H100 = "NVIDIA-H100-80GB-HBM3"
RESTART = parse_utc("2026-10-05T11:00")


def at(clock: str) -> float:
    return parse_utc(f"2026-10-05T{clock}").timestamp()


def scrapes(first: str = "09:00:10", last: str = "12:08:40") -> Iterator[float]:
    moment = at(first)
    while moment <= at(last):
        yield moment
        moment += 30


def lines(metric: str, labels: str, value: float | Callable[[float], float], times: Iterator[float]) -> Iterator[str]:
    for moment in times:
        number = value(moment) if callable(value) else value
        yield f"{metric}{{{labels}}} {number!r} {moment:.3f}"


def kube_state_metrics() -> Iterator[str]:
    node = 'node="n1",instance="ksm:8080",cluster="lab"'
    gpu = 'resource="nvidia_com_gpu",unit="integer"'
    for metric in ("kube_node_status_capacity", "kube_node_status_allocatable"):
        yield f"# TYPE {metric} gauge"
        yield from lines(metric, f"{node},{gpu}", 4, scrapes())
    yield "# TYPE kube_node_status_condition gauge"
    yield from lines("kube_node_status_condition", f'{node},condition="Ready",status="true"', 1, scrapes())
    yield "# TYPE kube_node_labels gauge"
    yield from lines("kube_node_labels", f'{node},label_nvidia_com_gpu_product="{H100}"', 1, scrapes())
    pods = {
        "chat-0": ("search", "u-chat", "09:25:00"),
        "train-0": ("ml", "u-train", "09:40:00"),
        "batch-0": ("ml", "u-batch", "09:00:00"),
    }
    label = {
        pod: f'namespace="{space}",pod="{pod}",uid="{uid}",instance="ksm:8080",cluster="lab"'
        for pod, (space, uid, _) in pods.items()
    }
    yield "# TYPE kube_pod_container_resource_requests gauge"
    request = "kube_pod_container_resource_requests"
    yield from lines(request, f'{label["chat-0"]},container="vllm",node="",{gpu}', 1, scrapes("09:25:10", "09:29:40"))
    yield from lines(request, f'{label["chat-0"]},container="vllm",node="n1",{gpu}', 1, scrapes("09:30:10"))
    yield from lines(
        request, f'{label["train-0"]},container="main",node="n1",{gpu}', 2, scrapes("10:00:10", "10:44:40")
    )
    yield from lines(request, f'{label["batch-0"]},container="main",node="",{gpu}', 8, scrapes())
    yield "# TYPE kube_pod_status_phase gauge"
    phase = "kube_pod_status_phase"

    def until(clock: str, before: int, after: int) -> Callable[[float], float]:
        return lambda moment: before if moment < at(clock) else after

    yield from lines(phase, f'{label["chat-0"]},phase="Pending"', until("09:35:00", 1, 0), scrapes("09:25:10"))
    yield from lines(phase, f'{label["chat-0"]},phase="Running"', until("09:35:00", 0, 1), scrapes("09:25:10"))
    span = ("10:00:10", "10:44:40")
    yield from lines(phase, f'{label["train-0"]},phase="Running"', until("10:30:00", 1, 0), scrapes(*span))
    yield from lines(phase, f'{label["train-0"]},phase="Succeeded"', until("10:30:00", 0, 1), scrapes(*span))
    yield from lines(phase, f'{label["train-0"]},phase="Pending"', 0, scrapes(*span))
    yield from lines(phase, f'{label["batch-0"]},phase="Pending"', 1, scrapes())
    yield "# TYPE kube_pod_start_time gauge"
    yield from lines("kube_pod_start_time", label["chat-0"], at("09:29:40"), scrapes("09:30:10"))
    yield "# TYPE kube_pod_created gauge"
    for pod, (_, _, created) in pods.items():
        first, last = span if pod == "train-0" else ("09:25:10", "12:08:40")
        yield from lines("kube_pod_created", label[pod], at(created), scrapes(first, last))


def dcgm() -> Iterator[str]:
    chat = ("search", "chat-0", "09:30:10", "12:08:40")
    train = ("ml", "train-0", "10:00:10", "10:29:40")
    devices = {"GPU-1": (chat, 0.5, 0.8), "GPU-2": (train, 0.9, 0.95), "GPU-3": (train, 0.005, 0.01)}
    exporter = 'namespace="gpu-operator",pod="nvidia-dcgm-exporter-x7k2p",container="nvidia-dcgm-exporter"'
    for metric, position in (("DCGM_FI_PROF_SM_ACTIVE", 1), ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 2)):
        yield f"# TYPE {metric} gauge"
        for uuid, row in devices.items():
            space, pod, first, last = row[0]
            labels = (
                f'UUID="{uuid}",Hostname="n1",modelName="NVIDIA H100 80GB HBM3",cluster="lab",instance="n1:9400",'
                f'{exporter},exported_namespace="{space}",exported_pod="{pod}",exported_container="main"'
            )
            yield from lines(metric, labels, row[position], scrapes(first, last))  # type: ignore[arg-type]
        nobody = (
            f'UUID="GPU-4",Hostname="n1",modelName="NVIDIA H100 80GB HBM3",cluster="lab",instance="n1:9400",{exporter}'
        )
        yield from lines(metric, nobody, 0.0, scrapes())


def requests_so_far(moment: float) -> float:
    begin = at("09:30:10") if moment < RESTART.timestamp() else at("11:00:10")
    return 2 * round((moment - begin) / 30)


def vllm() -> Iterator[str]:
    labels = 'namespace="search",pod="chat-0",model_name="chat-70b",engine="0",cluster="lab",instance="chat-0:8000"'
    counters = {
        "vllm:request_success": (f'{labels},finished_reason="stop"', 1),
        "vllm:prompt_tokens": (labels, 100),
        "vllm:generation_tokens": (labels, 50),
    }
    for family, (full, each) in counters.items():
        yield f"# TYPE {family} counter"
        yield from lines(
            f"{family}_total", full, lambda moment, each=each: each * requests_so_far(moment), scrapes("09:30:10")
        )  # type: ignore[misc]
    yield "# TYPE vllm:e2e_request_latency_seconds histogram"
    for le, share in (("1.0", 0.5), ("2.5", 1.0), ("+Inf", 1.0)):
        yield from lines(
            "vllm:e2e_request_latency_seconds_bucket", f'{labels},le="{le}"',
            lambda moment, share=share: share * requests_so_far(moment), scrapes("09:30:10"),
        )  # type: ignore[misc]  # fmt: skip


def openmetrics() -> str:
    return "\n".join([*kube_state_metrics(), *dcgm(), *vllm(), "# EOF", ""])


def price(amount: str, since: datetime, until: datetime | None) -> dict[str, object]:
    """An hour of one H100 on demand."""
    return {"kind": "gpu", "gpu_model": H100, "pricing": "on_demand", "list_price": Decimal(amount),
            "price": Decimal(amount), "price_den": 1, "valid_from": since, "valid_to": until}  # fmt: skip


def store_inventory(warehouse: Warehouse) -> None:
    """What the configuration would say about this platform."""
    change = naive(parse_utc("2026-10-05T11:00"))
    tables = {
        "team": [{"team": "search"}, {"team": "research"}],
        "namespace_owner": [
            {"pattern": "^search$", "team": "search", "position": 0},
            {"pattern": "^ml$", "team": "research", "position": 1},
        ],
        "service": [
            {"service": "chat", "team": "search", "tier": 1, "path": "paved_road", "model": "chat-70b",
             "drift_every_s": 86400, "latency_threshold_s": 1.0}
        ],
        "service_match": [
            {"service": "chat", "field": "namespace", "pattern": "^search$", "position": 0},
            {"service": "chat", "field": "model_name", "pattern": "^chat-70b$", "position": 0},
        ],
        "price": [price("2.00", datetime(2026, 1, 1), change), price("3.00", change, None)],
        "cost_boundary": [{"ts": change}],
        "report_setting": [{"currency": "USD", "timezone": "UTC"}],
        "configured_source": [
            {"source": "prod", "type": "prometheus", "fact": fact}
            for fact in ("gpu_activity", "gpu_allocation", "gpu_capacity", "serving_count", "serving_histogram")
        ],
    }  # fmt: skip
    with warehouse.transaction() as tx:
        for table, rows in tables.items():
            tx.replace_all(table, pl.DataFrame(rows))


def utc(clock: str) -> datetime:
    return datetime.fromtimestamp(at(clock), UTC)
