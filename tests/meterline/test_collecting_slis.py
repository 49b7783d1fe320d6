"""Indicators beside sources: each source on its own, recorded as a job, told on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from meterline.collecting import collect_slis
from meterline.config.load import load
from servers.scripted import Handler, reply, scripted
from warehouse.database import Warehouse
from warehouse.interval import Interval, parse_utc

NOW = parse_utc("2026-10-05T12:00:07")
CONFIG = """
data: {data}
sources:
  - {{name: one, type: prometheus, url: "{one}", profiles: [vllm], retries: 0}}
  - {{name: two, type: prometheus, url: "{two}", profiles: [vllm], retries: 0}}
"""


def steady(handler: Handler) -> None:
    """Every counter grows by 10 a minute."""
    fields = handler.asked.fields
    first, last, pace = (round(float(fields[name])) for name in ("start", "end", "step"))
    values = [[moment, str(moment // 6)] for moment in range(first, last + 1, pace)]
    result = [{"metric": {"instance": "a"}, "values": values}]
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    reply(json.dumps(body, separators=(",", ":")))(handler)


@pytest.fixture
def listed() -> Callable[[Warehouse], None]:
    ratio = json.dumps({"good": "g", "total": "t", "counter": True})
    rows = [
        ("api", "one", "ratio", ratio, 60), ("web", "two", "ratio", ratio, 60),
        ("made", "facts", "metric", json.dumps({"metric": "availability", "service": "chat"}), 300),
        ("odd", "facts", "metric", json.dumps({"metric": "beauty", "service": "chat"}), 300),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["sli", "source", "kind", "definition", "grain_s"], orient="row")

    def store(warehouse: Warehouse) -> None:
        with warehouse.transaction() as tx:
            tx.replace_all("sli_indicator", frame)
            day = Interval(parse_utc("2026-10-05"), parse_utc("2026-10-06"))
            tx.replace_window("serving_count", {"source": "one"}, day, None)

    return store


def test_a_source_that_fails_is_recorded_and_stops_no_other(
    tmp_path: Path, write_config: Callable[[str], Path], listed: Callable[[Warehouse], None]
) -> None:
    with scripted(steady) as one, scripted(reply("<html>", 502)) as two, Warehouse.open(tmp_path / "w") as warehouse:
        config = load(write_config(CONFIG.format(data=tmp_path / "w", one=one.url, two=two.url)))
        listed(warehouse)
        found = collect_slis(warehouse, config, NOW, lambda: NOW)
        assert sorted(found.failures) == ["odd", "web"]
        assert found.rows == 30 * 1440
        jobs = warehouse.query("SELECT job, kind, failures, message FROM job_run ORDER BY job").rows()
        assert [(job, kind, failures) for job, kind, failures, _ in jobs] == [
            ("sli:facts", "sli", 1), ("sli:one", "sli", 0), ("sli:two", "sli", 1)
        ]  # fmt: skip
        assert "1 of 2 indicators failed, the first is odd" in jobs[0][3]
        assert "1 of 1 indicators failed, the first is web" in jobs[2][3]
        assert collect_slis(warehouse, config, NOW, lambda: NOW).rows == 0


def test_without_objectives_nobody_is_asked(tmp_path: Path, write_config: Callable[[str], Path]) -> None:
    with scripted(steady) as one, Warehouse.open(tmp_path / "w") as warehouse:
        config = load(write_config(CONFIG.format(data=tmp_path / "w", one=one.url, two=one.url)))
        assert collect_slis(warehouse, config, NOW, lambda: NOW).rows == 0
        assert one.asked == []
        assert warehouse.query("SELECT * FROM job_run").is_empty()
