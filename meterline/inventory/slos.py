"""Service level objectives as tables: what is promised, when it alerts, and what is measured for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from meterline.inventory.frame import frame
from meterline.openslo.slos import Indicator, Objective

SECOND = timedelta(seconds=1)
TARGET = pl.Decimal(18, 12)


def objective_frame(objectives: Sequence[Objective]) -> pl.DataFrame:
    """The table slo_objective; `slice_s` and `slice_target` only where the method has slices."""
    columns = {
        "slo": pl.String, "objective": pl.String, "title": pl.String, "description": pl.String, "service": pl.String,
        "team": pl.String, "tier": pl.Int32, "target": TARGET, "method": pl.String, "slice_target": pl.Float64,
        "slice_s": pl.Int64, "empty_slices": pl.String, "window_kind": pl.String, "window_s": pl.Int64,
        "calendar_count": pl.Int32, "calendar_unit": pl.String, "calendar_start": pl.String,
        "calendar_zone": pl.String, "sli": pl.String, "grain_s": pl.Int32, "owner": pl.String, "runbook_url": pl.String,
    }  # fmt: skip
    return frame(
        columns,
        (
            (one.slo, one.objective, one.title, one.description, one.service, one.team, one.tier, one.target,
             one.method, one.slice_target, None if one.slice is None else one.slice // SECOND, one.empty_slices,
             *_window(one), one.indicator.sli, one.indicator.grain // SECOND, one.owner, one.runbook_url)
            for one in objectives
        ),
    )  # fmt: skip


def burn_rule_frame(objectives: Sequence[Objective]) -> pl.DataFrame:
    """The table slo_burn_rule."""
    columns = {
        "slo": pl.String, "objective": pl.String, "rule": pl.String, "severity": pl.String, "budget": pl.Float64,
        "long_s": pl.Int64, "short_s": pl.Int64, "factor": pl.Float64, "min_bad": pl.Float64,
    }  # fmt: skip
    return frame(
        columns,
        (
            (one.slo, one.objective, alert.rule, alert.severity, alert.budget, alert.long // SECOND,
             alert.short // SECOND, alert.factor, alert.min_bad)
            for one in objectives
            for alert in one.alerts
        ),
    )  # fmt: skip


def indicator_frame(indicators: Sequence[Indicator]) -> pl.DataFrame:
    """The table sli_indicator; the definition is JSON."""
    columns = {
        "sli": pl.String, "source": pl.String, "kind": pl.String, "definition": pl.String, "grain_s": pl.Int32,
    }  # fmt: skip
    return frame(
        columns,
        (
            (one.sli, one.source, one.kind, json.dumps(one.definition, ensure_ascii=False), one.grain // SECOND)
            for one in indicators
        ),
    )


def _window(one: Objective) -> tuple[str, int | None, int | None, str | None, str | None, str | None]:
    window = one.window
    if window.kind == "rolling":
        return "rolling", window.span.length // SECOND, None, None, None, None
    return "calendar", None, window.span.count, window.span.unit, window.start, window.zone
