"""The provider's bill beside metered use, as published: what the command line prints and the HTTP API may answer.

Only published Parquet is read. Whether the two lie too far apart is decided on the days that the bill reaches, by the
threshold of analytics/parameters.yaml, and only for what the configuration maps to metered use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterline.results import rows_of
from warehouse.published import Published

Row = dict[str, Any]

COLUMNS = (
    "sku", "service_name", "kind", "gpu_model", "metered_hours", "metered_cost", "billed_cost", "effective_cost",
    "difference", "share", "status",
)  # fmt: skip
MONEY = ("metered_cost", "billed_cost", "effective_cost", "difference")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One month (calendar month in UTC, as bills have them), in the report's currency.

    `rows` have `COLUMNS`, those that compare first; `total` adds up their money (None where no row has a value).
    `compared` is the row of reconciliation_total, None when nothing that compares was billed. `notes` say what is not
    in the sums; empty means that nothing is missing.
    """

    month: date
    currency: str | None
    rows: list[Row]
    total: dict[str, Decimal | None]
    compared: Row | None
    threshold: float
    notes: tuple[str, ...]

    @property
    def exceeded(self) -> bool:
        """Whether the difference on the compared days is a larger share of the bill than the threshold."""
        share = self.compared["share"] if self.compared else None
        return share is not None and abs(share) > self.threshold

    def as_dict(self) -> Row:
        """For JSON."""
        return {
            "month": f"{self.month:%Y-%m}",
            "currency": self.currency,
            "total": self.total,
            "compared": self.compared,
            "threshold": self.threshold,
            "exceeded": self.exceeded,
            "rows": self.rows,
            "incomplete": list(self.notes),
        }


def reconciliation(published: Published, month: date) -> Reconciliation:
    """The month that begins on `month`. Raises MeterlineError when this version has no reconciliation."""
    from analytics.parameters import parameters

    found = rows_of(
        published, "reconciliation_month",
        "SELECT * FROM reconciliation_month WHERE month = $month "
        "ORDER BY kind IS NULL, kind <> 'gpu', kind, gpu_model, effective_cost DESC NULLS FIRST, sku, service_name",
        {"month": month},
    )  # fmt: skip
    totals = rows_of(
        published, "reconciliation_total",
        "SELECT currency, compared_from, compared_until, metered_cost, billed_cost, effective_cost, difference, share, "
        "days_without_rate FROM reconciliation_total WHERE month = $month",
        {"month": month},
    )  # fmt: skip
    days = totals[0]["days_without_rate"] if totals else 0
    compared = totals[0] if totals and totals[0]["compared_until"] is not None else None
    stated = rows_of(published, "meta", "SELECT currency FROM meta")
    return Reconciliation(
        month,
        stated[0]["currency"] if stated else None,
        [{column: row[column] for column in COLUMNS} for row in found],
        {column: _sum(row[column] for row in found) for column in MONEY},
        compared,
        parameters().billing_difference,
        (*_notes(month, found, compared, days), *_left_out(published, month)),
    )


def _left_out(published: Published, month: date) -> list[str]:
    """What of the month's bill is in no sum: rows that repeat, rows and files that could not be read."""
    if "bill_problem" not in published.tables:
        return []
    rows = published.query(
        "SELECT * FROM bill_problem WHERE month = $month OR month IS NULL ORDER BY source, file", {"month": month}
    ).to_dicts()
    notes = []
    for row in rows:
        name = f"{row['source']}/{row['file']}"
        if row["month"] is None:
            notes.append(f"{name} could not be read: nothing of it is in any sum")
        if row["repeated"]:
            many = row["repeated"] > 1
            notes.append(f"{name}: {row['repeated']} repeated {'rows count' if many else 'row counts'} once")
        if row["month"] is not None and row["refused"]:
            notes.append(f"{name}: {row['refused']} rows could not be read and are in no sum")
    return notes


def _sum(values: Any) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _notes(month: date, rows: list[Row], compared: Row | None, days_without_rate: int) -> list[str]:
    if not rows:
        return [f"nothing was metered or billed in {month:%Y-%m}"]
    notes = []
    if compared is None:
        notes.append(f"nothing that compares with metered use was billed in {month:%Y-%m}; see billing.skus")
    if days_without_rate:
        unrated = sorted({one for row in rows if row["status"] == "no_rate" for one in row["billed_in"].split(", ")})
        notes.append(f"no rate for {', '.join(unrated)} on {days_without_rate} days: those charges are in no sum")
    for status, said in (("not_billed", "metered and not billed"), ("not_metered", "billed and not metered")):
        named = [row["gpu_model"] or row["kind"] for row in rows if row["status"] == status and row["kind"]]
        if named:
            notes.append(f"{said}: {', '.join(named)}")
    unpriced = [row["gpu_model"] or row["kind"] for row in rows if row["metered_hours"] and row["metered_cost"] is None]
    if unpriced:
        notes.append(f"metered without a price: {', '.join(unpriced)}")
    return notes
