"""What the exporters say: counters and histograms agree, owners are labelled in both styles."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime

import numpy as np
import pytest

from sample_data.airflow_records import label_value
from sample_data.grid import STEP
from sample_data.platform import build_platform
from sample_data.series import Metric
from sample_data.store import Store, print_metric

COUNTERS = (
    "vllm:request_success_total", "vllm:prompt_tokens_total", "vllm:generation_tokens_total",
    "vllm:e2e_request_latency_seconds_bucket", "vllm:time_to_first_token_seconds_bucket", "istio_requests_total",
    "istio_request_duration_milliseconds_bucket", "nv_inference_request_success", "nv_inference_request_failure",
    "kn_serving_invocation_duration_seconds_count", "kn_serving_invocation_duration_seconds_bucket",
)  # fmt: skip


def totals(metric: Metric, *labels: str, **equal: str) -> dict[tuple[str, ...], np.ndarray]:
    """Values summed over all series with equal `labels`."""
    sums: dict[tuple[str, ...], np.ndarray] = defaultdict(lambda: np.zeros(0))
    for one in metric.series:
        if all(one.labels[label] == value for label, value in equal.items()):
            key = tuple(one.labels[label] for label in labels)
            sums[key] = sums[key] + one.values if len(sums[key]) else one.values
    return sums


def test_two_stores_print_the_same_bytes(days):
    again = Store(build_platform(days.platform.end, days=2))
    for name in ("DCGM_FI_PROF_SM_ACTIVE", "vllm:prompt_tokens_total", "kube_pod_status_phase", "istio_requests_total"):
        assert again.printed(name).text == days.printed(name).text


@pytest.mark.parametrize(
    ("buckets", "counts", "labels", "equal"),
    [
        ("vllm:e2e_request_latency_seconds_bucket", "vllm:request_success_total", ("pod",), {}),
        ("vllm:time_to_first_token_seconds_bucket", "vllm:request_success_total", ("pod",), {}),
        ("kn_serving_invocation_duration_seconds_bucket", "kn_serving_invocation_duration_seconds_count",
         ("pod", "http_response_status_code"), {}),
        ("istio_request_duration_milliseconds_bucket", "istio_requests_total",
         ("destination_service_name", "response_code"), {"reporter": "destination"}),
    ],
)  # fmt: skip
def test_the_last_bucket_of_a_histogram_is_its_count(month, buckets, counts, labels, equal):
    last = totals(month.metrics[buckets], *labels, le="+Inf", **equal)
    whole = totals(month.metrics[counts], *labels, **equal)
    assert last.keys() == whole.keys()
    for key, values in last.items():
        np.testing.assert_array_equal(values, whole[key])


@pytest.mark.parametrize("name", [name for name in COUNTERS if name.endswith("_bucket")])
def test_buckets_are_cumulative(month, name):
    groups = defaultdict(list)
    for one in month.metrics[name].series:
        key = tuple(sorted((label, value) for label, value in one.labels.items() if label != "le"))
        groups[key].append((float(one.labels["le"]), one.values))
    for bounds in groups.values():
        ordered = np.array([values for _, values in sorted(bounds, key=lambda bound: bound[0])])
        assert (np.diff(ordered, axis=0) >= 0).all()


@pytest.mark.parametrize("name", COUNTERS)
def test_counters_only_fall_where_an_engine_restarts(month, name):
    platform = month.platform
    restart = platform.grid.index(platform.calendar.engine_restart)
    for one in month.metrics[name].series:
        falls = np.flatnonzero(np.diff(one.values) < 0) + 1
        if name.startswith("vllm:") and one.labels["pod"].startswith("rag-answers"):
            assert set(falls) <= {restart}
            assert not one.target.scraped[restart : restart + 2].any()
        else:
            assert not len(falls)
    assert month.metrics[name].series


def test_the_restart_sets_request_counters_back(month):
    platform = month.platform
    restart = platform.grid.index(platform.calendar.engine_restart)
    stopped = next(
        one
        for one in month.metrics["vllm:request_success_total"].series
        if one.labels["service"] == "rag-answers" and one.labels["finished_reason"] == "stop"
    )
    assert stopped.values[restart - 1] > 10_000
    assert stopped.values[restart] < 500


def test_mesh_and_engine_count_the_same_good_requests(month):
    mesh = totals(month.metrics["istio_requests_total"], "destination_service_name", reporter="destination",
                  response_code="200")  # fmt: skip
    engine = totals(month.metrics["vllm:request_success_total"], "service")
    assert set(mesh) == {("chat",), ("summarize",), ("code-assist",)}
    for service, values in mesh.items():
        np.testing.assert_array_equal(values, engine[service])


def test_a_third_of_chat_fails_for_three_hours(month):
    platform = month.platform
    points = platform.grid.span(*platform.calendar.outage)
    assert points.stop - points.start == 36
    increase = {}
    for (code,), values in totals(month.metrics["istio_requests_total"], "response_code", reporter="destination",
                                  destination_service_name="chat").items():  # fmt: skip
        increase[code] = values[points.stop - 1] - values[points.start - 1]
    assert 0.30 < increase["503"] / sum(increase.values()) < 0.38


def test_code_assist_slows_down_at_midnight_ten_days_before_the_end(month):
    platform = month.platform
    change = platform.grid.index(platform.calendar.regression)
    buckets = totals(month.metrics["istio_request_duration_milliseconds_bucket"], "le", response_code="200",
                     destination_service_name="code-assist")  # fmt: skip

    def share(start: int, stop: int) -> float:
        fast, everything = (buckets[(bound,)] for bound in ("2500", "+Inf"))
        return float((fast[stop] - fast[start]) / (everything[stop] - everything[start]))

    assert share(change - 7 * 288, change - 1) > 0.88
    assert share(change, change + 7 * 288) < 0.55


def test_owners_are_labelled_in_the_style_of_their_cluster(month):
    for one in month.metrics["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].series:
        labels = one.labels
        if labels["cluster"] == "eu-west-prod":
            assert "exported_pod" not in labels
        else:
            assert labels["namespace"] == "gpu-operator"
            assert labels["pod"].startswith("nvidia-dcgm-exporter-")
    seen = {(one.labels["cluster"], one.labels.get("exported_pod", one.labels["pod"]))
            for one in month.metrics["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].series}  # fmt: skip
    assert {("us-east-prod", "chat-7c9f6b5d8-4kqzt"), ("eu-west-prod", "translate-7b6f5c8d4-c7xks")} <= seen
    assert any(cluster == "eu-west-prod" and pod.startswith("nvidia-dcgm-exporter") for cluster, pod in seen)


def test_every_device_is_seen_at_every_point_once_for_each_owner(days):
    points = defaultdict(set)
    for one in days.metrics["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].series:
        device = (one.labels["UUID"], one.labels.get("GPU_I_ID"))
        points[device].update(one.points.tolist())
    assert len(points) == 64 - 8 + 14  # one node's 8 cards are 14 slices
    assert all(len(seen) == days.platform.grid.size for seen in points.values())


def test_fields_that_a_node_does_not_serve(month):
    def nodes(name: str) -> set[str]:
        return {one.labels["Hostname"] for one in month.metrics[name].series}

    everywhere = nodes("DCGM_FI_PROF_GR_ENGINE_ACTIVE")
    assert everywhere - nodes("DCGM_FI_PROF_SM_ACTIVE") == {"euw1-a100-01"}
    assert "use1-mig-01" not in nodes("DCGM_FI_DEV_GPU_UTIL")


def test_ratios_are_ratios(days):
    for name, metric in days.metrics.items():
        if metric.decimals == 4:
            assert all(one.values.min() >= 0 and one.values.max() <= 10_000 for one in metric.series), name


def test_a_pod_is_in_one_phase_at_a_time(month):
    phases = totals(month.metrics["kube_pod_status_phase"], "uid")
    assert all((sums == 1).all() for sums in phases.values())
    series = month.metrics["kube_pod_status_phase"].series
    held = {(one.labels["pod"], one.labels["phase"]): one.values for one in series}
    assert held["giant-sweep-0", "Pending"].all()
    assert held["embed-backfill-9h2xw", "Succeeded"][-1] == 1
    unbound = [one for one in month.metrics["kube_pod_container_resource_requests"].series if "node" not in one.labels]
    assert {one.labels["pod"] for one in unbound} == {"giant-sweep-0"}


def test_a_lost_node_is_unknown_for_nine_hours_and_its_exporter_silent(month):
    ready = {one.labels["status"]: one.values for one in month.metrics["kube_node_status_condition"].series
             if one.labels["node"] == "ust1-a100-01"}  # fmt: skip
    assert (ready["true"] == 0).sum() * STEP == 9 * 3600
    np.testing.assert_array_equal(ready["unknown"], 1 - ready["true"])
    target = next(one.target for one in month.metrics["DCGM_FI_PROF_GR_ENGINE_ACTIVE"].series
                  if one.labels["Hostname"] == "ust1-a100-01")  # fmt: skip
    assert not target.scraped[month.platform.grid.span(*month.platform.calendar.node_not_ready)].any()


def test_pods_ask_for_no_more_than_their_node_has(month):
    """CPU and memory of pods that are Pending or Running, at every moment."""
    platform = month.platform
    for node in platform.nodes:
        cores, ram = np.zeros(platform.grid.size), np.zeros(platform.grid.size)
        for pod in platform.pods:
            if pod.node is node:
                held = platform.grid.span(pod.created, pod.finished)
                cores[held] += pod.cores
                ram[held] += pod.ram_mib
        assert 0 < cores.max() <= node.cores, node.name
        assert ram.max() <= node.ram_gib * 1024, node.name


def test_only_the_cache_uses_more_cpu_than_it_asked_for(month):
    asked = {one.labels["pod"]: one.values[0] for one in month.metrics["kube_pod_container_resource_requests"].series
             if one.labels["resource"] == "cpu"}  # fmt: skip
    over = set()
    for one in month.metrics["container_cpu_usage_seconds_total"].series:
        if "container" in one.labels and len(one.values) > 1:
            assert (np.diff(one.values) >= 0).all()
            if (one.values[-1] - one.values[0]) / (len(one.values) - 1) / STEP > asked[one.labels["pod"]]:
                over.add(one.labels["pod"])
    assert over == {"query-cache-0"}


def test_training_pods_carry_the_labels_of_their_run(month):
    labels = {one.labels["pod"]: one.labels for one in month.metrics["kube_pod_labels"].series}
    pod = next(name for name in labels if name.startswith("train-fraud-") and name.endswith("-1"))
    shown = labels[pod]
    scheduled = datetime.fromtimestamp(int(pod.split("-")[2]) * 3600, UTC)
    assert shown["label_team"] == "risk"
    assert shown["label_dag_id"] == "train_fraud"
    assert shown["label_task_id"] == "train"
    # "+" and ":" are refused by Kubernetes; Airflow drops them and adds nine digits of the MD5 of the whole
    assert re.fullmatch(f"scheduled__{scheduled:%Y-%m-%d}T0200000000-[0-9a-f]{{9}}", shown["label_run_id"])
    assert "label_team" not in labels["notebook-kay-0"]
    assert {one["namespace"] for one in labels.values()} >= {"kube-system", "monitoring"}


def test_a_label_that_kubernetes_takes_stays_as_it_is():
    assert label_value("train_fraud") == "train_fraud"
    # worked out with Airflow's own function for this id
    assert label_value("manual__2016-01-01T01:00:00+01:00") == "manual__2016-01-01T0100000100-da4d1ce7b"
    assert len(label_value("x" * 100)) == 63


def test_nodes_say_who_may_take_them_back(month):
    spot = {one.labels["node"] for one in month.metrics["kube_node_labels"].series
            if one.labels.get("label_karpenter_sh_capacity_type") == "spot"}  # fmt: skip
    assert spot == {"ust1-h100-02", "ust1-a100-01"}
    assert {one.labels["label_topology_kubernetes_io_region"] for one in month.metrics["kube_node_labels"].series} == {
        "us-east-1", "eu-west-1", "us-west-2"}  # fmt: skip


def test_labels_tell_series_apart(month):
    for name, metric in month.metrics.items():
        labels = [tuple(sorted(one.labels.items())) for one in metric.series]
        assert len(set(labels)) == len(labels), name
        assert all((np.diff(one.points) > 0).all() for one in metric.series)


def test_samples_are_a_fixed_offset_after_the_grid(days):
    printed = days.printed("vllm:num_requests_running")
    for times in printed.times:
        assert len(set((times % (STEP * 1000)).tolist())) == 1
        assert len(times) > 0.95 * days.platform.grid.size


def test_a_metric_without_series_prints_nothing():
    assert print_metric(Metric("nothing", 0)).text == b""
