"""Percentiles of queue times are numpy's linear ones, which the SQL makes from weights, portably."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_cases import Case, run_on_duckdb

NOW = datetime(2026, 10, 31)
QUEUED = NOW - timedelta(days=1)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=40))
def test_percentiles_of_waits_interpolate_linearly(milliseconds: list[int]) -> None:
    runs = [
        {"kind": "training", "pipeline": "t", "state": "success", "ended_at": NOW, "queued_at": QUEUED,
         "started_at": QUEUED + timedelta(milliseconds=wait)}
        for wait in milliseconds
    ]  # fmt: skip
    _, (row,) = run_on_duckdb(Case("pipeline_summary", 1, "", "", (), {"pipeline_run": runs}, {"now": NOW}))
    seconds = np.array(milliseconds) / 1000
    for q, column in ((0.5, "queue_p50_s"), (0.9, "queue_p90_s"), (0.95, "queue_p95_s"), (0.99, "queue_p99_s")):
        assert row[column] == pytest.approx(np.quantile(seconds, q), rel=1e-9, abs=1e-9)
    assert row["queue_max_s"] == pytest.approx(max(seconds))
