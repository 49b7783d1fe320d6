"""SLOs and on-call health: figures equal the published tables; what is not known is said and never 0 or 100 %."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from analytics.parameters import parameters
from dashboards.components.on_call_tables import OWN
from published.pages import Open, words_of
from published.version import make, tables


def objective(slo: str) -> dict[str, object]:
    return tables()["slo_status"].filter(slo=slo).row(0, named=True)


def span(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def month(**where: object) -> dict[str, object]:
    rows = tables()["on_call_month"].filter(scope="platform", **where)
    return rows.row(0, named=True)


def test_objectives_are_as_published_with_their_method_beside_them(page: Open) -> None:
    shown = words_of(page("slos"))
    assert (
        "Ranker answers has used up its error budget; Chat answers burns its budget too fast; 2 of 7 cannot be told"
        in shown
    )
    chat = objective("chat-availability")
    # 99.9376 %, one digit more than the target of 99.9 %; 0.001 x 30 d = 43.2 min
    left = f"{chat['left_minutes']:.1f} min left of 43.2 min"
    assert re.search(
        rf"▲ burning Chat answers › chat · assist 99\.9 % 30d rolling 99\.94 % Occurrences 38 % {left}", shown
    )
    assert f"17.3× gone in {chat['exhaustion_days'] * 24:.0f} h" in shown  # type: ignore[operator]
    assert "✕ breached Ranker answers ⌄ ranker · ranking 99.95 % 30d rolling 99.944 % Occurrences −12 %" in shown
    assert "99 % 30d rolling 99.70 % Timeslices of 1 min, good from 95 %" in shown
    assert "95 % calendar month (UTC) 97.26 % RatioTimeslices of 5 min" in shown


def test_no_data_and_no_traffic_are_no_percentage(page: Open) -> None:
    shown = words_of(page("slos"))
    assert "○ no data ocr-availability › ocr · vision 99.5 % 30d rolling – Occurrences – –" in shown
    assert "○ no traffic moderation-availability › moderation · platform-ml 99 % 30d rolling – Occurrences – –" in shown
    assert re.search(r"ocr-availability Occurrences( no data){7}", shown)
    assert "✓ met window not full, low traffic image-tags-availability" in shown


def test_an_opened_objective_tells_where_its_budget_ends_and_when_rules_fired(page: Open) -> None:
    app = page("slos", query={"slo": "chat-availability/99.9"})
    shown = words_of(app)
    assert "Chat answers has 38 % of its error budget left, by Occurrences" in shown
    assert "; at the pace of the last hour it is gone in 16 h" in shown
    assert "owner assist-oncall · Runbook" in shown
    assert "page_quick page 14.4× 17.3× in 1h 17.3× in 5m ▲ fires" in shown
    assert "ticket_slow ticket 1× 6.05× in 3d 17.3× in 6h ▲ fires" in shown
    quiet = words_of(page("slos", query={"slo": "ranker-availability/99.95"}))
    assert "page_quick page 14.4× 0.9× in 1h 0.9× in 5m ✓ quiet" in quiet
    event = (
        tables()["slo_event"].filter(slo="chat-availability", rule="page_slow").sort("started_at").row(0, named=True)
    )
    assert (
        f"5 Nov 2026 06:12 5.0 h page_slow page {event['peak_burn']:.3g}× {event['budget_consumed'] * 100:.1f} %"
        in shown
    )
    assert "24 Nov 2026 01:24 ▲ 4.6 h, goes on page_quick" in shown
    app.button(key="open-chat-availability/99.9").click().run()
    assert "at the pace of the last hour" not in words_of(app)
    app.button(key="open-ocr-availability/99.5").click().run()
    assert "ocr-availability has not been measured since 23 Nov 2026 21:00 UTC, so nothing can be told" in words_of(app)


def test_one_team_sees_its_objectives(page: Open) -> None:
    shown = words_of(page("slos", team="vision"))
    assert "ocr-availability" in shown
    assert "Chat answers" not in shown
    assert "No objective is set for research" in words_of(page("slos", team="research"))


def test_all_met_and_nothing_known_are_said(page: Open, tmp_path: Path) -> None:
    rows = tables()["slo_status"]
    make(tmp_path, slo_status=rows.filter(state="met"))
    assert "All 3 objectives are met" in words_of(page("slos", data=tmp_path))
    make(tmp_path, slo_status=rows.filter(state="no_data"), slo_burn=None, slo_budget_history=None, slo_event=None)
    assert "None of 1 objective can be told" in words_of(page("slos", data=tmp_path))


def test_on_call_says_what_pages_were_worth_on_which_evidence(page: Open) -> None:
    shown = words_of(page("on_call"))
    row = month(month=date(2026, 11, 1), severity="all")
    worth = f"{row['precision'] * 100:.0f}"  # type: ignore[operator]
    assert (
        f"{row['pages']} pages in November 2026 so far; {worth} % of the judged ones were worth it; "
        f"{row['unacked_n']} were acknowledged by nobody" in shown
    )
    judged = f"{row['coverage'] * 100:.0f} % judged"  # type: ignore[operator]
    assert f"Alert precision ✕ off target {row['precision'] * 100:.1f} %" in shown  # type: ignore[operator]
    assert judged in shown
    assert f"In sleep hours {row['sleep_share'] * 100:.0f} % {row['sleep_n']} of {row['pages']} pages" in shown  # type: ignore[operator]
    assert f"Flap rate {row['flap_rate'] * 100:.0f} % {row['refired_n']} soon after the last end" in shown  # type: ignore[operator]


def test_too_little_evidence_is_no_verdict(page: Open) -> None:
    shown = words_of(page("on_call", **{"month-from": "2026-10-01"}))
    row = month(month=date(2026, 10, 1), severity="all")
    assert row["coverage"] < 0.5  # type: ignore[operator]
    assert "too few are judged to say what they were worth" in shown
    assert "Alert precision ≈ not enough evidence" in shown
    assert f"Not enough evidence for a precision: {row['coverage'] * 100:.0f} % of the pages are judged" in shown  # type: ignore[operator]
    assert f"Oct 2026 {row['pages']} ≈ not enough evidence" in shown


def test_waits_and_restores_stand_by_severity_with_open_ones_apart(page: Open) -> None:
    shown = words_of(page("on_call"))
    row = month(month=date(2026, 11, 1), severity="3")
    minutes = {name: span(row[name]) for name in row if name.startswith(("mtta", "mttr"))}  # type: ignore[arg-type]
    assert (
        f"severity 3 {row['pages']} {row['unacked_n']} {minutes['mtta_p50_s']} {minutes['mtta_mean_s']} "
        f"{minutes['mtta_p90_s']} {minutes['mttr_p50_s']} {minutes['mttr_mean_s']} {minutes['mttr_p90_s']} 1 for"
        in shown
    )


def test_shifts_rules_and_runbooks_are_as_published(page: Open) -> None:
    shown = words_of(page("on_call"))
    shifts = tables()["on_call_shift"].filter(pl.col("shift_start") >= date(2026, 11, 1))
    assert f"mean of {shifts.height} shifts, at most {shifts['pages'].max()}" in shown
    busiest = shifts.sort("pages", "shift_start").row(-1, named=True)
    assert f"The busiest shift began on {busiest['shift']} with {busiest['pages']} pages" in shown
    noisy = tables()["rule_feedback"].sort("noise").row(-1, named=True)
    assert f"{noisy['rule']} paged {noisy['noise']} times for nothing in the last 90 days" in shown
    assert (
        f"{noisy['rule']} {noisy['pages']} {noisy['actionable']} {noisy['noise']} {noisy['unknown']} "
        f"{noisy['precision'] * 100:.0f} % {noisy['last_page_at']:%-d %b %H:%M} platform-oncall" in shown
    )
    assert "drift_monitor_silent 0 0 0 0 no pages –" in shown
    assert "3 of 5 rules that page lack a good runbook" in shown
    assert "QueueDepthHigh ✕ no runbook 1 no owner never – set its runbook_url" in shown
    assert "gpu_memory_error ✕ does not answer" in shown


def test_each_number_has_its_definition(page: Open) -> None:
    shown = words_of(page("on_call"))
    for title in ("Alert precision", "Mean time to acknowledge", "Mean time to restore", "Runbook completeness"):
        definition = tables()["kpi_definition"].filter(title=title).row(0, named=True)
        assert f"{title} {definition['question']} {definition['formula']} {definition['missing']}" in shown


def test_the_words_of_definitions_are_those_of_the_parameters() -> None:
    told = " ".join(entry["formula"] for entry in OWN)
    known = parameters()
    assert f"from {known.sleep_from_hour} to {known.sleep_to_hour} h" in told
    assert f"within {known.flap_minutes} minutes" in told
    assert f"less than {known.runbook_days} days" in told
    assert f"for {known.engaged_minutes:g} minutes" in told
    assert known.judged_share == 0.5
    assert known.on_call_days == 90


@pytest.mark.parametrize("grain", ["week", "quarter"])
def test_other_periods_name_the_month_that_they_tell_of(page: Open, grain: str) -> None:
    shown = words_of(page("on_call", grain=grain))
    assert "pages in November 2026 so far" in shown
    assert "In sleep hours Nov 2026" in shown


def test_one_team_on_call(page: Open) -> None:
    row = (
        tables()["on_call_month"]
        .filter(scope="team:search", severity="all", month=date(2026, 11, 1))
        .row(0, named=True)
    )
    shown = words_of(page("on_call", team="search"))
    assert f"{row['pages']} pages in November 2026 so far" in shown
    assert "Pages per shift whole platform" in shown
