"""The counts that costs are divided by are those of serving_day, cut at other midnights: none is lost or told twice.

Both sides read the same serving_profile and layer_of_record, whose rules are held by their own cases.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytic_cases import Case, run_on_duckdb
from analytics.cost.time_slice import slices

DAYS = (date(2026, 10, 24), date(2026, 10, 25))
WINDOW = {"start": datetime(2026, 10, 24), "end": datetime(2026, 10, 26)}
TARGETS = [
    {"cluster": "c", "namespace": "n", "pod": pod, "label_service": None, "model": model, "service": service}
    for pod, model, service in (("p", "m", "s"), ("p", "k", "s"), ("q", "m", "t"), (None, None, "s"))
]
COUNT = st.fixed_dictionaries({
    "target": st.sampled_from(TARGETS), "layer": st.sampled_from(["gateway", "mesh", "proxy", "engine"]),
    "profile": st.sampled_from(["a", "b"]), "tenant": st.sampled_from(["x", None]),
    "measure": st.sampled_from(["requests", "requests", "tokens_in", "tokens_out", "tokens_cached"]),
    "outcome": st.sampled_from(["good", "bad", "shed", "client_error", "aborted"]),
    "bucket": st.integers(0, 2 * 288 - 1), "value": st.integers(1, 1000),
})  # fmt: skip


def fact(one: dict[str, Any]) -> dict[str, Any]:
    row = {name: one[name] for name in ("layer", "profile", "tenant", "measure", "value")}
    row |= {name: one["target"][name] for name in ("cluster", "namespace", "pod", "model")}
    row["outcome"] = one["outcome"] if one["measure"] == "requests" else None
    return row | {"ts": WINDOW["start"] + timedelta(minutes=5 * one["bucket"])}


def run(name: str, tables: dict[str, Any], parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return run_on_duckdb(Case(name, 1, "", "", (), tables, parameters or {}))[1]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@settings(max_examples=15)
@given(counts=st.lists(COUNT, max_size=25))
def test_counts_by_report_day_add_up_to_those_of_serving_day(zone: str, counts: list[dict[str, Any]]) -> None:
    facts = [fact(one) for one in counts]
    cuts = [dict(zip(("day", "slice_start", "slice_end", "report_day", "month"), row, strict=True))
            for row in slices(DAYS[0], DAYS[1], ZoneInfo(zone), [])]  # fmt: skip
    counted = {"serving_count": facts, "serving_profile": run("serving_profile", {"serving_count": facts}, WINDOW)}
    hourly = run("serving_count_hour", counted, WINDOW)
    record = run("layer_of_record", {"serving_count_hour": hourly, "serving_target": TARGETS})
    believed = {"layer_of_record": record, "serving_target": TARGETS}
    served = run("serving_request_hour", {"serving_count_hour": hourly, **believed})
    sliced = run("request_slice_day", {**counted, "time_slice": cuts}, WINDOW)
    owned = run("request_report_day", {"request_slice_day": sliced, **believed})
    names = {"requests": "requests_all", "good": "requests", "bad": "failed", "tokens_in": "tokens_in",
             "tokens_out": "tokens_out", "tokens_cached": "tokens_cached"}  # fmt: skip
    for service in ("s", "t"):
        for theirs, ours in names.items():
            left = sum(row[theirs] or 0 for row in served if row["service"] == service)
            assert left == sum(row[ours] or 0 for row in owned if row["service"] == service), (service, ours)
    if zone == "UTC":
        assert {row["report_day"] for row in owned} == {row["day"] for row in served}
