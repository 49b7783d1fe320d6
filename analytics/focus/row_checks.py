"""Checks that look at one row: formats, allowed values, nulls, and what its amounts and periods have to do with each
other.

Each takes a row as it is written and gives what is wrong with it, naming column and value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Any

from analytics.focus.charges import EXACT
from analytics.focus.specification import CORRECTION, Column, specification
from analytics.focus.written import amount
from warehouse.interval import parse_utc

Row = Mapping[str, str | None]
Complaint = str

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?", re.ASCII)
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
CURRENCIES = ("BillingCurrency", "PricingCurrency")
COSTS = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
PRODUCTS = (("ContractedUnitPrice", "ContractedCost"), ("ListUnitPrice", "ListCost"))
MAY_BE_NEGATIVE = ("Adjustment", "Credit")


def nulls(row: Row) -> Iterator[Complaint]:
    """Values that must be there, must not be there, or come only together with another."""
    category, corrects = row.get("ChargeCategory"), row.get("ChargeClass") == CORRECTION
    for name, column in _with_null_rules():
        if name not in row:
            continue
        missing = row[name] is None
        if missing and not column.null:
            yield f"{name} is null"
        elif missing and category in column.needed and not corrects:
            yield f"{name} is null, which {category} does not allow"
        elif not missing and category in column.forbidden:
            yield f"{name} is {row[name]!r}, but null is what {category} asks for"
        elif column.pair and column.pair in row and missing != (row[column.pair] is None):
            yield f"one of {name} and {column.pair} is null and the other is not"
    unused = row.get("CommitmentDiscountStatus") == "Unused"
    if category == "Usage" and not corrects and "ConsumedQuantity" in row and unused == bool(row["ConsumedQuantity"]):
        yield "ConsumedQuantity is null exactly when CommitmentDiscountStatus is Unused, and here it is not so"
    if row.get("CommitmentDiscountStatus") and not row.get("CommitmentDiscountId"):
        yield "CommitmentDiscountStatus is given without CommitmentDiscountId"
    if category == "Usage" and row.get("CommitmentDiscountId") and not row.get("CommitmentDiscountStatus"):
        yield "CommitmentDiscountId is given without CommitmentDiscountStatus"


def quoted_nulls(row: Row) -> Iterator[Complaint]:
    """A null is an empty field; in quotes it is an empty text, which no column may be."""
    for name, value in row.items():
        if value is not None and not value.strip():
            yield f"{name} is an empty text in quotes; a null is an empty field without quotes"
        elif value in ("NULL", "null", "None", "NaN"):
            yield f"{name} is the word {value!r}; a null is an empty field without quotes"


def numbers(row: Row) -> Iterator[Complaint]:
    """No plus, no thousands separators, no unit; E notation is allowed."""
    for name, value in _values(row, "decimal"):
        if not NUMBER.fullmatch(value):
            yield f"{name} is {value!r}, expected digits, one decimal point at most, and a minus where it is negative"


def times(row: Row) -> Iterator[Complaint]:
    """UTC with a Z, to the second: 2026-10-05T10:00:00Z."""
    for name, value in _values(row, "time"):
        if not TIME.fullmatch(value) or moment_of(value) is None:
            yield f"{name} is {value!r}, expected UTC such as 2026-10-05T10:00:00Z"


def allowed_values(row: Row) -> Iterator[Complaint]:
    """One of the values that the specification lists, in every row, and a subcategory of its own category."""
    for name, allowed in _with_allowed_values():
        value = row.get(name)
        if value and value not in allowed:
            shown = ", ".join(sorted(allowed)[:8]) + (", ..." if len(allowed) > 8 else "")
            yield f"{name} is {value!r}, expected one of {shown}"
    category, subcategory = row.get("ServiceCategory"), row.get("ServiceSubcategory")
    own = specification().categories.get(category or "")
    if own and subcategory in (specification().allowed("ServiceSubcategory") or ()) and subcategory not in own:
        yield f"ServiceSubcategory {subcategory!r} does not belong to ServiceCategory {category!r}"


def currency_codes(row: Row) -> Iterator[Complaint]:
    """ISO 4217 in capitals."""
    for name in CURRENCIES:
        value = row.get(name)
        if value and value not in specification().currencies:
            yield f"{name} is {value!r}, expected an ISO 4217 code such as EUR"


def json_objects(row: Row) -> Iterator[Complaint]:
    """Tags and details are JSON objects, keys once each, values flat (but for the split's elements)."""
    for kind in ("json", "document"):
        for name, value in _values(row, kind):
            complaint = _json_complaint(value, kind == "json")
            if complaint:
                yield f"{name} is {value!r}{complaint}"


def products(row: Row) -> Iterator[Complaint]:
    """Unit price x quantity is the cost, exactly, unless the row is a correction."""
    quantity = decimal_of(row.get("PricingQuantity"))
    if quantity is None or row.get("ChargeClass") == CORRECTION:
        return
    for price_column, cost_column in PRODUCTS:
        price, cost = decimal_of(row.get(price_column)), decimal_of(row.get(cost_column))
        if price is None or cost is None:
            continue
        product = EXACT.multiply(price, quantity)
        if product != cost:
            yield f"{cost_column} is {row[cost_column]}, but {price_column} x PricingQuantity is {amount(product)}"


def charge_periods(row: Row) -> Iterator[Complaint]:
    """A period ends after it starts: the charge's and the bill's."""
    for start_column, end_column in (
        ("ChargePeriodStart", "ChargePeriodEnd"),
        ("BillingPeriodStart", "BillingPeriodEnd"),
    ):
        start, end = moment_of(row.get(start_column)), moment_of(row.get(end_column))
        if start is not None and end is not None and end <= start:
            yield f"{end_column} {row[end_column]} is not after {start_column} {row[start_column]}"


def billing_periods(row: Row) -> Iterator[Complaint]:
    """The charge lies in the billing period; a correction lies before its end, as it is about an earlier one."""
    first, last = moment_of(row.get("BillingPeriodStart")), moment_of(row.get("BillingPeriodEnd"))
    for name in ("ChargePeriodStart", "ChargePeriodEnd"):
        moment = moment_of(row.get(name))
        if moment is None or first is None or last is None:
            continue
        early = moment < first and row.get("ChargeClass") != CORRECTION
        if early or moment > last:
            yield f"{name} {row[name]} is outside the billing period"


def negative_costs(row: Row) -> Iterator[Complaint]:
    """Only corrections, credits and adjustments may take back."""
    if row.get("ChargeClass") == CORRECTION or row.get("ChargeCategory") in MAY_BE_NEGATIVE:
        return
    for name in (*COSTS, "PricingQuantity"):
        value = decimal_of(row.get(name))
        if value is not None and value < 0:
            yield f"{name} is {row[name]}, and the row is no correction, credit or adjustment"


def third_parties(row: Row) -> Iterator[Complaint]:
    """What somebody else than the provider invoices is not billed here."""
    billed = decimal_of(row.get("BilledCost"))
    if billed and row.get("ProviderName") != row.get("InvoiceIssuerName"):
        yield f"BilledCost is {row['BilledCost']}, expected 0 where InvoiceIssuerName is not ProviderName"


def _values(row: Row, kind: str) -> Iterator[tuple[str, str]]:
    for name in _of_type(kind):
        value = row.get(name)
        if value:
            yield name, value


@lru_cache(maxsize=10_000)  # rows of one owner have the same tags
def _json_complaint(text: str, flat: bool) -> str:
    try:
        found = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        return f": {error}"
    if not isinstance(found, dict):
        return ", expected a JSON object"
    if flat and any(isinstance(one, dict | list) for one in found.values()):
        return ", expected numbers, texts, true, false or null as values"
    return ""


@cache
def _of_type(kind: str) -> tuple[str, ...]:
    return tuple(name for name, column in specification().columns.items() if column.type == kind)


@cache
def _with_null_rules() -> tuple[tuple[str, Column], ...]:
    columns = specification().columns.items()
    return tuple(
        (name, one) for name, one in columns if not one.null or one.needed or one.forbidden or one.pair is not None
    )


@cache
def _with_allowed_values() -> tuple[tuple[str, frozenset[str]], ...]:
    allowed = {name: specification().allowed(name) for name in specification().columns if name not in CURRENCIES}
    return tuple((name, values) for name, values in allowed.items() if values is not None)


def decimal_of(text: str | None) -> Decimal | None:
    """A number even where it is written against the rules; that it is so is for `numbers` to say."""
    try:
        found = Decimal((text or "").replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@lru_cache(maxsize=1_000)
def moment_of(text: str | None) -> datetime | None:
    try:
        return parse_utc(text) if text else None
    except (ValueError, OverflowError):  # 9999-12-31T23:59:59-01:00 is after the end of time
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the key {name!r} is there twice")
    return dict(pairs)
