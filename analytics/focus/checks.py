"""Our checks of a FOCUS file, on the text as it is written: what the official validator lets through, and our
invariants.

Each check has a name, reads rows and says which of them break it. They are independent: a value that one check finds
unreadable is left to that check, so a single mistake is reported once, by the check that is about it. What they do not
do: judge whether amounts are right (the ledger's tests do), or replace the validator, whose rules about columns and
capabilities they do not repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from analytics.focus import file_checks, row_checks
from analytics.focus.written import Written, read

RowCheck = Callable[[row_checks.Row], Iterable[row_checks.Complaint]]
FileCheck = Callable[[Written], Iterable[file_checks.RowComplaint]]

ROW_CHECKS: dict[str, RowCheck] = {
    "null": row_checks.nulls,
    "quoted null": row_checks.quoted_nulls,
    "number format": row_checks.numbers,
    "time format": row_checks.times,
    "allowed value": row_checks.allowed_values,
    "currency code": row_checks.currency_codes,
    "json": row_checks.json_objects,
    "price x quantity": row_checks.products,
    "charge period": row_checks.charge_periods,
    "billing period": row_checks.billing_periods,
    "negative cost": row_checks.negative_costs,
    "third party": row_checks.third_parties,
}
FILE_CHECKS: dict[str, FileCheck] = {
    "column": file_checks.columns,
    "own column": file_checks.own_columns,
    "fields": file_checks.fields,
    "duplicate row": file_checks.duplicates,
    "invoice id": file_checks.invoices,
    "service category": file_checks.services,
    "one currency": file_checks.one_currency,
    "commitment": file_checks.commitments,
}
TOTAL_CHECK = "total"
NAMES = (*FILE_CHECKS, *ROW_CHECKS, TOTAL_CHECK)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row (counted from 1 below the heading; None: with the file), found by the check named."""

    check: str
    row: int | None
    text: str

    def __str__(self) -> str:
        where = "the file" if self.row is None else f"row {self.row}"
        return f"{self.check}: {where}: {self.text}"


def check(text: str, total: Decimal | None = None) -> tuple[Problem, ...]:
    """Every problem of the file `text`, in the order of rows; `total` is what BilledCost and EffectiveCost must add up
    to."""
    return tuple(sorted(_problems(read(text), total), key=lambda one: (one.row is not None, one.row or 0)))


def _problems(written: Written, total: Decimal | None) -> Iterator[Problem]:
    for name, of_file in FILE_CHECKS.items():
        for at, complaint in of_file(written):
            yield Problem(name, at, complaint)
    for number, row in enumerate(written.rows, start=1):
        for name, of_row in ROW_CHECKS.items():
            for complaint in of_row(row):
                yield Problem(name, number, complaint)
    if total is not None:
        for complaint in file_checks.total(written, total):
            yield Problem(TOTAL_CHECK, None, complaint)
