"""One profile over one window, answers scripted: sharing, replicas, doubled exporters, answers that came in halves."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from collector.prometheus import profile
from collector.prometheus.client import SampleBatch
from collector.prometheus.settings import PrometheusSettings
from collector.prometheus.window import MetricRows, collect_metric
from warehouse.interval import Interval, parse_utc

WINDOW = Interval(parse_utc("2026-10-05T10:00"), parse_utc("2026-10-05T10:10"))
T0 = int(WINDOW.start.timestamp())
SETTINGS = PrometheusSettings.model_validate(
    {
        "name": "prod",
        "type": "prometheus",
        "url": "http://unused.invalid",
        "profiles": ["dcgm"],
        "scrape_interval": "30s",
    }
)
Series = tuple[dict[str, str], list[tuple[float, float]]]


class Answering:
    """Stands in for the client: gives the same batches to every question."""

    def __init__(self, *batches: list[Series]) -> None:
        self.batches = batches

    def samples(self, selector: str, interval: Interval) -> Iterator[SampleBatch]:
        for batch in self.batches:
            rows = [(i, round((T0 + at) * 1000), v) for i, (_, points) in enumerate(batch) for at, v in points]
            schema = {"series": pl.UInt32, "ts": pl.Int64, "value": pl.Float64}
            yield SampleBatch(
                [labels for labels, _ in batch], pl.DataFrame(rows, schema=schema, orient="row"), interval
            )


def collect(profile_id: str, measure: str, *batches: list[Series]) -> MetricRows:
    loaded = profile.load(profile_id)
    metric = next(one for one in loaded.metrics if one.measure == measure)
    return collect_metric(
        Answering(*batches), SETTINGS, loaded, metric, WINDOW, keep_samples=True  # type: ignore[arg-type]
    )  # fmt: skip


def device(pod: str | None = None, instance: str = "n1:9400", **more: str) -> dict[str, str]:
    owner = {"exported_namespace": "ns", "exported_pod": pod} if pod else {}
    return {"UUID": "GPU-1", "Hostname": "n1", "instance": instance, **owner, **more}


def level(value: float, *at: float) -> list[tuple[float, float]]:
    return [(moment, value) for moment in at]


def test_pods_that_share_a_device_share_its_weight() -> None:
    rows = collect("dcgm", "compute", [(device("a"), level(0.6, 0, 30)), (device("b"), level(0.6, 0, 30))]).rows
    assert rows["weight"].to_list() == [1.0, 1.0]  # two samples of 1/2 each
    assert rows["sum"].sum() / rows["weight"].sum() == pytest.approx(0.6)


def test_a_device_that_changes_hands_within_a_bucket_is_not_shared() -> None:
    rows = collect("dcgm", "compute", [(device("a"), level(0.2, 0, 30)), (device("b"), level(0.8, 60, 90, 120))]).rows
    assert dict(rows.select("pod", "weight").rows()) == {"a": 2, "b": 3}
    assert rows["sum"].sum() / rows["weight"].sum() == pytest.approx((2 * 0.2 + 3 * 0.8) / 5)


def test_two_exporters_on_one_node_count_a_device_once() -> None:
    doubled = [(device("a", "n1:9400"), level(0.5, 0, 30, 60)), (device("a", "n1:9401"), level(0.7, 5, 35))]
    rows = collect("dcgm", "compute", doubled).rows
    assert rows.select("weight", "sum").rows() == [(3, 1.5)]


def test_replicas_of_a_highly_available_pair_count_once_and_fill_each_others_gaps() -> None:
    labels = {"namespace": "ns", "pod": "p", "model_name": "m"}
    one = [(at, float(at)) for at in (-30, 0, 30, 60)]  # stops in the first bucket
    two = [(at + 0.5, float(at)) for at in range(-30, 600, 30)]
    pair = [({**labels, "prometheus_replica": "a"}, one), ({**labels, "prometheus_replica": "b"}, two)]
    rows = collect("vllm", "tokens_in", pair).rows
    assert rows.sort("ts")["increase"].to_list() == [300, 300]


def test_an_answer_that_came_in_halves_counts_across_the_cut() -> None:
    labels = {"namespace": "ns", "pod": "p", "model_name": "m"}
    halves = [[(labels, [(0.0, 10.0), (30.0, 14.0)])], [(labels, [(300.0, 20.0), (330.0, 3.0)])]]
    rows = collect("vllm", "tokens_in", *halves).rows
    assert rows.sort("ts")["increase"].to_list() == [4, 6 + 3]


def test_raw_samples_are_those_of_the_window_alone_and_exact() -> None:
    labels = {"namespace": "ns", "pod": "p", "model_name": "m"}
    points = [(-30.0, 1.0), (0.001, 0.1 + 0.2), (599.999, float("nan")), (600.0, 9.0)]
    answer = collect("vllm", "tokens_in", [(labels, points)])
    assert answer.raw is not None
    assert answer.raw.samples["value"].to_list()[0] == 0.1 + 0.2
    assert answer.raw.samples["value"].is_nan().to_list() == [False, True]
    assert set(answer.raw.series["series"]) == set(answer.raw.samples["series"])


def test_a_percentage_becomes_a_ratio_and_mebibytes_become_bytes() -> None:
    assert collect("dcgm", "util", [(device("a"), level(50, 0))]).rows["sum"].item() == pytest.approx(0.5)
    assert collect("dcgm", "mem_used", [(device("a"), level(2, 0))]).rows["sum"].item() == 2 * 1024 * 1024


def test_an_empty_metric_is_no_rows() -> None:
    answer = collect("dcgm", "compute", [])
    assert answer.rows.is_empty()
    assert answer.raw is not None
    assert answer.raw.samples.is_empty()
