"""Every page over a published version, in Streamlit's own test runner: numbers equal the tables, gaps are explained."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dashboards.navigation import ENTRIES
from published.inventory import SERVICES
from published.pages import Open, words_of
from published.version import make, tables

SUBJECTS = {
    "kpi": "overview",
    "gpu_waterfall_day": "gpu",
    "serving_day": "serving",
    "drift_model": "drift",
    "cost_line": "showback",
    "budget_status": "budgets",
    "reconciliation_day": "reconciliation",
    "slo_status": "slos",
    "on_call_month": "on_call",
}
WITH = {"cost_line": ("cost_transfer",), "on_call_month": ("runbook_status",)}  # what cannot be there without the other


def number(value: float, digits: int = 1) -> str:
    return f"{value:,.{digits}f}"


NOVEMBER = (pl.col("day") >= date(2026, 11, 1)) & (pl.col("day") < date(2026, 12, 1))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_every_page_runs_and_how_fast(entry: object, page: Open, capsys: pytest.CaptureFixture[str]) -> None:
    name = Path(entry.file).stem  # type: ignore[attr-defined]
    app = page(name)
    began = time.perf_counter()
    app.run()
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n  {name}: a run of the script takes {took * 1000:.0f} ms", end="")
    assert "v000001" in words_of(app)


def test_overview_shows_each_kpi_as_published(page: Open) -> None:
    shown = words_of(page("overview"))
    kpi = tables()["kpi"].filter((pl.col("grain") == "month") & (pl.col("start") == date(2026, 11, 1)))
    platform = {row["kpi"]: row for row in kpi.filter(scope="platform").to_dicts()}
    assert f"{number(platform['gpu_utilization_efficiency']['value'] * 100)} %" in shown
    assert f"{number(platform['training_success_rate']['value'] * 100)} %" in shown
    assert f"{platform['cost_per_1k_inferences']['value']:.4g} USD" in shown
    assert platform["drift_detection_coverage"]["value"] is None
    assert "Drift detection coverage ○ no value No data in this period" in shown
    assert (
        "6 of 10 KPIs meet their target in November 2026 so far; "
        "Training success, SLO attainment and 2 more miss theirs" in shown
    )
    assert "target ≥ 95 %" in shown
    assert "Namespace scratch holds GPUs and no team owns it." in shown


def test_a_failing_source_is_named_on_every_page(page: Open) -> None:
    for entry in ENTRIES:
        shown = words_of(page(Path(entry.file).stem))
        assert (
            "Source flows (airflow) fails: the server at http://airflow.internal:8080 refused the token (401)" in shown
        )
        assert "Renew the token that AIRFLOW_TOKEN holds." in shown


def test_gpu_hours_are_those_of_the_table(page: Open) -> None:
    shown = words_of(page("gpu"))
    sums = (
        tables()["gpu_waterfall_day"]
        .filter(NOVEMBER)
        .select(pl.exclude("day", "cluster", "gpu_model").sum())
        .row(0, named=True)
    )
    assert f"Where {number(sums['capacity_h'])} h of GPU capacity went" in shown
    parts = {
        "Useful work": "effective_h",
        "Held idle": "idle_h",
        "Held, not measured": "unmeasured_h",
        "Allocated to nobody": "unallocated_h",
        "Not available": "unavailable_h",
    }
    for label, column in parts.items():
        share = number(sums[column] / sums["capacity_h"] * 100)
        assert f"{label} {number(sums[column])} h, {share} %" in shown
    # 64 GPUs of the inventory, whatever the hours say
    assert (
        f"64 GPUs did {sums['effective_h'] / sums['capacity_h'] * 100:.0f} % useful work in November 2026 so far"
        in shown
    )
    team = tables()["gpu_team_day"].filter(NOVEMBER & (pl.col("team") == "vision"))
    unmeasured = number(team["unmeasured_h"].sum() / team["allocated_h"].sum() * 100)
    assert re.search(
        rf"vision {re.escape(number(team['allocated_h'].sum()))} h [\d.]+ % [\d.]+ % {unmeasured} %", shown
    )


def test_serving_shows_availability_and_who_is_slow(page: Open) -> None:
    shown = words_of(page("serving"))
    days = tables()["serving_day"].filter(NOVEMBER & (pl.col("service") == "image-tags"))
    valid = days["requests"].sum() - days["aborted"].sum() - days["client_error"].sum()
    requests, bad = days["requests"].sum(), days["bad"].sum()
    assert f"image-tags vision 2 {requests:,.0f} {bad:,.0f} {(1 - bad / valid) * 100:.2f} %" in shown
    assert "summaries missed the availability target in November 2026 so far" in shown
    last = tables()["serving_latency_day"].filter(service="summaries").sort("day").row(-1, named=True)
    assert last["p95_s"] > last["threshold_s"]
    assert f"✕ {last['p95_s']:.2f} s" in shown


def test_pipelines_and_drift_say_what_the_tables_say(page: Open) -> None:
    shown = words_of(page("pipelines"))
    part = tables()["pipeline_day"].filter(NOVEMBER & (pl.col("pipeline") == "train_vision"))
    good, bad = part["success"].sum(), part["failed"].sum()
    assert f"train_vision failed {bad} of {good + bad}" in shown
    assert f"train_vision training {good / (good + bad) * 100:.1f} % {good} ✕ {bad}" in shown
    shown = words_of(page("drift"))
    assert "6 of 8 models are watched for drift, not mod-1b and sum-13b; rank-v4 drifted" in shown
    assert "mod-1b ✕ no monitor –" in shown
    assert "prompt_length of rank-v4 is past its threshold" in shown


def test_one_team_is_shown_as_one_team(page: Open) -> None:
    held = tables()["gpu_team_day"].filter(NOVEMBER & (pl.col("team") == "search"))["allocated_h"].sum()
    assert f"search held {held:,.1f} h of GPU time" in words_of(page("gpu", team="search"))
    shown = words_of(page("serving", team="search"))
    theirs = {name for name, team, *_ in SERVICES if team == "search"}
    assert theirs == {"autocomplete", "semantic-search"}
    assert all(name in shown for name in theirs)
    assert "image-tags" not in shown
    assert "search: GPU utilization efficiency" in words_of(page("overview", team="search"))


def test_nothing_published_says_what_to_run(page: Open, tmp_path: Path) -> None:
    shown = words_of(page("overview", data=tmp_path))
    assert "No results are published yet" in shown
    assert "meterline run" in shown


@pytest.mark.parametrize(("table", "name"), SUBJECTS.items())
@pytest.mark.parametrize("absent", [True, False], ids=["table absent", "table empty"])
def test_a_page_without_rows_says_what_to_configure(
    page: Open, tmp_path: Path, table: str, name: str, absent: bool
) -> None:
    emptied = {name: None if absent else tables()[name].clear() for name in (table, *WITH.get(table, ()))}
    make(tmp_path, **emptied)
    shown = words_of(page(name, data=tmp_path))
    assert re.search(r"(sources|services|prices|teams|slos):", shown), shown


def test_pipelines_without_runs_say_what_to_configure(page: Open, tmp_path: Path) -> None:
    emptied = {name: tables()[name].clear() for name in ("pipeline_day", "pipeline_summary", "pipeline_recent")}
    make(tmp_path, **emptied)
    assert "No pipelines yet" in words_of(page("pipelines", data=tmp_path))


def test_without_unit_costs_and_runs_the_page_says_what_to_configure(page: Open, tmp_path: Path) -> None:
    make(tmp_path, unit_cost_month=None, training_run_cost=None, training_cost_month=None)
    shown = words_of(page("unit_cost", data=tmp_path))
    assert "No unit costs in this period" in shown
    assert "services:" in shown


def test_all_tables_empty_is_no_failure(page: Open, tmp_path: Path) -> None:
    make(tmp_path, **{name: frame.clear() for name, frame in tables().items()})
    for entry in ENTRIES[:1]:
        assert "Nothing has been collected yet" in words_of(page(Path(entry.file).stem, data=tmp_path))


def test_every_other_table_may_be_absent(page: Open, tmp_path: Path) -> None:
    """A version in which analytics failed holds fewer tables; what is there is shown."""
    keep = {
        "meta",
        "kpi",
        "kpi_definition",
        "gpu_waterfall_day",
        "cost_line",
        "budget_status",
        "serving_day",
        "pipeline_day",
        "drift_model",
    }
    make(tmp_path, **{name: None for name in tables() if name not in keep})
    for entry in ENTRIES:
        assert words_of(page(Path(entry.file).stem, data=tmp_path)).strip(), entry.title


def test_a_damaged_version_is_an_answer_not_a_traceback(page: Open, tmp_path: Path) -> None:
    name = make(tmp_path)
    (tmp_path / "published" / name / "kpi.parquet").write_bytes(b"not parquet")
    shown = words_of(page("overview", data=tmp_path))
    assert "cannot be read" in shown
    assert "meterline analyze" in shown


def test_a_new_version_is_shown_on_the_next_run(page: Open, tmp_path: Path) -> None:
    make(tmp_path)
    app = page("overview", data=tmp_path)
    assert "version v000001" in words_of(app)
    make(tmp_path, finding=tables()["finding"].clear())
    app.run()
    shown = words_of(app)
    assert "version v000002" in shown
    assert "No analytic has found anything wrong" in shown
