"""GPU-hours of the fixture: where capacity went, who held it, which pods stood idle."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from published.inventory import CLUSTERS, END, PRICES, START, TEAMS, days, part_of


def gpu(dice: random.Random) -> tuple[pl.DataFrame, pl.DataFrame]:
    waterfall, teams = [], []
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
            held, idle, unmeasured, effective = sums
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
