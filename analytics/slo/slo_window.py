"""The time that each objective's budget is for now.

---
kind: intermediate
question: From when to when does the budget of each objective reach?
formula: >
  rolling: its length up to as_of; calendar: the period of its zone that the last minute before as_of lies in, with
  months as long as they are and days of 23 or 25 hours where the clocks change
source: slo_objective and slo_clock
missing: a row for every objective
reads: [slo_objective, slo_clock]
---
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from analytics.reliability.objective import window_of
from analytics.reliability.period import MINUTE, Rolling

TIME = pl.Datetime("us")
SCHEMA = pl.Schema({
    "slo": pl.String(), "objective": pl.String(), "window_kind": pl.String(), "window_start": TIME, "window_end": TIME,
    "as_of": TIME, "measured_from": TIME, "measured_to": TIME, "now": TIME,
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row an objective; `window_end` of a calendar period lies in the future, that of a rolling one is `as_of`."""
    clocks = {(row["slo"], row["objective"]): row for row in tables["slo_clock"].to_dicts()}
    rows = []
    for row in tables["slo_objective"].sort("slo", "objective").to_dicts():
        clock = clocks[row["slo"], row["objective"]]
        window = window_of(row)
        rolling = isinstance(window, Rolling)
        span = window.at(clock["as_of"] if rolling else clock["as_of"] - MINUTE)
        rows.append({
            **{name: clock[name] for name in ("as_of", "measured_from", "measured_to", "now")},
            "slo": row["slo"], "objective": row["objective"], "window_start": span.start, "window_end": span.end,
            "window_kind": "rolling" if rolling else "calendar",
        })  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)
