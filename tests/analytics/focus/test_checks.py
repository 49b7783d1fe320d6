"""The checks of a FOCUS file, each against a mutant of a good file that the official validator lets through.

A mutant has one mistake, and exactly the check that is about it must say so, naming the row. So a check that is too
broad fails as surely as one that is blind. The texts are files as written, not frames.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.focus.checks import NAMES, check
from analytics.focus.written import amount, read, write
from focus_lines import file_of, frame, idle, line, total_of

CASES = Path(__file__).parents[4] / "shared" / "cases" / "finops"
Row = dict[str, str | None]


@pytest.fixture(scope="module")
def good() -> str:
    """Two services, idle, a commitment with its purchase, a correction, and a rounding to the cent."""
    committed = {"pricing": "committed", "commitment": "h100-2026"}
    return file_of(
        frame(
            line(2, labels='{"app": "a, \\"b\\""}'), line(3, team="vision", service="ocr"), idle(),
            line(4, "2.00", **committed), line(1, "0.333", kind="cpu", gpu_model=None, resource="cpu"),
            line(-1, "1.00", charge_class="Correction"),
        ),
        labels=("app",),
    )  # fmt: skip


def changed(text: str, number: int, **values: str | None) -> str:
    """The file with other values in one row, counted from 1; values are taken as they are written."""
    written = read(text)
    rows = [dict(row) for row in written.rows]
    rows[number - 1] |= values
    return write(written.columns, rows)


def row_of(text: str, number: int) -> Row:
    return read(text).rows[number - 1]


def the_row(text: str, **values: str) -> int:
    """Number of the first row with these values."""
    for number, row in enumerate(read(text).rows, start=1):
        if all(row[name] == value for name, value in values.items()):
            return number
    raise AssertionError(f"no row has {values}")


def found(text: str, total: Decimal | None = None) -> set[tuple[str, int | None]]:
    return {(problem.check, problem.row) for problem in check(text, total)}


def scaled(text: str, number: int) -> dict[str, str | None]:
    """All amounts of a row and its quantity with the other sign: unit price x quantity still holds."""
    names = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "PricingQuantity", "ConsumedQuantity")
    return {name: f"-{row_of(text, number)[name]}" for name in names}


def test_the_good_file_is_good(good: str) -> None:
    assert check(good, total_of(good)) == ()
    assert {row["ChargeCategory"] for row in read(good).rows} == {"Usage", "Purchase", "Adjustment"}


Mutation = Callable[[str, int], dict[str, str | None]]
MUTANTS: dict[str, tuple[str, Mutation]] = {
    "cost is not price x quantity": ("price x quantity", lambda text, row: {"ContractedCost": "5.01"}),
    "list cost is not price x quantity": ("price x quantity", lambda text, row: {"ListCost": "5.0000001"}),
    "end before start": (
        "charge period",
        lambda text, row: {
            "ChargePeriodStart": row_of(text, row)["ChargePeriodEnd"],
            "ChargePeriodEnd": row_of(text, row)["ChargePeriodStart"],
        },
    ),
    "no time at all": (
        "charge period",
        lambda text, row: {"ChargePeriodEnd": row_of(text, row)["ChargePeriodStart"]},
    ),
    "charge after the billing period": (
        "billing period",
        lambda text, row: {"ChargePeriodStart": "2026-11-02T00:00:00Z", "ChargePeriodEnd": "2026-11-03T00:00:00Z"},
    ),
    "charge before the billing period": (
        "billing period", lambda text, row: {"ChargePeriodStart": "2026-09-30T23:59:59Z"}
    ),
    "negative cost": ("negative cost", scaled),
    "time without Z": ("time format", lambda text, row: {"ChargePeriodStart": "2026-10-05T00:00:00"}),
    "time with an offset": ("time format", lambda text, row: {"ChargePeriodStart": "2026-10-05T00:00:00+00:00"}),
    "time with a space": ("time format", lambda text, row: {"BillingPeriodStart": "2026-10-01 00:00:00Z"}),
    "a day that does not exist": ("time format", lambda text, row: {"ChargePeriodEnd": "2026-10-32T00:00:00Z"}),
    "one illegal charge category": ("allowed value", lambda text, row: {"ChargeCategory": "Showback"}),
    "one illegal service category": ("allowed value", lambda text, row: {"ServiceCategory": "AI"}),
    "one illegal frequency": ("allowed value", lambda text, row: {"ChargeFrequency": "Hourly"}),
    "subcategory of another category": (
        "allowed value", lambda text, row: {"ServiceName": "Another", "ServiceSubcategory": "Containers"}
    ),
    "a plus": ("number format", lambda text, row: {"BilledCost": "+5.00"}),
    "thousands separator": ("number format", lambda text, row: {"x_GpuHours": "1,000"}),
    "currency sign": ("number format", lambda text, row: {"x_GpuHours": "2 h"}),
    "tags that are no JSON": ("json", lambda text, row: {"Tags": "team=search"}),
    "tags that are a list": ("json", lambda text, row: {"Tags": '["search"]'}),
    "nested tags": ("json", lambda text, row: {"Tags": '{"team": {"name": "search"}}'}),
    "a key twice": ("json", lambda text, row: {"Tags": '{"team": "a", "team": "b"}'}),
    "null effective cost": ("null", lambda text, row: {"EffectiveCost": None}),
    "usage without a quantity": (
        "null", lambda text, row: {"PricingQuantity": None, "PricingUnit": None}
    ),
    "unit without a quantity": ("null", lambda text, row: {"PricingUnit": None}),
    "region without a name": ("null", lambda text, row: {"RegionName": None}),
    "the word NULL": ("quoted null", lambda text, row: {"ChargeClass": "NULL", "x_Pool": "NULL"}),
    "lower-case currency": ("currency code", lambda text, row: {"BillingCurrency": "usd"}),
    "currency that does not exist": ("currency code", lambda text, row: {"BillingCurrency": "UDS"}),
    "two currencies": ("one currency", lambda text, row: {"BillingCurrency": "EUR"}),
    "one invoice among none": ("invoice id", lambda text, row: {"InvoiceId": "INV-1"}),
    "somebody else invoices": ("third party", lambda text, row: {"InvoiceIssuerName": "Reseller"}),
    "two categories of one service": (
        "service category", lambda text, row: {"ServiceCategory": "Compute", "ServiceSubcategory": "Containers"}
    ),
}  # fmt: skip
ALSO = {"the word NULL": {"allowed value"}}  # NULL as a class is also no class


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught_by_the_check_that_is_about_it(good: str, name: str) -> None:
    expected, mutate = MUTANTS[name]
    second = the_row(good, SubAccountId="vision")
    mutant = changed(good, second, **mutate(good, second))
    caught = found(mutant)
    assert {check for check, _ in caught} == {expected} | ALSO.get(name, set())
    assert (expected, second) in caught or expected == "service category"


def test_a_row_twice(good: str) -> None:
    lines = good.splitlines(keepends=True)
    assert found("".join([*lines[:3], lines[2], *lines[3:]])) >= {("duplicate row", 3)}
    assert {name for name, _ in found("".join([*lines[:3], lines[2], *lines[3:]]))} <= {"duplicate row", "commitment"}


def test_a_column_without_x(good: str) -> None:
    assert found(good.replace("x_Pool", "Pool", 1)) == {("own column", None)}
    assert found(good.replace("x_Pool", "x_Charge", 1)) == {("column", None)}


def test_a_mandatory_column_is_missing(good: str) -> None:
    written = read(good)
    columns = [name for name in written.columns if name != "PublisherName"]
    [problem] = check(write(columns, written.rows))
    assert str(problem) == "column: the file: the mandatory column PublisherName is missing"


def test_columns_of_ours_come_last(good: str) -> None:
    written = read(good)
    columns = ("x_Pool", *(name for name in written.columns if name != "x_Pool"))
    assert found(write(columns, written.rows)) == {("column", None)}


def test_an_empty_text_in_quotes_is_no_null(good: str) -> None:
    first = good.splitlines()[1]
    assert first.endswith(",")
    assert found(good.replace(first, f'{first}""', 1)) == {("quoted null", 1)}


def test_a_broken_row_ends_the_reading(good: str) -> None:
    lines = good.splitlines(keepends=True)
    lines[2] = lines[2].replace(",", "", 1)
    assert ("fields", 2) in found("".join(lines))
    lines = good.splitlines(keepends=True)
    lines[2] = '"' + lines[2]
    assert any(name == "fields" for name, _ in found("".join(lines)))


def test_a_commitment_that_is_paid_twice_or_not_at_all(good: str) -> None:
    bought = the_row(good, ChargeCategory="Purchase")
    used = the_row(good, CommitmentDiscountStatus="Used")
    assert found(changed(good, bought, EffectiveCost="8.00")) == {("commitment", bought)}
    assert found(changed(good, used, BilledCost="8.00")) == {("commitment", used)}
    written = read(good)
    unpaid = write(written.columns, [row for row in written.rows if row["ChargeCategory"] != "Purchase"])
    assert found(unpaid) == {("commitment", None)}


def test_the_sum_is_the_total_of_the_report(good: str) -> None:
    total = total_of(good)
    assert found(good, total + Decimal("0.01")) == {("total", None)}
    written = read(good)
    unrounded = write(written.columns, [row for row in written.rows if row["ChargeCategory"] != "Adjustment"])
    texts = [problem.text for problem in check(unrounded, total)]
    assert texts == [
        f"{column} adds up to {amount(total_of(unrounded))}, the report's total is {amount(total)}"
        for column in ("BilledCost", "EffectiveCost")
    ]
    adjusted = changed(good, len(written.rows), BilledCost="1.00", EffectiveCost="1.00")
    assert "adjustments are 1.00, more than rounding to the cent explains" in [
        problem.text for problem in check(adjusted, total)
    ]


def test_a_problem_names_row_column_and_value(good: str) -> None:
    [problem] = check(changed(good, 2, BillingCurrency="usd"))
    assert str(problem) == "currency code: row 2: BillingCurrency is 'usd', expected an ISO 4217 code such as EUR"


@pytest.mark.parametrize("name", ["focus_minimal.csv", "focus_showback_full.csv"])
def test_files_that_the_validator_accepts_pass(name: str) -> None:
    if not (CASES / name).is_file():
        pytest.skip(f"{name} is not beside the repository")
    assert check((CASES / name).read_text()) == ()


@given(st.text())
def test_no_text_makes_a_check_fail_with_an_exception(text: str) -> None:
    assert all(problem.check in NAMES for problem in check(text, Decimal("1.00")))


@given(st.data())
def test_no_value_makes_a_check_fail_with_an_exception(data: st.DataObject) -> None:
    columns = data.draw(st.lists(st.sampled_from(NAMED), min_size=1, unique=True))
    words = st.none() | st.sampled_from(WORDS) | st.text(max_size=5)
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, words)), max_size=3))
    check(write(columns, rows))


NAMED = ("BilledCost", "PricingQuantity", "ContractedUnitPrice", "ContractedCost", "ChargePeriodStart", "ServiceName",
         "ChargePeriodEnd", "BillingPeriodStart", "Tags", "ServiceCategory", "InvoiceId", "ChargeCategory",
         "CommitmentDiscountId", "BillingCurrency", "x_Own", "Unknown")  # fmt: skip
WORDS = ("1E5", "-0", "NaN", "Infinity", "1e999999", "2026-10-05T00:00:00Z", "9999-12-31T23:59:59-23:59", "{}", "[]",
         '{"a": NaN}', "Usage", "Purchase", "USD", "1_000", "٣")  # fmt: skip
