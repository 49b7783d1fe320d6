"""Budgets: what teams and services may spend, what they have spent, and where they will end at this pace."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.period import Period
from dashboards.queries import budgets, frame
from dashboards.theme import colour
from dashboards.view import View, chosen

STATES = {
    "over": ("✕ over budget", "ml-fail"), "projected_over": ("▲ will be over", "ml-inconclusive"),
    "warning": ("● threshold", "ml-inconclusive"), "ok": ("✓ holds", "ml-pass"),
}  # fmt: skip
CONFIGURE = (
    "teams:\n  - name: search\n    namespaces: [search]\n"
    '    budget: {monthly: "40000.00", quarterly: "110000.00", thresholds: [0.5, 0.8, 1.0]}'
)


def page(view: View) -> None:
    """The whole page."""
    rows = budgets.budgets(view.results, view.period, view.team)
    if rows.is_empty():
        page_title(view.eyebrow("Budgets"), f"No budget is set {view.phrase}")
        empty(
            "No budgets in this period",
            "A team or a service has a budget when the configuration gives it one, by month, by quarter or both; "
            "thresholds are shares of it.",
            CONFIGURE,
        )
        return
    page_title(view.eyebrow("Budgets"), _finding(view, rows))
    _figures(view, rows)
    _all(view, rows)
    _one(view, rows)
    _events(view)
    findings(frame.findings(view.results, ("budget",)))


def name_of(scope: str) -> str:
    """`team:search` as `search`, `service:chat` as `chat (service)`."""
    kind, _, name = scope.partition(":")
    return name if kind == "team" else f"{name} ({kind})"


def _named(rows: pl.DataFrame, state: str) -> list[str]:
    return list(dict.fromkeys(name_of(scope) for scope in rows.filter(state=state)["scope"].to_list()))


def _finding(view: View, rows: pl.DataFrame) -> str:
    return words.budgets(_named(rows, "over"), _named(rows, "projected_over"), rows.height, view.phrase)


def _figures(view: View, rows: pl.DataFrame) -> None:
    def part(title: str, states: tuple[str, ...], note: str) -> Tile:
        there = rows.filter(pl.col("state").is_in(states))
        return Tile(title, formats.count(there.height), verdict="", target=note)

    tiles(
        [
            Tile("Budgets", formats.count(rows.height), verdict="", target="of teams and services"),
            part("Over budget", ("over",), "spent all of it"),
            part("Will be over", ("projected_over",), "at the present pace"),
            part("Threshold crossed", ("warning",), "and will hold"),
            part("Hold", ("ok",), "below every threshold"),
        ],
        small=True,
    )


def _label(row: dict[str, Any]) -> str:
    start: date = row["start"]
    return f"{start:%b %Y}" if row["period"] == "month" else Period(start, row["end"], "quarter").name


def _all(view: View, rows: pl.DataFrame) -> None:
    currency = view.meta.currency
    worst = rows.row(0, named=True)
    section(
        f"{name_of(worst['scope'])} has spent {formats.ratio(worst['share'], 0)} of its budget of {_label(worst)}",
        "The bar is what is spent, the line behind it what is projected to the end; the mark is the budget. Spent is "
        "what was charged, with the shares of idle and shared cost that the policy gives.",
    )
    table(
        rows,
        [
            Column("Of", lambda row: name_of(row["scope"])),
            Column("Period", _label),
            Column("", _bullet, html=True, wide=True),
            Column("Spent", lambda row: formats.money(row["spent"], currency), number=True),
            Column("Of budget", lambda row: formats.ratio(row["share"], 0), number=True),
            Column("Projected", lambda row: _projected(row, currency), number=True),
            Column("Budget", lambda row: formats.money(row["budget"], currency), number=True),
            Column("State", _state, html=True),
        ],
        most=40,
    )
    rows_behind(rows, "budget_status", "Budgets as published")


def _projected(row: dict[str, Any], currency: str) -> str:
    if row["projected"] is None:
        return formats.DASH
    return formats.money(row["projected"], currency) if row["elapsed_days"] < row["days"] else "ended"


def _state(row: dict[str, Any]) -> str:
    label, css_class = STATES.get(row["state"], (row["state"], "ml-none"))
    return f'<span class="ml-verdict {css_class}">{label}</span>'


def _bullet(row: dict[str, Any]) -> str:
    """Spent as a bar and projected as a line behind it; the scale ends at the largest of the three."""
    budget, spent = float(row["budget"] or 0), float(row["spent"] or 0)
    projected = float(row["projected"] or spent)
    end = max(budget, spent, projected) * 1.04 or 1.0
    token = {"over": "harm", "projected_over": "idle"}.get(row["state"], "use")

    def at(value: float) -> str:
        return f"{max(value, 0) / end * 100:.2f}%"

    return (
        f'<div class="ml-bullet" aria-hidden="true"><i style="width:{at(projected)};background:{colour("pale")}"></i>'
        f'<b style="width:{at(spent)};background:{colour(token)}"></b><u style="left:{at(budget)}"></u></div>'
    )


def _one(view: View, rows: pl.DataFrame) -> None:
    keys = [f"{row['scope']} {row['period']} {row['start']}" for row in rows.to_dicts()]
    found = dict(zip(keys, rows.to_dicts(), strict=True))
    head = st.container()
    key = st.selectbox(
        "Budget", keys, key="budget", bind="query-params", label_visibility="collapsed", width=320,
        format_func=lambda key: f"{name_of(found[key]['scope'])}, {_label(found[key])}",
    )  # fmt: skip
    row = found[key or keys[0]]
    period = Period(row["start"], row["end"], row["period"])
    days = budgets.spent_by_day(view.results, row["scope"], period)
    with head:
        section(f"{name_of(row['scope'])} in {period.name}: {_course(row, view.meta.currency)}",
                f"Charged since the start in {view.meta.currency}, day by day, then as projected.")  # fmt: skip
    if days.is_empty():
        return
    course = days.select("day", pl.col("cost").cum_sum().alias("spent"))
    last = course.row(-1, named=True)
    ahead = (
        pl.DataFrame({"day": [last["day"], row["end"]], "projected": [last["spent"], float(row["projected"])]},
                     schema={"day": pl.Date, "projected": pl.Float64})
        if row["elapsed_days"] < row["days"] and row["projected"] is not None
        else None
    )  # fmt: skip
    chart.course(course, ahead, float(row["budget"]), f"budget {formats.money(row['budget'], view.meta.currency)}",
                 view.meta.currency, f"Spend of {name_of(row['scope'])} against its budget")  # fmt: skip


def _course(row: dict[str, Any], currency: str) -> str:
    left = row["budget"] - row["spent"]
    if left < 0:
        return f"{formats.money(-left, currency)} over the budget"
    return f"{formats.money(left, currency)} left after {row['elapsed_days']:.0f} of {row['days']} days"


def _events(view: View) -> None:
    rows = budgets.events(view.results, view.period, view.team)
    if rows.is_empty():
        section(
            "No threshold was crossed in the period",
            "Crossed thresholds and projections over the budget would be here.",
        )
        return
    currency = view.meta.currency
    section("What happened", "When a threshold was crossed, or a projection went over the budget; newest first.")
    table(
        rows,
        [
            Column("Day", lambda row: f"{row['at']:%-d %b %Y}"),
            Column("Of", lambda row: name_of(row["scope"])),
            Column("What", _happened),
            Column("Spent then", lambda row: formats.money(row["spent"], currency), number=True),
            Column("Budget", lambda row: formats.money(row["budget"], currency), number=True),
        ],
        most=15,
    )
    rows_behind(rows, "budget_event", "Events as published")


def _happened(row: dict[str, Any]) -> str:
    share = formats.ratio(float(row["threshold"]), 0)
    what = f"{share} spent" if row["kind"] == "spent" else f"projected to pass {share}"
    return f"{what} of the {'monthly' if row['period'] == 'month' else 'quarterly'} budget"


page(chosen())
