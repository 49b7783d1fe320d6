"""Closed months at rest: the lines that a month's report bears, copied once and never changed again.

Promises: the lines, their number, their exact total and their hash are written in the caller's transaction, so a month
is closed as a whole or not at all; nothing here updates or deletes. Whether a month may be closed is not decided here
(see meterline/closing.py). There is no way to open a month again: what changes later is corrected in a later report.

The hash is SHA-256 over the lines as text. A line is a JSON array, without spaces, of its columns in the order of
`COLUMNS`: null or a string, dates as YYYY-MM-DD, numbers without trailing zeros after the point. The lines are sorted
by code point and end with a newline each, so the hash does not depend on the order in which they are stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import polars as pl

from warehouse.charges import LINE, MEASURES, RATE, Sums, exact_sums
from warehouse.interval import naive
from warehouse.money import round_half_even
from warehouse.writing import Transaction

CORRECTION = "Correction"
COLUMNS = ("billing_month", "charge_class", *LINE)
DECIMALS = tuple(name for name, kind in LINE.items() if isinstance(kind, pl.Decimal) and kind.scale)


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month.

    `month` is its first day, `closed_at` aware UTC, `version` the published version that it was taken from, `lines` the
    number of frozen lines (transfers included), `total` their exact sum in the report currency, rounded once to cents.
    """

    month: date
    closed_at: datetime
    version: str
    lines: int
    total: Decimal
    sha256: str


def closed_months(tx: Transaction) -> list[Closed]:
    """All closed months, the oldest first."""
    rows = tx.query(
        "SELECT month, closed_at, published_version, lines, total, sha256 FROM closed_month ORDER BY month"
    ).rows()
    return [Closed(month, at.replace(tzinfo=UTC), *rest) for month, at, *rest in rows]


def freeze(tx: Transaction, month: date, lines: str, version: str, now: datetime) -> Closed:
    """Copy the rows of the SELECT `lines` whose `billing_month` is `month` and record the month as closed at `now`.

    The SELECT has at least `COLUMNS`. Raises ValueError when the month is closed already.
    """
    if any(one.month == month for one in closed_months(tx)):
        raise ValueError(f"{month:%Y-%m} is closed already")
    columns = ", ".join(COLUMNS)
    tx.execute(
        f"INSERT INTO closed_line BY NAME SELECT {columns} FROM ({lines}) AS report WHERE billing_month = $month",
        {"month": month},
    )
    count = tx.query("SELECT count(*) FROM closed_line WHERE billing_month = $month", {"month": month}).item()
    total = sum((sums.cost for sums in frozen_sums(tx, month).values()), Fraction(0))
    closed = Closed(month, now, version, int(count), round_half_even(total), digest(tx, month))
    tx.execute(
        "INSERT INTO closed_month (month, closed_at, published_version, lines, total, sha256, currency) "
        "SELECT $month, $at, $version, $lines, $total, $sha256, (SELECT max(currency) FROM report_setting)",
        {
            "month": month, "at": naive(now), "version": version, "lines": closed.lines, "total": closed.total,
            "sha256": closed.sha256,
        },
    )  # fmt: skip
    return closed


def frozen_sums(tx: Transaction, month: date) -> dict[str | None, Sums]:
    """Exact sums of a closed month's report: its own lines under None, those about earlier months under Correction."""
    columns = ", ".join(("charge_class", *RATE, *MEASURES))
    lines = tx.query(f"SELECT {columns} FROM closed_line WHERE billing_month = $month", {"month": month})
    return {charge_class: sums for (charge_class,), sums in exact_sums(lines, ("charge_class",)).items()}


def altered(tx: Transaction) -> list[date]:
    """Closed months whose stored lines are not those that were closed: somebody wrote to the database beside us."""
    return [one.month for one in closed_months(tx) if digest(tx, one.month) != one.sha256]


def digest(tx: Transaction, month: date) -> str:
    """The hash (hex) of the frozen lines of a month's report, as this module's docstring defines it."""
    line = f"concat(CAST(json_array({', '.join(_text(column) for column in COLUMNS)}) AS VARCHAR), chr(10))"
    return str(
        tx.query(
            "SELECT sha256(coalesce(string_agg(line, '' ORDER BY line), '')) "
            f"FROM (SELECT {line} AS line FROM closed_line WHERE billing_month = $month)",
            {"month": month},
        ).item()
    )


def _text(column: str) -> str:
    text = f"CAST({column} AS VARCHAR)"
    return rf"rtrim(regexp_replace({text}, '(\.\d*?)0+$', '\1'), '.')" if column in DECIMALS else text
