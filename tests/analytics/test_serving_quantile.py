"""Quantiles of latency histograms are those of Prometheus: recorded answers, and a real server on random ones."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from analytic_cases import Case, run_on_duckdb
from servers.prometheus import loaded

RECORDED = Path(__file__).parents[1] / "data" / "slo" / "histogram_quantile.json"
HISTOGRAMS = json.loads(RECORDED.read_text())["histograms"]
MOMENT = datetime(2026, 10, 5, 12)
QUANTILES = (0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0)

Buckets = list[tuple[float, float]]


def ours(histograms: Mapping[str, Buckets], quantiles: tuple[float, ...]) -> dict[tuple[str, float], float]:
    """What the SQL answers, NaN where it gives null or no row. Histograms stand in for services."""
    case = Case(
        "serving_quantile", 1, "", "", (),
        {
            "quantile": [{"q": q} for q in quantiles],
            "serving_bucket": [
                {"grain": "day", "period": MOMENT, "service": name, "measure": "latency", "le": le, "count": count}
                for name, buckets in histograms.items()
                for le, count in buckets
            ],
        },
    )  # fmt: skip
    _, rows = run_on_duckdb(case)
    answers = {(row["service"], row["q"]): math.nan if row["value"] is None else row["value"] for row in rows}
    return {(name, q): answers.get((name, q), math.nan) for name in histograms for q in quantiles}


def same(left: float, right: float) -> bool:
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("recorded", HISTOGRAMS, ids=lambda recorded: recorded["id"])
def test_quantiles_are_those_that_prometheus_answered(recorded: dict[str, Any]) -> None:
    expected = {float(q): float(text) for q, text in recorded["expected"].items()}
    if all(math.isnan(value) for q, value in expected.items() if 0 < q <= 1):
        # not a histogram that has quantiles: Prometheus still answers -Inf and +Inf for q outside of 0..1, we nothing
        expected = {q: value for q, value in expected.items() if 0 <= q <= 1}
    buckets = [(float(le), float(count)) for le, count in recorded["buckets"]]
    answers = ours({"h": buckets}, tuple(expected))
    wrong = {q: (answers["h", q], value) for q, value in expected.items() if not same(answers["h", q], value)}
    assert not wrong, recorded["note"]


def random_histograms(seed: int, count: int) -> Iterator[tuple[str, Buckets]]:
    """Histograms as scrapes give them, and as sums over pods with other bounds spoil them."""
    dice = random.Random(seed)
    for number in range(count):
        low = -5 if dice.random() < 0.1 else 0.001
        bounds = sorted({round(dice.uniform(low, 60), 3) for _ in range(dice.randint(1, 15))})
        total = 0.0
        buckets: Buckets = []
        for bound in [*bounds, math.inf]:
            total += dice.choice((0, 0, 1, dice.randint(1, 500), dice.uniform(0, 9)))
            buckets.append((bound, max(total - (dice.uniform(0, 50) if dice.random() < 0.1 else 0), 0.0)))
        if dice.random() < 0.05:
            buckets.pop()
        if dice.random() < 0.05:
            buckets = [(le, 0.0) for le, _ in buckets]
        yield f"h{number}", buckets


@pytest.mark.server
def test_random_histograms_against_a_real_prometheus(tmp_path: Path) -> None:
    histograms = dict(random_histograms(seed=20261005, count=100))
    stamp = int(MOMENT.timestamp())
    lines = ["# TYPE latency histogram"]
    for name, buckets in histograms.items():
        for le, count in buckets:
            bound = "+Inf" if le == math.inf else repr(le)
            lines.append(f'latency_bucket{{name="{name}",le="{bound}"}} {count!r} {stamp}')
    expected: dict[tuple[str, float], float] = {}
    with loaded("\n".join([*lines, "# EOF", ""]), tmp_path) as url:
        for q in QUANTILES:
            query = {"query": f"histogram_quantile({q}, latency_bucket)", "time": str(stamp)}
            answer = requests.get(f"{url}/api/v1/query", params=query, timeout=30).json()
            assert answer["status"] == "success", answer
            expected |= {(one["metric"]["name"], q): float(one["value"][1]) for one in answer["data"]["result"]}
    assert len(expected) == len(histograms) * len(QUANTILES), "Prometheus did not answer for every histogram"
    answers = ours(histograms, QUANTILES)
    wrong = {key: (answers[key], value) for key, value in expected.items() if not same(answers[key], value)}
    assert not wrong
    assert any(math.isnan(value) for value in expected.values())
    assert sum(math.isfinite(value) for value in expected.values()) > 500
