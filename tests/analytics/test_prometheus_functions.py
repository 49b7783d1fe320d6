"""rate, increase and their kin in SQL are those of Prometheus: recorded answers, and a real server on random counters.

Quantiles of histograms are held to a real server in test_serving_quantile.py, in the same way.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import requests

from analytics.reliability.prometheus_functions import parameters_for, rate_sql
from servers.prometheus import loaded
from warehouse.writing import Transaction

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "slo" / "rate.json").read_text())
FUNCTIONS = ("rate", "increase", "delta", "irate", "resets", "changes")
RANGES = {"1m": 60, "5m": 300, "10m": 600}
AT = RECORDED["eval_time"]

Counter = Sequence[tuple[float, float]]


def ours(counters: Mapping[str, Counter], times: Sequence[int], version: str) -> dict[tuple[str, str, int, str], float]:
    """(function, range, time, series) -> what the SQL answers."""
    sample = pl.DataFrame(
        [(name, round(ts * 1000), float(value)) for name, points in counters.items() for ts, value in points],
        schema={"series": pl.String, "ts_ms": pl.Int64, "value": pl.Float64}, orient="row",
    )  # fmt: skip
    evaluation = pl.DataFrame(
        [(at * 1000, seconds * 1000) for at in times for seconds in RANGES.values()],
        schema={"at_ms": pl.Int64, "range_ms": pl.Int64}, orient="row",
    )  # fmt: skip
    names = {seconds * 1000: name for name, seconds in RANGES.items()}
    with duckdb.connect() as connection:
        transaction = Transaction(connection)
        with transaction.frames(sample=sample, evaluation=evaluation):
            rows = transaction.query(rate_sql(), parameters_for(version)).to_dicts()
    return {
        (function, names[row["range_ms"]], row["at_ms"] // 1000, row["series"]): row[function]
        for row in rows
        for function in FUNCTIONS
    }


def same(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("recorded", RECORDED["counters"], ids=lambda recorded: recorded["id"])
def test_answers_are_those_that_prometheus_2_42_gave(recorded: dict[str, Any]) -> None:
    answers = ours({"c": recorded["points"]}, (AT, AT + 7), "2.42.0")
    compared = 0
    for at, key in ((AT, "expected"), (AT + 7, "expected_at_eval_time_plus_7s")):
        for query, text in recorded[key].items():
            function, _, length = query.rstrip("]").partition("[")
            assert same(answers[function, length, at, "c"], float(text)), (recorded["note"], query, at)
            compared += 1
    assert compared == 36


def test_seven_seconds_later_version_3_gives_the_same_as_no_sample_lies_on_an_edge() -> None:
    for recorded in RECORDED["counters"]:
        answers = ours({"c": recorded["points"]}, (AT + 7,), "3.5.0")
        before = ours({"c": recorded["points"]}, (AT + 7,), "2.55.1")
        assert answers == before


def test_what_a_version_does() -> None:
    assert parameters_for("2.42.0+ds") == {"left_open": False, "zero_last": False}
    assert parameters_for("2.53.3") == {"left_open": False, "zero_last": True}
    assert parameters_for("3.0.0-rc.1") == {"left_open": True, "zero_last": True}


def random_counters(seed: int, count: int) -> Iterator[tuple[str, Counter]]:
    """Counters of all spacings, with resets, gaps, jitter to the millisecond, late starts and early ends."""
    dice = random.Random(seed)
    for number in range(count):
        spacing = dice.choice((5, 15, 30, 60, 150))
        at, value = AT - dice.randint(30, 900), dice.choice((0.0, 0.0, dice.uniform(0, 5), dice.uniform(0, 1e6)))
        end = AT + 60 - dice.choice((0, 0, 0, dice.randint(0, 400)))
        points: list[tuple[float, float]] = []
        jitter = dice.choice((0.0, 0.0, 0.4))
        while at < end:
            points.append((round(at + dice.uniform(-jitter, jitter) * spacing, 3), value))
            value += dice.choice((0, 0, 1, 3, dice.randint(0, 500), dice.uniform(0, 9)))
            if dice.random() < 0.07:
                value = dice.choice((0.0, dice.uniform(0, 3), value))
            at += spacing * (dice.randint(2, 12) if dice.random() < 0.05 else 1)
        yield f"c{number}", points


@pytest.mark.server
def test_random_counters_with_resets_against_a_real_prometheus(tmp_path: Path) -> None:
    counters = {name: points for name, points in random_counters(20261005, 100) if points}
    lines = ["# TYPE requests counter"]
    for name, points in counters.items():
        lines += [f'requests_total{{name="{name}"}} {value!r} {ts:.3f}' for ts, value in points]
    times = (AT, AT + 7, AT - 33)
    expected: dict[tuple[str, str, int, str], float] = {}
    with loaded("\n".join([*lines, "# EOF", ""]), tmp_path) as url:
        version = requests.get(f"{url}/api/v1/status/buildinfo", timeout=30).json()["data"]["version"]
        for at in times:
            for length in RANGES:
                for function in FUNCTIONS:
                    query = {"query": f"{function}(requests_total[{length}])", "time": str(at)}
                    answer = requests.get(f"{url}/api/v1/query", params=query, timeout=30).json()
                    assert answer["status"] == "success", answer
                    for one in answer["data"]["result"]:
                        expected[function, length, at, one["metric"]["name"]] = float(one["value"][1])
    answers = ours(counters, times, version)
    # one sample is enough for these two, and they are none then
    lone = {key: value for key, value in expected.items() if key not in answers and key[0] in ("resets", "changes")}
    assert all(value == 0 for value in lone.values())
    compared = {key: value for key, value in expected.items() if key not in lone}
    assert compared.keys() == answers.keys()
    wrong = {key: (answers[key], value) for key, value in compared.items() if not same(answers[key], value)}
    assert not wrong
    assert len(compared) > 3000
    assert sum(value > 0 for key, value in compared.items() if key[0] == "resets") > 100
