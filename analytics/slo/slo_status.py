"""How every objective stands.

---
kind: result
title: SLOs
question: Does each SLO hold its objective, how much error budget is left, and how long will it last?
formula: >
  attainment = good / total of the window, counted by the objective's method; budget_total = (1 - target) x total, for a
  calendar period that is not over at the pace so far; left = budget - bad; minutes likewise of the window's length;
  exhaustion_days = what is left / burn rate of the last hour; state: no_data, no_traffic, breached (more than the
  budget is used up), burning (a burn rate rule fires) or met
source: slo_window_count, slo_burn and slo_objective; OpenSLO v1
missing: >
  no_data, never 0 or 100 %, where nothing was measured in the window or for stale_minutes; no_traffic where there was
  measured and no event; exhaustion_days is null where nothing burns; window_full is false while the indicator is
  younger than the window; low_traffic says that the window's own budget is below one event
reads: [slo_objective, slo_burn_rule, slo_window_count, slo_burn_count, slo_burn]
---
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from analytics.reliability.error_budget import ErrorBudget, days_to_exhaustion, error_budget
from analytics.reliability.inventory import Watched, watched
from analytics.reliability.period import MINUTE

TIME = pl.Datetime("us")
TEXT, NUMBER = pl.String(), pl.Float64()
SCHEMA = pl.Schema({
    "slo": TEXT, "objective": TEXT, "title": TEXT, "service": TEXT, "team": TEXT, "tier": pl.Int32(), "owner": TEXT,
    "runbook_url": TEXT, "target": NUMBER, "method": TEXT, "slice_s": pl.Int64(), "slice_target": NUMBER,
    "empty_slices": TEXT, "window": TEXT, "window_kind": TEXT, "window_start": TIME, "window_end": TIME, "as_of": TIME,
    "measured_to": TIME, "window_full": pl.Boolean(), "coverage": NUMBER, "good": NUMBER, "total": NUMBER,
    "events": NUMBER, "attainment": NUMBER, "budget_total": NUMBER, "budget_consumed": NUMBER, "budget_left": NUMBER,
    "budget_left_ratio": NUMBER, "budget_minutes": NUMBER, "consumed_minutes": NUMBER, "left_minutes": NUMBER,
    "burn_rate": NUMBER, "burn_rate_1h": NUMBER, "exhaustion_days": NUMBER, "state": TEXT, "severity": TEXT,
    "firing": TEXT, "low_traffic": pl.Boolean(),
})  # fmt: skip
URGENT = {"page": 0, "ticket": 1}


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row an objective. `firing` names the burn rate rules that fire, `severity` is that of the most urgent."""
    counts = {(row["slo"], row["objective"]): row for row in tables["slo_window_count"].to_dicts()}
    hours = {
        (row["slo"], row["objective"]): row
        for row in tables["slo_burn_count"].filter(pl.col("window_s") == 3600).to_dicts()
    }
    firing: dict[tuple[str, str], dict[str, str]] = {}
    for row in tables["slo_burn"].filter(pl.col("firing")).to_dicts():
        firing.setdefault((row["slo"], row["objective"]), {})[row["rule"]] = row["severity"]
    rows = []
    for one in watched(tables["slo_objective"], tables["slo_burn_rule"]):
        key = one.objective.slo, one.objective.objective
        rows.append(_row(one, counts[key], hours[key], firing.get(key, {})))
    return pl.DataFrame(rows, schema=SCHEMA)


def _row(one: Watched, count: Mapping[str, Any], hour: Mapping[str, Any], firing: Mapping[str, str]) -> dict[str, Any]:
    objective = one.objective
    period = (count["window_end"] - count["window_start"]) // MINUTE
    elapsed = (count["as_of"] - count["window_start"]) // MINUTE
    budget = error_budget(count["good"], count["total"], objective.target, period, elapsed)
    hourly = hour["bad"] / hour["total"] / float(objective.budget) if hour["total"] > 0 and objective.budget else None
    began = count["measured_from"]
    return {
        **{name: one.row[name] for name in ("slo", "objective", "title", "service", "team", "tier", "owner")},
        **{name: count[name] for name in ("window_kind", "window_start", "window_end", "as_of", "measured_to")},
        **{name: count[name] for name in ("good", "total", "events")},
        "runbook_url": one.row["runbook_url"], "target": float(objective.target), "method": objective.method,
        "slice_s": None if objective.method == "Occurrences" else objective.slice_minutes * 60,
        "slice_target": objective.slice_target if objective.method == "Timeslices" else None,
        "empty_slices": None if objective.method == "Occurrences" else objective.empty, "window": str(objective.window),
        "window_full": began is not None and began - objective.slice_minutes * MINUTE <= count["window_start"],
        "coverage": min(count["slices"] * objective.slice_minutes / elapsed, 1.0) if elapsed > 0 else None,
        "attainment": budget.attainment, "budget_total": budget.total, "budget_consumed": budget.consumed,
        "budget_left": budget.left, "budget_left_ratio": budget.left_ratio, "budget_minutes": budget.budget_minutes,
        "consumed_minutes": budget.consumed_minutes, "left_minutes": budget.left_minutes,
        "burn_rate": budget.burn_rate, "burn_rate_1h": hourly,
        "exhaustion_days": days_to_exhaustion(budget.left_ratio, hourly, period),
        "state": _state(count, budget, firing.values()),
        "severity": min(firing.values(), key=lambda name: URGENT.get(name, 2), default=None),
        "firing": ", ".join(firing) or None, "low_traffic": count["events"] * float(objective.budget) < 1,
    }  # fmt: skip


def _state(count: Mapping[str, Any], budget: ErrorBudget, firing: Iterable[str]) -> str:
    if not count["slices"] or count["measured_to"] < count["as_of"]:
        return "no_data"
    if budget.met is None:
        return "no_traffic"
    if not budget.met:
        return "breached"
    return "burning" if any(True for _ in firing) else "met"
