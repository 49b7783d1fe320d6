"""A folder of bills in the manners of the clouds, and a warehouse to collect them into."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.focus.settings import FocusSettings
from collector.source import Collected
from warehouse.database import Warehouse
from warehouse.interval import Interval

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data" / "finops"

CHARGE: dict[str, str] = {
    "BilledCost": "2.50", "BillingAccountId": "acct", "BillingAccountName": "Account", "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z", "BillingPeriodStart": "2026-10-01T00:00:00Z", "ChargeCategory": "Usage",
    "ChargeClass": "", "ChargeDescription": "H100 hour", "ChargePeriodEnd": "2026-10-05T11:00:00Z",
    "ChargePeriodStart": "2026-10-05T10:00:00Z", "ContractedCost": "2.50", "EffectiveCost": "2.25",
    "InvoiceIssuerName": "Cloud", "ListCost": "3.00", "PricingQuantity": "1", "PricingUnit": "Hours",
    "ProviderName": "Cloud", "PublisherName": "Cloud", "ServiceCategory": "Compute", "ServiceName": "GPU Compute",
    "SkuId": "gpu-h100",
}  # fmt: skip
"""One hour of a GPU: the 21 columns that FOCUS 1.0 demands, and a SKU."""

Bill = Callable[..., Path]
Collect = Callable[..., Collected]


def text_of(rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> str:
    """CSV of rows; a column that a row has not is empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "billing"
    made.mkdir()
    return made


@pytest.fixture
def bill(folder: Path) -> Bill:
    """Write a file of rows that differ from `CHARGE` in what is given; returns its path."""

    def write(name: str, *changes: Mapping[str, str], without: Sequence[str] = ()) -> Path:
        rows = [{key: value for key, value in {**CHARGE, **change}.items() if key not in without} for change in changes]
        (folder / name).write_text(text_of(rows), encoding="utf-8")
        return folder / name

    return write


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def collect(folder: Path, warehouse: Warehouse) -> Collect:
    """Collect the folder once; `path` names something else, other words are settings."""

    def run(now: datetime = NOW, interval: Interval | None = None, path: Path = folder, **settings: Any) -> Collected:
        source = FocusSettings.model_validate({"name": "bill", "type": "focus", "path": path, **settings}).open()
        return source.collect(warehouse, interval, now, lambda what, share: None)

    return run
