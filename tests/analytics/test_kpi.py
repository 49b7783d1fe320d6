"""Which status, interval and verdict a KPI row gets. Expected values are the rules of docs/kpis.md, by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from analytics.head import Head, Target
from analytics.kpi import SCHEMA, Coverage, Rules, definitions, kpi_rows, verdict

START, END = datetime(2026, 10, 1), datetime(2026, 11, 1)
LONG_AFTER = datetime(2026, 12, 1)
RULES = Rules(low_confidence_n=5, provisional=timedelta(hours=72), stale=timedelta(minutes=60))
PERIODS = pl.DataFrame({"grain": ["month"], "period_start": [START], "period_end": [END]})
WHOLE = Coverage(("flows",), datetime(2026, 9, 1), LONG_AFTER, LONG_AFTER)
COUNTS = {
    "grain": pl.String(), "period_start": pl.Datetime("us"), "period_end": pl.Datetime("us"), "scope": pl.String(),
    "numerator": pl.Float64(), "denominator": pl.Float64(), "n": pl.Int64(),
}  # fmt: skip


def head(**changes: Any) -> Head:
    values = {
        "kind": "kpi", "question": "?", "title": "Training success rate", "formula": "success / ended", "unit": "ratio",
        "direction": "up", "target": Target(op=">=", value=0.95), "facts": ("pipeline_run",), "interval": "wilson",
    }  # fmt: skip
    return Head.model_validate(values | changes)


def counted(numerator: float | None, denominator: float | None, n: int = 100, scope: str = "platform") -> pl.DataFrame:
    return pl.DataFrame([("month", START, END, scope, numerator, denominator, n)], schema=COUNTS, orient="row")


def row_of(
    counts: pl.DataFrame, coverage: Coverage | None = WHOLE, now: datetime = LONG_AFTER, of: Head | None = None
) -> dict[str, Any]:
    found = {} if coverage is None else {"pipeline_run": coverage}
    rows = kpi_rows("training_success_rate", of or head(), counts, PERIODS, found, RULES, now)
    assert len(rows) == 1
    assert rows[0].keys() == SCHEMA.keys()
    return rows[0]


def test_a_ratio_of_enough_events_is_ok() -> None:
    row = row_of(counted(96, 100))
    assert (row["value"], row["status"], row["verdict"], row["provisional"]) == (0.96, "ok", "pass", False)
    assert (row["start"], row["end"], row["unit"], row["target"]) == (START, END, "ratio", ">= 0.95")
    assert row["sources"] == "flows"


def test_zero_of_many_is_a_value_and_a_failure() -> None:
    row = row_of(counted(0, 10))
    assert (row["value"], row["status"], row["verdict"]) == (0.0, "ok", "fail")


@pytest.mark.parametrize("counts", [pl.DataFrame(schema=COUNTS), counted(0, 0, 0), counted(None, None, 0)])
def test_nothing_to_divide_by_is_no_data_and_neither_0_nor_100_percent(counts: pl.DataFrame) -> None:
    row = row_of(counts)
    assert (row["value"], row["low"], row["high"]) == (None, None, None)
    assert (row["status"], row["verdict"], row["n"]) == ("no_data", "none", 0)


@pytest.mark.parametrize(
    "coverage",
    [
        None,
        Coverage(("flows",), None, None),
        Coverage((), datetime(2026, 9, 1), LONG_AFTER, LONG_AFTER),
        Coverage(("flows",), datetime(2026, 8, 1), START, START),  # ends where the half-open window begins
        Coverage(("flows",), END, LONG_AFTER, LONG_AFTER),  # begins where it ends
    ],
)
def test_a_window_without_its_facts_is_not_collected_even_if_something_was_counted(coverage: Coverage | None) -> None:
    row = row_of(counted(96, 100), coverage)
    assert (row["value"], row["status"], row["verdict"]) == (None, "not_collected", "none")


def test_every_fact_must_have_been_collected() -> None:
    both = head(facts=("pipeline_run", "gpu_activity"))
    assert row_of(counted(96, 100), of=both)["status"] == "not_collected"


@pytest.mark.parametrize(
    ("collected_to", "now", "status"),
    [
        (END - timedelta(minutes=60), LONG_AFTER, "ok"),
        (END - timedelta(minutes=60, microseconds=1), LONG_AFTER, "stale"),
        # inside of the window what counts is now, not the window's end
        (datetime(2026, 10, 15, 11), datetime(2026, 10, 15, 12), "ok"),
        (datetime(2026, 10, 15, 10, 59), datetime(2026, 10, 15, 12), "stale"),
    ],
)
def test_facts_that_end_too_long_before_the_window_are_stale(
    collected_to: datetime, now: datetime, status: str
) -> None:
    row = row_of(counted(96, 100), Coverage(("flows",), START, collected_to, collected_to), now)
    assert (row["status"], row["value"]) == (status, 0.96)


@pytest.mark.parametrize("complete_to", [datetime(2026, 10, 20), None])
def test_a_source_that_stopped_or_never_began_makes_the_value_stale_however_lively_the_others(
    complete_to: datetime | None,
) -> None:
    row = row_of(counted(96, 100), Coverage(("dead", "lively"), START, LONG_AFTER, complete_to))
    assert (row["status"], row["value"]) == ("stale", 0.96)


def test_an_unknown_numerator_is_no_data() -> None:
    unknown = counted(96, 100).with_columns(numerator=pl.lit(None, dtype=pl.Float64))
    assert (row_of(unknown)["status"], row_of(unknown)["value"]) == ("no_data", None)


@pytest.mark.parametrize(("n", "status"), [(4, "low_confidence"), (5, "ok")])
def test_few_events_are_low_confidence(n: int, status: str) -> None:
    row = row_of(counted(3, 4, n))
    assert (row["status"], row["value"]) == (status, 0.75)


@pytest.mark.parametrize(("after_end", "provisional"), [(timedelta(hours=72), False), (timedelta(hours=71), True)])
def test_a_window_is_provisional_until_72_hours_after_its_end(after_end: timedelta, provisional: bool) -> None:
    assert row_of(counted(96, 100), now=END + after_end)["provisional"] is provisional


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    row = row_of(counted(successes, trials, trials))
    assert (round(row["low"], 4), round(row["high"], 4)) == (low, high)


def test_only_ratios_of_events_carry_an_interval() -> None:
    row = row_of(counted(81, 263), of=head(interval=None))
    assert (row["low"], row["high"]) == (None, None)
    assert row["value"] == pytest.approx(81 / 263)


def test_a_value_that_the_analytic_gives_itself_is_taken() -> None:
    counts = counted(15, 1250).with_columns(value=pl.lit(12.0))
    assert row_of(counts, of=head(unit="currency", interval=None, target=None))["value"] == 12.0


def test_every_period_has_a_platform_row_first_and_scopes_after_it() -> None:
    periods = pl.concat(
        [PERIODS, PERIODS.with_columns(period_start=pl.lit(END), period_end=pl.lit(datetime(2026, 12, 1)))]
    )
    counts = pl.concat([counted(1, 10, scope="pipeline:b"), counted(2, 10, scope="pipeline:a"), counted(3, 20)])
    rows = kpi_rows("k", head(), counts, periods, {"pipeline_run": WHOLE}, RULES, LONG_AFTER)
    assert [(row["start"], row["scope"], row["status"]) for row in rows] == [
        (START, "platform", "ok"),
        (START, "pipeline:a", "ok"),
        (START, "pipeline:b", "ok"),
        (END, "platform", "no_data"),
    ]


@pytest.mark.parametrize(
    ("op", "below", "equal", "above"),
    [
        (">=", "fail", "pass", "pass"),
        (">", "fail", "fail", "pass"),
        ("<=", "pass", "pass", "fail"),
        ("<", "pass", "fail", "fail"),
        ("==", "fail", "pass", "fail"),
    ],
)
def test_verdicts(op: str, below: str, equal: str, above: str) -> None:
    target = Target.model_validate({"op": op, "value": 0.5})
    assert (verdict(0.4, target), verdict(0.5, target), verdict(0.6, target)) == (below, equal, above)


def test_no_verdict_without_a_target_or_a_value() -> None:
    assert verdict(0.5, None) == "none"
    assert verdict(None, Target(op=">=", value=0.5)) == "none"


def test_definitions_say_what_the_head_says() -> None:
    row = definitions([("k", "pipelines", head(target=Target(op=">=", value=0.95, stretch=0.99)))]).row(0, named=True)
    assert (row["kpi"], row["topic"], row["facts"]) == ("k", "pipelines", "pipeline_run")
    assert (row["target"], row["stretch"]) == (">= 0.95", 0.99)
