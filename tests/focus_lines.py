"""Cost lines for the tests of the FOCUS export: one GPU-hour of one team, and what a test changes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from analytics.focus.charges import EXACT
from analytics.focus.export import export
from analytics.focus.rows import Terms
from analytics.ledger.selection import select
from analytics.ledger.showback import showback
from warehouse.charges import LINE

OCTOBER = date(2026, 10, 1)
HOUR = 3_600_000
BOOKED = pl.Schema({**LINE, "billing_month": pl.Date(), "charge_class": pl.String()})

Row = dict[str, str]


def line(hours: int | Decimal = 1, price: str | None = "2.50", **given: Any) -> dict[str, Any]:
    """`hours` unit-hours of team search on 5 October; `given` replaces columns."""
    day = given.get("day", date(2026, 10, 5))
    row = {
        "day": day, "report_day": day, "month": day.replace(day=1), "charge": "allocation", "pool": None,
        "team": "search", "cost_center": "CC-100", "service": "chat", "model": "chat-70b", "cluster": "prod",
        "region": "eu-central-1", "node": "n1", "namespace": "search", "pod": "chat-0", "labels": None, "kind": "gpu",
        "resource": "nvidia.com/gpu", "gpu_model": "H100", "pricing": "on_demand", "commitment": None,
        "quantity": int(hours * HOUR), "used": None, "share_num": 1, "share_den": 1, "list_price": price,
        "price": price, "price_den": 1, "charge_class": None,
    }  # fmt: skip
    row |= given
    return {"billing_month": row["month"], **row}


def idle(hours: int = 1, price: str | None = "2.50", **given: Any) -> dict[str, Any]:
    """Capacity that nobody requested."""
    nobody = {"charge": "idle", "team": "__idle__", "cost_center": None, "service": "__none__", "model": "__none__",
              "namespace": None, "pod": None, "used": 0}  # fmt: skip
    return line(hours, price, **(nobody | given))


def frame(*rows: Mapping[str, Any]) -> pl.DataFrame:
    typed = [{**row, **{name: _decimal(row[name]) for name in ("list_price", "price")}} for row in rows]
    return pl.DataFrame(typed, schema=BOOKED)


def _decimal(text: str | Decimal | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def file_of(
    lines: pl.DataFrame,
    transfers: pl.DataFrame | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
    by_month: bool = False,
    **terms: Any,
) -> str:
    """The FOCUS file of October, its total from the showback of the same lines."""
    bill = showback(lines, transfers, OCTOBER, ("team",), where)
    selection = select(lines, transfers, OCTOBER, where or {}, None, "node")
    whole = select(lines, transfers, OCTOBER, {}, None, "node") if where else None
    return export(selection, bill.total, Terms(OCTOBER, "USD", **terms), whole, by_month).text


def rows_of(text: str) -> list[Row]:
    """Rows as a reader without knowledge of nulls sees them: null is an empty text."""
    return list(csv.DictReader(io.StringIO(text)))


def total_of(text: str, column: str = "BilledCost") -> Decimal:
    total = Decimal(0)
    for row in rows_of(text):
        total = EXACT.add(total, Decimal(row[column]))
    return total
