"""A real Prometheus or VictoriaMetrics in, exact facts, costs, KPIs and published results out.

The figures are those of `small_platform`, worked out by hand, and what PromQL says of the same window.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import requests

import small_platform as case
from analytics.ledger.showback import showback
from analytics.runner import analyze
from collector.prometheus.settings import PrometheusSettings
from servers import prometheus, victoria
from warehouse.database import Warehouse
from warehouse.interval import Interval
from warehouse.published import Published

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = {"prometheus": prometheus.loaded, "victoria": victoria.loaded}[request.param]
    with server(case.openmetrics(), tmp_path_factory.mktemp(request.param)) as address:
        yield address


def settings(url: str, **more: object) -> PrometheusSettings:
    profiles = ["dcgm", "kube-state-metrics", "vllm"]
    return PrometheusSettings.model_validate(
        {"name": "prod", "type": "prometheus", "url": url, "profiles": profiles, **more}
    )


def quiet(what: str, share: float) -> None:
    pass


@pytest.fixture(scope="module")
def collected(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path_factory.mktemp("data")) as warehouse:
        case.store_inventory(warehouse)
        settings(url).open().collect(warehouse, case.WINDOW, case.NOW, quiet)
        yield warehouse


@pytest.fixture(scope="module")
def published(collected: Warehouse) -> Published:
    analysis = analyze(collected, case.NOW)
    assert analysis.failed == {}
    return Published.current(collected.directory)


def one(frame: pl.DataFrame) -> dict[str, object]:
    return frame.row(0, named=True)


def test_held_gpu_seconds_are_those_worked_out_by_hand(collected: Warehouse) -> None:
    held = collected.query(
        "SELECT pod, sum(milli_unit_seconds)::BIGINT AS held, sum(starting_milli_unit_seconds)::BIGINT AS starting "
        "FROM gpu_allocation GROUP BY pod ORDER BY pod"
    )
    assert held.rows() == [("chat-0", 9_020_000, 300_000), ("train-0", 2 * 1_800_000, 0)]


def test_a_pod_started_when_the_kubelet_took_it_else_when_it_was_created(collected: Warehouse) -> None:
    started = collected.query(
        "SELECT DISTINCT pod, started_at FROM gpu_allocation WHERE ts >= '2026-10-05 10:00' ORDER BY pod"
    )
    assert started.rows() == [("chat-0", datetime(2026, 10, 5, 9, 29, 40)), ("train-0", datetime(2026, 10, 5, 9, 40))]


def test_capacity_covers_the_whole_window(collected: Warehouse) -> None:
    capacity = collected.query("SELECT sum(capacity_milli_unit_seconds)::BIGINT FROM gpu_capacity").item()
    assert capacity == 4 * 3 * 3_600_000


def test_requests_and_tokens_survive_the_restart(collected: Warehouse) -> None:
    counts = collected.query("SELECT measure, sum(value) AS value FROM serving_count GROUP BY 1 ORDER BY 1")
    assert counts.rows() == [("requests", 596), ("tokens_in", 59_600), ("tokens_out", 29_800)]


def test_mean_utilization_equals_promql(collected: Warehouse, url: str) -> None:
    """sum_over_time / count_over_time over the same left-closed window, asked of Prometheus itself."""
    query = "sum(sum_over_time(DCGM_FI_PROF_SM_ACTIVE[3h])) / sum(count_over_time(DCGM_FI_PROF_SM_ACTIVE[3h]))"
    answer = requests.get(f"{url}/api/v1/query", {"query": query, "time": case.END.timestamp()}, timeout=30).json()
    ours = collected.query("SELECT sum(sm_sum) / sum(sm_n) FROM gpu_activity").item()
    assert ours == pytest.approx(float(answer["data"]["result"][0]["value"][1]), rel=1e-12)


def test_the_bill_adds_up_to_the_capacity(published: Published) -> None:
    lines, transfers = published.table("cost_line"), published.table("cost_transfer")
    bill = showback(lines, transfers, date(2026, 10, 1), ("team",))
    # 12 GPU-hours: 8 at 2.00 and 4 at 3.00. search: 5,420 s at 2.00 and an hour at 3.00 = 6.0111; research: 2.00
    assert dict(bill.rows.select("team", "cost").rows()) == {
        "__idle__": Decimal("19.99"), "search": Decimal("6.01"), "research": Decimal("2.00"),
    }  # fmt: skip
    assert bill.total == Decimal("28.00")
    assert bill.gpu_hours == Decimal("12.000000")
    assert bill.incomplete == ()


def test_unit_cost_is_a_ratio_of_sums(published: Published) -> None:
    row = one(published.table("unit_cost_month"))
    cost = Decimal(5420) / 3600 * 2 + 3
    assert row["service"] == "chat"
    assert row["requests"] == 596
    assert row["per_1k_inferences"] == (cost * 1000 / 596).quantize(Decimal("1e-8"))
    assert row["per_1m_tokens"] == (cost * 1_000_000 / 89_400).quantize(Decimal("1e-8"))
    assert row["coverage"] == 1.0


def test_the_waterfall_adds_up_and_shows_the_idle_gpu(published: Published) -> None:
    row = one(published.table("gpu_waterfall_day"))
    # The first 20 s of chat-0 (09:29:40) and of train-0 (09:59:40, 2 GPUs) lie in half hours without a sample of their
    # devices: 60 GPU-seconds unmeasured. Measured: chat 9,000 s at 0.5; train 2 x 1,780 s at 0.9 and 0.005.
    assert row["capacity_h"] == pytest.approx(12)
    assert row["unallocated_h"] == pytest.approx(12 - (9020 + 3600) / 3600)
    assert row["unmeasured_h"] == pytest.approx(60 / 3600)
    assert row["effective_h"] == pytest.approx((9000 * 0.5 + 1780 * (0.9 + 0.005)) / 3600)
    assert row["idle_h"] == pytest.approx(1780 * 0.995 / 3600)  # GPU-3, net of the little that it did
    assert row["ineffective_h"] == pytest.approx((9000 * 0.5 + 1780 * 0.1) / 3600)
    assert row["unavailable_h"] == 0


def test_latency_quantiles_equal_promql(published: Published, url: str) -> None:
    row = one(published.query("SELECT * FROM serving_latency_day WHERE measure = 'latency'"))
    for q, column in ((0.5, "p50_s"), (0.95, "p95_s"), (0.99, "p99_s")):
        query = f"histogram_quantile({q}, sum by (le) (increase(vllm:e2e_request_latency_seconds_bucket[3h])))"
        answer = requests.get(f"{url}/api/v1/query", {"query": query, "time": case.END.timestamp()}, timeout=30).json()
        assert row[column] == pytest.approx(float(answer["data"]["result"][0]["value"][1]), rel=1e-9)
    assert row["within_lower"] == row["within_upper"] == 0.5


def test_kpis_have_value_status_and_sources(published: Published) -> None:
    rows = {
        (row["kpi"], row["scope"]): row for row in published.query("SELECT * FROM kpi WHERE grain = 'month'").to_dicts()
    }
    efficiency = rows["gpu_utilization_efficiency", "platform"]
    assert efficiency["value"] == pytest.approx((9000 * 0.5 + 1780 * 0.905) / (9000 + 3560))
    assert efficiency["sources"] == "prod"
    assert efficiency["provisional"] is True
    assert rows["serving_availability", "platform"]["value"] == 1.0
    assert rows["training_success_rate", "platform"]["status"] == "not_collected"
    assert rows["training_success_rate", "platform"]["value"] is None


def test_collecting_again_changes_nothing(collected: Warehouse, url: str) -> None:
    facts = ("gpu_activity", "gpu_allocation", "gpu_capacity", "serving_count", "serving_histogram", "sample", "series")
    before = {fact: sorted(map(repr, collected.query(f"SELECT * FROM {fact}").rows())) for fact in facts}
    settings(url).open().collect(collected, case.WINDOW, case.NOW, quiet)
    assert {fact: sorted(map(repr, collected.query(f"SELECT * FROM {fact}").rows())) for fact in facts} == before


def test_any_cut_of_time_gives_the_same_facts(collected: Warehouse, url: str, tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as other:
        for start, end in (("09:00", "09:35"), ("09:35", "10:05"), ("10:05", "12:00")):
            window = Interval(case.utc(start), case.utc(end))
            settings(url, window="1h").open().collect(other, window, case.NOW, quiet)
        for fact in ("gpu_allocation", "gpu_capacity", "serving_count", "serving_histogram"):
            query = f"SELECT * FROM {fact} ORDER BY ALL"
            assert other.query(query).rows() == collected.query(query).rows(), fact
