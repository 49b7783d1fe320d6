"""A plausible published version: 30 days, 3 clusters, 6 teams, 8 services, things wrong on purpose. Deterministic.

For the tests of those who read published results; its figures come from a seeded generator and not from facts. Every
column that those readers use is there, in the types that analytics write.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from published import (
    billing,
    bills,
    gpu,
    kpis,
    lines,
    on_call,
    reliability,
    runs_and_drift,
    serving,
    slo,
    transfers,
    unit,
)
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
    return dict(_tables())


@cache
def _tables() -> dict[str, pl.DataFrame]:
    dice = random.Random(7)
    waterfall, teams = gpu.gpu(dice)
    serving_day, latency, hours = serving.serving(dice)
    pipeline_day, summary, recent = runs_and_drift.pipelines(dice)
    model, series = runs_and_drift.drift(dice)
    line = lines.cost_lines(teams, waterfall)
    transfer = transfers.transfers(line)
    rows = bills.with_exact(line, transfer)
    unit_month = unit.unit_costs(rows, serving_day)
    budget_status, budget_event = bills.budgets(rows)
    reconciled_day, reconciled_month = billing.reconciliation(rows)
    run_cost, run_cost_month = unit.training(recent)
    found = {
        "meta": pl.DataFrame(
            [{"currency": "USD", "timezone": "UTC", "computed_at": END, "facts_from": START, "facts_to": END}]
        ),
        "gpu_waterfall_day": waterfall,
        "gpu_team_day": teams,
        "cost_line": line,
        "cost_transfer": transfer,
        "closing": bills.closing(rows),
        "showback_month": bills.showback(rows),
        "cost_problem": _price_problems(),
        "unit_cost_month": unit_month,
        "training_run_cost": run_cost,
        "training_cost_month": run_cost_month,
        "budget_status": budget_status,
        "budget_event": budget_event,
        "reconciliation_day": reconciled_day,
        "reconciliation_month": reconciled_month,
        "serving_day": serving_day,
        "serving_latency_day": latency,
        "serving_hour": hours,
        "pipeline_day": pipeline_day,
        "pipeline_summary": summary,
        "pipeline_recent": recent,
        "drift_model": model,
        "drift_series": series,
        "gpu_idle_workload": gpu.idle(dice),
        "finding": _findings(),
        "source_status": _sources(),
        **slo.slo(),
        **on_call.on_call(),
        "analytic_status": pl.DataFrame(
            [{"analytic": "kpi", "status": "ok", "computed_at": END, "message": None}],
            schema={"analytic": pl.String, "status": pl.String, "computed_at": pl.Datetime("us"), "message": pl.String},
        ),
    }
    of_efficiency = kpis.kpis(
        waterfall, teams, serving_day, latency, pipeline_day, unit_month.filter(scope_kind="platform"), model
    )
    found["kpi"] = pl.concat([of_efficiency, reliability.kpis(found, of_efficiency.schema)])
    of_efficiency = pl.DataFrame(
        kpis.DEFINITIONS, schema=["kpi", "title", "question", "unit", "direction", "target"], orient="row"
    ).with_columns(
        pl.col("kpi").replace_strict(kpis.TOPICS).alias("topic"),
        pl.lit("numerator / denominator").alias("formula"),
        pl.lit("fixture").alias("source"),
        pl.lit("null without events").alias("missing"),
        pl.lit("gpu_activity").alias("facts"),
    )
    found["kpi_definition"] = pl.concat([of_efficiency, reliability.definitions()], how="diagonal")
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
                "billing",
                "billing/2026-11.csv",
                "row 4812 of billing/2026-11.csv repeats row 4811 and counts once",
                "ask the provider for the file anew, or remove the row",
            ),
            (
                "warning",
                "billing",
                "support-gbp",
                "row 118 of billing/2026-11.csv is in GBP and no rate is known for 2026-11-02",
                "add it to prices.rates",
            ),
            (
                "warning",
                "budget",
                "team:research",
                "research will be over its monthly budget at the end of November 2026",
                "look at its workloads, or raise the budget",
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
            (
                "error",
                "slo",
                "ranker-availability 99.95",
                "ranker-availability 99.95 has used up its error budget: 112 % of it, by Occurrences over 30d",
                "see when it burnt with `meterline slo` and on the page SLOs",
            ),
            (
                "warning",
                "on_call",
                "gpu_memory_error",
                "10 of 14 judged pages of gpu_memory_error needed no action",
                "give it a longer `for`, a higher threshold or the severity ticket",
            ),
        ],
        orient="row",
        schema=["severity", "topic", "subject", "text", "remedy"],
    )


def _price_problems() -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                lines.UNPRICED,
                datetime(2026, 11, 17),
                datetime(2026, 11, 20),
                "no price of NVIDIA-L40S is valid then",
                "add it to prices.gpu_hour",
            )
        ],
        orient="row",
        schema={
            "subject": pl.String,
            "valid_from": pl.Datetime("us"),
            "valid_to": pl.Datetime("us"),
            "problem": pl.String,
            "remedy": pl.String,
        },
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
