"""KPIs of the section Reliability in the fixture, counted here from its pages, objectives and runbooks."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from typing import Any

import polars as pl

from published.inventory import END
from published.kpis import WINDOWS

DEFINITIONS = [
    (
        "slo_attainment", "SLO attainment", "Which share of SLOs kept their objectives?", "ratio", "up", ">= 0.995",
        "slo", "SLOs that met all of their objectives / SLOs with data", "an SLO without events is left out",
    ),
    (
        "alert_precision", "Alert precision", "How many of the pages that anybody judged were worth it?", "ratio", "up",
        "> 0.7", "on_call", "actionable / (actionable + noise) pages",
        "not enough evidence where fewer than half of the pages are judged",
    ),
    (
        "mean_time_to_acknowledge", "Mean time to acknowledge", "How long does a page wait until a person takes it?",
        "s", "down", None, "on_call", "sum of (first acknowledgement by a person - page) / acknowledged pages",
        "pages that nobody acknowledged are in neither part",
    ),
    (
        "mttr_platform", "Mean time to restore",
        "How long does it take to restore the service when the platform caused an incident?", "s", "down", "< 14400",
        "on_call", "sum of (restored - started) / incidents attributed to the platform",
        "open incidents are in neither part",
    ),
    (
        "runbook_completeness", "Runbook completeness",
        "Which share of the page rules of tier-1 services has a runbook that is there and was reviewed lately?",
        "ratio", "up", "== 1.0", "on_call", "page rules of tier 1 with a complete runbook / page rules of tier 1",
        "no_data without such rules",
    ),
]  # fmt: skip
KEYS = ("kpi", "title", "question", "unit", "direction", "target", "topic", "formula", "missing")


def definitions() -> pl.DataFrame:
    """Rows of kpi_definition."""
    return pl.DataFrame(DEFINITIONS, schema=KEYS, orient="row").with_columns(
        pl.lit("fixture").alias("source"), pl.lit("on_call_incident").alias("facts")
    )


def kpis(tables: dict[str, pl.DataFrame], schema: pl.Schema) -> pl.DataFrame:
    """Rows of kpi; a precision of which less than half is judged has no `n` and no verdict."""
    rows: list[dict[str, Any]] = []
    pages, runbooks = tables["on_call_incident_recent"], tables["runbook_status"].filter(tier=1)
    objectives = tables["slo_status"].drop_nulls("attainment")
    for grain, start, end in WINDOWS:
        inside = (pl.col("created_at") >= _midnight(start)) & (pl.col("created_at") < _midnight(end))
        some = pages.filter(inside)
        judged = some.filter(pl.col("outcome") != "unknown")
        if some.height:
            good = judged.filter(outcome="actionable").height
            enough = judged.height * 2 >= some.height
            rows.append(
                _row("alert_precision", grain, start, end, good, judged.height, judged.height if enough else None)
            )
            for kpi, column in (("mean_time_to_acknowledge", "tta_s"), ("mttr_platform", "ttr_s")):
                spans = some[column].drop_nulls()
                rows.append(_row(kpi, grain, start, end, spans.sum(), spans.len(), spans.len()))
        if start <= END.date() < end:
            done = runbooks.filter(status="complete").height
            rows.append(_row("runbook_completeness", grain, start, end, done, runbooks.height, runbooks.height))
            met = objectives.filter(pl.col("budget_left_ratio") >= 0).height
            rows.append(_row("slo_attainment", grain, start, end, met, objectives.height, objectives.height))
    return pl.DataFrame(rows, schema=schema)


def _row(
    kpi: str, grain: str, start: date, end: date, numerator: float, denominator: int, n: int | None
) -> dict[str, Any]:
    _, _, _, unit, _, target, *_ = next(one for one in DEFINITIONS if one[0] == kpi)
    value = numerator / denominator if denominator else None
    verdict = "none"
    if target and value is not None and n is not None:
        sign, goal = target.split()
        holds = {
            ">=": value >= float(goal),
            ">": value > float(goal),
            "<": value < float(goal),
            "==": value == float(goal),
        }
        verdict = "pass" if holds[sign] else "fail"
    margin = 0.98 * math.sqrt(0.25 / denominator) if denominator and unit == "ratio" else None
    return {
        "kpi": kpi, "grain": grain, "start": _midnight(start), "end": _midnight(end), "scope": "platform",
        "value": value, "unit": unit, "numerator": float(numerator), "denominator": float(denominator), "n": n,
        "low": max(value - margin, 0.0) if margin and value is not None else None,
        "high": min(value + margin, 1.0) if margin and value is not None else None,
        "status": "no_data" if value is None else "low_confidence" if n is None or n < 20 else "ok", "target": target,
        "verdict": verdict, "provisional": end > END.date(), "sources": "pages",
    }  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
