"""Checks that look at a file as a whole: its columns, rows that repeat or contradict each other, and its sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from analytics.focus.charges import EXACT
from analytics.focus.row_checks import Row, decimal_of
from analytics.focus.specification import CUSTOM, specification
from analytics.focus.written import Written, amount
from warehouse.money import CENT

RowComplaint = tuple[int | None, str]


def columns(written: Written) -> Iterator[RowComplaint]:
    """Mandatory and recommended columns are there, none twice, ours after those of FOCUS."""
    for name, column in specification().columns.items():
        if column.level != "conditional" and name not in written.columns:
            yield None, f"the {column.level} column {name} is missing"
    for name, count in Counter(written.columns).items():
        if count > 1:
            yield None, f"the column {name} is there {count} times"
    own = [name.startswith(CUSTOM) for name in written.columns if name in specification().columns]
    if own != sorted(own):
        yield None, "columns of FOCUS come first, x_ columns after them"


def own_columns(written: Written) -> Iterator[RowComplaint]:
    """What FOCUS does not define has a name with x_ before it."""
    for name in dict.fromkeys(written.columns):
        if not name.startswith(CUSTOM) and name not in specification().columns:
            yield None, f"{name!r} is no column of FOCUS {specification().version}; ours begin with {CUSTOM}"


def fields(written: Written) -> Iterator[RowComplaint]:
    """Every row is CSV and has as many fields as the heading."""
    if written.broken is not None:
        yield (
            written.broken,
            "is no CSV, or has another number of fields than the heading; not read further",
        )


def duplicates(written: Written) -> Iterator[RowComplaint]:
    """No row is there twice."""
    first: dict[tuple[str | None, ...], int] = {}
    for number, row in enumerate(written.rows, start=1):
        earlier = first.setdefault(tuple(row.values()), number)
        if earlier != number:
            yield number, f"repeats row {earlier}"


def invoices(written: Written) -> Iterator[RowComplaint]:
    """All rows of a file belong to invoices, or none does."""
    given = [row.get("InvoiceId") is not None for row in written.rows]
    if any(given) and not all(given):
        yield given.index(not given[0]) + 1, "InvoiceId is null in some rows of the file and not in others"


def services(written: Written) -> Iterator[RowComplaint]:
    """A service name has one category and one subcategory; values that are not legal are left to their own check."""
    for column in ("ServiceCategory", "ServiceSubcategory"):
        legal = specification().allowed(column) or frozenset()
        first: dict[str, str] = {}
        for number, row in enumerate(written.rows, start=1):
            name, value = row.get("ServiceName"), row.get(column)
            if name is None or value not in legal:
                continue
            earlier = first.setdefault(name, value)
            if value != earlier:
                yield number, f"ServiceName {name!r} has {column} {value!r} here and {earlier!r} above"


def one_currency(written: Written) -> Iterator[RowComplaint]:
    """Amounts of one file can be added; codes that do not exist are left to their own check."""
    legal = specification().currencies
    first: str | None = None
    for number, row in enumerate(written.rows, start=1):
        code = row.get("BillingCurrency")
        if code in legal:
            first = first or code
            if code != first:
                yield number, f"BillingCurrency is {code} here and {first} above"


def commitments(written: Written) -> Iterator[RowComplaint]:
    """What a commitment's usage costs is what its purchases in the file were billed; usage itself was not billed."""
    used: dict[str, Decimal] = {}
    bought: dict[str, Decimal] = {}
    for number, row in enumerate(written.rows, start=1):
        name = row.get("CommitmentDiscountId")
        if name is None:
            continue
        if row.get("ChargeCategory") == "Purchase":
            bought[name] = EXACT.add(bought.get(name, Decimal(0)), _amount(row, "BilledCost"))
            if _amount(row, "EffectiveCost"):
                yield number, f"EffectiveCost is {row['EffectiveCost']}, 0 is what the purchase of {name} should have"
        elif row.get("ChargeCategory") == "Usage":
            used[name] = EXACT.add(used.get(name, Decimal(0)), _amount(row, "EffectiveCost"))
            if _amount(row, "BilledCost"):
                yield number, f"BilledCost is {row['BilledCost']}, expected 0 for what {name} covers"
    for name in sorted({*used, *bought}):
        of_usage, of_purchase = used.get(name, Decimal(0)), bought.get(name, Decimal(0))
        if of_usage != of_purchase:
            yield (
                None,
                f"{name}: EffectiveCost of its usage is {of_usage:f}, BilledCost of its purchase {of_purchase:f}",
            )


def total(written: Written, expected: Decimal) -> Iterator[str]:
    """BilledCost and EffectiveCost both add up to the report's total, and what rounds to it is less than a cent."""
    for column in ("BilledCost", "EffectiveCost"):
        found = Decimal(0)
        for row in written.rows:
            found = EXACT.add(found, _amount(row, column))
        if found != expected:
            yield f"{column} adds up to {amount(found)}, the report's total is {amount(expected)}"
    rounded = Decimal(0)
    for row in written.rows:
        if row.get("ChargeCategory") == "Adjustment":
            rounded = EXACT.add(rounded, _amount(row, "BilledCost"))
    if abs(rounded) >= CENT:
        yield f"adjustments are {amount(rounded)}, more than rounding to the cent explains"


def _amount(row: Row, column: str) -> Decimal:
    return decimal_of(row.get(column)) or Decimal(0)
