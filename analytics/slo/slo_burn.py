"""How fast each objective's budget burns, in both windows of each of its rules.

---
kind: result
title: Burn rates
question: How many times faster than evenly does each error budget burn, and which rules fire?
formula: >
  burn_rate = bad / total / (1 - target) in the window that ends at as_of, counted by the objective's method; a rule
  fires where it is above its factor in both windows, and for a page its guards let it (low_traffic: the events of the
  long window have a budget below 1; window_full: measured since the window began, half of its slices at least)
source: slo_burn_count, slo_objective and slo_burn_rule; Site Reliability Workbook, chapter 5
missing: burn_rate is null and status no_data where nothing was measured in the window, no_traffic where no event was
reads: [slo_objective, slo_burn_rule, slo_burn_count, slo_clock]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from analytics.reliability.burn import FULL_MINUTES, LEAST_MEASURED, Readings, Rule, Window, judged
from analytics.reliability.inventory import Watched, watched
from analytics.reliability.period import MINUTE, length_text

SCHEMA = pl.Schema({
    "slo": pl.String(), "objective": pl.String(), "service": pl.String(), "team": pl.String(), "method": pl.String(),
    "rule": pl.String(), "severity": pl.String(), "factor": pl.Float64(), "part": pl.String(), "window": pl.String(),
    "window_s": pl.Int64(), "as_of": pl.Datetime("us"), "bad": pl.Float64(), "total": pl.Float64(),
    "burn_rate": pl.Float64(), "status": pl.String(), "window_full": pl.Boolean(), "low_traffic": pl.Boolean(),
    "firing": pl.Boolean(),
})  # fmt: skip

Counts = Mapping[int, Mapping[str, Any]]
"""Rows of slo_burn_count of one objective by the length of the window in minutes."""


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Two rows a rule of each objective, `part` long and short; `firing` is the rule's."""
    counts: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = {}
    for row in tables["slo_burn_count"].to_dicts():
        counts.setdefault((row["slo"], row["objective"]), {})[row["window_s"] // 60] = row
    began = {(row["slo"], row["objective"]): row["measured_from"] for row in tables["slo_clock"].to_dicts()}
    rows = []
    for one in watched(tables["slo_objective"], tables["slo_burn_rule"]):
        key = one.objective.slo, one.objective.objective
        for rule in one.rules:
            rows += _rows(one, rule, counts[key], began[key])
    return pl.DataFrame(rows, schema=SCHEMA)


def _rows(one: Watched, rule: Rule, counts: Counts, measured_from: Any) -> list[dict[str, Any]]:
    windows = {minutes: _window(one, counts[minutes], minutes, measured_from) for minutes in counts}
    found = _judged(one, rule, windows, counts)
    return [
        {
            "slo": one.objective.slo, "objective": one.objective.objective, "service": one.row["service"],
            "team": one.row["team"], "method": one.objective.method, "rule": rule.name, "severity": rule.severity,
            "factor": rule.factor, "part": part, "window": length_text(minutes), "window_s": minutes * 60,
            "as_of": counts[minutes]["as_of"], "bad": counts[minutes]["bad"], "total": counts[minutes]["total"],
            "burn_rate": None if np.isnan(burn[0]) else float(burn[0]), "status": _status(counts[minutes]),
            "window_full": bool(windows[minutes].full[0]), "low_traffic": bool(found.low_traffic[0]),
            "firing": bool(found.firing[0]),
        }
        for part, minutes, burn in (("long", rule.long, found.burn_long), ("short", rule.short, found.burn_short))
    ]  # fmt: skip


def _judged(one: Watched, rule: Rule, windows: Mapping[int, Window], counts: Counts) -> Readings:
    long, short = windows[rule.long], windows[rule.short]
    full = short.full & windows[min(rule.long, FULL_MINUTES)].full
    events = counts[rule.long]
    return judged(
        rule, one.objective.budget, long, short, full, np.array([events["bad_events"]]), np.array([events["events"]])
    )


def _window(one: Watched, row: Mapping[str, Any], minutes: int, measured_from: Any) -> Window:
    size = one.objective.slice_minutes
    began = measured_from is not None and measured_from - size * MINUTE <= row["window_start"]
    full = began and row["slices"] >= LEAST_MEASURED * (minutes // size)
    return Window(np.array([row["bad"]]), np.array([row["total"]]), np.array([row["slices"]]), np.array([full]))


def _status(row: Mapping[str, Any]) -> str:
    if not row["slices"]:
        return "no_data"
    return "ok" if row["total"] > 0 else "no_traffic"
