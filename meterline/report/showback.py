"""A month's showback as one self-contained HTML page that mail clients can draw.

No script, no image, nothing to load; bars are cells of tables with a colour, so they show where only HTML of the
nineties does. It says how its figures are rounded, what is missing, and shows no figure that a bill does not have.
Long tables end with a row for what is not listed, so that every table adds up to the total.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2

from dashboards.formats import DASH, NBSP, money
from dashboards.names import said
from dashboards.theme import DARK, LIGHT, SANS
from meterline.bill import Asked, Bill, MonthlyLedger, Row

LISTED = 20
"""Rows of a table before the rest is one row."""
SECTIONS = ("team", "service", "model", "gpu_model")
TITLES = {
    "team": "Teams", "service": "Services", "model": "Models", "gpu_model": "GPU models", "cost_center": "Cost centers",
    "cluster": "Clusters", "region": "Regions", "namespace": "Namespaces", "node": "Nodes", "pod": "Pods",
    "kind": "Kinds of resource", "pricing": "Pricing", "charge": "Kinds of charge", "charge_class": "Corrections",
    "pool": "Shared pools", "day": "Days",
}  # fmt: skip
PARTS = (("usage_cost", "use"), ("workload_idle_cost", "idle"), ("unmeasured_cost", "dim"))
TOKENS = ("paper", "surface", "ink", "muted", "line", "use", "idle", "dim", "pale", "warn")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table, in words. `bars`: colour token and width in percent of the table's widest row."""

    name: str
    hours: str
    cost: str
    share: str
    parts: tuple[str, ...]
    bars: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that add up to `total`. `split`: with its parts used, not used, not measured (`blind`: some are)."""

    title: str
    lines: tuple[Line, ...]
    total: Line
    split: bool
    blind: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One day: height in percent of the highest, and what a reader may hover over."""

    day: date
    height: int
    said: str


def render(ledger: MonthlyLedger, asked: Asked) -> str:
    """The page for what is asked for; further tables show the same lines by team, service, model and GPU model."""
    bill = ledger.bill(asked)
    told = [table(bill, split=True)]
    for name in SECTIONS:
        if (name,) != asked.by:
            told.append(table(ledger.bill(Asked((name,), asked.where, asked.idle, asked.to_date))))
    days = ledger.bill(Asked(("day",), asked.where, asked.idle, asked.to_date))
    classes = ledger.bill(Asked(("charge_class",), asked.where, asked.idle, asked.to_date))
    columns, peak = daily(days)
    return _template().render(
        bill=bill, light={name: LIGHT[name] for name in TOKENS}, dark={name: DARK[name] for name in TOKENS}, font=SANS,
        title=f"Showback {calendar.month_name[bill.month.month]} {bill.month.year}", status=_status(ledger, bill),
        total=money(bill.total, bill.currency), tables=[one for one in told if one.lines], days=columns, peak=peak,
        corrections=_corrections(classes), filters=_filters(bill), made=_made(ledger),
    )  # fmt: skip


def table(bill: Bill, split: bool = False) -> Table:
    """The rows of a bill, largest cost first, what is not listed in one row at the end."""
    rows = [(" · ".join(said(row[name], name) for name in bill.by), row) for row in bill.rows]
    if len(rows) > LISTED + 1:
        rest = [row for _, row in rows[LISTED:]]
        rows = [*rows[:LISTED], (f"{len(rest)} more, together", _sum(rest))]
    widest = max((abs(row["cost"]) for _, row in rows), default=Decimal(0)) or Decimal(1)
    title = " · ".join(TITLES.get(name, name) for name in bill.by)
    lines = tuple(_line(name, row, bill, widest, split) for name, row in rows)
    total = _line("Total", _sum([row for _, row in rows]), bill, widest, split)
    return Table(title, lines, total, split, any(row["unmeasured_cost"] for row in bill.rows))


def daily(bill: Bill) -> tuple[tuple[Column, ...], str]:
    """Days in their order, with those that have no cost, and the highest in words."""
    costs = {date.fromisoformat(row["day"]): row["cost"] for row in bill.rows if row["day"]}
    costs = {day: cost for day, cost in costs.items() if day.replace(day=1) == bill.month}
    if not costs or max(costs.values()) <= 0:
        return (), ""
    peak = max(costs, key=lambda day: (costs[day], -day.toordinal()))
    last = calendar.monthrange(bill.month.year, bill.month.month)[1]
    columns = []
    for number in range(1, last + 1):
        day = bill.month.replace(day=number)
        cost = costs.get(day)
        height = round(100 * max(cost, Decimal(0)) / costs[peak]) if cost is not None else 0
        columns.append(Column(day, height, f"{day:%b %d}: {money(cost, bill.currency)}"))
    return tuple(columns), f"Highest: {peak:%b %d} with {money(costs[peak], bill.currency)}"


def _line(name: str, row: Row, bill: Bill, widest: Decimal, split: bool) -> Line:
    total = bill.total or Decimal(0)
    share = f"{100 * row['cost'] / total:.1f}{NBSP}%" if total else DASH
    whole = float(100 * max(row["cost"], Decimal(0)) / widest)
    return Line(
        name, f"{row['gpu_hours']:,.1f}", _amount(row["cost"]), share,
        tuple(_amount(row[part]) for part, _ in PARTS), _stacked(row, whole) if split else (("use", whole),),
    )  # fmt: skip


def _stacked(row: Row, whole: float) -> tuple[tuple[str, float], ...]:
    """Parts as widths that fill `whole`; a negative part (use beyond what was held) has no width."""
    positive = [(token, max(row[part], Decimal(0))) for part, token in PARTS]
    together = sum((amount for _, amount in positive), Decimal(0))
    return tuple((token, whole * float(amount / together)) for token, amount in positive if together and amount)


def _sum(rows: Sequence[Row]) -> Row:
    names = ("gpu_hours", "cost", *(part for part, _ in PARTS))
    return {name: sum((row[name] for row in rows), Decimal(0)) for name in names}


def _amount(value: Decimal) -> str:
    return f"{value:,.2f}".replace("-", "−")


def _status(ledger: MonthlyLedger, bill: Bill) -> str:
    if bill.status == "closed" and ledger.closed is not None:
        return f"closed on {ledger.closed['closed_at']:%Y-%m-%d}; later changes are corrections in a later month"
    if bill.until is not None:
        return f"month to date, without {bill.until:%b %d} and what follows"
    if bill.status == "to date":
        return f"month to date, until {_local(ledger.facts_to, ledger.timezone)}; it will still change"
    return "over, not closed yet: late data may still change it"


def _corrections(classes: Bill) -> str:
    amounts = [row["cost"] for row in classes.rows if row["charge_class"] == "Correction"]
    if not amounts:
        return ""
    return f"Corrections of earlier, closed months are in it with {money(amounts[0], classes.currency)}."


def _filters(bill: Bill) -> str | None:
    return ", ".join(f"{name} is {' or '.join(values)}" for name, values in sorted(bill.where.items())) or None


def _made(ledger: MonthlyLedger) -> str:
    return f"Version {ledger.version} of the results, with facts until {_local(ledger.facts_to, ledger.timezone)}"


def _local(moment: datetime | None, timezone: str) -> str:
    if moment is None:
        return DASH
    return f"{moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("showback.html")
