"""The sample bill is one that the collector reads, with what it has to forgive in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from collector.focus.settings import FocusSettings
from sample_data.billing import Charge, write_bill
from warehouse.database import Warehouse

CHARGES = [
    Charge(date(2026, 10, 31), "gpu-h100", Decimal("24.5"), Decimal("2.60"), Decimal("2.95")),
    Charge(date(2026, 11, 1), "gpu-h100", Decimal(10), Decimal("2.60"), Decimal("2.95")),
    Charge(date(2026, 11, 2), "gpu-l4", Decimal(3), Decimal("0.70")),
]


def test_a_bill_a_month_the_same_for_the_same_charges(tmp_path: Path) -> None:
    paths = write_bill(tmp_path / "a", CHARGES)
    assert [path.name for path in paths] == ["bill-2026-10.csv", "bill-2026-11.csv"]
    again = write_bill(tmp_path / "b", reversed(CHARGES))
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]
    assert "NULL" in paths[0].read_text()
    assert "NULL" not in paths[1].read_text()


def test_the_collector_reads_it_and_names_what_is_untidy(tmp_path: Path) -> None:
    write_bill(tmp_path / "billing", CHARGES)
    source = FocusSettings(name="bill", type="focus", path=tmp_path / "billing" / "*.csv").open()
    assert source.check()[1:] == [
        "bill-2026-10.csv: FOCUS 1.0, 2026-10, USD",
        "bill-2026-11.csv: FOCUS 1.2, 2026-11, USD",
    ]
    with Warehouse.open(tmp_path / "data") as warehouse:
        collected = source.collect(warehouse, None, datetime(2026, 11, 25, tzinfo=UTC), lambda what, share: None)
        sums = warehouse.query(
            "SELECT charge_category, sum(billed_cost), sum(list_cost) FROM billing_charge WHERE NOT duplicate "
            "GROUP BY charge_category ORDER BY charge_category"
        ).rows()
        refused = warehouse.query("SELECT count(*) FROM billing_problem WHERE severity <> 'note'").item()
    assert collected.rows == 3 + 2 + 2 * 2
    assert refused == 0
    assert sum("repeat a row" in note for note in collected.notes) == 2
    assert any("a space stands for the T" in note for note in collected.notes)
    # October 24.5 x 2.60 = 63.70, November 10 x 2.60 + 3 x 0.70 = 28.10
    assert sums == [
        ("Purchase", Decimal("1.91") + Decimal("0.84"), Decimal("2.75")),  # 3 %: 1.911 and 0.843
        ("Tax", Decimal("4.59") + Decimal("2.03"), Decimal("6.62")),  # 7 % of 65.611 and of 28.943: 4.59277 and 2.02601
        ("Usage", Decimal("91.80"), Decimal("24.5") * Decimal("2.95") + Decimal("29.5") + Decimal("2.1")),
    ]
