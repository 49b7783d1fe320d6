"""GPU efficiency: where the capacity went, who held it, and what stood idle."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import caption, findings, page_title, section
from dashboards.components.markup import draw, key, share_bar
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.kpi_tile import one
from dashboards.names import said
from dashboards.queries import frame, gpu
from dashboards.view import View, chosen

PARTS = (
    ("effective_h", "Useful work", "use"),
    ("ineffective_h", "Held, not effective", "soft"),
    ("idle_h", "Held idle", "idle"),
    ("unmeasured_h", "Held, not measured", "dim"),
    ("unallocated_h", "Allocated to nobody", "pale"),
    ("unavailable_h", "Not available", "dark"),
)
HELD = PARTS[:4]
CONFIGURE = (
    "sources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9090, profiles: [dcgm, kube-state-metrics]}"
)


def page(view: View) -> None:
    """The whole page."""
    sums = gpu.waterfall(view.results, view.period)
    if sums.is_empty():
        page_title(view.eyebrow("GPU efficiency"), f"No GPU capacity was seen {view.phrase}")
        empty(
            "No GPU-hours in this period",
            "GPU capacity and requests come from kube-state-metrics, activity from the DCGM exporter. Add a Prometheus "
            "source with both profiles, or choose another period.",
            CONFIGURE,
        )
        return
    whole = sums.row(0, named=True)
    teams = gpu.by_team(view.results, view.period)
    page_title(view.eyebrow("GPU efficiency"), _finding(view, whole, teams))
    _figures(view, whole)
    _capacity(view, whole)
    _teams(view, teams)
    _clusters(view)
    _idle(view)
    findings(frame.findings(view.results, ("gpu",)))


def _finding(view: View, whole: dict[str, Any], teams: pl.DataFrame) -> str:
    if view.team:
        own = teams.filter(team=view.team) if teams.height else teams
        row = own.row(0, named=True) if own.height else {"allocated_h": 0.0, "effective_h": 0.0, "idle_h": 0.0}
        return words.gpu_of_team(view.team, row["allocated_h"], row["effective_h"], row["idle_h"], view.phrase)
    elapsed = view.period.measured(view.meta.facts_from, view.meta.facts_to).total_seconds() / 3600
    gpus = whole["capacity_h"] / elapsed if elapsed else None
    return words.gpu(
        gpus, whole["capacity_h"], whole["effective_h"], whole["idle_h"], whole["unallocated_h"], view.phrase
    )


def _figures(view: View, whole: dict[str, Any]) -> None:
    capacity = whole["capacity_h"]

    def part(title: str, column: str) -> Tile:
        share = f"{formats.ratio(whole[column] / capacity)} of capacity" if capacity else ""
        return Tile(title, formats.hours(whole[column]), verdict="", target=share)

    kpi = one(view, "gpu_utilization_efficiency")
    shown = [
        part("Useful work", "effective_h"),
        part("Held idle", "idle_h"),
        part("Allocated to nobody", "unallocated_h"),
        part("Not available", "unavailable_h"),
    ]
    tiles(([kpi] if kpi else []) + shown, small=True)
    caption("Efficiency is useful work over time that was held and measured; the shares beside it are of all capacity.")


def _capacity(view: View, whole: dict[str, Any]) -> None:
    section(
        f"Where {formats.hours(whole['capacity_h'])} of GPU capacity went",
        "Capacity is every GPU of every node, all teams together; the parts add up to it. Held is requested and bound.",
    )
    draw(
        share_bar([(whole[column], token) for column, _, token in PARTS], "ml-shares")
        + key([
            (token, label, f"{formats.hours(whole[column])}, {formats.ratio(whole[column] / whole['capacity_h'])}")
            for column, label, token in PARTS
        ])
    )  # fmt: skip
    days = gpu.by_day(view.results, view.period)
    chart.daily_stack(days, PARTS, "GPU-hours a day", "GPU-hours of each day by what became of them")
    rows_behind(days, "gpu_waterfall_day", "Days behind this")


def _teams(view: View, teams: pl.DataFrame) -> None:
    if teams.is_empty():
        return
    shown = teams.filter(team=view.team) if view.team else teams
    if shown.is_empty():
        return
    most = float(teams["allocated_h"].max() or 1)  # type: ignore[arg-type]
    section(*_teams_title(shown))
    table(
        shown,
        [
            Column("Team", lambda row: said(row["team"])),
            Column("Held hours by use", lambda row: _bar(row, most), html=True, wide=True),
            Column("Held", lambda row: formats.hours(row["allocated_h"]), number=True),
            Column("Useful", lambda row: _share(row, "effective_h"), number=True),
            Column("Idle", lambda row: _share(row, "idle_h"), number=True),
            Column("Not measured", lambda row: _share(row, "unmeasured_h"), number=True),
        ],
    )
    draw(key([(token, label, "") for _, label, token in HELD], line=True))
    rows_behind(shown, "gpu_team_day", "Teams behind this")


def _teams_title(shown: pl.DataFrame) -> tuple[str, str]:
    by_idle = shown.sort("idle_h", descending=True).row(0, named=True)
    note = "The width of a bar is the hours held; a namespace that no team owns is listed as such."
    if not by_idle["idle_h"]:
        return "No team left held GPUs idle", note
    return f"{said(by_idle['team'])} left the most GPU-hours idle: {formats.hours(by_idle['idle_h'])}", note


def _bar(row: dict[str, Any], most: float) -> str:
    width = row["allocated_h"] / most * 100 if most else 0
    inner = share_bar([(row[column], token) for column, _, token in HELD], "ml-cellbar")
    return f'<div style="width:{width:.1f}%;min-width:.4rem;overflow:hidden">{inner}</div>'


def _share(row: dict[str, Any], column: str) -> str:
    return formats.ratio(row[column] / row["allocated_h"]) if row["allocated_h"] else formats.DASH


def _clusters(view: View) -> None:
    rows = gpu.by_cluster(view.results, view.period)
    section("Clusters and GPU models", "Useful and idle are shares of capacity, to compare what was bought.")

    def share(column: str) -> Column:
        head = next(label for name, label, _ in PARTS if name == column)
        return Column(
            head, lambda row: formats.ratio(row[column] / row["capacity_h"] if row["capacity_h"] else None), number=True
        )

    table(
        rows,
        [
            Column("Cluster", lambda row: str(row["cluster"])),
            Column("GPU model", lambda row: str(row["gpu_model"] or "unknown")),
            Column("Capacity", lambda row: formats.hours(row["capacity_h"]), number=True),
            *(share(column) for column in ("effective_h", "idle_h", "unallocated_h", "unmeasured_h", "unavailable_h")),
        ],
    )
    rows_behind(rows, "gpu_waterfall_cluster", "Clusters behind this")


def _idle(view: View) -> None:
    rows = gpu.idle_workloads(view.results, view.team)
    if rows.is_empty():
        section(
            "No workload held an idle GPU in the last 30 days", "Pods with at least one idle GPU-hour would be here."
        )
        return
    first = rows.row(0, named=True)
    section(
        f"{first['pod']} in {first['namespace']} held {formats.hours(first['idle_h'])} idle, more than any other",
        "Pods with at least one idle GPU-hour in the last 30 days, whatever period is chosen above.",
    )
    table(
        rows,
        [
            Column("Pod", lambda row: str(row["pod"])),
            Column("Namespace", lambda row: str(row["namespace"])),
            Column("Team", lambda row: said(row["team"])),
            Column("Idle", lambda row: formats.hours(row["idle_h"]), number=True),
            Column("Held", lambda row: formats.hours(row["allocated_h"]), number=True),
            Column("Idle cost", lambda row: formats.money(row["cost"], view.meta.currency), number=True),
            Column("Last idle", lambda row: formats.moment(row["last_idle"])),
        ],
        most=8,
    )
    rows_behind(rows, "gpu_idle_workload", "All idle workloads")


page(chosen())
