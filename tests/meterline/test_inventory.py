"""The configuration as tables: patterns, positions and validity of prices."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from meterline.config.load import load
from meterline.inventory import store_inventory
from warehouse.database import Warehouse

CONFIG = """
teams:
  - {name: search, namespaces: ["search-*", search], cost_center: CC-1, budget: {monthly: "40000.50"}}
  - {name: labs, namespaces: [search-labs]}
services:
  - {name: chat, team: search, tier: 1, path: paved_road, match: {namespace: search, model_name: chat-70b},
     latency: {threshold: 1500ms}}
  - {name: image, team: labs, match: {service: image-tag}, model: clip-l14}
  - {name: rest, team: labs, match: {model_name: "chat-*"}, drift: {every: 7d}}
prices:
  gpu_hour:
    - {model: H100, price: "3.000001", from: 2026-03-01}
    - {model: H100, price: "2.50", from: 2026-01-01}
    - {model: A100, price: "1.00", from: 2026-01-01, to: 2026-02-01T00:05:00Z}
    - {model: A100, price: "1.10", from: 2026-06-01T02:00:00+02:00}
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

        assert rows("team") == [("search", "CC-1", Decimal("40000.50")), ("labs", None, None)]
        # names before patterns, whatever their order in the file
        assert rows("namespace_owner") == [
            ("^search$", "search", 0), (r"^search\-labs$", "labs", 1), (r"^search\-.*$", "search", 2)
        ]  # fmt: skip
        assert rows("service") == [
            ("chat", "search", 1, "paved_road", "chat-70b", 86_400, 1.5),
            ("image", "labs", 3, "unknown", "clip-l14", 86_400, None),
            ("rest", "labs", 3, "unknown", None, 7 * 86_400, None),
        ]
        assert rows("service_match") == [
            ("chat", "namespace", "^search$", 0), ("chat", "model_name", r"^chat\-70b$", 0),
            ("image", "service", r"^image\-tag$", 1), ("rest", "model_name", r"^chat\-.*$", 2),
        ]  # fmt: skip
        assert rows("gpu_price") == [
            ("H100", Decimal("3.000001"), datetime(2026, 3, 1), None),
            ("H100", Decimal("2.500000"), datetime(2026, 1, 1), datetime(2026, 3, 1)),
            ("A100", Decimal("1.000000"), datetime(2026, 1, 1), datetime(2026, 2, 1, 0, 5)),
            ("A100", Decimal("1.100000"), datetime(2026, 6, 1), None),
        ]
        assert rows("report_setting") == [("USD", "UTC")]
        assert rows("configured_source") == [("prod", "prometheus", "gpu_activity")]
