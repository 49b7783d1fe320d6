"""Closed months at rest: whole or not at all, total and hash as anybody can work them out, never edited unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from warehouse.closing import COLUMNS, Closed, altered, closed_months, digest, freeze, frozen_sums
from warehouse.database import Warehouse

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
NOW = datetime(2026, 11, 5, 8, tzinfo=UTC)


def line(**columns: Any) -> dict[str, Any]:
    """An hour of one GPU at 2.50 in October's report, where `columns` do not say otherwise."""
    return {
        **dict.fromkeys(COLUMNS), "billing_month": OCTOBER, "month": OCTOBER, "day": date(2026, 10, 5),
        "report_day": date(2026, 10, 5), "charge": "allocation", "team": "search", "kind": "gpu",
        "quantity": Decimal(3_600_000), "used": Decimal(900_000), "share_num": 1, "share_den": 1,
        "list_price": Decimal("3"), "price": Decimal("2.50"), "price_den": 1, **columns,
    }  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path) as opened, opened.transaction() as tx:
        tx.execute("CREATE TABLE report AS SELECT *, 1.0 AS cost FROM closed_line")
    with Warehouse.open(tmp_path) as opened:
        yield opened


def put(warehouse: Warehouse, *lines: dict[str, Any]) -> None:
    with warehouse.transaction() as tx:
        for one in lines:
            tx.execute(f"INSERT INTO report ({', '.join(one)}) VALUES ({', '.join(f'${name}' for name in one)})", one)


def freeze_october(warehouse: Warehouse) -> Closed:
    with warehouse.transaction() as tx:
        return freeze(tx, OCTOBER, "SELECT * FROM report", "v000007", NOW)


def test_the_lines_of_the_month_are_copied_with_their_number_and_exact_total(warehouse: Warehouse) -> None:
    # three thirds of a cent-and-a-half: 3 x 0.015 / 3 = 0.015 exactly, half to even is 0.02; and one line of next month
    third = line(share_den=3, price=Decimal("0.015"))
    put(warehouse, third, third, third, line(billing_month=NOVEMBER, month=NOVEMBER))
    closed = freeze_october(warehouse)
    assert (closed.month, closed.closed_at, closed.version) == (OCTOBER, NOW, "v000007")
    assert (closed.lines, closed.total) == (3, Decimal("0.02"))
    stored = warehouse.query("SELECT DISTINCT billing_month, month, share_den, used, price FROM closed_line").rows()
    assert stored == [(OCTOBER, OCTOBER, 3, Decimal(900_000), Decimal("0.015"))]
    with warehouse.transaction() as tx:
        assert closed_months(tx) == [closed]
        assert frozen_sums(tx, OCTOBER)[None].cost == Fraction(15, 1000)


def test_corrections_and_transfers_are_part_of_the_total(warehouse: Warehouse) -> None:
    put(
        warehouse, line(), line(charge="idle", team="__idle__", used=None),
        line(charge="transfer", quantity=Decimal(-3_600_000_000_000), share_den=1_000_000),
        line(charge="transfer", quantity=Decimal(3_600_000_000_000), share_den=1_000_000),
        line(charge_class="Correction", month=date(2026, 9, 1), quantity=Decimal(-1_800_000)),
    )  # fmt: skip
    assert freeze_october(warehouse).total == Decimal("3.75")  # 2.50 + 2.50 + 0 - 1.25
    with warehouse.transaction() as tx:
        assert frozen_sums(tx, OCTOBER)["Correction"].cost == Fraction(-5, 4)


def test_the_hash_is_the_one_that_is_documented(warehouse: Warehouse) -> None:
    odd = 'a "quoted" \\ pod/ü€ with a\ttab'
    lines = [line(pod=odd), line(pod="b", price=Decimal("10"), used=None), line(pod="a", labels='{"app":"x"}')]
    put(warehouse, *lines)

    def text(value: Any) -> str | None:
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return None if value is None else str(value)

    texts = [json.dumps([text(one[c]) for c in COLUMNS], separators=(",", ":"), ensure_ascii=False) for one in lines]
    expected = hashlib.sha256("".join([f"{one}\n" for one in sorted(texts)]).encode()).hexdigest()
    assert freeze_october(warehouse).sha256 == expected


def test_the_hash_does_not_depend_on_the_order_of_lines(tmp_path: Path) -> None:
    lines = [line(pod=f"p{number}") for number in range(20)]
    found = set()
    for name, order in (("one", lines), ("two", lines[::-1])):
        with Warehouse.open(tmp_path / name) as opened:
            with opened.transaction() as tx:
                tx.execute("CREATE TABLE report AS SELECT * FROM closed_line")
            put(opened, *order)
            found.add(freeze_october(opened).sha256)
    assert len(found) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE closed_line SET quantity = quantity + 1 WHERE pod = 'a'",
        "UPDATE closed_line SET price = price + 0.000000000000000001 WHERE pod = 'a'",
        "UPDATE closed_line SET used = 0 WHERE pod = 'b'",
        "UPDATE closed_line SET team = 'ml' WHERE pod = 'a'",
        "DELETE FROM closed_line WHERE pod = 'b'",
        "INSERT INTO closed_line SELECT * FROM closed_line WHERE pod = 'b'",
    ],
)
def test_a_line_changed_by_hand_is_noticed(warehouse: Warehouse, change: str) -> None:
    put(warehouse, line(pod="a"), line(pod="b", used=None))
    freeze_october(warehouse)
    with warehouse.transaction() as tx:
        assert altered(tx) == []
        tx.execute(change)
        assert altered(tx) == [OCTOBER]


def test_a_month_is_closed_once(warehouse: Warehouse) -> None:
    put(warehouse, line())
    first = freeze_october(warehouse)
    with pytest.raises(ValueError, match="2026-10 is closed already"):
        freeze_october(warehouse)
    with warehouse.transaction() as tx:
        assert closed_months(tx) == [first]
        assert digest(tx, OCTOBER) == first.sha256


def test_a_transaction_that_fails_leaves_the_month_open(warehouse: Warehouse) -> None:
    put(warehouse, line())
    with suppress(OSError), warehouse.transaction() as tx:
        freeze(tx, OCTOBER, "SELECT * FROM report", "v000007", NOW)
        raise OSError("disk full")
    with warehouse.transaction() as tx:
        assert closed_months(tx) == []
        assert tx.query("SELECT count(*) FROM closed_line").item() == 0
