"""The source on files that come, change, repeat each other, break and vanish."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from collector.focus.settings import FocusSettings
from warehouse.database import Warehouse
from warehouse.errors import SourceError
from warehouse.interval import Interval

from .conftest import CHARGE, DATA, NOW, Bill, Collect, text_of

CHARGES = "SELECT * FROM billing_charge ORDER BY source, file, row_number"
PROBLEMS = "SELECT * FROM billing_problem ORDER BY ALL"
DOCUMENTS = "SELECT * FROM raw_document ORDER BY ALL"
WATERMARK = "SELECT collected_from, collected_to FROM watermark"
OTHER = {"SkuId": "gpu-l4", "BilledCost": "0.70", "EffectiveCost": "0.70"}


def days(warehouse: Warehouse) -> dict[date, int]:
    return dict(warehouse.query("SELECT day, revision FROM changed_day WHERE fact = 'billing_charge'").rows())


def counted(warehouse: Warehouse) -> dict[str, Decimal]:
    rows = warehouse.query("SELECT file, sum(billed_cost) FROM billing_charge WHERE NOT duplicate GROUP BY file")
    return dict(rows.rows())


def test_every_row_is_a_charge_with_its_place(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("oct.csv", {}, {**OTHER, "Tags": '{"team": "search"}', "x_Team": "search"})
    collected = collect()
    assert (collected.source, collected.rows, collected.notes) == ("bill", 2, ())
    first, second = warehouse.query(CHARGES).to_dicts()
    stored = {key: value for key, value in first.items() if value is not None and key != "fingerprint"}
    assert stored == {
        "source": "bill", "file": "oct.csv", "row_number": 1, "duplicate": False, "billing_account": "acct",
        "currency": "USD", "billing_period_start": datetime(2026, 10, 1), "billing_period_end": datetime(2026, 11, 1),
        "charge_period_start": datetime(2026, 10, 5, 10), "charge_period_end": datetime(2026, 10, 5, 11),
        "charge_category": "Usage", "charge_description": "H100 hour", "billed_cost": Decimal("2.5"),
        "effective_cost": Decimal("2.25"), "list_cost": Decimal(3), "contracted_cost": Decimal("2.5"),
        "pricing_quantity": Decimal(1), "pricing_unit": "Hours", "provider": "Cloud", "publisher": "Cloud",
        "invoice_issuer": "Cloud", "service_category": "Compute", "service_name": "GPU Compute", "sku_id": "gpu-h100",
    }  # fmt: skip
    assert (second["row_number"], second["tags"]) == (2, '{"team": "search"}')
    assert warehouse.query(WATERMARK).rows() == [(datetime(2026, 10, 5, 10), datetime(2026, 10, 5, 11))]
    assert list(days(warehouse)) == [date(2026, 10, 5)]


def test_collecting_again_changes_nothing(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("oct.csv", {}, {"BilledCost": "1,5"}, {})
    collect()
    before = [warehouse.query(sql).rows() for sql in (CHARGES, PROBLEMS, DOCUMENTS, WATERMARK)], days(warehouse)
    again = collect(NOW + timedelta(hours=1))
    assert (again.rows, again.notes) == (0, ())
    assert (
        [warehouse.query(sql).rows() for sql in (CHARGES, PROBLEMS, DOCUMENTS, WATERMARK)],
        days(warehouse),
    ) == before


def test_a_file_that_was_touched_is_not_read_again(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    path = bill("oct.csv", {})
    collect()
    before = warehouse.query(CHARGES).rows(), days(warehouse)
    os.utime(path, (0, 0))
    assert collect(NOW + timedelta(hours=1)).rows == 0
    assert (warehouse.query(CHARGES).rows(), days(warehouse)) == before


def test_a_changed_file_stands_in_place_of_what_it_was(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("oct.csv", {}, OTHER)
    collect()
    before = days(warehouse)
    later = {"ChargePeriodStart": "2026-10-07T10:00:00Z", "ChargePeriodEnd": "2026-10-07T11:00:00Z"}
    bill("oct.csv", {**later, "BilledCost": "9"})
    assert collect(NOW + timedelta(hours=1)).rows == 1
    assert counted(warehouse) == {"oct.csv": Decimal(9)}
    # the day that it left, the day that it came to, and the one between
    assert sorted(days(warehouse)) == [date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 7)]
    assert days(warehouse)[date(2026, 10, 5)] > before[date(2026, 10, 5)]


def test_a_file_that_lost_all_its_rows_has_none(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    path = bill("oct.csv", {}, OTHER)
    collect()
    before = days(warehouse)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    collect(NOW + timedelta(hours=1))
    assert counted(warehouse) == {}
    assert days(warehouse)[date(2026, 10, 5)] > before[date(2026, 10, 5)]


def test_a_refused_row_is_kept_in_text_and_the_others_count(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("oct.csv", {}, {"BilledCost": "1,000.00"}, {"SkuId": "c"})
    collected = collect()
    assert collected.rows == 2
    assert collected.notes == (
        "oct.csv: 1 rows are refused, the first: row 2: BilledCost '1,000.00' is not a number; expected digits with a "
        "point and without separators, sign + or currency, as 1234.56",
    )
    kept = warehouse.query(
        "SELECT source, file, row_number, column_name, value FROM billing_problem ORDER BY column_name NULLS LAST"
    )
    assert kept.rows()[0] == ("bill", "oct.csv", 2, "BilledCost", "1,000.00")
    assert '"SkuId": "gpu-h100"' in kept.rows()[1][4]
    (document,) = warehouse.query("SELECT body FROM raw_document WHERE kind = 'focus_file'").to_series()
    assert '"refused":1' in document
    assert '"rows":2' in document


def test_rows_alike_count_once_in_a_file_and_across_files(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("a.csv", {}, {}, OTHER)
    bill("b.csv", OTHER, {"SkuId": "b only"})
    collected = collect()
    assert collected.notes == (
        "a.csv: 1 rows repeat a row of this or another file and are not counted",
        "b.csv: 1 rows repeat a row of this or another file and are not counted",
    )
    marked = warehouse.query("SELECT file, row_number FROM billing_charge WHERE duplicate ORDER BY ALL").rows()
    assert marked == [("a.csv", 2), ("b.csv", 1)]
    assert counted(warehouse) == {"a.csv": Decimal("3.20"), "b.csv": Decimal("2.50")}


def test_which_of_the_alike_counts_does_not_depend_on_the_order_of_arrival(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    bill("b.csv", {}, OTHER)
    collect()
    bill("a.csv", OTHER)
    collect(NOW + timedelta(hours=1))
    assert counted(warehouse) == {"a.csv": Decimal("0.70"), "b.csv": Decimal("2.50")}


def test_when_the_counted_one_goes_the_other_counts(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("a.csv", {}, OTHER)
    bill("b.csv", {}, OTHER)
    collect()
    bill("a.csv", OTHER)
    collect(NOW + timedelta(hours=1))
    assert counted(warehouse) == {"a.csv": Decimal("0.70"), "b.csv": Decimal("2.50")}


def test_a_month_delivered_again_under_another_name_counts_once(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    hours = [
        {"ChargePeriodStart": f"2026-10-05T{hour:02d}:00:00Z", "ChargePeriodEnd": f"2026-10-05T{hour + 1:02d}:00:00Z"}
        for hour in range(20)
    ]
    bill("delivery-1.csv", *hours[:12])
    bill("delivery-2.csv", *hours)
    collect()
    assert sum(counted(warehouse).values()) == Decimal("2.50") * 20


def test_a_file_that_disappears_keeps_its_charges_and_is_named(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    bill("a.csv", {})
    path = bill("b.csv", OTHER)
    collect()
    path.unlink()
    collected = collect(NOW + timedelta(hours=1))
    assert collected.notes == ("b.csv is no longer there; its charges are kept",)
    assert set(counted(warehouse)) == {"a.csv", "b.csv"}


def test_a_superseded_file_is_taken_out_and_comes_back(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    bill("first.csv", {}, OTHER)
    bill("second.csv", {"BilledCost": "3"})
    collect()
    collected = collect(NOW + timedelta(hours=1), superseded=["first*"])
    assert collected.notes == ("first.csv is superseded: its 2 charges are taken out",)
    assert counted(warehouse) == {"second.csv": Decimal(3)}
    assert collect(NOW + timedelta(hours=2), superseded=["first*"]).notes == ()
    assert collect(NOW + timedelta(hours=3)).rows == 2
    assert set(counted(warehouse)) == {"first.csv", "second.csv"}


def test_a_superseded_file_that_is_gone_is_taken_out_too(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    gone = bill("first.csv", {})
    bill("second.csv", OTHER)
    collect()
    gone.unlink()
    collect(NOW + timedelta(hours=1), superseded=["first.csv"])
    assert set(counted(warehouse)) == {"second.csv"}


def test_a_file_without_needed_columns_is_refused_as_a_whole(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    bill("a.csv", {}, without=["EffectiveCost", "BillingCurrency"])
    bill("b.csv", OTHER)
    collected = collect()
    reason = "refused as a whole: it lacks the columns BillingCurrency, EffectiveCost"
    assert collected.notes == (f"a.csv: {reason}",)
    assert set(counted(warehouse)) == {"b.csv"}
    assert warehouse.query(PROBLEMS).rows() == [("bill", "a.csv", None, None, None, "refused", reason)]
    # it is named until it is mended
    assert collect(NOW + timedelta(hours=1)).notes == collected.notes
    bill("a.csv", {})
    assert collect(NOW + timedelta(hours=2)).notes == ()
    assert warehouse.query(PROBLEMS).is_empty()


def test_a_file_without_columns_that_can_be_missed_is_read_and_named(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    bill("gcp.csv", {}, without=["ServiceCategory", "BillingAccountName"])
    assert collect().rows == 1
    assert warehouse.query("SELECT column_name, severity FROM billing_problem ORDER BY 1").rows() == [
        ("BillingAccountName", "warning"), ("ServiceCategory", "warning"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", b"\n\n", "it has no header"),
        ("a.csv", b"SkuId,SkuId\n1,2\n", "the column SkuId stands twice in its header"),
        ("a.csv", text_of([{**CHARGE, "SkuId": "fünf"}]).encode("latin-1"), "it is not UTF-8 text"),
        ("a.csv.gz", b"not gzip", "it is not a complete gzip file"),
        (
            "a.csv.gz",
            gzip.compress(text_of([CHARGE] * 500).encode())[:-9],
            "it cannot be read (unexpected end of file)",
        ),
        ("a.parquet", b"PAR1 and no more", None),
    ],
)
def test_a_file_that_is_no_bill_is_named_and_the_others_are_read(
    bill: Bill, folder: Path, collect: Collect, warehouse: Warehouse, name: str, content: bytes, reason: str | None
) -> None:
    bill("b.csv", {})
    (folder / name).write_bytes(content)
    collected = collect()
    assert collected.rows == 1
    (note,) = collected.notes
    assert note.startswith(f"{name}: refused as a whole: {reason or 'it cannot be read'}")


def test_a_file_that_breaks_keeps_what_it_said(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    path = bill("a.csv", {})
    collect()
    path.write_bytes(b"")
    assert collect(NOW + timedelta(hours=1)).notes == (
        "a.csv: refused as a whole: it is empty; what it said before is kept",
    )
    assert counted(warehouse) == {"a.csv": Decimal("2.50")}


def test_a_line_that_does_not_fit_the_header_is_refused_alone(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    path = bill("a.csv", {}, {"SkuId": "b"}, {"SkuId": "c", "ChargeDescription": 'with, comma, "quotes"\nand a line'})
    lines = path.read_text().splitlines(keepends=True)
    lines[2] = "1,2,3\n"
    lines[1] = lines[1].rstrip("\n") + ",one too many\n"
    path.write_text("".join(lines))
    collected = collect()
    assert collected.rows == 1
    assert collected.notes == (
        "a.csv: 2 rows are refused, the first: row 1: the line has 23 fields, the header has 22",
    )
    (row,) = warehouse.query(CHARGES).to_dicts()
    assert (row["row_number"], row["sku_id"], row["charge_description"]) == (
        3,
        "c",
        'with, comma, "quotes"\nand a line',
    )


def test_empty_lines_are_passed_over_and_counted_in_the_row_number(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    path = bill("a.csv", {}, {"SkuId": "b"})
    path.write_text(path.read_text().replace("gpu-h100\n", "gpu-h100\n\n", 1) + "\n")
    assert collect().rows == 2
    assert warehouse.query(CHARGES)["row_number"].to_list() == [1, 3]


def test_an_interval_reads_whole_files_again_and_moves_no_watermark(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    bill("oct.csv", {}, OTHER)
    bill("sep.csv", {"ChargePeriodStart": "2026-09-05T10:00:00Z", "ChargePeriodEnd": "2026-09-05T11:00:00Z"})
    october = Interval(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert collect(interval=october).rows == 2
    assert set(counted(warehouse)) == {"oct.csv"}
    assert warehouse.query(WATERMARK).is_empty()
    assert collect().rows == 1
    before = warehouse.query(CHARGES).rows()
    assert collect(interval=october).rows == 2
    assert warehouse.query(CHARGES).rows() == before


def test_the_watermark_is_the_time_of_usage_that_is_charged_up_to_now(
    bill: Bill, collect: Collect, warehouse: Warehouse
) -> None:
    month = {"ChargePeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodEnd": "2026-11-01T00:00:00Z"}
    bill("oct.csv", {}, {**month, "ChargeCategory": "Purchase"})
    collect(datetime(2026, 10, 20, tzinfo=UTC))
    assert warehouse.query(WATERMARK).rows() == [(datetime(2026, 10, 5, 10), datetime(2026, 10, 5, 11))]


@pytest.mark.parametrize(
    ("delimiter", "suffix"), [(",", ".csv"), (";", ".csv"), ("\t", ".csv"), (",", ".csv.gz"), ("|", ".CSV.GZ")]
)
def test_delimiter_compression_and_byte_order_mark_are_found_out(
    folder: Path, collect: Collect, warehouse: Warehouse, delimiter: str, suffix: str
) -> None:
    text = "\ufeff" + text_of([CHARGE, OTHER | {k: v for k, v in CHARGE.items() if k not in OTHER}], delimiter)
    data = gzip.compress(text.encode()) if suffix.lower().endswith("gz") else text.encode()
    (folder / f"a{suffix}").write_bytes(data)
    collected = collect()
    assert (collected.rows, collected.notes) == (2, ())


def test_headers_in_another_spelling_are_understood(bill: Bill, collect: Collect, warehouse: Warehouse) -> None:
    path = bill("a.csv", {})
    header, rest = path.read_text().split("\n", 1)
    path.write_text(header.replace("BilledCost", "billed_cost").replace("SkuId", "SKUID") + "\n" + rest)
    assert collect().rows == 1
    assert warehouse.query("SELECT billed_cost, sku_id FROM billing_charge").row(0) == (Decimal("2.5"), "gpu-h100")


def test_folders_files_and_patterns_are_paths(bill: Bill, folder: Path, collect: Collect, warehouse: Warehouse) -> None:
    (folder / "BILLING_PERIOD=2026-10").mkdir()
    bill("BILLING_PERIOD=2026-10/part-1.csv", {})
    bill("BILLING_PERIOD=2026-10/part-2.csv", OTHER)
    (folder / "manifest.json").write_text("{}")
    assert collect(path=folder / "*" / "part-1.csv").rows == 1
    assert collect(path=folder / "**" / "*.csv").rows == 1
    assert set(counted(warehouse)) == {"BILLING_PERIOD=2026-10/part-1.csv", "BILLING_PERIOD=2026-10/part-2.csv"}


def test_no_file_says_what_to_set(folder: Path, collect: Collect) -> None:
    with pytest.raises(SourceError, match=r"no FOCUS file matches .*; set `path` to \.csv"):
        collect(path=folder / "nowhere" / "*.csv")


def test_a_file_larger_than_a_batch_is_read_whole(
    folder: Path, collect: Collect, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.focus.reading.BATCH", 7)
    rows = [{**CHARGE, "SkuId": f"s{number}", "BilledCost": "bad" if number == 30 else "0.1"} for number in range(50)]
    (folder / "a.csv").write_text(text_of(rows))
    assert collect().rows == 49
    assert warehouse.query("SELECT sum(billed_cost) FROM billing_charge").item() == Decimal("4.9")
    assert warehouse.query("SELECT min(row_number) FROM billing_problem").item() == 31
    # the careful way gives the same rows
    (folder / "a.csv").write_text(text_of(rows) + "1,2\n" + '"' + "x" * 200_000 + '"\n')
    assert collect(NOW + timedelta(hours=1)).rows == 49
    assert warehouse.query("SELECT max(row_number) FROM billing_problem").item() == 52


def test_refused_rows_beyond_the_kept_ones_are_counted(
    bill: Bill, collect: Collect, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.focus.problems.KEPT_ROWS", 2)
    bill("a.csv", *[{"BilledCost": "x"}] * 5)
    assert "5 rows are refused" in collect().notes[0]
    assert warehouse.query("SELECT count(DISTINCT row_number) FROM billing_problem").item() == 2
    more = warehouse.query("SELECT problem FROM billing_problem WHERE row_number IS NULL").item()
    assert more == "3 more rows were refused; they are in the file"


def test_check_tells_versions_periods_and_currencies(bill: Bill, folder: Path) -> None:
    bill("a.csv", {}, {"BillingCurrency": "EUR"})
    bill("b.csv", {"SkuMeter": "GPU Time"})
    bill("c.csv", {"InvoiceId": "1", "SkuMeter": "GPU Time"}, without=["BillingCurrency"])
    (folder / "d.csv").write_text("")
    lines = FocusSettings.model_validate({"name": "bill", "type": "focus", "path": folder}).open().check()
    assert lines == [
        f"FOCUS files {folder}: 4", "a.csv: FOCUS 1.0, 2026-10, EUR, USD", "b.csv: FOCUS 1.1, 2026-10, USD",
        "c.csv: FOCUS 1.2, 2026-10", "d.csv: it is empty",
    ]  # fmt: skip


def test_the_sample_files_of_focus_1_2_are_read_without_a_remark(collect: Collect, warehouse: Warehouse) -> None:
    collected = collect(path=DATA / "focus_[ms]*.csv")
    assert (collected.rows, collected.notes) == (6, ())
    assert counted(warehouse) == {"focus_minimal.csv": Decimal(40), "focus_showback_full.csv": Decimal(40)}
    skus = warehouse.query("SELECT DISTINCT sku_id FROM billing_charge WHERE file LIKE '%full%'").to_series()
    assert skus.to_list() == ["gpu-h100-sxm"]


def test_half_a_read_file_leaves_nothing(
    bill: Bill, collect: Collect, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill("a.csv", {})
    monkeypatch.setattr("collector.focus.storing._mark_duplicates", lambda tx: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        collect()
    assert warehouse.query(CHARGES).is_empty()
    assert warehouse.query(DOCUMENTS).is_empty()
    assert [path.name for path in warehouse.directory.iterdir() if path.name.startswith(".focus")] == []


def test_frames_of_a_bill_have_the_types_of_the_table(warehouse: Warehouse) -> None:
    from collector.focus.charges import STORED

    table = warehouse.query("SELECT * FROM billing_charge").schema
    assert {name: kind for name, kind in table.items() if name in STORED} == dict(STORED)
    assert isinstance(table["billed_cost"], pl.Decimal)
