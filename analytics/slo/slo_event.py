"""When error budgets burnt too fast.

---
kind: result
title: SLO events
question: When did an error budget burn too fast in the last 30 days, how fast, and what did it cost?
formula: >
  runs of minutes in which a burn rate rule's condition held, its guards included, as alerts see it; peak_burn is the
  highest of the smaller burn rate of the two windows; budget_consumed = bad events (or slices) in the run / budget of
  the objective's window now; ongoing where the run reaches to the last measured slice
source: slo_recent_count, slo_status and slo_burn_rule; Site Reliability Workbook, chapter 5
missing: budget_consumed is null without a budget; what began more than 30 days ago is cut there
reads: [slo_objective, slo_burn_rule, sli_indicator, slo_recent_count, slo_status, slo_clock]
---
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from analytics.reliability.evaluation import burn_spans_of, evaluate
from analytics.reliability.inventory import watched
from analytics.reliability.series import numbered

RECENT = timedelta(days=30)
SCHEMA = pl.Schema({
    "slo": pl.String(), "objective": pl.String(), "service": pl.String(), "team": pl.String(), "method": pl.String(),
    "rule": pl.String(), "severity": pl.String(), "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us"),
    "minutes": pl.Int64(), "ongoing": pl.Boolean(), "peak_burn": pl.Float64(), "bad": pl.Float64(),
    "bad_events": pl.Float64(), "budget_consumed": pl.Float64(),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a run of minutes."""
    clock = tables["slo_clock"]
    if clock.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    now = clock["now"][0]
    budgets = {(row["slo"], row["objective"]): row["budget_total"] for row in tables["slo_status"].to_dicts()}
    read = numbered(tables["slo_recent_count"], tables["sli_indicator"]["sli"].sort().to_list())
    rows: list[dict[str, Any]] = []
    for one in evaluate(read, watched(tables["slo_objective"], tables["slo_burn_rule"]), now - RECENT, now):
        budget = budgets[one.watched.objective.slo, one.watched.objective.objective]
        rows += [
            {
                "slo": span.slo, "objective": span.objective, "rule": span.rule, "severity": span.severity,
                "service": one.watched.row["service"], "team": one.watched.row["team"],
                "method": one.watched.objective.method, "started_at": span.start, "ended_at": span.end,
                "minutes": (span.end - span.start) // timedelta(minutes=1), "ongoing": span.ongoing,
                "peak_burn": span.peak_burn, "bad": span.bad, "bad_events": span.bad_events,
                "budget_consumed": span.bad / budget if budget else None,
            }
            for span in burn_spans_of(one)
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)
