"""Rows of a bill: which are refused, which are odd, which are alike."""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl
import pytest

from collector.focus.charges import NOT_A_NUMBER, NOT_A_TIME, STORED, charges, fingerprint
from collector.focus.problems import AS_DELIVERED, Problems

from .conftest import CHARGE


def read(*changes: Mapping[str, str | None]) -> tuple[pl.DataFrame, Problems]:
    problems = Problems()
    rows = [{"row_number": number, **CHARGE, **change} for number, change in enumerate(changes, start=1)]
    return charges(pl.DataFrame(rows), problems), problems


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("BilledCost", "1,000.00", NOT_A_NUMBER),
        ("EffectiveCost", "+2.50", NOT_A_NUMBER),
        ("ListCost", "$3", NOT_A_NUMBER),
        ("BilledCost", "100000000000000000000000", "is too large: more than 20 digits before the point"),
        ("BilledCost", None, "is empty"),
        ("BilledCost", "NULL", "is empty"),
        ("BillingCurrency", "USX", "is not a currency of ISO 4217"),
        ("BillingCurrency", None, "is empty"),
        ("ChargeCategory", "", "is empty"),
        ("ChargePeriodStart", "10/05/2026", NOT_A_TIME),
        ("ChargePeriodEnd", "2026-10-05T09:59:59Z", "is before ChargePeriodStart"),
    ],
)
def test_a_row_is_refused_by_column_and_value_and_kept_as_text(column: str, value: str | None, reason: str) -> None:
    frame, problems = read({}, {column: value}, {})
    assert frame["row_number"].to_list() == [1, 3]
    assert problems.refused == 1
    entries = problems.frame().filter(pl.col("severity") == "refused").rows()
    assert (2, column, value, "refused", reason) in entries
    (text,) = [json.loads(entry[2]) for entry in entries if entry[4] == AS_DELIVERED]
    assert text == {name: kept for name, kept in {**CHARGE, column: value}.items() if kept is not None}


def test_all_reasons_of_a_row_are_named_and_it_counts_once() -> None:
    _, problems = read({"BilledCost": "x", "EffectiveCost": "y", "BillingCurrency": "?"})
    assert problems.refused == 1
    assert {entry[1] for entry in problems.frame().rows()} == {"BilledCost", "EffectiveCost", "BillingCurrency", None}


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"PricingQuantity": "-1"}, "PricingQuantity", "is negative on usage that is no correction"),
        ({"EffectiveCost": ""}, "EffectiveCost", "is empty: this charge has a billed cost only"),
        ({"ServiceName": ""}, "ServiceName", "is empty"),
        ({"ChargeCategory": "Showback"}, "ChargeCategory", "is not a category of FOCUS"),
        ({"ChargeClass": "Regular"}, "ChargeClass", "is not a class of FOCUS"),
        ({"BillingPeriodEnd": "2026-09-01T00:00:00Z"}, "BillingPeriodEnd", "is not after BillingPeriodStart"),
    ],
)
def test_a_row_that_is_odd_counts_and_is_named(change: dict[str, str], column: str, reason: str) -> None:
    frame, problems = read({}, change)
    assert frame.height == 2
    assert problems.refused == 0
    ((number, named, _, severity, problem),) = problems.frame().rows()
    assert (number, named, severity, problem) == (2, column, "warning", reason)


def test_a_correction_and_a_credit_may_be_negative() -> None:
    frame, problems = read(
        {"ChargeClass": "Correction", "PricingQuantity": "-1", "BilledCost": "-2.5"},
        {"ChargeCategory": "Credit", "PricingQuantity": "-1", "BilledCost": "-2.5"},
    )
    assert frame.height == 2
    assert problems.frame().is_empty()


def test_words_for_nothing_are_counted_by_column() -> None:
    null = {"SkuId": "NULL"}
    frame, problems = read(null, null, {"SkuId": "None", "PricingUnit": "null"}, {"SkuId": ""})
    assert frame["sku_id"].to_list() == [None] * 4
    assert frame["pricing_unit"].to_list() == ["Hours", "Hours", None, "Hours"]
    assert set(problems.frame().rows()) == {
        (None, "SkuId", None, "note", "2 x the word NULL is read as no value"),
        (None, "SkuId", None, "note", "1 x the word None is read as no value"),
        (None, "PricingUnit", None, "note", "1 x the word null is read as no value"),
    }


def test_what_azure_writes_for_no_sku_is_no_sku_and_a_description_is_left_alone() -> None:
    frame, _ = read({"SkuId": "-2", "ChargeDescription": "-2"}, {"SkuId": "Unassigned"})
    assert frame["sku_id"].to_list() == [None, None]
    assert frame["charge_description"].to_list() == ["-2", "H100 hour"]


def test_a_currency_in_small_letters_and_digits_beyond_the_18th_are_noted() -> None:
    frame, problems = read({"BillingCurrency": "usd", "ListCost": "0.1234567890123456789"})
    assert frame.select("currency", "list_cost").cast({"list_cost": pl.String}).row(0) == (
        "USD",
        "0.123456789012345679",
    )
    assert problems.notes() == [
        "ListCost: 1 x more than 18 digits after the point are rounded half to even (such as '0.1234567890123456789')",
        "BillingCurrency: 1 x a code in small letters is read in capitals (such as 'usd')",
    ]


def test_a_charge_without_duration_is_noted() -> None:
    frame, problems = read({"ChargePeriodEnd": CHARGE["ChargePeriodStart"]})
    assert frame.height == 1
    assert problems.notes() == ["ChargePeriodEnd: 1 x a charge without duration counts on the day it starts"]


def test_rows_are_alike_only_in_all_columns_also_those_that_are_not_stored() -> None:
    rows = pl.DataFrame([
        {"row_number": 1, "SkuId": "a", "x_Operation": "RunInstances", "Tags": None},
        {"row_number": 2, "SkuId": "a", "x_Operation": "RunInstances", "Tags": None},
        {"row_number": 3, "SkuId": "a", "x_Operation": "Other", "Tags": None},
        {"row_number": 4, "SkuId": "a", "x_Operation": "RunInstances", "Tags": ""},
    ])  # fmt: skip
    first, second, third, fourth = fingerprint(rows)
    assert first == second
    assert len({first, third, fourth}) == 3
    assert fingerprint(rows.select("x_Operation", "Tags", "SkuId", "row_number"))[0] == first


def test_values_do_not_flow_into_their_neighbours() -> None:
    rows = pl.DataFrame([{"row_number": 1, "a": "xy", "b": "z"}, {"row_number": 2, "a": "x", "b": "yz"}])
    assert fingerprint(rows).n_unique() == 2


def test_a_digest_is_the_same_in_every_version() -> None:
    """It is stored: another digest after an upgrade would count what is already there a second time."""
    rows = pl.DataFrame([{"row_number": 1, "a": "1", "b": None}])
    # blake2b, 16 bytes, of "a\x1fb\n1\x1f\x00"
    assert fingerprint(rows).to_list() == ["05e8d1e1f5e79d2eee4a0acf1005c203"]


def test_an_empty_batch_has_the_columns() -> None:
    rows = pl.DataFrame(schema={"row_number": pl.Int64, **dict.fromkeys(CHARGE, pl.String)})
    assert charges(rows, Problems()).schema == STORED
