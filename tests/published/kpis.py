"""KPIs of the fixture, computed here from its other tables and not by the analytics."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import polars as pl

from published.inventory import END, SERVICES, TEAMS

TOPICS = {
    "gpu_utilization_efficiency": "gpu",
    "cost_per_1k_inferences": "cost",
    "serving_availability": "serving",
    "latency_within_threshold": "serving",
    "training_success_rate": "pipelines",
    "ml_deployment_success_rate": "pipelines",
    "drift_detection_coverage": "drift",
    "training_queue_time": "pipelines",
}

DEFINITIONS = [
    (
        "gpu_utilization_efficiency",
        "GPU utilization efficiency",
        "Which share of held GPU time did useful work?",
        "ratio",
        "up",
        ">= 0.5",
    ),
    (
        "cost_per_1k_inferences",
        "Cost per 1k inferences",
        "What do a thousand successful inferences cost?",
        "currency",
        "down",
        None,
    ),
    (
        "serving_availability",
        "Serving availability",
        "Which share of valid requests was answered?",
        "ratio",
        "up",
        ">= 0.995",
    ),
    (
        "latency_within_threshold",
        "Requests within the latency threshold",
        "Which share was answered in time?",
        "ratio",
        "up",
        ">= 0.95",
    ),
    ("training_success_rate", "Training success", "Which share of training runs succeeded?", "ratio", "up", ">= 0.95"),
    (
        "ml_deployment_success_rate",
        "Deployment success",
        "Which share of deployments succeeded?",
        "ratio",
        "up",
        ">= 0.95",
    ),
    (
        "drift_detection_coverage",
        "Drift detection coverage",
        "Which share of models is watched?",
        "ratio",
        "up",
        ">= 0.8",
    ),
    ("training_queue_time", "Training queue time", "How long do training runs wait?", "s", "down", "<= 900"),
]
WINDOWS = [
    ("month", date(2026, 10, 1), date(2026, 11, 1)),
    ("month", date(2026, 11, 1), date(2026, 12, 1)),
    ("quarter", date(2026, 10, 1), date(2027, 1, 1)),
    *(
        ("week", date(2026, 10, 19) + timedelta(days=7 * n), date(2026, 10, 26) + timedelta(days=7 * n))
        for n in range(6)
    ),
]


def kpis(
    waterfall: pl.DataFrame,
    teams: pl.DataFrame,
    serving: pl.DataFrame,
    latency: pl.DataFrame,
    pipelines: pl.DataFrame,
    unit: pl.DataFrame,
    models: pl.DataFrame,
) -> pl.DataFrame:
    rows = []
    for grain, start, end in WINDOWS:
        inside = (pl.col("day") >= start) & (pl.col("day") < end)

        def add(
            kpi: str,
            scope: str,
            numerator: float | None,
            denominator: float | None,
            grain: str = grain,
            start: date = start,
            end: date = end,
        ) -> None:
            _, _, _, unit_name, _, target = next(one for one in DEFINITIONS if one[0] == kpi)
            value = numerator / denominator if numerator is not None and denominator else None
            low, high = (
                _wilson(numerator, denominator)
                if value is not None and unit_name == "ratio" and numerator is not None and denominator
                else (None, None)
            )
            verdict = "none"
            if target and value is not None:
                sign, goal = target.split()
                verdict = "pass" if (value >= float(goal) if sign == ">=" else value <= float(goal)) else "fail"
            rows.append(
                (
                    kpi,
                    grain,
                    datetime(start.year, start.month, start.day),
                    datetime(end.year, end.month, end.day),
                    scope,
                    value,
                    unit_name,
                    numerator,
                    denominator,
                    round(denominator or 0),
                    low,
                    high,
                    "ok" if value is not None else "no_data",
                    target,
                    verdict,
                    end > END.date(),
                    "prod",
                )
            )

        held = teams.filter(inside)
        for scope, part in [("platform", held), *((f"team:{team}", held.filter(team=team)) for team in TEAMS)]:
            add(
                "gpu_utilization_efficiency",
                scope,
                part["effective_h"].sum(),
                (part["allocated_h"] - part["unmeasured_h"]).sum(),
            )
        served = serving.filter(inside).with_columns(
            (pl.col("requests") - pl.col("aborted") - pl.col("client_error")).alias("valid")
        )
        for scope, part in [
            ("platform", served),
            *((f"service:{name}", served.filter(service=name)) for name, *_ in SERVICES),
        ]:
            add("serving_availability", scope, (part["valid"] - part["bad"]).sum(), part["valid"].sum())
        timed = latency.filter(inside)
        add(
            "latency_within_threshold",
            "platform",
            (timed["within_lower"] * timed["requests"]).sum(),
            timed["requests"].sum(),
        )
        for kpi, kind in (("training_success_rate", "training"), ("ml_deployment_success_rate", "deployment")):
            part = pipelines.filter(inside & (pl.col("kind") == kind))
            add(kpi, "platform", float(part["success"].sum()), float(part["success"].sum() + part["failed"].sum()))
        if grain != "week":
            months = unit.filter((pl.col("month") >= start) & (pl.col("month") < end))
            add(
                "cost_per_1k_inferences",
                "platform",
                float(months["cost"].sum()) * 1000,
                float(months["requests"].sum()),
            )
        if grain == "quarter":
            add(
                "drift_detection_coverage",
                "platform",
                float(models.filter(status="covered").height),
                float(models.height),
            )
        else:
            add("drift_detection_coverage", "platform", None, None)
        add("training_queue_time", "platform", 611.0, 1.0)
    return pl.DataFrame(
        rows,
        orient="row",
        infer_schema_length=None,
        schema=[
            "kpi",
            "grain",
            "start",
            "end",
            "scope",
            "value",
            "unit",
            "numerator",
            "denominator",
            "n",
            "low",
            "high",
            "status",
            "target",
            "verdict",
            "provisional",
            "sources",
        ],
    )


def _wilson(good: float, n: float) -> tuple[float, float]:
    z, p = 1.959964, good / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)
