"""Indicators made of facts: the sums of a small platform worked out by hand, and what is computed anew when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from analytics.reliability.fact_query import tables_of
from analytics.reliability.from_facts import store_fact_indicators
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError
from warehouse.interval import Interval, parse_utc

DAY = Interval(parse_utc("2026-10-05"), parse_utc("2026-10-06"))
NOW = parse_utc("2026-10-05T12:00")
INF = float("inf")

# Mesh and engine both count chat's requests; the mesh is further out, so availability is its own.
COUNTS = [
    ("istio", "mesh", None, "requests", "good", "10:00", 90),
    ("istio", "mesh", None, "requests", "bad", "10:00", 10),
    ("istio", "mesh", None, "requests", "aborted", "10:00", 7),
    ("istio", "mesh", None, "requests", "client_error", "10:00", 3),
    ("istio", "mesh", None, "requests", "good", "10:05", 50),
    ("vllm", "engine", "chat-0", "requests", "good", "10:00", 60),
    ("vllm", "engine", "chat-1", "requests", "good", "10:00", 28),
    ("vllm", "engine", "chat-0", "requests", "bad", "10:00", 2),
    ("vllm", "engine", "chat-1", "requests", "aborted", "10:00", 5),
    ("vllm", "engine", "chat-0", "tokens_out", None, "10:00", 8000),
    ("vllm", "engine", "chat-1", "tokens_out", None, "10:00", 2000),
]
# Latency is measured by the mesh; first tokens by the two engines, whose bucket bounds differ.
BUCKETS = [
    ("istio", "mesh", None, "latency", 1.0, "10:00", 40), ("istio", "mesh", None, "latency", 2.5, "10:00", 75),
    ("istio", "mesh", None, "latency", INF, "10:00", 100),
    ("vllm", "engine", "chat-0", "latency", 1.0, "10:00", 1), ("vllm", "engine", "chat-0", "latency", INF, "10:00", 62),
    ("vllm", "engine", "chat-0", "ttft", 0.5, "10:00", 30), ("vllm", "engine", "chat-0", "ttft", INF, "10:00", 62),
    ("vllm", "engine", "chat-1", "ttft", 0.25, "10:00", 9), ("vllm", "engine", "chat-1", "ttft", 1.0, "10:00", 20),
    ("vllm", "engine", "chat-1", "ttft", INF, "10:00", 28),
]  # fmt: skip


def stamp(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-05T{clock}")


def fact_rows(rows: list[tuple[object, ...]], key_name: str, column: str) -> pl.DataFrame:
    made = [
        {"source": "prod", "profile": profile, "layer": layer, "cluster": "c", "namespace": "search", "pod": pod,
         "service": "chat" if pod is None else "chat-svc", "model": None if pod is None else "llama",
         "measure": measure, key_name: key, "ts": stamp(str(clock)), column: float(str(value))}
        for profile, layer, pod, measure, key, clock, value in rows
    ]  # fmt: skip
    return pl.DataFrame(made, infer_schema_length=None, schema_overrides={"ts": pl.Datetime("us")})


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path) as opened:
        with opened.transaction() as tx:
            tx.replace_window("serving_count", {}, DAY, fact_rows(COUNTS, "outcome", "value"))
            tx.replace_window("serving_histogram", {}, DAY, fact_rows(BUCKETS, "le", "count"))
            tx.replace_all("service_match", pl.DataFrame(
                {"service": ["chat"], "position": [0], "field": ["namespace"], "pattern": ["^search$"]}
            ))  # fmt: skip
            for fact in ("serving_count", "serving_histogram"):
                tx.advance("prod", "vllm", fact, Interval(DAY.start, parse_utc("2026-10-05T11:55")), NOW)
            tx.replace_all("configured_source", pl.DataFrame(
                {"source": ["prod", "prod"], "type": ["prometheus"] * 2, "fact": ["serving_count", "serving_histogram"]}
            ))  # fmt: skip
        yield opened


def define(warehouse: Warehouse, definitions: Mapping[str, object]) -> None:
    rows = [(sli, "facts", "metric", json.dumps(definition), 300) for sli, definition in definitions.items()]
    frame = pl.DataFrame(rows, schema=["sli", "source", "kind", "definition", "grain_s"], orient="row")
    with warehouse.transaction() as tx:
        tx.replace_all("sli_indicator", frame)


def stored(warehouse: Warehouse, sli: str) -> list[tuple[datetime, float, float]]:
    return warehouse.query(
        "SELECT ts, good, total FROM sli_count WHERE source = 'facts' AND sli = $sli ORDER BY ts", {"sli": sli}
    ).rows()


def metric(name: str, threshold: float | None = None, service: str = "chat") -> dict[str, object]:
    return {"metric": name, "service": service} | ({} if threshold is None else {"threshold": threshold})


def test_every_metric_of_a_service(warehouse: Warehouse) -> None:
    define(warehouse, {
        "avail": metric("availability"), "stream": metric("stream_completed"), "fast": metric("latency", 2.5),
        "faster": metric("latency", 2.0), "first": metric("ttft", 0.5), "tokens": metric("goodput_tokens", 2.5),
        "other": metric("availability", service="nobody"), "tpot": metric("tpot", 0.1),
    })  # fmt: skip
    done = store_fact_indicators(warehouse, None, NOW)
    assert not done.failures
    assert done.rows == 7
    # 110 requests less 7 aborts and 3 client errors, 10 of the 100 valid ones failed; at the bucket's last minute
    assert stored(warehouse, "avail") == [(stamp("10:04"), 90, 100), (stamp("10:09"), 50, 50)]
    # the engines finished 88 and failed 2; an abort is the client's
    assert stored(warehouse, "stream") == [(stamp("10:04"), 88, 90)]
    assert stored(warehouse, "fast") == [(stamp("10:04"), 75, 100)]
    assert stored(warehouse, "faster") == [(stamp("10:04"), 40, 100)]  # no bound at 2.0: those surely within
    assert stored(warehouse, "first") == [(stamp("10:04"), 30 + 9, 62 + 28)]
    assert stored(warehouse, "tokens") == [(stamp("10:04"), 7500, 10000)]  # 75 % of the requests were in time
    assert stored(warehouse, "other") == stored(warehouse, "tpot") == []
    assert warehouse.watermark("facts", "sli:avail") == stamp("11:55")


def test_only_what_changed_is_computed_again(warehouse: Warehouse) -> None:
    define(warehouse, {"avail": metric("availability")})
    assert store_fact_indicators(warehouse, None, NOW).rows == 2
    assert store_fact_indicators(warehouse, None, NOW).rows == 0
    assert store_fact_indicators(warehouse, DAY, NOW).rows == 2  # asked for
    with warehouse.transaction() as tx:
        tx.execute("UPDATE serving_count SET value = 20 WHERE outcome = 'bad' AND layer = 'mesh'")
        tx.replace_window("serving_count", {"source": "later"}, DAY, None)
    assert store_fact_indicators(warehouse, None, NOW).rows == 2
    assert stored(warehouse, "avail")[0] == (stamp("10:04"), 90, 110)
    define(warehouse, {"avail": metric("stream_completed")})
    assert store_fact_indicators(warehouse, None, NOW).rows == 1
    assert stored(warehouse, "avail") == [(stamp("10:04"), 88, 90)]


def test_another_mapping_of_services_is_computed_again(warehouse: Warehouse) -> None:
    define(warehouse, {"avail": metric("availability")})
    store_fact_indicators(warehouse, None, NOW)
    with warehouse.transaction() as tx:
        tx.execute("UPDATE service_match SET service = 'talk'")
    store_fact_indicators(warehouse, None, NOW)
    assert stored(warehouse, "avail") == []


SQL = """
SELECT ts, sum(CASE WHEN outcome = 'good' THEN value END) AS good, sum(value) AS total
FROM serving_count WHERE ts >= $since AND ts < $until AND layer = 'mesh' AND measure = 'requests' GROUP BY ts
"""


def test_ones_own_sql(warehouse: Warehouse) -> None:
    define(warehouse, {"mine": {"sql": SQL}, "avail": metric("availability")})
    assert not store_fact_indicators(warehouse, None, NOW).failures
    assert stored(warehouse, "mine") == [(stamp("10:04"), 90, 110), (stamp("10:09"), 50, 50)]
    assert store_fact_indicators(warehouse, None, NOW).rows == 0


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM serving_count", "is a DELETE where a SELECT is expected"),
        ("SELECT 1 AS ts; DROP TABLE serving_count", "has 2 statements"),
        ("SELECT * FROM read_csv('/etc/passwd')", "not a fact table"),
        ("SELECT * FROM '/etc/passwd'", "passwd"),
        ("SELECT ts, good, total FROM sli_count", "reads sli_count"),
        ("SELECT ts, 1 AS good, 1 AS total FROM analytic.serving_day", "not a fact table"),
        ("WITH a AS (SELECT * FROM secret) SELECT * FROM a", "reads secret"),
        ("SELECT now() AS ts, 1 AS good, 1 AS total", "reads no table"),
        ("SELECT ts, 1 AS good, 1 AS total FROM serving_count WHERE ts > $now", "uses \\$now"),
        ("COPY serving_count TO '/tmp/x'", "where a SELECT is expected"),
        ("SELECT FROM WHERE", "is not SQL"),
    ],
)
def test_anything_but_a_select_over_facts_is_refused(sql: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        tables_of("mine", sql)


def test_a_select_that_fails_or_lacks_columns_is_named_and_stops_no_other(warehouse: Warehouse) -> None:
    define(warehouse, {
        "short": {"sql": "SELECT ts, 1 AS good FROM serving_count WHERE ts >= $since AND ts < $until"},
        "text": {"sql": "SELECT ts, measure AS good, 1 AS total FROM serving_count WHERE ts >= $since"},
        "odd": metric("beauty"), "limit": metric("latency"), "free": metric("availability", 1.0),
        "avail": metric("availability"),
    })  # fmt: skip
    done = store_fact_indicators(warehouse, None, NOW)
    assert sorted(done.failures) == ["free", "limit", "odd", "short", "text"]
    assert "needs a threshold" in str(done.failures["limit"])
    assert "total" in str(done.failures["short"])
    assert len(stored(warehouse, "avail")) == 2
    assert done.rows == 2
