"""Real traces through the real warehouse and analytics: figures worked out independently come out exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.trace import PODS, figures

TRACES = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not (TRACES / PODS).exists():
        pytest.skip("the traces are not in ../shared/data")
    return figures(TRACES, tmp_path_factory.mktemp("trace"))


def test_gpu_time_of_the_openb_trace(found: dict[str, Any]) -> None:
    openb = found["openb"]
    assert openb["milli_gpu_seconds"] == 185_294_426_970
    assert openb["gpu_hours"] == "51470.674158333"
    assert openb["gpu_hours_day_148"] == "992.605025"


def test_the_bill_of_the_openb_trace_adds_up_to_the_cent(found: dict[str, Any]) -> None:
    openb = found["openb"]
    assert openb["cost"] == "128676.69"
    assert openb["cost_by_qos"] == {
        "BE": "3279.09", "Burstable": "18648.00", "Guaranteed": "3216.20", "LS": "103533.40",
    }  # fmt: skip


def test_queue_times_of_the_openb_trace(found: dict[str, Any]) -> None:
    openb = found["openb"]
    assert (openb["scheduled"], openb["never_scheduled"]) == (7255, 897)
    assert openb["queue_s"] == {
        "p50": 2, "p90": 106, "p95": 241, "p99": pytest.approx(889.64, rel=1e-12), "max": 14_330,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("trace", "requests", "per_1k", "per_1m"),
    [("conv", 19_366, "1.03273779", "0.75612837"), ("code", 8_819, "2.26783082", "1.09254572")],
)
def test_unit_costs_of_the_azure_traces(
    found: dict[str, Any], trace: str, requests: int, per_1k: str, per_1m: str
) -> None:
    unit = found["azure"][trace]
    assert unit["cost"] == "20.00"
    assert unit["requests"] == str(requests)
    assert (unit["per_1k_inferences"], unit["per_1m_tokens"]) == (per_1k, per_1m)
