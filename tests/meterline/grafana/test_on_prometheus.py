"""Every expression of every dashboard on a real Prometheus, with the exported rules evaluated by it."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from collector.prometheus.profile import load as load_profile
from meterline.config.load import load
from meterline.grafana.export import dashboards_of
from meterline.openslo.prometheus_rules import prometheus_rules
from servers import prometheus

from .test_dashboards import ALL, SLO, expressions
from .test_dashboards import prometheus as source

MINUTES = 100
ANSWER_SECONDS = 30
CHOICES = {"$__rate_interval": "5m", "$slo": ".*", "$objective": ".*", "$cluster": ".*"}

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not prometheus.installed(), reason="prometheus and promtool are not installed"),
]


class Series:
    """A sample a minute for `MINUTES` up to `now`: a level, or what a counter grows by each minute."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._families: defaultdict[str, list[str]] = defaultdict(list)

    def level(self, name: str, value: float, **labels: str) -> None:
        self._add(name, [value] * MINUTES, labels)

    def counter(self, name: str, a_minute: float, **labels: str) -> None:
        self._add(name, [a_minute * minute for minute in range(MINUTES)], labels)

    def histogram(self, name: str, buckets: dict[str, float], **labels: str) -> None:
        for bound, a_minute in buckets.items():
            self.counter(name, a_minute, **labels, le=bound)

    def _add(self, name: str, values: list[float], labels: dict[str, str]) -> None:
        shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
        start = self._now - 60 * (MINUTES - 1)
        self._families[name] += [f"{name}{{{shown}}} {value!r} {start + 60 * at}" for at, value in enumerate(values)]

    @property
    def text(self) -> str:
        lines = [line for name, samples in self._families.items() for line in (f"# TYPE {name} unknown", *samples)]
        return "\n".join([*lines, "# EOF", ""])


def gpus(series: Series) -> None:
    """One GPU that a pod of search uses by half, and one that nobody has: its labels name the exporter."""
    used = {"UUID": "GPU-a", "Hostname": "n1", "modelName": "H100", "cluster": "c", "namespace": "gpu-operator",
            "pod": "nvidia-dcgm-exporter-x", "exported_namespace": "search", "exported_pod": "chat-0"}  # fmt: skip
    idle = {"UUID": "GPU-b", "Hostname": "n2", "modelName": "A100", "cluster": "c", "namespace": "gpu-operator",
            "pod": "nvidia-dcgm-exporter-y"}  # fmt: skip
    for labels, level in ((used, 0.5), (idle, 0.02)):
        for signal in ("GR_ENGINE", "SM", "DRAM"):
            series.level(f"DCGM_FI_PROF_{signal}_ACTIVE", level, **labels)
        series.level("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", level, **labels)
        series.level("DCGM_FI_DEV_GPU_UTIL", 100 * level, **labels)
        series.level("DCGM_FI_DEV_FB_USED", 1024, **labels)
        series.level("DCGM_FI_DEV_POWER_USAGE", 350, **labels)
        series.level("DCGM_FI_DEV_XID_ERRORS", 31 if labels is used else 0, **labels)
        for counter in ("THERMAL_VIOLATION", "POWER_VIOLATION", "ECC_DBE_VOL_TOTAL", "ECC_SBE_VOL_TOTAL"):
            series.counter(f"DCGM_FI_DEV_{counter}", 1 if labels is used else 0, **labels)


def kubernetes(series: Series) -> None:
    """Eight GPUs on one node; a pod that runs asks for two of them and four CPUs, one that waits for three."""
    for resource, amount in (("nvidia_com_gpu", 8), ("cpu", 64)):
        series.level("kube_node_status_capacity", amount, cluster="c", node="n1", resource=resource)
    for pod, phase, amount in (("chat-0", "Running", 2), ("train-0", "Pending", 3)):
        where = {"cluster": "c", "namespace": "search", "pod": pod, "uid": pod}
        for resource, asked in (("nvidia_com_gpu", amount), ("cpu", 4)):
            series.level("kube_pod_container_resource_requests", asked, **where, container="m", resource=resource)
        for one in ("Pending", "Running"):
            series.level("kube_pod_status_phase", float(one == phase), **where, phase=one)


def runtimes(series: Series) -> None:
    """vLLM: 54 good, 6 bad, 10 aborted a minute. Istio: 90 good, 5 bad, 5 shed, 100 wrong, 3 given up."""
    engine = {"cluster": "c", "namespace": "search", "service": "chat", "model_name": "chat-70b"}
    for reason, a_minute in (("stop", 54), ("error", 6), ("abort", 10)):
        series.counter("vllm:request_success_total", a_minute, **engine, finished_reason=reason)
    for name, a_minute in (("prompt_tokens", 6000), ("generation_tokens", 600), ("prefix_cache_hits", 1500)):
        series.counter(f"vllm:{name}_total", a_minute, **engine)
    # half end within 1 s, the others between 1 and 2 s, evenly: the 95th percentile is 1.9 s
    for name in ("e2e_request_latency", "time_to_first_token"):
        series.histogram(f"vllm:{name}_seconds_bucket", {"1.0": 30, "2.0": 60, "+Inf": 60}, **engine)
    series.level("vllm:num_requests_waiting", 3, **engine)
    series.level("vllm:num_requests_running", 5, **engine)
    mesh = {"cluster": "c", "reporter": "destination", "destination_service_namespace": "search",
            "destination_service_name": "chat"}  # fmt: skip
    for code, flags, a_minute in (
        ("200", "-", 90),
        ("500", "-", 5),
        ("429", "-", 5),
        ("404", "-", 100),
        ("0", "DC", 3),
    ):
        series.counter("istio_requests_total", a_minute, **mesh, response_code=code, response_flags=flags)
    name = "istio_request_duration_milliseconds_bucket"
    series.histogram(name, {"1000.0": 30, "2000.0": 60, "+Inf": 60}, **mesh)
    triton = {"cluster": "c", "namespace": "search", "model": "rank", "service": "rank"}
    series.counter("nv_inference_request_success", 97, **triton)
    for reason, a_minute in (("REJECTED", 1), ("CANCELED", 7), ("OTHER", 2)):
        series.counter("nv_inference_request_failure", a_minute, **triton, reason=reason)
    name = "nv_inference_first_response_histogram_ms_bucket"
    series.histogram(name, {"100.0": 30, "+Inf": 30}, **triton)
    series.level("nv_inference_pending_request_count", 2, **triton)
    proxy = {"cluster": "c", "kn_serving_namespace": "search", "kn_service_name": "tag"}
    for code, a_minute in (("200", 60), ("503", 2), ("500", 1)):
        name = "kn_serving_invocation_duration_seconds_count"
        series.counter(name, a_minute, **proxy, http_response_status_code=code)
    series.histogram("kn_serving_invocation_duration_seconds_bucket", {"0.5": 60, "+Inf": 60}, **proxy)
    series.level("kn_serving_queue_depth", 1, **proxy)
    server = {"cluster": "c", "namespace": "search", "model_name": "iris", "service": "iris"}
    series.counter("request_predict_seconds_count", 60, **server)
    series.histogram("request_predict_seconds_bucket", {"0.5": 60, "+Inf": 60}, **server)


class Asked:
    def __init__(self, url: str, dashboards: dict[str, Any]) -> None:
        self._url = url
        self.dashboards = dashboards

    def vector(self, expr: str) -> list[tuple[dict[str, str], float]]:
        for name, value in CHOICES.items():
            expr = expr.replace(name, value)
        answer = requests.post(f"{self._url}/api/v1/query", data={"query": expr}, timeout=ANSWER_SECONDS)
        content = answer.json()
        assert content["status"] == "success", (content["error"], expr)
        return [(one["metric"], float(one["value"][1])) for one in content["data"]["result"]]

    def panel(self, uid: str, title: str, row: str = "", query: int = 0) -> list[tuple[dict[str, str], float]]:
        under = ""
        for panel in self.dashboards[uid]["panels"]:
            under = panel["title"] if panel["type"] == "row" else under
            if panel["title"] == title and row in under:
                return self.vector(panel["targets"][query]["expr"])
        raise AssertionError(f"no panel {title}")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """All profiles, and an objective of 90 % of which half of the events are bad."""
    directory = tmp_path_factory.mktemp("grafana")
    (directory / "chat.slo.yaml").write_text(SLO.format(name="chat", window="28d", rules="google-28d"))
    path = directory / "meterline.yaml"
    path.write_text("sources:\n" + source("prod", ALL) + 'slos: ["*.slo.yaml"]\n')
    config = load(path)
    rules = directory / "rules.yml"
    rules.write_text(prometheus_rules(config.slos.objectives).text)
    series = Series(int(time.time()))
    for part in (gpus, kubernetes, runtimes):
        part(series)
    series.counter("good_total", 30)
    series.counter("all_total", 60)
    (directory / "samples").write_text(series.text)
    prometheus.load(directory / "samples", directory / "data")
    settings = f"global: {{evaluation_interval: 1s}}\nrule_files: ['{rules}']\n"
    with prometheus.serve(directory / "data", configuration=settings) as url:
        found = Asked(url, dashboards_of(config)[0])
        deadline = time.monotonic() + ANSWER_SECONDS
        while len(found.vector('ALERTS{alertname="SLOBurnRate",alertstate="firing"}')) < 2:
            assert time.monotonic() < deadline, "the rules did not fire"
            time.sleep(0.1)
        yield found


@pytest.mark.parametrize("uid", ["meterline-gpu", "meterline-serving", "meterline-slos"])
def test_every_expression_gives_data(asked: Asked, uid: str) -> None:
    empty = [expr for expr in expressions(asked.dashboards[uid]) if not asked.vector(expr)]
    assert empty == []
    for variable in asked.dashboards[uid]["templating"]["list"][1:]:
        selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        assert all(found.get(label) for found, _ in asked.vector(f"count by ({label}) ({selector})"))


def test_objectives(asked: Asked) -> None:
    """Half is bad: the attainment is 0.5; the budget of 0.1 is spent five times over, so -4 is left of it. A pace of 5
    is above the factors 2.8 and 0.933 of the tickets and below 13.44 and 5.6 of the pages."""
    uid = "meterline-slos"
    for title, value in (("Budget left", -4), ("Attainment", 0.5), ("Burn alerts that fire", 2)):
        [(_, found)] = asked.panel(uid, title)
        assert found == pytest.approx(value), title
    [(labels, pace)] = asked.panel(uid, "page: faster than 13.44 in 1h and 5m")
    assert pace == pytest.approx(5)
    assert (labels["slo"], labels["objective"]) == ("chat", "90")
    fires = asked.panel(uid, "Which burn alerts fire")
    assert sorted(labels["rule"] for labels, _ in fires) == ["ticket_quick", "ticket_slow"]


def test_gpus(asked: Asked) -> None:
    uid = "meterline-gpu"
    numbers = {
        "GPUs": 2, "SM active": 0.26, "GPUs below 5 % SM active for an hour": 1, "Power": 700,
        "GPUs that nodes have": 8, "GPUs asked for": 2, "GPUs asked for by pods that wait": 3,
    }  # fmt: skip
    for title, value in numbers.items():
        [(_, found)] = asked.panel(uid, title)
        assert found == pytest.approx(value), title
    assert asked.panel(uid, "SM active by namespace") == [({"cluster": "c", "namespace": "search"}, 0.5)]
    pods = asked.panel(uid, "The 20 pods that use their GPUs least, last hour")
    assert [labels for labels, _ in pods] == [{"cluster": "c", "namespace": "search", "pod": "chat-0"}]
    memory = {labels["gpu_model"]: value for labels, value in asked.panel(uid, "Memory used")}
    assert memory == {"H100": 2**30, "A100": 2**30}
    [(_, utilization)] = asked.panel(uid, "Signals, mean of all GPUs", query=4)
    assert utilization == pytest.approx(0.26)
    assert asked.panel(uid, "XID errors, the last of each GPU") == [
        ({"cluster": "c", "device": "GPU-a", "node": "n1"}, 31)
    ]  # fmt: skip


def test_serving(asked: Asked) -> None:
    def one(title: str, row: str, query: int = 0) -> float:
        [(_, value)] = asked.panel("meterline-serving", title, load_profile(row).title, query)
        return value

    assert one("Requests", "vllm") == pytest.approx(70 / 60)
    # aborted and wrong requests are not valid: 54 of 60; 95 of 100; 98 of 100 (the shed one is no failure); 62 of 63
    for row, share in (("vllm", 0.9), ("istio", 0.95), ("triton", 0.98), ("knative", 62 / 63)):
        assert one("Answered without a failure of ours", row) == pytest.approx(share), row
    assert one("Shed", "istio") == pytest.approx(5 / 60)
    assert one("Latency", "vllm", 1) == pytest.approx(1.9)
    assert one("Latency", "istio", 1) == pytest.approx(1.9)
    assert one("Input tokens from the cache", "vllm") == pytest.approx(0.25)
    assert one("Waiting", "vllm") == 3
    [(labels, _)] = asked.panel("meterline-serving", "Requests", load_profile("knative").title)
    assert labels == {"namespace": "search", "service": "tag"}
