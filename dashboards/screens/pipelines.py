"""Pipelines: how reliable training and deployment are, which pipeline fails, and how long runs wait."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import formats, words
from dashboards.components import chart
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.markup import draw, key, text
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.kpi_tile import one
from dashboards.queries import frame, pipelines
from dashboards.view import View, chosen

PARTS = (
    ("success", "Succeeded", "use"),
    ("failed", "Failed", "harm"),
    ("cancelled", "Cancelled", "dim"),
    ("skipped", "Skipped", "pale"),
)
STATES = {
    "success": "✓ success", "failed": "✕ failed", "timed_out": "✕ timed out", "running": "▶ running",
    "queued": "… queued", "skipped": "○ skipped", "cancelled": "○ cancelled",
}  # fmt: skip
BAD = ("failed", "timed_out")


def page(view: View) -> None:
    """The whole page."""
    summary = pipelines.summary(view.results)
    ended = pipelines.of_period(view.results, view.period)
    eyebrow = view.eyebrow("Pipelines", by_team=False)
    if summary.is_empty() and ended.is_empty():
        page_title(eyebrow, f"No pipeline run ended {view.phrase}")
        empty(
            "No pipelines yet",
            "Runs come from Airflow's REST API. Add it as a source and say which of its DAGs train and which deploy.",
            "sources:\n  - {name: flows, type: airflow, url: http://127.0.0.1:8080, token: {env: AIRFLOW_TOKEN},\n"
            '     pipelines: {training: ["train_*"], deployment: ["deploy_*"]}}',
        )
        return
    page_title(eyebrow, _finding(view, ended))
    _figures(view, summary)
    _days(view)
    _of_period(view, ended)
    _summary(summary)
    _recent(view)
    findings(frame.findings(view.results, ("pipelines",)))


def _finding(view: View, ended: pl.DataFrame) -> str:
    rows = ended.to_dicts()

    def sums(kind: str) -> tuple[int, int]:
        own = [row for row in rows if row["kind"] == kind]
        return sum(row["success"] for row in own), sum(row["failed"] for row in own)

    judged = [row for row in rows if row["success_rate"] is not None]
    worst = min(judged, key=lambda row: row["success_rate"], default=None)
    named = (worst["pipeline"], worst["success"], worst["failed"]) if worst else None
    return words.pipelines(sums("training"), sums("deployment"), named, view.phrase)


def _figures(view: View, summary: pl.DataFrame) -> None:
    kpis = [one(view, name) for name in ("training_success_rate", "ml_deployment_success_rate", "training_queue_time")]
    shown = [kpi for kpi in kpis if kpi]
    if summary.height:
        shown.append(
            Tile(
                "In flight now",
                formats.count(int(summary["in_flight"].sum())),
                verdict="",
                target="queued or running, in no rate",
            )
        )
    tiles(shown)


def _days(view: View) -> None:
    days = pipelines.by_day(view.results, view.period)
    if days.is_empty():
        return
    whole = days.group_by("day").agg(pl.col(column).sum() for column, _, _ in PARTS).sort("day")
    failed = whole.sort("failed").row(-1, named=True)
    section(
        f"Most failures on {failed['day']:%-d %B}: {words.many(failed['failed'], 'run')}" if failed["failed"] else
        "No run failed",
        "Runs by the day they ended. Cancelled and skipped runs are in no rate.",
    )  # fmt: skip
    draw(key([(token, label, formats.count(int(whole[column].sum()))) for column, label, token in PARTS], line=True))
    chart.daily_stack(whole, PARTS, "runs a day", "Pipeline runs of each day by how they ended", height=190)
    rows_behind(days, "pipeline_day", "Days behind this")


def _of_period(view: View, ended: pl.DataFrame) -> None:
    if ended.is_empty():
        return
    section(
        f"Reliability {view.phrase}, the least reliable first", "Success over success and failure, after all retries."
    )
    table(
        ended,
        [
            Column("Pipeline", lambda row: str(row["pipeline"])),
            Column("Kind", lambda row: str(row["kind"])),
            Column("Success rate", lambda row: formats.ratio(row["success_rate"]), number=True),
            Column("Succeeded", lambda row: formats.count(row["success"]), number=True),
            Column("Failed", _failed, number=True, html=True),
            Column("Cancelled", lambda row: formats.count(row["cancelled"]), number=True),
            Column("Skipped", lambda row: formats.count(row["skipped"]), number=True),
        ],
        most=30,
    )
    rows_behind(ended, "pipeline_of_period", "Pipelines behind this")


def _summary(summary: pl.DataFrame) -> None:
    if summary.is_empty():
        return
    waits = summary.drop_nulls("queue_p95_s").sort("queue_p95_s")
    longest = waits.row(-1, named=True) if waits.height else None
    section(
        f"{longest['pipeline']} waits longest: P95 {formats.seconds(longest['queue_p95_s'])}"
        if longest else "Waiting and retries",
        "The last 30 days of facts, whatever period is chosen above. Waiting is from queued to the first task's start.",
    )  # fmt: skip
    table(
        summary,
        [
            Column("Pipeline", lambda row: str(row["pipeline"])),
            Column("Last run", lambda row: _state(row["last_state"]), html=True),
            Column("Last ended", lambda row: formats.moment(row["last_ended_at"])),
            Column("In flight", lambda row: formats.count(row["in_flight"]), number=True),
            Column("Success", lambda row: formats.ratio(row["success_rate"]), number=True),
            Column("At first attempt", lambda row: formats.ratio(row["first_attempt_rate"]), number=True),
            Column("Wait P50", lambda row: formats.seconds(row["queue_p50_s"]), number=True),
            Column("Wait P95", lambda row: formats.seconds(row["queue_p95_s"]), number=True),
        ],
        most=30,
    )
    rows_behind(summary, "pipeline_summary", "Pipelines as published")


def _recent(view: View) -> None:
    recent = pipelines.recent(view.results)
    if recent.is_empty():
        return
    section("The newest runs", "Across all pipelines, newest first.")
    table(
        recent,
        [
            Column("Pipeline", lambda row: str(row["pipeline"])),
            Column("State", lambda row: _state(row["state"]), html=True),
            Column("Attempts", lambda row: formats.count(row["attempts"]), number=True),
            Column("Queued", lambda row: formats.moment(row["queued_at"])),
            Column("Waited", lambda row: formats.seconds(row["queue_s"]), number=True),
            Column("Ran", lambda row: formats.seconds(row["duration_s"]), number=True),
            Column("Run", lambda row: str(row["run_id"])),
        ],
        most=10,
    )
    rows_behind(recent, "pipeline_recent", "Newest runs as published")


def _failed(row: dict[str, Any]) -> str:
    shown = formats.count(row["failed"])
    return f'<span class="ml-fail">✕ {shown}</span>' if row["failed"] else shown


def _state(state: str | None) -> str:
    shown = text(STATES.get(state or "", state or formats.DASH))
    return f'<span class="ml-verdict ml-fail">{shown}</span>' if state in BAD else shown


page(chosen())
