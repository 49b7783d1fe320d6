"""Bills of the fixture, from its lines with exact fractions: showback, closed months, budgets.

Worked out here in its own way (one fraction a line, no groups), so that pages that agree with it agree with something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from published.inventory import END
from published.lines import last_day, months
from warehouse.money import apportion, round_half_even

CENTS = pl.Decimal(18, 2)
GROUPINGS = ("team", "cost_center", "service", "model", "cluster", "gpu_model", "kind", "pricing", "namespace")
BUDGETS = {
    ("team:search", "month"): "26000.00", ("team:assist", "month"): "24000.00",
    ("team:research", "month"): "13500.00",
    ("team:ranking", "quarter"): "30000.00", ("service:chat", "month"): "15000.00",
    ("service:ocr", "month"): "9000.00",
}  # fmt: skip
THRESHOLDS = (Decimal("0.5"), Decimal("0.8"), Decimal("1"))


def exact(row: dict[str, Any]) -> Fraction:
    """Cost of a line."""
    if row["price"] is None:
        return Fraction(0)
    hours = Fraction(int(row["quantity"])) * row["share_num"] / row["share_den"] / 3_600_000
    return hours * Fraction(row["price"]) / row["price_den"]


def grouped(rows: Sequence[dict[str, Any]], key: Callable[[dict[str, Any]], Any]) -> dict[Any, Fraction]:
    """Exact cost by key, largest first, then by key."""
    sums: dict[Any, Fraction] = defaultdict(Fraction)
    for row in rows:
        sums[key(row)] += row["exact"]
    return dict(sorted(sums.items(), key=lambda item: (-item[1], str(item[0]))))


def shown(row: dict[str, Any], by: str) -> str:
    """The key of a line: idle and shared cost show as such where only owners have something."""
    value: str | None = row[by]
    if by in ("cost_center", "service", "model", "namespace"):
        if row["team"] in ("__idle__", "__shared__") and value in (None, "__none__"):
            return str(row["team"])
        if value is None:
            return {"cost_center": "__unallocated__", "namespace": ""}.get(by, "__none__")
    return value or ""


def with_exact(*frames: pl.DataFrame) -> list[dict[str, Any]]:
    """All lines as rows with their exact cost."""
    return [row | {"exact": exact(row)} for one in frames for row in one.to_dicts()]


def showback(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """showback_month: cents by largest remainder, with the configured transfers."""
    found = []
    for month in months():
        inside = [row for row in rows if row["billing_month"] == month]
        total = round_half_even(sum((row["exact"] for row in inside), Fraction(0)))
        for by in GROUPINGS:
            sums = grouped(inside, lambda row, by=by: shown(row, by))  # type: ignore[misc]
            hours: dict[str, float] = defaultdict(float)
            for row in inside:
                hours[shown(row, by)] += row["gpu_hours"]
            sums = {key: cost for key, cost in sums.items() if cost or abs(hours[key]) > 1e-6}
            for (key, _), cost in zip(sums.items(), apportion(list(sums.values()), total=total), strict=True):
                found.append((month, by, key, hours[key], cost, float(cost / total)))
    text = dict.fromkeys(("by", "key"), pl.String)
    schema = {"month": pl.Date, **text, "gpu_hours": pl.Float64, "cost": CENTS, "share": pl.Float64}
    return pl.DataFrame(found, orient="row", schema=schema)


def closing(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """October was closed on 6 November; what came later for it are corrections."""
    october, november = months()
    total = round_half_even(sum((row["exact"] for row in rows if row["billing_month"] == october), Fraction(0)))
    late = [row for row in rows if row["charge_class"]]
    cost, nothing = round_half_even(sum((row["exact"] for row in late), Fraction(0))), Decimal("0.00")
    lines = {month: sum(row["billing_month"] == month for row in rows) for month in months()}
    return pl.DataFrame(
        [
            (october, "closed", datetime(2026, 11, 6, 3, 0), "v000019", lines[october], total, "9c1f", 0, nothing,
             len(late), cost, None),
            (november, "open", None, None, lines[november], None, None, len(late), cost, 0, nothing, None),
        ],
        orient="row",
        schema={"month": pl.Date, "status": pl.String, "closed_at": pl.Datetime("us"), "published_version": pl.String,
                "lines": pl.Int64, "total": CENTS, "sha256": pl.String,
                "corrections": pl.Int64, "corrections_cost": CENTS, "corrected": pl.Int64,
                "corrected_cost": CENTS, "note": pl.String},
    )  # fmt: skip


def budgets(rows: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """budget_status and budget_event; the projection is spent plus the mean of the last 7 days for the rest."""
    statuses, events = [], []
    for (scope, period), text in BUDGETS.items():
        column, name = scope.split(":")
        own = [row for row in rows if row[column] == name]
        for start in months() if period == "month" else (date(2026, 10, 1),):
            end = last_day(start) if period == "month" else date(2026, 12, 31)
            inside = [row for row in own if start <= row["billing_month"] <= end]
            if inside:
                statuses.append(_status(scope, period, start, end + timedelta(days=1), Decimal(text), inside, events))
    order = ("scope", "period", "start")
    return (
        pl.DataFrame(statuses, orient="row", schema={
            "scope": pl.String, "period": pl.String, "start": pl.Date, "end": pl.Date, "budget": CENTS, "spent": CENTS,
            "projected": CENTS, "share": pl.Float64, "threshold": pl.Decimal(6, 4), "elapsed_days": pl.Float64,
            "days": pl.Int64, "state": pl.String, "provisional": pl.Boolean,
        }).sort(order),
        pl.DataFrame(events, orient="row", infer_schema_length=None, schema={
            "event_id": pl.String, "scope": pl.String, "period": pl.String, "start": pl.Date, "kind": pl.String,
            "threshold": pl.Decimal(6, 4), "at": pl.Date, "spent": CENTS, "budget": CENTS,
        }).sort(order),
    )  # fmt: skip


def _status(
    scope: str, period: str, start: date, end: date, budget: Decimal, rows: list[dict[str, Any]], events: list[Any]
) -> tuple[Any, ...]:
    days = (end - start).days
    elapsed = min((END.date() - start).days, days)
    spent = round_half_even(sum((row["exact"] for row in rows), Fraction(0)))
    recent = [row["exact"] for row in rows if 0 < (END.date() - row["report_day"]).days <= 7]
    ahead = sum(recent, Fraction(0)) / 7 * (days - elapsed)
    projected = round_half_even(Fraction(spent) + ahead)
    share = float(spent / budget)
    crossed = max((limit for limit in THRESHOLDS if share >= limit), default=None)
    state = "over" if share >= 1 else "projected_over" if projected > budget else "warning" if crossed else "ok"
    so_far, limits = Fraction(0), list(THRESHOLDS)
    for day, amount in sorted(grouped(rows, lambda row: row["report_day"]).items()):
        so_far += amount
        while limits and so_far >= Fraction(limits[0]) * Fraction(budget):
            limit = limits.pop(0)
            events.append((f"{scope}/{period}/{start}/spent/{limit}", scope, period, start, "spent", limit,
                           max(day, start), round_half_even(so_far), budget))  # fmt: skip
    if projected > budget and share < 1:
        events.append((f"{scope}/{period}/{start}/projected/1.0", scope, period, start, "projected", Decimal(1),
                       date(2026, 11, 16), spent, budget))  # fmt: skip
    numbers = (budget, spent, projected, share, crossed, float(elapsed), days)
    return (scope, period, start, end, *numbers, state, elapsed < days)
