"""A plausible published version: 30 days, 3 clusters, 6 teams, 8 services, things wrong on purpose. Deterministic.

For the tests of those who read published results; its figures come from a seeded generator and not from facts. Every
column that those readers use is there, in the types that analytics write.
"""

from __future__ import annotations

import random
from datetime import UTC, timedelta
from pathlib import Path

import polars as pl

from published import gpu_and_cost, kpis, runs_and_drift, serving
from published.inventory import END, START
from warehouse.publication import publish


def make(directory: Path, **replaced: pl.DataFrame | None) -> str:
    """Publish the fixture below `directory`; a table given as None is left out, one given as a frame replaces ours."""
    found = tables() | {name: frame for name, frame in replaced.items() if frame is not None}
    for name in (name for name, frame in replaced.items() if frame is None):
        found.pop(name, None)
    return publish(directory, found, END.replace(tzinfo=UTC))


def tables() -> dict[str, pl.DataFrame]:
    """All published tables."""
    dice = random.Random(7)
    waterfall, teams, lines = gpu_and_cost.gpu(dice)
    serving_day, latency, hours = serving.serving(dice)
    pipeline_day, summary, recent = runs_and_drift.pipelines(dice)
    model, series = runs_and_drift.drift(dice)
    bills = gpu_and_cost.showback(lines)
    unit = gpu_and_cost.unit_costs(lines, serving_day)
    found = {
        "meta": pl.DataFrame(
            [{"currency": "USD", "timezone": "UTC", "computed_at": END, "facts_from": START, "facts_to": END}]
        ),
        "gpu_waterfall_day": waterfall,
        "gpu_team_day": teams,
        "cost_line": lines,
        "showback_month": bills,
        "unit_cost_month": unit,
        "serving_day": serving_day,
        "serving_latency_day": latency,
        "serving_hour": hours,
        "pipeline_day": pipeline_day,
        "pipeline_summary": summary,
        "pipeline_recent": recent,
        "drift_model": model,
        "drift_series": series,
        "gpu_idle_workload": gpu_and_cost.idle(dice),
        "finding": _findings(),
        "source_status": _sources(),
        "analytic_status": pl.DataFrame(
            [{"analytic": "kpi", "status": "ok", "computed_at": END, "message": None}],
            schema={"analytic": pl.String, "status": pl.String, "computed_at": pl.Datetime("us"), "message": pl.String},
        ),
    }
    found["kpi"] = kpis.kpis(waterfall, teams, serving_day, latency, pipeline_day, unit, model)
    found["kpi_definition"] = pl.DataFrame(
        kpis.DEFINITIONS, schema=["kpi", "title", "question", "unit", "direction", "target"], orient="row"
    ).with_columns(
        pl.col("kpi").replace_strict(kpis.TOPICS).alias("topic"),
        pl.lit("numerator / denominator").alias("formula"),
        pl.lit("fixture").alias("source"),
        pl.lit("null without events").alias("missing"),
        pl.lit("gpu_activity").alias("facts"),
    )
    return found


def _findings() -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                "warning",
                "cost",
                "scratch",
                "namespace scratch holds GPUs and no team owns it",
                "add it to a team's namespaces",
            ),
            (
                "warning",
                "gpu",
                "node-eu-3",
                "node-eu-3 in eu-west-prod exports no SM activity; its hours count as not measured",
                "enable DCGM_FI_PROF_SM_ACTIVE in the exporter's metrics file",
            ),
            (
                "info",
                "serving",
                "ocr",
                "the latency threshold of ocr (1 s) is not a bucket bound; the share within it is a range",
                "choose a threshold among the le values that the service exports",
            ),
            (
                "warning",
                "drift",
                "mod-1b",
                "model mod-1b has no drift monitor",
                "add its project to the Evidently workspace",
            ),
        ],
        orient="row",
        schema=["severity", "topic", "subject", "text", "remedy"],
    )


def _sources() -> pl.DataFrame:
    return pl.DataFrame(
        [
            ("prod", "prometheus", "ok", END, END, 0, None, None),
            (
                "flows",
                "airflow",
                "failing",
                END - timedelta(hours=5),
                END - timedelta(hours=5),
                4,
                "the server at http://airflow.internal:8080 refused the token (401)",
                "renew the token that AIRFLOW_TOKEN holds",
            ),
            ("drift", "evidently", "ok", END, END, 0, None, None),
        ],
        orient="row",
        infer_schema_length=None,
        schema=["source", "type", "status", "collected_to", "succeeded_at", "failures", "message", "remedy"],
    )
