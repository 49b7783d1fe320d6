"""GPU-hours: where the capacity went, who held it, and which pods did nothing with it. Hours are for display."""

from __future__ import annotations

import polars as pl

from dashboards.period import Period
from dashboards.reading import Results

PARTS = ("effective_h", "ineffective_h", "idle_h", "unmeasured_h", "unallocated_h", "unavailable_h")
"""What capacity is made of, from useful to lost; they add up to `capacity_h`."""

_SUMS = ", ".join(f"sum({part}) AS {part}" for part in ("capacity_h", "allocated_h", *PARTS))
_INSIDE = "day >= $start AND day < $end"


def waterfall(results: Results, period: Period) -> pl.DataFrame:
    """One row: capacity and its parts over the period. No row when nothing was measured."""
    return results.rows(
        f"SELECT {_SUMS} FROM gpu_waterfall_day WHERE {_INSIDE} HAVING count(*) > 0",
        ("gpu_waterfall_day",), start=period.start, end=period.end,
    )  # fmt: skip


def by_day(results: Results, period: Period) -> pl.DataFrame:
    """Capacity and its parts, a row a day."""
    return results.rows(
        f"SELECT day, {_SUMS} FROM gpu_waterfall_day WHERE {_INSIDE} GROUP BY day ORDER BY day",
        ("gpu_waterfall_day",), start=period.start, end=period.end,
    )  # fmt: skip


def by_cluster(results: Results, period: Period) -> pl.DataFrame:
    """Capacity and its parts, a row a cluster and GPU model, largest capacity first."""
    return results.rows(
        f"SELECT cluster, gpu_model, {_SUMS} FROM gpu_waterfall_day WHERE {_INSIDE} "
        "GROUP BY cluster, gpu_model ORDER BY capacity_h DESC, cluster, gpu_model",
        ("gpu_waterfall_day",), start=period.start, end=period.end,
    )  # fmt: skip


def by_team(results: Results, period: Period) -> pl.DataFrame:
    """Hours held by each team, idle, unmeasured, effective, and what is left (`ineffective_h`), most held first."""
    return results.rows(
        f"""
        SELECT team, sum(allocated_h) AS allocated_h, sum(effective_h) AS effective_h,
               sum(allocated_h - idle_h - unmeasured_h - effective_h) AS ineffective_h,
               sum(idle_h) AS idle_h, sum(unmeasured_h) AS unmeasured_h
        FROM gpu_team_day WHERE {_INSIDE} GROUP BY team ORDER BY allocated_h DESC, team
        """,
        ("gpu_team_day",), start=period.start, end=period.end,
    )  # fmt: skip


def idle_workloads(results: Results, team: str | None) -> pl.DataFrame:
    """Pods with idle GPU-hours in the last 30 days of facts, largest first; of one team when it is given."""
    return results.rows(
        "SELECT team, cluster, namespace, pod, gpu_model, idle_h, allocated_h, first_idle, last_idle, cost "
        "FROM gpu_idle_workload WHERE $team IS NULL OR team = $team ORDER BY idle_h DESC, cluster, namespace, pod",
        ("gpu_idle_workload",), team=team,
    )  # fmt: skip
