"""What is told about one objective: where its budget ends, what each burn rate rule sees, when which of them fired."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboards.components import objective
from dashboards.components.alert_panel import link
from dashboards.components.burn import budget_course, hourly_burn
from dashboards.components.markup import draw, text
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.states import severity_chip
from dashboards.formats import DASH, age, moment, ratio
from dashboards.queries.alerts import RANKS

Row = Mapping[str, Any]
SHOWN = 12
AHEAD = 0.25
"""How far the way ahead is drawn in a rolling window, as a part of its length."""


def panel(row: Row, burns: pl.DataFrame, history: pl.DataFrame, events: pl.DataFrame) -> None:
    """`row` of slo_status, its rules, the hours of its window, and its events."""
    draw(f'<div class="ml-answer"><p><b>{text(said(row))}</b></p><p>{_facts(row)}</p></div>')
    if history.height and row["budget_left_ratio"] is not None:
        draw('<h4 class="ml-small-head">Error budget left in the window</h4>')
        way = ahead(row)
        budget_course(history, way, f"Error budget of {objective.name(row)}: {said(row)}")
        lowest = burns.filter(severity="page").sort("factor").head(1) if burns.height else burns
        limit = float(lowest["factor"][0]) if lowest.height else None
        draw('<h4 class="ml-small-head">Burn rate, hour by hour</h4>')
        label = f"{lowest['rule'][0]} pages above {limit:g}" if limit is not None else ""
        hourly_burn(history, limit, label, f"Burn rate of each hour of {objective.name(row)}")
    if burns.height:
        _rules(burns)
    _events(row, events)
    if history.height:
        rows_behind(history, "slo_budget_history", "Hours behind this")


def said(row: Row) -> str:
    """How the objective stands, in one sentence."""
    name = objective.name(row)
    if row["state"] == "no_data":
        since = f"since {moment(row['measured_to'])}" if row["measured_to"] else "yet"
        return f"{name} has not been measured {since}, so nothing can be told"
    if row["budget_left_ratio"] is None:
        return f"{name} had no traffic in its window, so nothing can be told"
    left, method = row["budget_left_ratio"], row["method"]
    if left <= 0:
        return f"{name} has used {ratio(1 - left, 0)} of its error budget, by {method}"
    pace = objective.lasts(row)
    tail = f"; at the pace of the last hour it is {pace}" if pace.startswith("gone") else ""
    return f"{name} has {ratio(left, 0)} of its error budget left, by {method}{tail}"


def ahead(row: Row) -> list[tuple[datetime, float]]:
    """From now to where the budget is used up at the pace of the last hour, or to where the picture ends."""
    left, days = row["budget_left_ratio"], row["exhaustion_days"]
    if not days or left is None or left <= 0:
        return []
    length = row["window_end"] - row["window_start"]
    end = row["window_end"] if row["window_kind"] == "calendar" else row["as_of"] + AHEAD * length
    gone = row["as_of"] + timedelta(days=days)
    until = min(gone, max(end, row["as_of"]))
    return [(row["as_of"], left), (until, left * (1 - (until - row["as_of"]) / (gone - row["as_of"])))]


def _facts(row: Row) -> str:
    parts = [
        text(f"{objective.percent(row['target'])} over {objective.window(row)}, since {moment(row['window_start'])}"),
        text(objective.method(row)),
    ]
    if row["total"]:
        parts.append(
            f"{row['good']:,.0f} of {row['total']:,.0f} {'events' if row['slice_s'] is None else 'slices'} good"
        )
    if row["coverage"] is not None:
        parts.append(f"{ratio(row['coverage'], 0)} of the window measured")
    parts += objective.guards(row)
    parts.append(f"owner {text(row['owner'])}" if row["owner"] else "no owner")
    parts.append(link("Runbook", row["runbook_url"]) if row["runbook_url"] else "no runbook")
    return " · ".join(parts)


def _rules(burns: pl.DataFrame) -> None:
    draw(
        '<h4 class="ml-small-head">Burn rate rules <small>above: long window, below: short window, mark: where it '
        "fires</small></h4>"
    )
    short = {row["rule"]: row for row in burns.filter(part="short").to_dicts()}

    def cell(row: Row) -> str:
        return f"{objective.rate(row['burn_rate'])} in {row['window']}"

    table(
        burns.filter(part="long"),
        [
            Column("Rule", lambda row: str(row["rule"])),
            Column("Severity", lambda row: severity_chip(row["severity"], RANKS.get(row["severity"], 3)), html=True),
            Column("Fires above", lambda row: f"{row['factor']:g}×", number=True),
            Column("Long window", cell, number=True),
            Column("Short window", lambda row: cell(short[row["rule"]]), number=True),
            Column("", lambda row: _bars(row, short[row["rule"]]), html=True, wide=True),
            Column("State", lambda row: _fires(row, short[row["rule"]]), html=True),
        ],
    )


def _bars(long: Row, short: Row) -> str:
    """Both rates as bars with a mark at the factor; the figures stand beside."""
    end = max(long["factor"], long["burn_rate"] or 0, short["burn_rate"] or 0) * 1.1

    def at(value: float | None) -> str:
        return f"{(value or 0) / end * 100:.1f}%"

    return (
        f'<div class="ml-pair" aria-hidden="true"><b style="width:{at(long["burn_rate"])}"></b>'
        f'<i style="width:{at(short["burn_rate"])}"></i><u style="left:{at(long["factor"])}"></u></div>'
    )


def _fires(long: Row, short: Row) -> str:
    if long["firing"]:
        return '<span class="ml-verdict ml-fail">▲ fires</span>'
    for status, label in (("no_data", "○ no data"), ("no_traffic", "○ no traffic")):
        if status in (long["status"], short["status"]):
            return f'<span class="ml-verdict ml-none">{label}</span>'
    held = ["window not full"] if not long["window_full"] else []
    held += ["low traffic"] if long["low_traffic"] else []
    below = '<span class="ml-verdict ml-pass">✓ quiet</span>'
    return f"{below} <small>{text(', '.join(held))}</small>" if held else below


def _events(row: Row, events: pl.DataFrame) -> None:
    head = "When a rule fired in the last 30 days" if events.height else "No rule fired in the last 30 days"
    many = f" <small>the newest {SHOWN} of {events.height:,}</small>" if events.height > SHOWN else ""
    draw(f'<h4 class="ml-small-head">{head}{many}</h4>')
    if events.is_empty():
        return
    table(
        events,
        [
            Column("From (UTC)", lambda one: moment(one["started_at"]).removesuffix(" UTC")),
            Column("Lasted", lambda one: _lasted(one), html=True),
            Column("Rule", lambda one: str(one["rule"])),
            Column("Severity", lambda one: severity_chip(one["severity"], RANKS.get(one["severity"], 3)), html=True),
            Column("Peak burn", lambda one: objective.rate(one["peak_burn"]), number=True),
            Column("Of the budget", lambda one: ratio(one["budget_consumed"], 1) if one["budget_consumed"] is not None
                   else DASH, number=True),
            Column("Method", lambda one: str(one["method"])),
        ],
        most=SHOWN,
    )  # fmt: skip
    rows_behind(events, "slo_event", "Events as published")


def _lasted(one: Row) -> str:
    span = text(age(timedelta(minutes=one["minutes"])))
    return f'<span class="ml-verdict ml-fail">▲ {span}, goes on</span>' if one["ongoing"] else span
