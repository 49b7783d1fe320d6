"""GPU-hours of the fixture and what they cost."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from published.inventory import CLUSTERS, END, PRICES, SERVICES, START, TEAMS, days, part_of


def gpu(dice: random.Random) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    waterfall, teams, lines = [], [], []
    for day in days():
        busy = 0.7 if day.weekday() >= 5 else 1.0
        for cluster, (model, gpus) in CLUSTERS.items():
            capacity = gpus * 24.0 * part_of(day)
            unavailable = 9.0 * 8 if (cluster, day) == ("us-train", date(2026, 11, 12)) else 0.0
            free, sums = capacity - unavailable, [0.0, 0.0, 0.0, 0.0]
            owners = [(team, share) for team, (home, share) in TEAMS.items() if home == cluster]
            if cluster == "eu-west-prod":
                owners.append(("__unallocated__", 0.06))
            for team, share in owners:
                held = free * share * (0.9 + 0.2 * dice.random()) * (busy if team != "research" else 1.0)
                idle = held * (0.75 if team == "research" and day.weekday() >= 5 else 0.06 + 0.1 * dice.random())
                unmeasured = held * (0.12 if team == "vision" else 0.0)
                effective = (held - idle - unmeasured) * (0.55 + 0.3 * dice.random())
                for place, value in enumerate((held, idle, unmeasured, effective)):
                    sums[place] += value
                teams.append(
                    (
                        day,
                        team,
                        cluster,
                        "scratch" if team[0] == "_" else team,
                        model,
                        held,
                        idle,
                        unmeasured,
                        effective,
                    )
                )
                services = [name for name, owner, *_ in SERVICES if owner == team] or ["__none__"]
                for service in services:
                    lines.append(_line(day, team, service, cluster, model, held / len(services)))
            held, idle, unmeasured, effective = sums
            lines.append(_line(day, "__idle__", "__none__", cluster, model, free - held))
            waterfall.append(
                (
                    day,
                    cluster,
                    model,
                    capacity,
                    unavailable,
                    free - held,
                    idle,
                    unmeasured,
                    held - idle - unmeasured - effective,
                    effective,
                    held,
                )
            )
    return (
        pl.DataFrame(
            waterfall,
            orient="row",
            schema=[
                "day",
                "cluster",
                "gpu_model",
                "capacity_h",
                "unavailable_h",
                "unallocated_h",
                "idle_h",
                "unmeasured_h",
                "ineffective_h",
                "effective_h",
                "allocated_h",
            ],
        ),
        pl.DataFrame(
            teams,
            orient="row",
            schema=[
                "day",
                "team",
                "cluster",
                "namespace",
                "gpu_model",
                "allocated_h",
                "idle_h",
                "unmeasured_h",
                "effective_h",
            ],
        ),
        pl.DataFrame(lines, schema=LINE),
    )


LINE = {
    "day": pl.Date,
    "team": pl.String,
    "service": pl.String,
    "model": pl.String,
    "cluster": pl.String,
    "namespace": pl.String,
    "gpu_model": pl.String,
    "resource": pl.String,
    "price": pl.Decimal(18, 6),
    "milli_unit_seconds": pl.Int64,
    "share_num": pl.Int64,
    "share_den": pl.Int64,
    "gpu_hours": pl.Float64,
    "cost_numerator": pl.Decimal(38, 6),
    "cost_denominator": pl.Int64,
    "cost": pl.Decimal(28, 10),
}


def _line(day: date, team: str, service: str, cluster: str, model: str, hours: float) -> dict[str, Any]:
    units = round(hours * 3_600_000)
    price = PRICES[model]
    served = {name: one for name, _, _, one, *_ in SERVICES}.get(service)
    return {
        "day": day,
        "team": team,
        "service": service,
        "model": served,
        "cluster": cluster,
        "namespace": None if team == "__idle__" else "scratch" if team[0] == "_" else team,
        "gpu_model": model,
        "resource": "nvidia.com/gpu",
        "price": price,
        "milli_unit_seconds": units,
        "share_num": 1,
        "share_den": 1,
        "gpu_hours": units / 3_600_000,
        "cost_numerator": units * price,
        "cost_denominator": 3_600_000,
        "cost": (units * price / 3_600_000).quantize(Decimal("1E-10")),
    }


def showback(lines: pl.DataFrame) -> pl.DataFrame:
    """Cents by month; the last row of each grouping takes what rounding leaves, so that all groupings add up alike."""
    rows = []
    for month in (date(2026, 10, 1), date(2026, 11, 1)):
        inside = [row for row in lines.to_dicts() if row["day"].replace(day=1) == month]
        total = sum((row["cost"] for row in inside), Decimal(0)).quantize(Decimal("0.01"))
        for by in ("team", "service", "model", "cluster", "gpu_model"):
            sums: dict[str, list[Any]] = {}
            for row in inside:
                entry = sums.setdefault(row[by] or "", [0.0, Decimal(0)])
                entry[0] += row["gpu_hours"]
                entry[1] += row["cost"]
            ordered = sorted(sums.items(), key=lambda item: -item[1][1])
            cents = [cost.quantize(Decimal("0.01")) for _, (_, cost) in ordered]
            cents[-1] += total - sum(cents, Decimal(0))
            rows += [
                (month, by, key, hours, cost, float(cost / total))
                for (key, (hours, _)), cost in zip(ordered, cents, strict=True)
            ]
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "month": pl.Date,
            "by": pl.String,
            "key": pl.String,
            "gpu_hours": pl.Float64,
            "cost": pl.Decimal(18, 2),
            "share": pl.Float64,
        },
    )


def unit_costs(lines: pl.DataFrame, serving: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for month in (date(2026, 10, 1), date(2026, 11, 1)):
        for name, team, _, model, *_ in SERVICES:
            cost = sum(
                (row["cost"] for row in lines.filter(service=name).to_dicts() if row["day"].replace(day=1) == month),
                Decimal(0),
            )
            days_of = serving.filter((pl.col("service") == name) & (pl.col("day").dt.truncate("1mo") == month))
            good, every = round(days_of["good"].sum()), round(days_of["requests"].sum())
            tokens = [
                round(days_of[column].sum()) if days_of[column].null_count() == 0 else None
                for column in ("tokens_in", "tokens_out")
            ]
            if name == "moderation":
                good = every = 0

            def per(count: int | None, size: int, cost: Decimal = cost) -> Decimal | None:
                return (cost * size / count).quantize(Decimal("1E-8")) if count else None

            both = sum(token for token in tokens if token) or None
            rows.append(
                (
                    month,
                    name,
                    team,
                    model,
                    cost.quantize(Decimal("0.01")),
                    good,
                    every,
                    *tokens,
                    per(good, 1000),
                    per(both, 10**6),
                    per(tokens[0], 10**6),
                    per(tokens[1], 10**6),
                    1.0,
                )
            )
    money = pl.Decimal(18, 8)
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "month": pl.Date,
            "service": pl.String,
            "team": pl.String,
            "model": pl.String,
            "cost": pl.Decimal(18, 2),
            "requests": pl.Int64,
            "requests_all": pl.Int64,
            "tokens_in": pl.Int64,
            "tokens_out": pl.Int64,
            "per_1k_inferences": money,
            "per_1m_tokens": money,
            "per_1m_tokens_in": money,
            "per_1m_tokens_out": money,
            "coverage": pl.Float64,
        },
    )


def idle(dice: random.Random) -> pl.DataFrame:
    rows = []
    for number in range(23):
        team, (cluster, _) = list(TEAMS.items())[number % 6] if number else ("research", ("us-train", 0))
        model = CLUSTERS[cluster][0]
        idle = 412.5 if number == 0 else round(300 / (number + 2) * (0.8 + 0.4 * dice.random()), 3)
        cost = (Decimal(str(idle)) * PRICES[model]).quantize(Decimal("0.01"))
        pod = "sweep-llama-0" if number == 0 else f"{team}-worker-{number:02d}"
        rows.append(
            (
                team,
                cluster,
                team,
                pod,
                model,
                idle,
                idle * 1.6,
                START + timedelta(days=number),
                END - timedelta(hours=number),
                cost,
            )
        )
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "team": pl.String,
            "cluster": pl.String,
            "namespace": pl.String,
            "pod": pl.String,
            "gpu_model": pl.String,
            "idle_h": pl.Float64,
            "allocated_h": pl.Float64,
            "first_idle": pl.Datetime("us"),
            "last_idle": pl.Datetime("us"),
            "cost": pl.Decimal(18, 2),
        },
    ).sort("idle_h", descending=True)
