"""A month's report as a FOCUS 1.2 file that adds up to the showback to the cent, checked before it leaves.

One row for each charge (see `charges` for the grain), a Purchase for each commitment, and one Adjustment where the
exact sum of the rows is not a whole number of cents. Lines without a price are not in the file: it says so in
x_Incomplete. Unbilled hours are never invented, and a file that fails our own checks is never returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from analytics.focus.charges import EXACT, charges_of
from analytics.focus.checks import Problem, check
from analytics.focus.commitments import purchases
from analytics.focus.rows import Row, Terms, purchase, rounding, usage
from analytics.focus.specification import mapping
from analytics.focus.split import ratios
from analytics.focus.written import write
from analytics.ledger.selection import Selection
from warehouse.errors import MeterlineError

SHOWN = 10
"""Problems that an error message names before it only counts."""


class FocusFileRefused(MeterlineError):
    """The rows break a rule of FOCUS or of ours; `problems` are all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        named = [str(problem) for problem in problems[:SHOWN]]
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        super().__init__(
            "\n".join(named + more), "no file was written: this is a defect of Meterline, please report it"
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Exported:
    """CSV text, and what it consists of: rows of category Usage, Purchase and Adjustment."""

    text: str
    usages: int
    purchases: int
    adjustment: Decimal


def export(
    selection: Selection, total: Decimal, terms: Terms, whole: Selection | None = None, by_month: bool = False
) -> Exported:
    """The file of the lines of `selection`, whose cost is `total` rounded to the cent (the showback's total).

    `whole`: the same month without a filter, where `selection` has one (ratios of the split are parts of it).
    `by_month`: charge periods are months instead of UTC days. Raises FocusFileRefused with every row that fails a
    check.
    """
    rows = _rows(selection, total, terms, whole, by_month)
    text = write(mapping().columns, rows[0])
    problems = check(text, total)
    if problems:
        raise FocusFileRefused(problems)
    return Exported(text, *rows[1:])


def _rows(
    selection: Selection, total: Decimal, terms: Terms, whole: Selection | None, by_month: bool
) -> tuple[list[Row], int, int, Decimal]:
    charges = charges_of(selection, terms.labels, by_month)
    every = charges if whole is None else charges_of(whole, terms.labels, by_month)
    rows = [
        usage(charge, ratio, terms) for charge, ratio in zip(charges, ratios(charges, every), strict=True)
    ]  # fmt: skip
    bought = purchases(charges)
    costs = [charge.cost for charge in charges]
    missing = EXACT.subtract(total, reduce(EXACT.add, costs, Decimal(0)))
    found = rows + [purchase(one, terms) for one in bought]
    if missing:
        found.append(rounding(missing, charges[0].kind if charges else "gpu", terms))
    return found, len(rows), len(bought), missing
