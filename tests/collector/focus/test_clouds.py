"""Files as the clouds export them: their columns, their times, their numbers, their gaps.

tests/data/finops/focus_cloud_*.csv are made by hand, no row is anybody's. Their headers and manners are those of

- AWS Data Exports, FOCUS 1.2 with AWS columns: header of a real export as quoted in a test of an open-source reader,
  column dictionary and conformance gaps in the AWS documentation (doubles, milliseconds, empty names);
- Azure Cost Management, FOCUS 1.0: schema page of the Microsoft documentation (no seconds until 1.0r2) and its
  conformance summary (`-2` for no price SKU, no publisher on reservations);
- OCI FOCUS reports: header as quoted in tests of open-source readers (names of FOCUS 0.5, a reference number a row);
- GCP's FOCUS export in BigQuery: columns of INFORMATION_SCHEMA as quoted in a test of an open-source exporter (neither
  ServiceCategory nor InvoiceIssuerName, lists of structures that only Parquet can hold).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from warehouse.database import Warehouse

from .conftest import CHARGE, DATA, Collect

ALL = "SELECT * FROM billing_charge ORDER BY row_number"
WARNED = "SELECT column_name FROM billing_problem WHERE severity = 'warning' ORDER BY 1"
NOTES = "SELECT DISTINCT column_name || ': ' || problem FROM billing_problem WHERE severity = 'note' ORDER BY 1"


def test_aws_csv(collect: Collect, warehouse: Warehouse) -> None:
    assert collect(path=DATA / "focus_cloud_aws.csv").rows == 4
    rows = warehouse.query(ALL)
    assert rows["effective_cost"].to_list() == [Decimal("98.32"), *[Decimal("0.0000006123")] * 2, Decimal("12.34")]
    # two rows that differ in x_Operation alone, which is not stored, are two charges
    assert rows["duplicate"].to_list() == [False] * 4
    assert rows["commitment_status"].to_list() == [None, "Used", "Used", None]
    assert rows["invoice_issuer"].to_list()[3] is None
    assert rows["charge_period_end"].to_list()[3] == datetime(2026, 11, 1)
    assert warehouse.query(NOTES).to_series().to_list() == [
        f"{column}: 4 x a fraction of a second is kept to the microsecond"
        for column in ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
    ]
    assert warehouse.query(WARNED).is_empty()


def test_azure_csv(collect: Collect, warehouse: Warehouse) -> None:
    assert collect(path=DATA / "focus_cloud_azure.csv").rows == 2
    first, second = warehouse.query(ALL).to_dicts()
    assert first["billed_cost"] == Decimal("839.040000000000021")
    assert (first["currency"], first["sku_price_id"]) == ("EUR", "DZH318Z0CSHN/0005")
    assert (second["sku_id"], second["sku_price_id"], second["effective_cost"]) == (None, None, Decimal("120.5"))
    assert first["charge_period_start"] == datetime(2026, 10, 5)
    notes = warehouse.query(NOTES).to_series().to_list()
    assert "ChargePeriodEnd: 2 x a time without seconds is read as the full minute" in notes
    assert "SkuPriceId: 1 x the word -2 is read as no value" in notes
    assert warehouse.query(WARNED).is_empty()


def test_oci_csv(collect: Collect, warehouse: Warehouse) -> None:
    assert collect(path=DATA / "focus_cloud_oci.csv").rows == 2
    rows = warehouse.query(ALL)
    assert rows.select("provider", "publisher", "invoice_issuer", "region").row(0) == (
        *["Oracle"] * 3,
        "eu-frankfurt-1",
    )
    assert rows["duplicate"].to_list() == [False, False]
    assert warehouse.query(WARNED).to_series().to_list() == ["ChargeClass", "ContractedCost"]
    (document,) = warehouse.query("SELECT body FROM raw_document").to_series()
    assert json.loads(document)["focus"] == "0.5"


def test_gcp_csv(collect: Collect, warehouse: Warehouse) -> None:
    assert collect(path=DATA / "focus_cloud_gcp.csv").rows == 2
    rows = warehouse.query(ALL)
    assert rows["billed_cost"].sum() == Decimal("10.5")
    assert rows["charge_category"].to_list() == ["Usage", "Credit"]
    assert rows["charge_period_start"].to_list() == [datetime(2026, 10, 5, 10)] * 2
    assert warehouse.query(WARNED).to_series().to_list() == [
        "BillingAccountName",
        "InvoiceIssuerName",
        "ServiceCategory",
    ]


def parquet(path: Path, **columns: Any) -> Path:
    """One row: `CHARGE` with typed columns in place of text."""
    texts = {name: [value or None] for name, value in CHARGE.items() if name not in columns}
    pl.DataFrame({**texts, **columns}).write_parquet(path)
    return path


def test_aws_parquet(folder: Path, collect: Collect, warehouse: Warehouse) -> None:
    """Doubles, milliseconds without a zone, tags as a map."""
    at = pl.Series([datetime(2026, 10, 5, 10)], dtype=pl.Datetime("ms"))
    tags = pl.Series([[{"key": "team", "value": "search"}, {"key": "app", "value": None}]])
    parquet(folder / "a.snappy.parquet", BilledCost=[0.1], EffectiveCost=[6.123e-7], ChargePeriodStart=at, Tags=tags)
    collect()
    (row,) = warehouse.query(ALL).to_dicts()
    assert (row["billed_cost"], row["effective_cost"]) == (Decimal("0.1"), Decimal("0.0000006123"))
    assert row["charge_period_start"] == datetime(2026, 10, 5, 10)
    assert json.loads(row["tags"]) == {"app": None, "team": "search"}
    assert warehouse.query(NOTES).to_series().to_list() == [
        "BilledCost: stored as binary floating point; its shortest decimal form is read",
        "ChargePeriodStart: 1 x a time without a zone is read as UTC",
        "EffectiveCost: stored as binary floating point; its shortest decimal form is read",
    ]


def test_gcp_parquet(folder: Path, collect: Collect, warehouse: Warehouse) -> None:
    """NUMERIC, microseconds in UTC, tags and labels as lists of structures, which also tell rows apart."""
    at = pl.Series([datetime(2026, 10, 5, 10, tzinfo=UTC)] * 3, dtype=pl.Datetime("us", "UTC"))
    cost = pl.Series([Decimal("11.061302")] * 3, dtype=pl.Decimal(38, 9))
    labels = [[{"Key": "pod", "Value": pod, "x_Inherited": False}] for pod in ("a", "b", "b")]
    texts = {
        name: [value or None] * 3 for name, value in CHARGE.items() if name not in ("BilledCost", "ChargePeriodStart")
    }
    frame = pl.DataFrame({**texts, "BilledCost": cost, "ChargePeriodStart": at, "x_Labels": labels, "Tags": labels})
    frame.write_parquet(folder / "a.parquet")
    collect()
    rows = warehouse.query(ALL)
    assert rows["billed_cost"].to_list() == [Decimal("11.061302")] * 3
    assert rows["tags"].to_list() == ['{"pod": "a"}', '{"pod": "b"}', '{"pod": "b"}']
    assert rows["duplicate"].to_list() == [False, False, True]
    assert warehouse.query(NOTES).is_empty()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_parquet_times_of_any_zone_are_the_same_moment(
    folder: Path, collect: Collect, warehouse: Warehouse, zone: str
) -> None:
    at = pl.Series([datetime(2026, 10, 5, 10, tzinfo=UTC)], dtype=pl.Datetime("ns", "UTC")).dt.convert_time_zone(zone)
    parquet(folder / "a.parquet", ChargePeriodStart=at, BillingPeriodStart=pl.Series([datetime(2026, 10, 1).date()]))
    collect()
    (row,) = warehouse.query(ALL).to_dicts()
    assert row["charge_period_start"] == datetime(2026, 10, 5, 10)
    assert row["billing_period_start"] == datetime(2026, 10, 1)
