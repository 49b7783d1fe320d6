"""Serving: how many requests, how many failed, how long they took, for every service and then for one."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import VERDICTS, Tile, tiles
from dashboards.kpi_tile import one
from dashboards.queries import frame, serving
from dashboards.view import View, chosen

AVAILABILITY = "serving_availability"
QUANTILES = (("p50_s", "P50", "dim"), ("p95_s", "P95", "accent"), ("p99_s", "P99", "dark"))


def page(view: View) -> None:
    """The whole page."""
    services = serving.services(view.results, view.period, view.team)
    if services.is_empty():
        page_title(view.eyebrow("Serving"), f"No requests were served {view.phrase}")
        empty(
            "No requests in this period",
            "Requests come from the serving runtimes and gateways that Prometheus scrapes. Add their profiles to the "
            "source and list the services with what identifies their series, or choose another period or team.",
            "sources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9090, profiles: [vllm, istio]}\n"
            "services:\n  - {name: chat, team: search, tier: 1, match: {namespace: search, model_name: chat-70b}}",
        )
        return
    latest = {row["service"]: row for row in serving.latest_latency(view.results, view.period).to_dicts()}
    scopes = frame.kpi_scopes(view.results, AVAILABILITY, view.period, "service:").to_dicts()
    verdicts = {row["scope"].removeprefix("service:"): row["verdict"] for row in scopes}
    page_title(view.eyebrow("Serving"), _finding(view, services, latest, verdicts))
    _figures(view, services)
    _services(services, latest, verdicts)
    worst_first = sorted(
        services["service"].to_list(),
        key=lambda name: (verdicts.get(name) != "fail", not (name in latest and is_slow(latest[name]))),
    )
    _one_service(view, worst_first)
    findings(frame.findings(view.results, ("serving",)))


def is_slow(row: dict[str, Any]) -> bool:
    """Whether the P95 of this day lies above the service's own threshold."""
    return row["threshold_s"] is not None and row["p95_s"] is not None and row["p95_s"] > row["threshold_s"]


def _finding(view: View, services: pl.DataFrame, latest: dict[str, dict[str, Any]], verdicts: dict[str, str]) -> str:
    rows = services.to_dicts()
    results = [
        words.ServiceResult(row["service"], row["availability"], verdicts.get(row["service"], "none")) for row in rows
    ]
    slow = [row["service"] for row in rows if row["service"] in latest and is_slow(latest[row["service"]])]
    return words.serving(results, float(services["requests"].sum()), _availability(services), slow, view.phrase)


def _availability(services: pl.DataFrame) -> float | None:
    left_out = services["aborted"].fill_null(0) + services["client_error"].fill_null(0)
    valid = float((services["requests"] - left_out).sum())
    return 1 - float(services["bad"].sum()) / valid if valid else None


def _figures(view: View, services: pl.DataFrame) -> None:
    requests, bad = float(services["requests"].sum()), float(services["bad"].sum())
    tokens = float(services["tokens_out"].sum()) if services["tokens_out"].null_count() < services.height else None
    kpis = [one(view, name) for name in (AVAILABILITY, "latency_within_threshold")]
    shown = [
        Tile("Requests", formats.count(requests), verdict="", target=words.many(services.height, "service")),
        Tile("Failed", formats.count(bad), verdict="", target="5xx, timeouts, engine errors"),
        Tile("Tokens out", formats.compact(tokens), verdict="", target="where the runtime counts them"),
    ]
    tiles([kpi for kpi in kpis if kpi] + shown, small=True)


def _services(services: pl.DataFrame, latest: dict[str, dict[str, Any]], verdicts: dict[str, str]) -> None:
    section("Services", "Latency is of the last day in the period: quantiles of several days cannot be added up.")
    none: dict[str, Any] = {}

    def latency(row: dict[str, Any], column: str) -> float | None:
        value = latest.get(row["service"], none).get(column)
        return float(value) if value is not None else None

    def p95(row: dict[str, Any]) -> str:
        slow = row["service"] in latest and is_slow(latest[row["service"]])
        text = formats.seconds(latency(row, "p95_s"))
        return f'<span class="ml-fail">✕ {text}</span>' if slow else text

    def verdict(row: dict[str, Any]) -> str:
        label, css_class = VERDICTS[verdicts.get(row["service"]) or "none"]
        return f'<span class="ml-verdict {css_class}">{label}</span>'

    table(
        services,
        [
            Column("Service", lambda row: str(row["service"])),
            Column("Team", lambda row: str(row["team"] or formats.DASH)),
            Column("Tier", lambda row: str(row["tier"] or formats.DASH), number=True),
            Column("Requests", lambda row: formats.count(row["requests"]), number=True),
            Column("Failed", lambda row: formats.count(row["bad"]), number=True),
            Column("Availability", lambda row: formats.ratio(row["availability"], 2), number=True),
            Column("Target", verdict, html=True),
            Column("P50", lambda row: formats.seconds(latency(row, "p50_s")), number=True),
            Column("P95", p95, number=True, html=True),
            Column("Threshold", lambda row: formats.seconds(latency(row, "threshold_s")), number=True),
            Column("Within", lambda row: _within(latest.get(row["service"], none)), number=True),
        ],
        most=40,
    )
    rows_behind(services, "serving_day", "Services behind this")


def _within(row: dict[str, Any]) -> str:
    """The share within the threshold; a range where the threshold is not a bucket bound."""
    low, high = row.get("within_lower"), row.get("within_upper")
    if low is None:
        return formats.DASH
    if high is None or abs(high - low) < 5e-4:
        return ("≥ " if high is None else "") + formats.ratio(low)
    return f"{formats.ratio(low)} to {formats.ratio(high)}"


def _one_service(view: View, names: list[str]) -> None:
    section("One service", "Those that miss a target come first in the list.")
    name = st.selectbox("Service", names, key="service", bind="query-params", label_visibility="collapsed", width=260)
    if name is None:
        return
    latency = serving.latency_days(view.results, view.period, name, "latency")
    if latency.height:
        threshold = latency["threshold_s"].drop_nulls()
        limit = float(threshold[-1]) if threshold.len() else None
        section(f"{name}: {_moved(latency)}", "Daily quantiles of request latency, in seconds.")
        chart.lines(
            latency, "day", QUANTILES, "seconds", f"Daily latency quantiles of {name}", rule=limit,
            rule_label=f"threshold {formats.seconds(limit)}" if limit else "",
        )  # fmt: skip
        rows_behind(latency, "serving_latency_day", "Days behind this")
    days = serving.days(view.results, view.period, name)
    worst = days.drop_nulls("availability").sort("availability")
    if worst.height:
        row = worst.row(0, named=True)
        section(
            f"The worst day of {name} was {row['day']:%-d %B}: {formats.count(row['bad'])} failed, "
            f"{formats.ratio(row['availability'], 2)} available",
            "Failed requests a day. Shed, aborted and client errors are in the rows.",
        )
        chart.daily_stack(days, [("bad", "Failed", "harm"), ("shed", "Shed", "idle")], "requests a day",
                          f"Failed and shed requests of {name} by day", height=150)  # fmt: skip
        rows_behind(days, "serving_day_of_service", "Days behind this")
    hours = serving.hours(view.results, name)
    if hours.height:
        section(f"The last 14 days of {name}, hour by hour", "P50, P95 and P99 of request latency, in seconds.")
        chart.lines(hours, "hour", QUANTILES, "seconds", f"Hourly latency quantiles of {name}", height=180)
        rows_behind(hours, "serving_hour", "Hours behind this")


def _moved(latency: pl.DataFrame) -> str:
    """What P95 did from the first days to the last ones."""
    values = latency["p95_s"].drop_nulls()
    if values.len() < 6:
        return f"P95 is {formats.seconds(values[-1])}" if values.len() else "no latency was measured"
    first, last = float(values.head(3).median() or 0), float(values.tail(3).median() or 0)  # type: ignore[arg-type]
    if first and abs(last / first - 1) >= 0.15:
        return f"P95 went from {formats.seconds(first)} to {formats.seconds(last)}"
    return f"P95 is steady at {formats.seconds(last)}"


page(chosen())
