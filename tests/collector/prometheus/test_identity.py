"""Labels as real exporters print them -> whom a series speaks of."""

from __future__ import annotations

import polars as pl
import pytest

from collector.prometheus import identity, profile

DCGM = profile.load("dcgm")
DEVICE = {"gpu": "0", "UUID": "GPU-1", "modelName": "NVIDIA H100 80GB HBM3", "Hostname": "n1"}
EXPORTER = {"namespace": "gpu-operator", "pod": "nvidia-dcgm-exporter-x7k2p", "container": "nvidia-dcgm-exporter"}
WORKLOAD = {"namespace": "search", "pod": "chat-0", "container": "vllm"}


def owner(labels: dict[str, str]) -> tuple[str | None, ...]:
    row = identity.canonical(DCGM, labels, None)
    return tuple(row[column] for column in identity.OWNER)


def test_honor_labels_false_moves_the_workload_to_exported_labels() -> None:
    exported = {f"exported_{name}": value for name, value in WORKLOAD.items()}
    assert owner({**DEVICE, **EXPORTER, **exported}) == ("search", "chat-0", "vllm")


def test_honor_labels_true_keeps_the_workload_in_the_plain_labels() -> None:
    assert owner({**DEVICE, **WORKLOAD}) == ("search", "chat-0", "vllm")


def test_a_device_without_a_workload_belongs_to_nobody_and_not_to_the_exporter() -> None:
    assert owner({**DEVICE, **EXPORTER}) == (None, None, None)
    assert owner(DEVICE) == (None, None, None)


def test_old_label_spellings_name_the_same_device() -> None:
    new = identity.canonical(DCGM, {"UUID": "GPU-1", "hostname": "n1", "modelName": "NVIDIA A100"}, "c")
    old = identity.canonical(DCGM, {"uuid": "GPU-1", "Hostname": "n1", "model_name": "NVIDIA A100"}, "c")
    assert new == old
    assert new["gpu_model"] == "NVIDIA-A100"
    assert new["cluster"] == "c"


def test_labels_that_churn_do_not_split_a_device() -> None:
    before = identity.canonical(DCGM, {**DEVICE, "DCGM_FI_DRIVER_VERSION": "550.1"}, None)
    after = identity.canonical(DCGM, {**DEVICE, "DCGM_FI_DRIVER_VERSION": "560.2"}, None)
    assert before == after


@pytest.mark.parametrize(
    ("profile_id", "metric", "labels", "expected"),
    [
        ("vllm", "vllm:request_success_total", {"finished_reason": "stop"}, "good"),
        ("vllm", "vllm:request_success_total", {"finished_reason": "error"}, "bad"),
        ("vllm", "vllm:request_success_total", {"finished_reason": "abort"}, "aborted"),
        ("istio", "istio_requests_total", {"response_code": "200", "response_flags": "-"}, "good"),
        ("istio", "istio_requests_total", {"response_code": "503", "response_flags": "UF"}, "bad"),
        ("istio", "istio_requests_total", {"response_code": "0", "response_flags": "DC"}, "aborted"),
        ("istio", "istio_requests_total", {"response_code": "0", "response_flags": "-"}, "bad"),
        ("istio", "istio_requests_total", {"response_code": "404", "response_flags": "-"}, "client_error"),
        ("istio", "istio_requests_total", {"response_code": "429", "response_flags": "-"}, "shed"),
        ("knative", "kn_serving_invocation_duration_seconds_count", {"http_response_status_code": "503"}, "shed"),
        ("knative", "kn_serving_invocation_duration_seconds_count", {"http_response_status_code": "500"}, "bad"),
        ("triton", "nv_inference_request_failure", {"reason": "REJECTED"}, "shed"),
        ("triton", "nv_inference_request_failure", {"reason": "OTHER"}, "bad"),
    ],
)
def test_outcomes(profile_id: str, metric: str, labels: dict[str, str], expected: str) -> None:
    described = next(one for one in profile.load(profile_id).metrics if one.metric == metric)
    assert identity.outcome(described, labels) == expected


def test_bucket_bounds_are_in_seconds_and_replicas_have_one_key() -> None:
    istio = profile.load("istio")
    metric = next(one for one in istio.metrics if one.kind == "histogram")
    labels = [
        {"le": "500", "destination_service_name": "chat", "prometheus_replica": "a"},
        {"le": "500", "destination_service_name": "chat", "prometheus_replica": "b"},
        {"le": "+Inf", "destination_service_name": "chat", "prometheus_replica": "a"},
    ]
    table = identity.series_table(istio, metric, labels, None, ["prometheus_replica"])
    assert table["le"].to_list() == [0.5, 0.5, float("inf")]
    assert table["series_key"].n_unique() == 2
    assert table.filter(pl.col("le") == 0.5)["series_key"].n_unique() == 1


def test_every_profile_is_valid_and_fills_known_facts() -> None:
    from warehouse.writing import TIME_COLUMN

    for name in profile.available():
        loaded = profile.load(name)
        assert loaded.id == name
        assert set(loaded.fills) <= set(TIME_COLUMN)
