"""The price book by hand: validity, overlaps, gaps, nodes, discounts, currencies, commitments."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from meterline.config.load import load
from meterline.inventory import inventory, store_inventory
from warehouse.database import Warehouse

GOLDEN = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "data" / "finops" / "golden_cases.json").read_text())
}
Tables = Callable[[str], dict[str, pl.DataFrame]]


@pytest.fixture
def tables(write_config) -> Tables:
    """The inventory of a configuration whose `prices` are given, in the report currency USD."""

    def read(text: str) -> dict[str, pl.DataFrame]:
        return inventory(load(write_config(f"prices:\n{text}")))

    return read


def day(month: int, number: int = 1, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour)


def exact(row: dict[str, Any], column: str = "price") -> Fraction | None:
    return None if row[column] is None else Fraction(row[column]) / row["price_den"]


def spans(frame: pl.DataFrame, **where: str) -> list[tuple[Fraction | None, datetime | None, datetime | None]]:
    rows = frame.filter(**where) if where else frame
    return [(exact(row), row["valid_from"], row["valid_to"]) for row in rows.to_dicts()]


def told(found: dict[str, pl.DataFrame]) -> list[str]:
    return found["price_problem"]["problem"].to_list()


def test_a_price_holds_to_its_end_or_to_the_next_of_its_model(tables: Tables) -> None:
    found = tables(
        """
  gpu_hour:
    - {model: H100, price: "3.000001", from: 2026-03-01}
    - {model: H100, price: "2.50", from: 2026-01-01}
    - {model: A100, price: "1.00", from: 2026-01-01, to: 2026-02-01T00:05:00Z}
    - {model: A100, price: "1.10", from: 2026-02-01T02:05:00+02:00}
"""
    )
    change = datetime(2026, 2, 1, 0, 5)
    assert spans(found["price"], gpu_model="H100") == [
        (Fraction("2.5"), day(1), day(3)), (Fraction("3.000001"), day(3), None)
    ]  # fmt: skip
    assert spans(found["price"], gpu_model="A100") == [(1, day(1), change), (Fraction("1.1"), change, None)]
    assert found["price"].row(0, named=True) == {
        "kind": "gpu", "gpu_model": "H100", "cluster": None, "region": None, "instance_type": None,
        "pricing": "on_demand", "list_price": Decimal("2.50"), "price": Decimal("2.50"), "price_den": 1,
        "valid_from": day(1), "valid_to": day(3),
    }  # fmt: skip
    assert told(found) == []
    assert found["cost_boundary"]["ts"].to_list() == [change]


def test_an_overlap_is_no_price_for_exactly_its_time_and_names_both(tables: Tables) -> None:
    found = tables(
        """
  gpu_hour:
    - {model: H100, price: "2.50", from: 2026-01-01, to: 2026-03-01}
    - {model: H100, price: "2.60", from: 2026-02-01}
    - {model: A100, price: "1.00", from: 2026-01-01}
"""
    )
    assert spans(found["price"], gpu_model="H100") == [
        (Fraction("2.5"), day(1), day(2)), (None, day(2), day(3)), (Fraction("2.6"), day(3), None)
    ]  # fmt: skip
    assert spans(found["price"], gpu_model="A100") == [(1, day(1), None)]
    assert found["price_problem"].to_dicts() == [{
        "subject": "H100", "valid_from": day(2), "valid_to": day(3),
        "problem": "two prices of H100 hold from 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z: 2.50 and 2.60",
        "remedy": "let one end where another begins, in prices.gpu_hour",
    }]  # fmt: skip


def test_prices_from_one_moment_contradict_each_other_until_the_next(tables: Tables) -> None:
    found = tables(
        """
  cpu_hour:
    - {price: "1", from: 2026-01-01}
    - {price: "2", from: 2026-01-01, currency: EUR}
    - {price: "3", from: 2026-01-01, currency: USD}
    - {price: "4", from: 2026-02-01}
"""
    )
    assert spans(found["price"]) == [(None, day(1), day(2)), (4, day(2), None)]
    assert told(found) == ["three prices of CPU hold from 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z: 1, 2 EUR and 3"]


def test_prices_of_other_keys_do_not_overlap(tables: Tables) -> None:
    found = tables(
        """
  gpu_hour:
    - {model: H100, price: "2.50", from: 2026-01-01}
    - {model: H100, price: "0.90", from: 2026-01-01, pricing: spot}
    - {model: H100, price: "2.40", from: 2026-01-01, cluster: prod}
    - {model: H100, price: "2.30", from: 2026-01-01, region: eu}
    - {model: H100, price: "2.20", from: 2026-01-01, instance_type: p5}
"""
    )
    assert told(found) == []
    assert len(found["price"]) == 5


def test_a_gap_between_two_prices_is_named_and_what_is_before_the_first_is_not(tables: Tables) -> None:
    found = tables(
        """
  gpu_hour:
    - {model: H100, price: "2.50", from: 2026-01-01, to: 2026-02-01}
    - {model: H100, price: "2.60", from: 2026-03-01, to: 2026-04-01}
"""
    )
    assert spans(found["price"]) == [(Fraction("2.5"), day(1), day(2)), (Fraction("2.6"), day(3), day(4))]
    assert found["price_problem"].to_dicts() == [{
        "subject": "H100", "valid_from": day(2), "valid_to": day(3),
        "problem": "no price of H100 from 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z",
        "remedy": "say what it cost then, in prices.gpu_hour",
    }]  # fmt: skip


def test_a_gap_that_a_wider_price_fills_is_none(tables: Tables) -> None:
    """The price of all clusters holds from 02-10 on: only the days before are without a price in prod."""
    found = tables(
        """
  gpu_hour:
    - {model: H100, price: "2.50", from: 2026-01-01, to: 2026-02-01, cluster: prod, pricing: spot}
    - {model: H100, price: "2.60", from: 2026-03-01, cluster: prod, pricing: spot}
    - {model: H100, price: "2.70", from: 2026-02-10, pricing: spot}
    - {model: H100, price: "9.00", from: 2026-01-01}
"""
    )
    assert told(found) == ["no price of H100 in prod (spot) from 2026-02-01T00:00:00Z to 2026-02-10T00:00:00Z"]


def node(price: str, **keys: object) -> str:
    written = {"instance_type": "p5", "price": price, "from": "2026-01-01", **keys}
    return json.dumps(written).replace('"from": "2026-01-01"', '"from": 2026-01-01')


def test_golden_g01_a_node_is_split_by_scaled_ratios(tables: Tables) -> None:
    case = GOLDEN["G01"]["input"]
    base = {name: str(case["base"][key]) for name, key in (("gpu", "gpu"), ("cpu", "cpu"), ("ram_gib", "ram_gb"))}
    text = node(str(case["node_price"]), gpus=1, gpu_model="H", cpus=1, ram_gib=1, base=base)
    found = tables(f"  node_hour: [{text}]\n")["price"]
    parts = {row["kind"]: row for row in found.to_dicts()}
    expected = GOLDEN["G01"]["expected"]
    assert {kind: exact(row) for kind, row in parts.items()} == {
        "gpu": Fraction(expected["gpu"]), "cpu": Fraction(expected["cpu"]), "memory": Fraction(expected["ram"])
    }  # fmt: skip
    assert {(row["instance_type"], row["gpu_model"]) for row in parts.values()} == {("p5", "H"), ("p5", None)}


def test_a_price_that_no_decimal_holds_has_a_denominator(tables: Tables) -> None:
    """100 over 3 GPUs at 2 and 1 core at 1 is 7 parts: a GPU is 200/7, half of it with 50 % off, and the core 100/7."""
    text = node("100", gpus=3, gpu_model="H", cpus=1, base={"gpu": "2", "cpu": "1"})
    found = tables(f'  node_hour: [{text}]\n  discounts: [{{percent: "50", resource: gpu}}]\n')["price"]
    gpu, cpu = found.to_dicts()
    assert (exact(gpu, "list_price"), exact(gpu), gpu["price_den"]) == (Fraction(200, 7), Fraction(100, 7), 7)
    assert (exact(cpu, "list_price"), exact(cpu)) == (Fraction(100, 7), Fraction(100, 7))
    assert 3 * exact(gpu, "list_price") + exact(cpu) == 100


def test_a_node_that_its_gpus_bear_does_not_begin_to_charge_for_cores(tables: Tables) -> None:
    text = node("80", gpus=8, gpu_model="H", base={"gpu": "1"})
    alone = tables(f"  node_hour: [{text}]\n")["price"]
    assert [(row["kind"], exact(row)) for row in alone.to_dicts()] == [("gpu", 10)]
    beside = tables(f'  node_hour: [{text}]\n  cpu_hour: [{{price: "0.03", from: 2026-01-01}}]\n')["price"]
    assert {(row["kind"], row["instance_type"]): exact(row) for row in beside.to_dicts()} == {
        ("gpu", "p5"): 10, ("cpu", "p5"): 0, ("cpu", None): Fraction("0.03")
    }  # fmt: skip


def test_two_prices_of_a_node_are_one_problem(tables: Tables) -> None:
    parts = {"gpus": 8, "gpu_model": "H", "cpus": 96, "ram_gib": 1024, "base": {"gpu": "2", "cpu": "1", "ram_gib": "1"}}
    first, second = node("35", to="2026-03-01", **parts), node("36", **parts).replace("2026-01-01", "2026-02-01")
    found = tables(f"  node_hour: [{first}, {second}]\n")
    assert told(found) == [
        "two prices of node p5 hold from 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z: 35 a node and 36 a node"
    ]
    assert found["price"].filter(pl.col("price").is_null())["kind"].to_list() == ["gpu", "cpu", "memory"]


def test_golden_g17_a_discount_is_taken_off_every_component(tables: Tables) -> None:
    case = GOLDEN["G17"]["input"]
    percent = Decimal(case["discount"]) * 100
    found = tables(f"""
  gpu_hour: [{{model: H, price: "{case["gpu_hr"]}", from: 2026-01-01}}]
  cpu_hour: [{{price: "{case["cpu_hr"]}", from: 2026-01-01}}]
  ram_gib_hour: [{{price: "{case["ram_gib_hr"]}", from: 2026-01-01}}]
  discounts: [{{percent: "{percent}"}}]
""")
    expected = GOLDEN["G17"]["expected"]
    rows = {row["kind"]: row for row in found["price"].to_dicts()}
    assert {kind: row["price"] for kind, row in rows.items()} == {
        "gpu": Decimal(expected["gpu"]), "cpu": Decimal(expected["cpu"]), "memory": Decimal(expected["ram"])
    }  # fmt: skip
    assert rows["gpu"]["list_price"] == Decimal(case["gpu_hr"])


def test_discounts_multiply_and_cut_the_time(tables: Tables) -> None:
    """10 % off from February, another 50 % in March for H100 only: 2.00, 1.80, 0.90, 1.80."""
    found = tables(
        """
  gpu_hour: [{model: H100, price: "2.00", from: 2026-01-01}, {model: A100, price: "1.00", from: 2026-01-01}]
  discounts:
    - {percent: "10", from: 2026-02-01}
    - {percent: "50", from: 2026-03-01, to: 2026-04-01, model: H100}
    - {percent: "99", pricing: spot}
"""
    )
    assert spans(found["price"], gpu_model="H100") == [
        (2, day(1), day(2)), (Fraction("1.8"), day(2), day(3)), (Fraction("0.9"), day(3), day(4)),
        (Fraction("1.8"), day(4), None),
    ]  # fmt: skip
    assert spans(found["price"], gpu_model="A100") == [(1, day(1), day(2)), (Fraction("0.9"), day(2), None)]
    assert found["cost_boundary"]["ts"].to_list() == []


def test_a_discount_of_one_cluster_leaves_the_others_alone(tables: Tables) -> None:
    found = tables(
        """
  gpu_hour: [{model: H100, price: "2.00", from: 2026-01-01}, {model: H100, price: "1.50", from: 2026-01-01, region: eu}]
  cpu_hour: [{price: "0.10", from: 2026-01-01}]
  discounts: [{percent: "10", cluster: prod, resource: gpu}]
"""
    )
    assert {(row["kind"], row["cluster"], row["region"]): exact(row) for row in found["price"].to_dicts()} == {
        ("gpu", None, None): 2, ("gpu", None, "eu"): Fraction("1.5"), ("gpu", "prod", None): Fraction("1.8"),
        ("gpu", "prod", "eu"): Fraction("1.35"), ("cpu", None, None): Fraction("0.1"),
    }  # fmt: skip


def test_the_discount_of_a_cluster_does_not_push_its_own_price_aside(tables: Tables) -> None:
    """prod has its own price in February: there it was cheaper than the region's, which it goes before."""
    found = tables(
        """
  gpu_hour:
    - {model: H100, price: "2.00", from: 2026-01-01, region: eu}
    - {model: H100, price: "1.00", from: 2026-02-01, to: 2026-03-01, cluster: prod}
  discounts: [{percent: "10", cluster: prod}]
"""
    )
    rows = found["price"]
    less = Fraction("1.8")
    assert spans(rows, cluster="prod", region="eu") == [(less, day(1), day(2)), (less, day(3), None)]
    assert spans(rows.filter(pl.col("region").is_null())) == [(Fraction("0.9"), day(2), day(3))]
    assert spans(rows.filter(pl.col("cluster").is_null())) == [(2, day(1), None)]


RATES = """
  rates:
    - {currency: EUR, date: 2026-10-01, rate: "1.10"}
    - {currency: EUR, date: 2026-10-02, rate: "1.10"}
    - {currency: EUR, date: 2026-10-03, rate: "1.20"}
    - {currency: EUR, date: 2026-10-06, rate: "1.10"}
"""


def test_a_foreign_price_has_the_rate_of_each_day(tables: Tables) -> None:
    """2.00 EUR: 2.20 on the first two days, 2.40 on the third, unknown on 4 and 5, 2.20 on the 6th, unknown after."""
    found = tables('  gpu_hour: [{model: H, price: "2.00", from: 2026-09-01, currency: EUR}]' + RATES)
    assert spans(found["price"]) == [
        (None, day(9), day(10)), (Fraction("2.2"), day(10), day(10, 3)), (Fraction("2.4"), day(10, 3), day(10, 4)),
        (None, day(10, 4), day(10, 6)), (Fraction("2.2"), day(10, 6), day(10, 7)), (None, day(10, 7), None),
    ]  # fmt: skip
    assert [row[:3] for row in found["price_problem"].rows()] == [
        ("EUR->USD", day(10, 4), day(10, 6)), ("EUR->USD", day(10, 7), None)
    ]  # fmt: skip
    assert told(found) == [
        "no rate EUR->USD from 2026-10-04T00:00:00Z to 2026-10-06T00:00:00Z",
        "no rate EUR->USD from 2026-10-07T00:00:00Z on",
    ]
    assert found["currency_rate"].height == 4


def test_missing_rates_are_named_once_for_all_prices_that_need_them(tables: Tables) -> None:
    found = tables(
        '  gpu_hour: [{model: H, price: "2", from: 2026-10-05T12:00:00Z, to: 2026-10-08, currency: EUR}]\n'
        '  cpu_hour: [{price: "1", from: 2026-10-04T12:00:00Z, to: 2026-10-05T18:00:00Z, currency: EUR}]' + RATES
    )
    assert told(found) == [
        "no rate EUR->USD from 2026-10-04T12:00:00Z to 2026-10-06T00:00:00Z",
        "no rate EUR->USD from 2026-10-07T00:00:00Z to 2026-10-08T00:00:00Z",
    ]


def test_a_rate_may_hold_over_a_weekend_until_the_next(tables: Tables) -> None:
    """2 October 2026 is a Friday: at four days it holds through Monday 5th, but that has its own; then three more."""
    found = tables(
        """
  rate_holds_days: 4
  gpu_hour: [{model: H100, price: "2.00", from: 2026-10-02, to: 2026-10-10, currency: EUR}]
  rates: [{currency: EUR, date: 2026-10-02, rate: "1.10"}, {currency: EUR, date: 2026-10-05, rate: "1.20"}]
"""
    )
    assert spans(found["price"]) == [
        (Fraction("2.2"), day(10, 2), day(10, 5)), (Fraction("2.4"), day(10, 5), day(10, 9)),
        (None, day(10, 9), day(10, 10)),
    ]  # fmt: skip
    assert len(told(found)) == 1
    assert found["currency_rate"].height == 3 + 4  # bills are converted by the same days


def test_a_currency_without_any_rate(tables: Tables) -> None:
    found = tables('  cpu_hour: [{price: "1", from: 2026-01-01, currency: GBP}]')
    assert spans(found["price"]) == [(None, day(1), None)]
    assert told(found) == ["no rate GBP->USD from 2026-01-01T00:00:00Z on"]


def test_a_price_in_the_report_currency_needs_no_rate(tables: Tables) -> None:
    found = tables('  cpu_hour: [{price: "1", from: 2026-01-01, currency: USD}]' + RATES)
    assert spans(found["price"]) == [(1, day(1), None)]


def test_golden_g10_a_commitment_costs_its_fee_over_its_hours(tables: Tables) -> None:
    case = GOLDEN["G10"]
    fee, hours = case["input"]["fee"], case["input"]["hours"]
    term = "from: 2026-10-01, to: 2026-11-01, cluster: prod"
    found = tables(f'  commitments: [{{name: c, model: H, count: 1, fee: "{fee}", {term}}}]')
    [row] = found["commitment"].to_dicts()
    assert exact(row) == exact(row, "list_price") == Fraction(case["expected"]["rate"])
    assert (row["price"], row["price_den"]) == (Decimal(fee) * 3600, hours * 3600)
    assert (row["milli_units"], row["fee"], row["cluster"], row["region"]) == (1000, Decimal(fee), "prod", None)
    assert (row["valid_from"], row["valid_to"]) == (day(10), day(11))
    assert found["cost_boundary"]["ts"].to_list() == []
    assert found["price"].is_empty()


def test_a_foreign_fee_has_the_rate_of_its_first_day_or_none(tables: Tables) -> None:
    """3 GPUs, 10 days, 720 EUR at 1.10: 792 / 720 GPU-hours = 1.10 an hour."""
    term = "model: H, count: 3, fee: '720', currency: EUR"
    found = tables(
        f"  commitments: [{{name: a, {term}, from: 2026-10-02T12:00:00Z, to: 2026-10-12T12:00:00Z}},\n"
        f"                {{name: b, {term}, from: 2026-10-05, to: 2026-10-12}}]" + RATES
    )
    known, unknown = found["commitment"].to_dicts()
    assert (exact(known), known["fee"], known["milli_units"]) == (Fraction("1.1"), 792, 3000)
    assert (unknown["price"], unknown["list_price"], unknown["fee"]) == (None, None, None)
    assert told(found) == ["no rate EUR->USD on 2026-10-05, the first day of commitment b"]


def test_what_the_columns_cannot_hold_is_no_price_and_named(tables: Tables) -> None:
    """Four discounts of six decimals on a split in 999,999,999,984,001 parts: over 36 digits and that denominator."""
    text = node("100.000001", gpus=1, gpu_model="H", cpus="1.001", base={"gpu": "999999.999983", "cpu": "0.000001"})
    discounts = ", ".join(f'{{percent: "{number}.1234"}}' for number in range(1, 5))
    found = tables(f"  node_hour: [{text}]\n  discounts: [{discounts}]\n")
    assert spans(found["price"], kind="gpu") == [(None, day(1), None)]
    [gpu, *_] = told(found)
    assert gpu == "the price of H on p5 from 2026-01-01T00:00:00Z on has more digits than can be kept exactly"


def test_prices_reach_the_database_exactly(tmp_path: Path, write_config) -> None:
    base = {"gpu": "2.5", "cpu": "0.03", "ram_gib": "0.004"}
    text = node("98.32", gpus=8, gpu_model="H", cpus=192, ram_gib=2048, base=base)
    config = load(write_config(f'prices:\n  node_hour: [{text}]\n  discounts: [{{percent: "7.0001"}}]\n'))
    with Warehouse.open(tmp_path / "data") as warehouse:
        store_inventory(warehouse, config)
        rows = {row["kind"]: row for row in warehouse.query("SELECT * FROM price").to_dicts()}
    quantities = {"gpu": 8, "cpu": 192, "memory": 2048}
    whole = sum(quantity * exact(rows[kind], "list_price") for kind, quantity in quantities.items())
    assert whole == Fraction("98.32")
    net = sum(quantity * exact(rows[kind]) for kind, quantity in quantities.items())
    assert net == Fraction("98.32") * (1 - Fraction("7.0001") / 100)
