"""Parts of cards, asked for in every way, from a real Prometheus: what a pod holds and what its node has, in GPUs.

Each node is a case of its own; all pods run all of the hour that is collected. Shares are written as GPUs x 1000.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.prometheus import storing
from collector.prometheus.profile import IDENTITY
from collector.prometheus.rollup import COLUMNS
from collector.prometheus.settings import PrometheusSettings
from servers import prometheus
from servers.scrapes import Scrapes, node, pod
from warehouse.database import Warehouse
from warehouse.interval import Interval, parse_utc

pytestmark = pytest.mark.server

ALLOCATION = (Path(storing.__file__).parent / "facts" / "gpu_allocation.sql").read_text()
ROLLUP = pl.Schema(
    {column: pl.String() for column in ("measure", "kind", *IDENTITY)}
    | {"ts": pl.Datetime("us")} | {column: pl.Float64() for column in COLUMNS}
)  # fmt: skip

HOUR = Interval(parse_utc("2026-10-05T10:00"), parse_utc("2026-10-05T11:00"))
NOW = parse_utc("2026-10-05T12:10")
H100, T4 = "NVIDIA-H100-80GB-HBM3", "Tesla-T4"

GPU, CORES, MEM, PERCENT = "nvidia_com_gpu", "nvidia_com_gpucores", "nvidia_com_gpumem", "nvidia_com_gpumem_percentage"


def labelled(
    product: str, count: int, memory: int | None = None, replicas: int = 1, strategy: str = "none"
) -> dict[str, str | int]:
    """Labels of GPU feature discovery."""
    labels: dict[str, str | int] = {
        "nvidia_com_gpu_product": product, "nvidia_com_gpu_count": count, "nvidia_com_gpu_replicas": replicas,
        "nvidia_com_gpu_sharing_strategy": strategy,
    }  # fmt: skip
    return labels | ({"nvidia_com_gpu_memory": memory} if memory else {})


def hami(scrapes: Scrapes) -> None:
    """HAMi's device plugin gives out ten vGPUs a card, so capacity is ten times the cards."""
    node(scrapes, "quarters", {GPU: 10}, labelled(H100, 1, 80000))
    for number in range(4):  # the acceptance test of opencost issue 3828 and HAMi issue 3073
        pod(scrapes, f"quarter-{number}", "quarters", {"main": {GPU: 1, CORES: 25, PERCENT: 25}})
    node(scrapes, "mixed", {GPU: 80}, labelled(H100, 8, 81559))
    asks: dict[str, dict[str, float]] = {
        "memory": {GPU: 1, MEM: 3333},
        "dominant": {GPU: 1, CORES: 10, PERCENT: 75},
        "cores": {GPU: 1, CORES: 25},
        "two-cards": {GPU: 2, CORES: 50},
        "whole": {GPU: 1},
        "no-count": {CORES: 30},
        "oversold": {GPU: 1, CORES: 10, MEM: 100000},  # memory scaling lets a pod ask for more than a card has
        "priority": {GPU: 1, CORES: 50, "nvidia_com_priority": 1},
    }
    for name, resources in asks.items():
        pod(scrapes, name, "mixed", {"main": resources})
    pod(scrapes, "two-containers", "mixed", {"a": {GPU: 1, CORES: 20}, "b": {GPU: 1, CORES: 15}})
    node(scrapes, "complement", {GPU: 10}, labelled(H100, 1))  # both fit the card, their larger parts are 1.5 cards
    pod(scrapes, "computes", "complement", {"main": {GPU: 1, CORES: 90, PERCENT: 10}})
    pod(scrapes, "remembers", "complement", {"main": {GPU: 1, CORES: 10, PERCENT: 60}})
    node(scrapes, "unlabelled", {GPU: 20}, labelled(H100, 2))
    pod(scrapes, "cores-decide", "unlabelled", {"main": {GPU: 1, CORES: 30, MEM: 20000}})
    pod(scrapes, "nothing-known", "unlabelled", {"main": {GPU: 1, MEM: 20000}})


def others(scrapes: Scrapes) -> None:
    node(scrapes, "milli", {"alibabacloud_com_gpu_count": 4, "alibabacloud_com_gpu_milli": 1000}, labelled(T4, 4))
    pod(scrapes, "third", "milli", {"main": {"alibabacloud_com_gpu_count": 1, "alibabacloud_com_gpu_milli": 333}})
    pod(scrapes, "pair", "milli", {"main": {"alibabacloud_com_gpu_count": 2, "alibabacloud_com_gpu_milli": 1000}})
    pod(scrapes, "half", "milli", {"main": {"alibabacloud_com_gpu_milli": 500}})
    volcano = "volcano_sh_vgpu"
    offered = {f"{volcano}_number": 20, f"{volcano}_cores": 200, f"{volcano}_memory": 64000}
    node(scrapes, "volcano", offered, {"nvidia_com_gpu_product": T4, "nvidia_com_gpu_memory": 32000})
    asked = {f"{volcano}_number": 1, f"{volcano}_cores": 50, f"{volcano}_memory": 8000}
    pod(scrapes, "volcanic", "volcano", {"main": asked})
    node(scrapes, "mps", {GPU: 16}, labelled(f"{T4}-SHARED", 4, 15360, 4, "mps"))
    pod(scrapes, "client", "mps", {"main": {GPU: 3}})
    node(scrapes, "renamed", {GPU: 0, "nvidia_com_gpu_shared": 16}, labelled(T4, 4, 15360, 4, "time-slicing"))
    pod(scrapes, "slice", "renamed", {"main": {"nvidia_com_gpu_shared": 1}})
    node(scrapes, "single", {GPU: 14}, labelled("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", 14))
    pod(scrapes, "sliver", "single", {"main": {GPU: 2}})
    node(scrapes, "slices", {GPU: 0, "nvidia_com_mig_3g_40gb": 2}, labelled(H100, 1))
    pod(scrapes, "mig", "slices", {"main": {"nvidia_com_mig_3g_40gb": 1}})


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    scrapes = Scrapes()
    hami(scrapes)
    others(scrapes)
    with (
        prometheus.loaded(scrapes.text, tmp_path_factory.mktemp("prometheus")) as url,
        Warehouse.open(tmp_path_factory.mktemp("data")) as warehouse,
    ):
        words = {"name": "prod", "type": "prometheus", "url": url, "profiles": ["kube-state-metrics"]}
        PrometheusSettings.model_validate(words).open().collect(warehouse, HOUR, NOW, lambda what, share: None)
        yield warehouse


def physical(frame: pl.DataFrame, key: str, units: str) -> dict[str, Fraction]:
    """GPU-hours x 1000 by `key`, exactly."""
    found: dict[str, Fraction] = {}
    for row in frame.iter_rows(named=True):
        part = Fraction(row[units] * row["share_num"], row["share_den"] * 3600)
        found[row[key]] = found.get(row[key], Fraction(0)) + part
    return found


@pytest.fixture(scope="module")
def held(collected: Warehouse) -> dict[str, Fraction]:
    return physical(collected.query("SELECT * FROM gpu_allocation"), "pod", "milli_unit_seconds")


@pytest.fixture(scope="module")
def capacity(collected: Warehouse) -> dict[str, Fraction]:
    return physical(collected.query("SELECT * FROM gpu_capacity"), "node", "capacity_milli_unit_seconds")


def test_four_quarters_of_a_card_are_one_gpu_hour_and_nothing_is_idle(
    held: dict[str, Fraction], capacity: dict[str, Fraction]
) -> None:
    quarters = [held[f"quarter-{number}"] for number in range(4)]
    assert quarters == [250] * 4
    assert capacity["quarters"] - sum(quarters) == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dominant", 750),  # memory 75 % against cores 10 %
        ("cores", 250),
        ("two-cards", 1000),  # two halves
        ("whole", 1000),  # HAMi gives it all of the memory
        ("no-count", 300),  # HAMi takes one card
        ("oversold", 1000),  # never more than the card
        ("priority", 500),  # HAMi's priority is no GPU
        ("two-containers", 350),
        ("computes", 600),  # 900 of 1500
        ("remembers", 400),  # 600 of 1500
        ("cores-decide", 300),  # how much 20,000 MiB are of that card is not known
        ("nothing-known", 1000),
        ("third", 333),
        ("pair", 2000),
        ("half", 500),
        ("volcanic", 500),  # cores 50 % against 8,000 of 32,000 MiB
        ("client", 750),  # 3 of 4 replicas of a card
        ("slice", 250),
        ("sliver", Fraction(2000, 7)),
        ("mig", 500),
    ],
)
def test_what_a_pod_holds(held: dict[str, Fraction], name: str, expected: Fraction | int) -> None:
    assert held[name] == expected


def test_memory_is_rounded_down_to_a_milli_gpu_second_in_each_bucket(held: dict[str, Fraction]) -> None:
    # 3,333 of 81,559 MiB for 300 s are 12,259.8 milli-GPU-seconds
    assert held["memory"] == Fraction(12 * 12_259, 3600)


def test_a_node_has_its_physical_cards(capacity: dict[str, Fraction]) -> None:
    assert capacity == {
        "quarters": 1000, "mixed": 8000, "complement": 1000, "unlabelled": 2000, "milli": 4000, "volcano": 2000,
        "mps": 4000, "renamed": 4000, "single": 2000, "slices": 1000,
    }  # fmt: skip


PART = st.tuples(st.integers(0, 100), st.integers(0, 81559), st.integers(1, 300))
"""Percent of the cores, MiB of the memory, seconds."""


@given(parts=st.lists(PART, min_size=1, max_size=6), cards=st.integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_no_mix_of_parts_is_more_than_the_cards(parts: list[tuple[int, int, int]], cards: int) -> None:
    nothing: dict[str, object] = dict.fromkeys(ROLLUP)
    bucket = {"ts": datetime(2026, 10, 5, 10), "kind": "state", "node": "n", "namespace": "ns"}
    rows = [nothing | bucket | {
        "measure": "node_label", "gpus": str(cards), "gpu_memory_mib": "81559", "covered_s": 300.0, "value_s": 300.0,
    }]  # fmt: skip
    for number, (cores, mib, seconds) in enumerate(parts):
        own = nothing | bucket | {"pod": f"p{number}", "uid": "u", "container": "c", "covered_s": 1.0 * seconds}
        rows.append(own | {"measure": "pod_phase", "state": "Running", "value_s": 1.0 * seconds})
        for resource, amount in ((GPU, 1), (CORES, cores), (MEM, mib)):
            rows.append(own | {"measure": "request", "resource": resource, "max": float(amount)})
    with duckdb.connect() as connection:
        connection.register("rollup", pl.DataFrame(rows, schema=ROLLUP))
        connection.register("fraction", storing.fractions())
        connection.register("share", storing.shares())
        held = dict(connection.sql(f"SELECT pod, milli_unit_seconds FROM ({ALLOCATION})").fetchall())
    alone = {
        f"p{number}": max(Fraction(cores * 10), Fraction(1000 * mib, 81559)) * seconds or 1000 * seconds
        for number, (cores, mib, seconds) in enumerate(parts)
    }
    room = Fraction(cards * 1000 * 300)
    scale = min(room / sum(alone.values()), Fraction(1))
    assert sum(held.values()) <= room
    for pod_name, whole in alone.items():
        assert abs(held.get(pod_name, 0) - whole * scale) < 2, pod_name


def test_held_and_had_are_counted_alike_so_that_idle_is_what_remains(collected: Warehouse) -> None:
    key = "cluster, node, resource, gpu_model, share_num, share_den, ts"
    together = collected.query(
        f"SELECT node, sum(had) - sum(held) AS idle, sum(had) AS had FROM ("
        f"  SELECT {key}, capacity_milli_unit_seconds AS had, 0 AS held FROM gpu_capacity"
        f"  UNION ALL SELECT {key}, 0, milli_unit_seconds FROM gpu_allocation"
        f") GROUP BY {key}"
    )
    assert together.filter((pl.col("idle") < 0) | (pl.col("had") == 0)).is_empty()


def test_models_lose_the_words_that_sharing_adds(collected: Warehouse) -> None:
    models = dict(collected.query("SELECT DISTINCT node, gpu_model FROM gpu_capacity").rows())
    assert models["mps"] == T4
    assert models["single"] == "NVIDIA-A100-SXM4-40GB"


def test_cards_of_a_node_are_physical(collected: Warehouse) -> None:
    rows = collected.query("SELECT DISTINCT node, gpus FROM node_attribute")
    assert dict(rows.rows()) == {
        "quarters": 1, "mixed": 8, "complement": 1, "unlabelled": 2, "milli": 4, "mps": 4, "renamed": 4, "slices": 1,
    }  # fmt: skip  # "single" counts slices there; volcano's node says nothing


def test_every_resource_of_shared_cards_is_asked_for() -> None:
    folder = Path(__file__).parents[3] / "collector" / "prometheus"
    names = yaml.safe_load((folder / "fractions.yaml").read_text())
    described = yaml.safe_load((folder / "profiles" / "kube-state-metrics.yaml").read_text())["metrics"]
    match = {one["measure"]: re.search(r'resource=~"(.*)"', one.get("match", "")) for one in described}
    for name, row in names.items():
        for measure in ("request", *(("capacity", "allocatable") if row["capacity"] else ())):
            pattern = match[measure]
            assert pattern is not None
            assert re.fullmatch(pattern.group(1), name), (measure, name)
