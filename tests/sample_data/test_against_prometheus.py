"""The same samples in a real Prometheus 2: both servers give the same answers, series by series to the byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.testclient import TestClient

from sample_data.platform import build_platform
from sample_data.prometheus_api import prometheus_app
from sample_data.store import Store
from servers.prometheus import loaded

END = datetime(2026, 11, 24, 10, 58, 31, tzinfo=UTC)

METRICS = ("DCGM_FI_PROF_SM_ACTIVE", "DCGM_FI_DEV_POWER_USAGE", "kube_pod_status_phase", "kube_pod_labels",
           "container_cpu_usage_seconds_total", "vllm:e2e_request_latency_seconds_bucket",
           "istio_requests_total", "vllm:num_requests_waiting")  # fmt: skip
SERIES = re.compile(rb'\{"metric":\{.*?\},"values?":\[.*?\]\}(?=,\{"metric"|\]\}\}$)')


def openmetrics(store: Store) -> Iterator[str]:
    for name in METRICS:
        yield f"# TYPE {name} unknown"
        for one in store.metrics[name].series:
            labels = ",".join(f'{label}="{value}"' for label, value in one.labels.items())
            values = one.values[one.scraped]
            times = store.platform.grid.times[one.points][one.scraped] * 1000 + one.target.offset
            decimals = store.metrics[name].decimals
            for moment, value in zip(times.tolist(), values.tolist(), strict=True):
                yield f"{name}{{{labels}}} {value / 10**decimals!r} {moment / 1000:.3f}"
    yield "# EOF\n"


@pytest.mark.server
def test_answers_are_those_of_a_real_prometheus(tmp_path):
    store = Store(build_platform(END, days=1))
    end = int(store.platform.end.timestamp())
    newest = store.printed("istio_requests_total").times[0][100]
    queries = [
        *((f"{name}[1d]", end) for name in METRICS),
        ('kube_pod_status_phase{phase=~"Pending|Running",namespace!="search",pod!~"chat.*"}[3h]', end - 7200),
        ('container_cpu_usage_seconds_total{container!="",container!="POD",cpu=~"|total"}[3h]', end),
        ("istio_requests_total[30m]", f"{newest / 1000:.3f}"),  # the end is inside
        ("istio_requests_total[30m]", f"{(newest - 1) / 1000:.3f}"),
        ('vllm:e2e_request_latency_seconds_bucket{le="+Inf"}', end),
        ('count by (cluster, namespace) (kube_pod_status_phase{phase="Running"})', end),
        ('group by (Hostname) ({__name__=~"DCGM_.*"})', end),
        ('kube_pod_status_phase{phase="Running"} or istio_requests_total', end),
        ("absent_metric", end),
    ]
    with loaded("\n".join(openmetrics(store)), tmp_path) as url, TestClient(
        prometheus_app(store, lambda: store.platform.end)
    ) as client:  # fmt: skip
        for query, at in queries:
            words = {"query": query, "time": at}
            real = httpx.post(f"{url}/api/v1/query", data=words, timeout=60).content
            ours = client.post("/api/v1/query", data=words).content
            assert sorted(SERIES.findall(ours)) == sorted(SERIES.findall(real)), query
            assert ours[:60].split(b"result")[0] == real[:60].split(b"result")[0]
            assert len(ours) == len(real), query
        start = end - 86_400
        ranges = (
            ("istio_requests_total", start, end, 60),  # steps fall into the gap of a missed scrape
            ("istio_requests_total", start, end, 30),
            ("istio_requests_total", f"{start + 7.25:.3f}", f"{start + 3600.001:.3f}", "0.5"),
            ("vllm:num_requests_waiting", start, end, 60),
            ('DCGM_FI_DEV_POWER_USAGE{UUID=~".*a.*"}', start, end, "5m"),
            ("container_cpu_usage_seconds_total", start, end, 3600),
            ('count by (namespace) (kube_pod_status_phase{phase="Running"})', start, end, 1800),
            ("absent_metric", start, end, 60),
        )
        for query, first, last, step in ranges:
            words = {"query": query, "start": first, "end": last, "step": step}
            real = httpx.post(f"{url}/api/v1/query_range", data=words, timeout=60).content
            ours = client.post("/api/v1/query_range", data=words).content
            assert sorted(SERIES.findall(ours)) == sorted(SERIES.findall(real)), query
            assert ours[:60].split(b"result")[0] == real[:60].split(b"result")[0]
            assert len(ours) == len(real), query
        refused = (
            ("up", end, start, 60), ("up", start, end, 0), ("up", start, end, 7), ("up[5m]", start, end, 60),
            ("up", "noon", end, 60), ("up{", start, end, 60), ("up", start, end, "often"),
        )  # fmt: skip
        for query, first, last, step in refused:
            words = {"query": query, "start": first, "end": last, "step": step}
            real_error = httpx.get(f"{url}/api/v1/query_range", params=words)
            our_error = client.get("/api/v1/query_range", params=words)
            assert our_error.status_code == real_error.status_code == 400
            assert our_error.json()["errorType"] == real_error.json()["errorType"]
            if query != "up{":
                assert our_error.json()["error"] == real_error.json()["error"]
        for query in ("up{", "up[5m", '{a=""}', 'up{a=~"("}'):
            real_error = httpx.get(f"{url}/api/v1/query", params={"query": query})
            our_error = client.get("/api/v1/query", params={"query": query})
            assert our_error.status_code == real_error.status_code == 400
            assert our_error.json()["errorType"] == real_error.json()["errorType"]
