"""On-call health: how often people are paged, whether it was worth it, how fast they answer, and what helps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from dashboards import formats, reliability_words
from dashboards.components.definitions import definitions
from dashboards.components.empty import empty
from dashboards.components.finding import caption, findings, page_title, section
from dashboards.components.on_call_tables import OWN, by_month, by_severity, noisiest, runbooks
from dashboards.components.rows import rows_behind
from dashboards.components.shifts import shift_bars
from dashboards.components.tile import Tile, tiles
from dashboards.kpi_tile import one
from dashboards.queries import frame, on_call
from dashboards.view import View, chosen
from dashboards.words import many

KPIS = ("alert_precision", "mean_time_to_acknowledge", "mttr_platform", "runbook_completeness")
CONFIGURE = """\
# meterline.yaml: pages that Meterline sends count by themselves; these bring what other systems remember
sources:
  - {name: pages, type: pagerduty, token: {env: PAGERDUTY_TOKEN}, attribution: {"gpu-*": platform}}
  - {name: desk, type: servicenow, url: "https://acme.service-now.com", username: meterline, password: {env: SNOW}}"""


def page(view: View) -> None:
    """The whole page."""
    months = on_call.months(view.results, view.team)
    books = on_call.runbooks(view.results, view.team)
    if months.is_empty() and books.is_empty():
        page_title(view.eyebrow("On-call health"), "No page is known yet")
        empty(
            "Nobody was paged, or nobody told us",
            "Pages come from Meterline's own alerts and from PagerDuty, Jira Service Management or ServiceNow." +
            (" Or choose another team." if view.team else ""),
            CONFIGURE,
        )  # fmt: skip
        return
    month = _month(view, months)
    now = months.filter(month=month, severity="all").to_dicts() if month else []
    row: dict[str, Any] = now[0] if now else {}
    page_title(view.eyebrow("On-call health"), _finding(view, row, month))
    _figures(view, row)
    definitions([*on_call.definitions(view.results, KPIS).values(), *OWN])
    if row:
        by_severity(months.filter(month=month), month)
        rows_behind(months, "on_call_month", "Months as published")
    _shifts(view)
    rules = on_call.rules(view.results, view.team)
    if rules.height:
        noisiest(rules)
        rows_behind(rules, "rule_feedback", "Rules as published")
    if books.height:
        runbooks(books)
        rows_behind(books, "runbook_status", "Runbooks as published")
    if months.height:
        by_month(months.filter(severity="all"))
    recent = on_call.recent(view.results, view.period, view.team)
    if recent.height:
        rows_behind(recent, "on_call_incident_recent", f"Pages and incidents {view.phrase}")
    findings(frame.findings(view.results, ("on_call",)))


def _month(view: View, months: pl.DataFrame) -> date | None:
    """The month of the period that is told of: the newest of a quarter, that of the first day of a week."""
    if months.is_empty():
        return None
    first = view.period.start.replace(day=1)
    inside = months.filter((pl.col("month") >= first) & (pl.col("month") < view.period.end))
    if view.period.grain == "week":
        inside = inside.filter(month=first)
    found: date | None = inside["month"].max() if inside.height else first  # type: ignore[assignment]
    return found


def _finding(view: View, row: dict[str, Any], month: date | None) -> str:
    facts_to = view.meta.facts_to
    going = facts_to is not None and month is not None and (facts_to.year, facts_to.month) == (month.year, month.month)
    when = f"in {month:%B %Y}" + (" so far" if going else "") if month else view.phrase
    if not row:
        return reliability_words.on_call(0, "", "", 0, when)
    precision = formats.ratio(row["precision"], 0) if row["precision"] is not None else ""
    return reliability_words.on_call(row["pages"], precision, row["evidence"], row["unacked_n"], when)


def _figures(view: View, row: dict[str, Any]) -> None:
    """KPIs are of the period; what has no KPI is of the month, which is named where the period is none."""
    tiles([tile for tile in (_kpi(view, kpi, row) for kpi in KPIS) if tile])
    if row:
        pages = on_call.shifts(view.results, view.period)
        counts = pages["pages"].to_list() if pages.height else []
        note = f"mean of {many(len(counts), 'shift')}, at most {max(counts)}" if counts else "no shift in the period"
        of = f"{row['month']:%b %Y}" if view.period.grain != "month" else ""
        shown = [
            Tile("Pages per shift", f"{sum(counts) / len(counts):.2g}" if counts else formats.DASH, verdict="",
                 target=note, scope="whole platform" if view.team else ""),
            Tile("In sleep hours", formats.ratio(row["sleep_share"], 0), verdict="",
                 target=f"{row['sleep_n']:,} of {many(row['pages'], 'page')}", scope=of),
            Tile("Flap rate", formats.ratio(row["flap_rate"], 0), verdict="",
                 target=f"{row['refired_n']:,} soon after the last end", scope=of),
            Tile("Open incidents", formats.count(row["open_n"]), verdict="",
                 target=f"the oldest for {formats.seconds(row['oldest_open_s'])}" if row["open_n"] else "none is open",
                 scope=of),
        ]  # fmt: skip
        tiles(shown, small=True)
    if row and row["evidence"] == "not enough evidence":
        caption(
            f"Not enough evidence for a precision: {formats.ratio(row['coverage'], 0)} of the pages are judged, half "
            "of them are needed. Judge pages on the page Alerts, by the links in messages, or in the on-call system."
        )


def _kpi(view: View, kpi: str, row: dict[str, Any]) -> Tile | None:
    tile = one(view, kpi)
    if tile is None or kpi != "alert_precision" or not row or row["coverage"] is None:
        return tile
    return replace(tile, note=f"{formats.ratio(row['coverage'], 0)} judged")


def _shifts(view: View) -> None:
    shifts = on_call.shifts(view.results, view.period)
    if shifts.is_empty():
        return
    busiest = shifts.sort("pages", "shift_start").row(-1, named=True)
    title = (
        f"The busiest shift began on {busiest['shift']} with {busiest['pages']:,} pages" if busiest["pages"] > 1
        else "No shift had more than one page"
    )  # fmt: skip
    section(title, f"Pages of each shift in the report's time zone ({view.meta.timezone}), of all teams.")
    shift_bars(shifts)
    rows_behind(shifts, "on_call_shift", "Shifts behind this")


page(chosen())
