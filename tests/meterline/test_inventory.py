"""The configuration as tables: patterns and positions, owners with history, budgets, pools, and all else but prices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from meterline.config.load import load
from meterline.inventory import inventory, store_inventory
from sample_data.configuration import demo_configuration
from sample_data.platform import build_platform
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError

CONFIG = """
report: {currency: USD, timezone: Europe/Berlin}
clusters: [{name: prod, region: eu-central-1}, {name: train, region: us-east-1}]
teams:
  - {name: search, namespaces: ["search-*", search], cost_center: CC-1,
     budget: {monthly: "40000.50", quarterly: "110000.00", thresholds: [1, 0.75]},
     labels: [{name: team, value: "search*"}, {name: ownedBy, value: search, to: 2026-10-15}]}
  - {name: labs, namespaces: [{name: search-labs, from: 2026-10-15T06:00:00Z}, {name: old, to: 2026-10-20}]}
services:
  - {name: chat, team: search, tier: 1, path: paved_road, match: {namespace: search, model_name: chat-70b},
     latency: {threshold: 1500ms}, budget: {monthly: "9000.00"}}
  - {name: image, team: labs, match: {service: image-tag}, model: clip-l14}
  - {name: rest, team: labs, match: {model_name: "chat-*"}, drift: {every: 7d}}
prices:
  rates: [{currency: EUR, date: 2026-10-01, rate: "1.08"}]
allocation:
  basis: max
  idle: {by: cluster, split: even}
  shared:
    - {name: platform, namespaces: ["kube-*", monitoring], split: even}
    - {name: rest, namespaces: [kube-public], split: fixed, weights: {search: "0.6", labs: "0"}}
unit_cost: {token_weights: {output: "3.5"}}
billing: {skus: [{sku: "gpu*", model: H100}, {sku: "*", resource: cpu}, {sku: support}]}
sources:
  - {name: prod, type: prometheus, url: http://127.0.0.1:9, profiles: [dcgm]}
"""


def test_tables(tmp_path: Path, write_config) -> None:
    config = load(write_config(CONFIG))
    with Warehouse.open(tmp_path / "data") as warehouse:
        store_inventory(warehouse, config)
        store_inventory(warehouse, config)  # again: replaced, not doubled

        def rows(table: str) -> list[tuple[object, ...]]:
            return warehouse.query(f"SELECT * FROM {table}").rows()

        assert rows("team") == [("search", "CC-1"), ("labs", None)]
        # names before patterns, whatever their order in the file
        assert rows("namespace_owner") == [
            ("^search$", "search", 0, None, None),
            (r"^search\-labs$", "labs", 1, datetime(2026, 10, 15, 6), None),
            ("^old$", "labs", 2, None, datetime(2026, 10, 20)),
            (r"^search\-.*$", "search", 3, None, None),
        ]
        assert rows("label_owner") == [
            ("owned_by", "^search$", "search", 0, None, datetime(2026, 10, 15)),
            ("team", "^search.*$", "search", 1, None, None),
        ]
        assert rows("service") == [
            ("chat", "search", 1, "paved_road", "chat-70b", 86_400, 1.5),
            ("image", "labs", 3, "unknown", "clip-l14", 86_400, None),
            ("rest", "labs", 3, "unknown", None, 7 * 86_400, None),
        ]
        assert rows("service_match") == [
            ("chat", "namespace", "^search$", 0), ("chat", "model_name", r"^chat\-70b$", 0),
            ("image", "service", r"^image\-tag$", 1), ("rest", "model_name", r"^chat\-.*$", 2),
        ]  # fmt: skip
        assert rows("budget") == [
            ("team:search", "month", Decimal("40000.50")), ("team:search", "quarter", Decimal("110000.00")),
            ("service:chat", "month", Decimal("9000.00")),
        ]  # fmt: skip
        assert rows("budget_threshold") == [
            (scope, period, Decimal(share))
            for scope, period, shares in (
                ("team:search", "month", ("0.75", "1")), ("team:search", "quarter", ("0.75", "1")),
                ("service:chat", "month", ("0.5", "0.8", "1")),
            )
            for share in shares
        ]  # fmt: skip
        assert rows("allocation_policy") == [("max", "even", "cluster")]
        assert rows("shared_pool") == [("platform", 0, "even"), ("rest", 1, "fixed")]
        assert rows("shared_namespace") == [
            ("platform", "^monitoring$", 0), ("rest", r"^kube\-public$", 1), ("platform", r"^kube\-.*$", 2)
        ]  # fmt: skip
        assert rows("shared_weight") == [("rest", "search", Decimal("0.6")), ("rest", "labs", Decimal(0))]
        assert rows("shared_charge") == []
        assert rows("cluster_region") == [("prod", "eu-central-1"), ("train", "us-east-1")]
        assert rows("billing_sku") == [
            ("^support$", 0, None, None), ("^gpu.*$", 1, "gpu", "H100"), ("^.*$", 2, "cpu", None)
        ]  # fmt: skip
        assert rows("token_weight") == [("in", 1, ), ("out", Decimal("3.5")), ("cached", Decimal("0.1"))]  # fmt: skip
        assert rows("currency_rate") == [("EUR", datetime(2026, 10, 1).date(), Decimal("1.08"))]
        # UTC midnights (of the 15th and the 20th) are cut anyway
        assert rows("cost_boundary") == [(datetime(2026, 10, 15, 6),)]
        assert rows("report_setting") == [("USD", "Europe/Berlin")]
        assert rows("configured_source") == [
            ("prod", "prometheus", "gpu_activity"),
            ("prod", "prometheus", "gpu_health"),
        ]


def test_every_table_of_the_migration_is_filled_with_its_columns(tmp_path: Path, write_config) -> None:
    """A table that only a newer configuration knows would be lost without a word, a column too."""
    frames = inventory(load(write_config(CONFIG)))
    with Warehouse.open(tmp_path / "data") as warehouse:
        for table, frame in frames.items():
            there = warehouse.query(f"SELECT * FROM {table}")
            assert frame.columns == there.columns, table
            assert frame.dtypes == there.dtypes, table


def test_without_the_keys_of_the_ledger(write_config) -> None:
    tables = inventory(load(write_config("data: x\n")))
    assert tables["allocation_policy"].rows() == [("request", "none", "node")]
    assert tables["token_weight"].rows() == [("in", 1), ("out", 4), ("cached", Decimal("0.1"))]
    filled = {table for table, frame in tables.items() if not frame.is_empty()}
    assert filled == {"alert_rule", "allocation_policy", "token_weight", "report_setting"}


Row = dict[str, Any]


def charges(write_config, timezone: str, sums: str) -> tuple[list[Row], list[Row], list[datetime]]:
    """Rows of shared_charge and price_problem, and boundaries, of one pool with such sums."""
    text = f"report: {{timezone: {timezone}}}\nallocation: {{shared: [{{name: p, {sums}}}]}}\n"
    tables = inventory(load(write_config(text)))
    boundaries = tables["cost_boundary"]["ts"].to_list()
    return tables["shared_charge"].to_dicts(), tables["price_problem"].to_dicts(), boundaries


def test_an_hourly_sum_without_validity_is_one_open_row(write_config) -> None:
    rows, problems, boundaries = charges(write_config, "UTC", 'hourly: "0.30"')
    assert rows == [
        {"pool": "p", "price": Decimal("0.30"), "price_den": 1, "valid_from": None, "valid_to": None}
    ]  # fmt: skip
    assert (problems, boundaries) == ([], [])


def test_an_hourly_sum_that_changes_keeps_what_was(write_config) -> None:
    rows, problems, boundaries = charges(
        write_config, "UTC", 'hourly: [{price: "0.30"}, {price: "0.40", from: 2026-10-15T08:00, to: 2026-11-01}]'
    )
    middle, end = datetime(2026, 10, 15, 8), datetime(2026, 11, 1)
    assert [(row["price"], row["valid_from"], row["valid_to"]) for row in rows] == [
        (Decimal("0.30"), None, middle), (Decimal("0.40"), middle, end)
    ]  # fmt: skip
    assert (problems, boundaries) == ([], [middle])


def test_two_sums_at_one_time_are_none_and_named(write_config) -> None:
    rows, problems, _ = charges(
        write_config, "UTC", 'hourly: [{price: "0.30", to: 2026-11-01}, {price: "0.40", from: 2026-10-15}]'
    )
    assert [row["price"] for row in rows] == [Decimal("0.30"), None, Decimal("0.40")]
    assert problems[0]["problem"] == (
        "several hourly sums of shared pool p hold from 2026-10-15T00:00:00Z to 2026-11-01T00:00:00Z: 0.30 and 0.40"
    )


def test_a_monthly_sum_is_spread_over_the_real_length_of_the_month(write_config) -> None:
    """October 2026 in Berlin begins at 22:00 UTC in summer time, ends at 23:00 UTC, and has 745 hours."""
    rows, problems, boundaries = charges(write_config, "Europe/Berlin", 'monthly: "5000.00"')
    assert (problems, boundaries) == ([], [])
    assert len(rows) == 21 * 12
    assert (rows[0]["valid_from"], rows[-1]["valid_to"]) == (datetime(2019, 12, 31, 23), datetime(2040, 12, 31, 23))
    [october] = [row for row in rows if row["valid_from"] == datetime(2026, 9, 30, 22)]
    assert october["valid_to"] == datetime(2026, 10, 31, 23)
    assert (october["price"], october["price_den"]) == (5000 * 3600, 745 * 3600)
    for row in rows:
        hours = Fraction(int((row["valid_to"] - row["valid_from"]).total_seconds()), 3600)
        assert hours * Fraction(row["price"]) / row["price_den"] == 5000


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"])
def test_months_of_odd_zones_adjoin_and_bear_the_whole_sum(write_config, zone: str) -> None:
    rows, _, _ = charges(write_config, zone, 'monthly: "0.01"')
    assert [row["valid_to"] for row in rows[:-1]] == [row["valid_from"] for row in rows[1:]]
    for row in rows:
        seconds = int((row["valid_to"] - row["valid_from"]).total_seconds())
        assert Fraction(seconds, 3600) * Fraction(row["price"]) / row["price_den"] == Fraction(1, 100)


def test_a_monthly_sum_that_begins_within_a_month_bears_its_part(write_config) -> None:
    rows, _, boundaries = charges(write_config, "UTC", 'monthly: [{price: "310.00", from: 2026-10-11, to: 2026-11-01}]')
    [row] = rows
    assert (row["valid_from"], row["valid_to"]) == (datetime(2026, 10, 11), datetime(2026, 11, 1))
    # 21 of 31 days
    assert Fraction(row["price"]) / row["price_den"] * 21 * 24 == 210
    assert boundaries == []  # midnights are cut anyway


def test_times_are_naive_utc(write_config) -> None:
    """06:00 in Berlin is 04:00 UTC in summer."""
    text = "teams: [{name: a, namespaces: [{name: n, from: '2026-10-01T06:00:00+02:00'}]}]\n"
    tables = inventory(load(write_config(text)))
    assert tables["namespace_owner"]["valid_from"].to_list() == [datetime(2026, 10, 1, 4)]
    assert tables["cost_boundary"]["ts"].to_list() == [datetime(2026, 10, 1, 4, tzinfo=UTC).replace(tzinfo=None)]


def test_the_sample_platform_has_a_price_for_everything_and_a_namespace_that_changed_hands(write_config) -> None:
    """Every GPU model of its nodes is priced from before the sample's start, and no two prices clash."""
    platform = build_platform(datetime(2026, 11, 24, 10, tzinfo=UTC))
    address, nowhere = "http://127.0.0.1:9", Path("nowhere")
    text = demo_configuration(platform, address, address, nowhere, nowhere, nowhere, nowhere)
    tables = inventory(load(write_config(text)))
    assert tables["price_problem"].is_empty()
    start = platform.start.replace(tzinfo=None)
    priced = {row["gpu_model"] for row in tables["price"].filter(kind="gpu").to_dicts() if row["valid_from"] <= start}
    assert priced == {"NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-80GB", "NVIDIA-L4"}
    noon = datetime(2026, 11, 15, 12)
    lab = [row[1:] for row in tables["namespace_owner"].rows() if row[0] == r"^vision\-lab$"]
    assert sorted(lab) == [("research", 7, None, noon), ("vision", 5, noon, None)]
    assert noon in tables["cost_boundary"]["ts"].to_list()
    assert "monitoring" in {pod.namespace for pod in platform.pods}
    assert ("platform", "^monitoring$") in [row[:2] for row in tables["shared_namespace"].rows()]


def test_another_currency_than_that_of_closed_months_is_refused(write_config, tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "data") as warehouse:
        with warehouse.transaction() as tx:
            tx.execute("INSERT INTO closed_month (month, currency) VALUES (DATE '2026-10-01', 'USD')")
        store_inventory(warehouse, load(write_config("report: {currency: USD}")))
        with pytest.raises(ConfigurationError, match=r"report\.currency is EUR, but months are closed in USD"):
            store_inventory(warehouse, load(write_config("report: {currency: EUR}")))
