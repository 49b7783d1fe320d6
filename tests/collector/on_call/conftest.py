"""What the tests of on-call sources share: a warehouse, and one pass of a source into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.on_call.meaning import OnCallSettings
from collector.source import Collected
from warehouse.database import Warehouse
from warehouse.interval import Interval

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
Collect = Callable[..., Collected]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def collect(warehouse: Warehouse) -> Collect:
    def one_pass(settings: OnCallSettings, now: datetime = NOW, interval: Interval | None = None) -> Collected:
        return settings.open().collect(warehouse, interval, now, lambda what, share: None)

    return one_pass


@pytest.fixture
def incident(warehouse: Warehouse) -> Callable[[str], dict[str, Any]]:
    """The row of an incident, without what is null."""

    def row(incident: str) -> dict[str, Any]:
        rows = warehouse.query("SELECT * FROM on_call_incident WHERE id = $id", {"id": incident})
        return {name: value for name, value in rows.row(0, named=True).items() if value is not None}

    return row


@pytest.fixture
def everything(warehouse: Warehouse) -> Callable[[], list[Any]]:
    """All that a pass could have changed, but for the watermark."""
    tables = ("on_call_incident", "raw_document", "changed_day")
    return lambda: [warehouse.query(f"SELECT * FROM {table} ORDER BY ALL").rows() for table in tables]
