"""From files of a bill and metered lines to `meterline reconcile`, and what must always hold on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from analytics.billing import _comparison, reconciliation_day, reconciliation_month
from analytics.runner import analyze
from collector.focus.settings import FocusSettings
from meterline.cli.billing import reconcile
from meterline.reconciliation import reconciliation
from sample_data.billing import Charge, write_bill
from warehouse.database import Warehouse
from warehouse.publication import publish
from warehouse.published import Published

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)

BILL = pl.Schema({
    "day": pl.Date(), "charged_from": pl.Datetime("us"), "charged_to": pl.Datetime("us"), "sku_id": pl.String(),
    "sku_price_id": pl.String(), "service_name": pl.String(), "charge_category": pl.String(), "currency": pl.String(),
    "billed_cost": pl.Decimal(38, 18), "effective_cost": pl.Decimal(38, 18),
})  # fmt: skip
SKUS = pl.Schema({
    "sku_id": pl.String(), "sku_price_id": pl.String(), "service_name": pl.String(), "mapped": pl.Boolean(),
    "kind": pl.String(), "gpu_model": pl.String(),
})  # fmt: skip
METERED = pl.Schema({
    "day": pl.Date(), "kind": pl.String(), "gpu_model": pl.String(), "share_num": pl.Int64(), "share_den": pl.Int64(),
    "list_price": pl.Decimal(38, 18), "price": pl.Decimal(38, 18), "price_den": pl.Int64(),
    "quantity": pl.Decimal(38, 0),
})  # fmt: skip


def tables(
    bill: list[dict[str, Any]], metered: list[dict[str, Any]], **more: pl.DataFrame
) -> Mapping[str, pl.DataFrame]:
    skus = {row.get("sku_id") for row in bill}
    h100 = [
        {"sku_id": one, "mapped": True, "kind": "gpu", "gpu_model": "H100"} for one in sorted(skus & {"h100", "h100-b"})
    ]
    return {
        "bill_day": pl.DataFrame(bill, schema=BILL), "bill_sku": pl.DataFrame(h100, schema=SKUS),
        "metered_day": pl.DataFrame(metered, schema=METERED),
        "billing_sku": pl.DataFrame({"pattern": ["^h100.*$"], "position": [0], "kind": ["gpu"], "gpu_model": ["H100"]}),
        "currency_rate": pl.DataFrame(schema={"currency": pl.String, "day": pl.Date, "rate": pl.Decimal(38, 18)}),
        "report_setting": pl.DataFrame({"currency": ["USD"], "timezone": ["UTC"]}), **more,
    }  # fmt: skip


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))
costs = st.decimals(-1000, 1000, places=18)
charges = st.builds(
    lambda start, lasts, cost, sku, category: {
        "day": start.date(), "charged_from": start, "charged_to": start + lasts, "sku_id": sku,
        "charge_category": category, "currency": "USD", "billed_cost": cost, "effective_cost": cost * 3 / 4,
    },
    moments, st.timedeltas(timedelta(0), timedelta(days=90)), costs, st.sampled_from(["h100", "h100-b", "disk"]),
    st.sampled_from(["Usage", "Tax"]),
)  # fmt: skip


@given(st.lists(charges, max_size=8))
def test_the_parts_of_charges_add_up_to_the_charges(bill: list[dict[str, Any]]) -> None:
    given_tables = tables(bill, [])
    divided = _comparison.charges_by_day(given_tables)
    whole = sum((Fraction(row["billed_cost"]) for row in bill), Fraction(0))
    parts = [Fraction(row["billed_cost"]) * row["num"] / row["den"] for row in divided.iter_rows(named=True)]
    assert sum(parts, Fraction(0)) == whole
    for every in ("1d", "1mo"):
        found = _comparison.compared(divided, given_tables, every)
        assert sum((row.billed for rows in found.values() for row in rows.values()), Fraction(0)) == whole


@given(st.lists(charges, min_size=1, max_size=8), st.data())
def test_dividing_a_charge_beforehand_changes_no_sum(bill: list[dict[str, Any]], data: st.DataObject) -> None:
    one = bill[0]
    lasts = one["charged_to"] - one["charged_from"]
    if lasts < timedelta(microseconds=2):
        return
    first = data.draw(st.timedeltas(timedelta(microseconds=1), lasts - timedelta(microseconds=1)))
    # cut where both parts of the cost are exact: the cost stands for its number of microseconds
    cost = Decimal(lasts // timedelta(microseconds=1)) / 10**12
    part = Decimal(first // timedelta(microseconds=1)) / 10**12
    at = one["charged_from"] + first
    uncut = {**one, "billed_cost": cost, "effective_cost": cost}
    cut = [
        {**one, "charged_to": at, "billed_cost": part, "effective_cost": part},
        {**one, "day": at.date(), "charged_from": at, "billed_cost": cost - part, "effective_cost": cost - part},
    ]
    results = []
    for rows in ([uncut, *bill[1:]], [*cut, *bill[1:]]):
        given_tables = tables(rows, [])
        found = _comparison.compared(_comparison.charges_by_day(given_tables), given_tables)
        results.append(
            {
                (day, key): (row.billed, row.effective)
                for day, row_by_key in found.items()
                for key, row in row_by_key.items()
            }
        )
    assert results[0] == results[1]


@given(
    st.lists(charges, max_size=12), st.lists(st.tuples(moments, st.integers(0, 10**9), costs), max_size=6), st.randoms()
)
def test_rows_add_up_to_the_month_whatever_their_order(bill: list[dict[str, Any]], use: list[Any], random: Any) -> None:
    metered = [
        {"day": at.date(), "kind": "gpu", "gpu_model": model, "share_num": 1, "share_den": 7, "list_price": price,
         "price": price, "price_den": 3, "quantity": Decimal(quantity)}
        for (at, quantity, price), model in zip(use, ["H100", "L4"] * 3, strict=False)
    ]  # fmt: skip
    month = reconciliation_month.compute(tables(bill, metered))
    exact = _comparison.compared(_comparison.charges_by_day(tables(bill, metered)), tables(bill, metered), "1mo")
    for first, rows in exact.items():
        shown = month.filter(pl.col("month") == first)
        for column, total in (
            ("billed_cost", sum((row.billed for row in rows.values()), Fraction(0))),
            ("metered_cost", sum((row.metered or Fraction(0) for row in rows.values()), Fraction(0))),
        ):
            added = shown[column].sum() or Decimal(0)
            assert abs(Fraction(added) - total) <= Fraction(1, 200)
        assert all(
            row["difference"] in (None, (row["effective_cost"] or 0) - (row["metered_cost"] or 0))
            for row in shown.to_dicts()
        )
    random.shuffle(bill)
    random.shuffle(metered)
    assert reconciliation_month.compute(tables(bill, metered)).equals(month)
    day = reconciliation_day.compute(tables(bill, metered))
    assert abs((day["billed_cost"].sum() or 0) - sum((row["billed_cost"] for row in bill), Decimal(0))) <= Decimal(
        "1e-10"
    ) * max(day.height, 1)


def metered_line(day: date, hours: int, model: str = "H100", price: str = "2.60") -> dict[str, Any]:
    return {
        "day": day, "kind": "gpu", "gpu_model": model, "share_num": 1, "share_den": 1, "list_price": Decimal(price),
        "price": Decimal(price), "price_den": 1, "quantity": Decimal(hours * 3_600_000),
    }  # fmt: skip


@pytest.fixture
def billed(tmp_path: Path) -> Warehouse:
    """A warehouse with a collected bill: October 30 and 31, 10 hours of an H100 a day at 2.60, and one of an L4."""
    days = [date(2026, 10, 30), date(2026, 10, 31)]
    rows = [Charge(day, "gpu-h100-80", Decimal(10), Decimal("2.60")) for day in days]
    rows.append(Charge(days[0], "gpu-l4", Decimal(1), Decimal("0.70")))
    write_bill(tmp_path / "billing", rows)
    warehouse = Warehouse.open(tmp_path / "data")
    with warehouse.transaction() as tx:
        tx.replace_all("report_setting", pl.DataFrame({"currency": ["USD"], "timezone": ["UTC"]}))
        skus = {"pattern": ["^gpu\\-h100.*$"], "position": [0], "kind": ["gpu"], "gpu_model": ["H100"]}
        tx.replace_all("billing_sku", pl.DataFrame(skus))
    source = FocusSettings(name="bill", type="focus", path=tmp_path / "billing").open()
    source.collect(warehouse, None, NOW, lambda what, share: None)
    return warehouse


def test_a_collected_bill_is_published_beside_the_meter(billed: Warehouse) -> None:
    with billed:
        done = analyze(billed, NOW)
        broken = {name: why for name, why in done.failed.items() if "bill" in name or "reconciliation" in name}
        assert broken == {}
    published = Published.current(billed.directory)
    found = reconciliation(published, OCTOBER)
    assert [(row["sku"], row["effective_cost"], row["status"]) for row in found.rows] == [
        ("gpu-h100-80", Decimal("52.00"), "not_metered"),
        ("Tax", Decimal("3.80"), "not_metered"),  # tax: 7 % of 52.70 and support, 3.79967
        ("Support", Decimal("1.58"), "not_metered"),  # support: 3 % of 52.70
        ("gpu-l4", Decimal("0.70"), "not_metered"),
    ]
    assert found.notes == (
        "billed and not metered: H100", "bill/bill-2026-10.csv: 1 repeated row counts once",
    )  # fmt: skip
    findings = published.query("SELECT subject, text FROM finding WHERE topic = 'billing' ORDER BY 1").rows()
    assert any("1 row repeats another in every column" in text for _, text in findings)
    assert any("no entry of billing.skus matches gpu-l4 (GPU Compute): 0.70 USD" in text for _, text in findings)
    assert any(subject == "2026-10" and "a difference of 100.0 % of the bill" in text for subject, text in findings)


def published_with(
    tmp_path: Path, metered: list[dict[str, Any]], bill: list[dict[str, Any]], **more: pl.DataFrame
) -> Path:
    """A configuration over one published version, made of the real analytics on given tables."""
    given_tables = tables(bill, metered, **more)
    day = reconciliation_day.compute(given_tables)
    with Warehouse.open(tmp_path / "totals") as warehouse, warehouse.transaction() as tx:
        text = (Path(reconciliation_day.__file__).parent / "reconciliation_total.sql").read_text()
        with tx.frames(reconciliation_day=day):
            total = tx.query(text)
    results = {
        "reconciliation_day": day, "reconciliation_month": reconciliation_month.compute(given_tables),
        "reconciliation_total": total, "meta": pl.DataFrame({"currency": ["USD"]}),
    }  # fmt: skip
    publish(tmp_path / "data", results, NOW)
    config = tmp_path / "meterline.yaml"
    config.write_text("data: data\n")
    return config


def bill_row(day: date, cost: str, sku: str = "h100", **more: Any) -> dict[str, Any]:
    start = datetime(day.year, day.month, day.day)
    return {
        "day": day, "charged_from": start, "charged_to": start + timedelta(days=1), "sku_id": sku,
        "charge_category": "Usage", "currency": "USD", "billed_cost": Decimal(cost),
        "effective_cost": Decimal(cost), **more,
    }  # fmt: skip


def run(config: Path, *words: str) -> tuple[int, str]:
    answer = CliRunner().invoke(reconcile, ["--config", str(config), *words], standalone_mode=False)
    if answer.exception:
        raise answer.exception
    return int(answer.return_value), answer.output


def test_the_command_shows_both_sides_and_is_content_within_the_threshold(tmp_path: Path) -> None:
    # metered 10 x 2.60 on each of three days; the bill reaches two of them and says 27 and 26
    days = [date(2026, 10, number) for number in (1, 2, 3)]
    config = published_with(
        tmp_path, [metered_line(day, 10) for day in days],
        [bill_row(days[0], "27"), bill_row(days[1], "26"), bill_row(days[1], "5.005", "disk", service_name="Storage")],
    )  # fmt: skip
    code, text = run(config, "--month", "2026-10")
    assert code == 0
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines == [
        "SKU METERED_COST BILLED_COST EFFECTIVE_COST DIFFERENCE SHARE STATUS",
        "H100: h100 78.00 53.00 53.00 -25.00 -47.2 % matched",
        "Storage: disk - 5.00 5.00 - - not_metered",
        "total 78.00 58.00 58.00 -25.00 -",
        "compared 2026-10-01 to 2026-10-02: metered 52.00, effective 53.00, difference 1.00 (1.9 %)",
    ]


def test_beyond_the_threshold_the_exit_code_is_1(tmp_path: Path) -> None:
    day = date(2026, 10, 1)
    config = published_with(tmp_path, [metered_line(day, 10)], [bill_row(day, "30")])
    code, text = run(config, "--month", "2026-10", "--json")
    assert code == 1
    document = json.loads(text[: text.rindex("}") + 1])
    assert document["compared"] == {
        "currency": "USD", "compared_from": "2026-10-01", "compared_until": "2026-10-01",
        "metered_cost": "26.0000000000", "billed_cost": "30.0000000000",
        "effective_cost": "30.0000000000", "difference": "4.0000000000",
        "share": pytest.approx(4 / 30), "days_without_rate": 0,
    }  # fmt: skip
    assert (document["exceeded"], document["threshold"], document["incomplete"]) == (True, 0.05, [])
    assert document["total"] == {
        "metered_cost": "26.00",
        "billed_cost": "30.00",
        "effective_cost": "30.00",
        "difference": "4.00",
    }
    assert "the difference is more than 5% of the bill" in text


def test_what_is_missing_is_named_and_the_rest_is_made(tmp_path: Path) -> None:
    day = date(2026, 10, 1)
    config = published_with(
        tmp_path, [metered_line(day, 10), metered_line(day, 1, "L4", "0.70")],
        [bill_row(day, "26"), bill_row(day, "9", "disk", currency="EUR")],
    )  # fmt: skip
    code, text = run(config, "--month", "2026-10")
    assert code == 0
    assert "note: no rate for EUR on 1 days: those charges are in no sum" in text
    assert "note: metered and not billed: L4" in text
    assert "no_rate" in text


def test_a_month_without_anything_says_so(tmp_path: Path) -> None:
    config = published_with(tmp_path, [], [])
    code, text = run(config, "--month", "2026-09")
    assert (code, text) == (0, "note: nothing was metered or billed in 2026-09\n")


def test_a_month_without_a_bill_is_not_held_against_the_meter(tmp_path: Path) -> None:
    config = published_with(tmp_path, [metered_line(date(2026, 10, 1), 10)], [])
    code, text = run(config, "--month", "2026-10")
    assert code == 0
    assert "note: nothing that compares with metered use was billed in 2026-10; see billing.skus" in text
