"""The tables of on-call health: waits and restores by severity, months side by side, noisy rules, runbooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from dashboards.components.alert_panel import link
from dashboards.components.finding import section
from dashboards.components.markup import text
from dashboards.components.rows import Column, table
from dashboards.formats import DASH, count, ratio, seconds
from dashboards.words import many

Row = Mapping[str, Any]

OWN: tuple[Mapping[str, str], ...] = (
    {"title": "Evidence", "formula": "Judged pages / pages; a page is judged by a person, by its close code or rule: "
     "acknowledged and worked on for 5 minutes, noted or linked = worth it; over by itself without a person = noise.",
     "missing": "Below half, a precision is shown without a verdict."},
    {"title": "Median, mean, P90", "formula": "Of waits until the first acknowledgement by a person, and of restores "
     "from the start of the impact where it is known, else from the page; percentiles are linear.",
     "missing": "Pages that nobody acknowledged and open incidents are in none of them; they are counted apart."},
    {"title": "Pages per shift", "formula": "Pages by the shift in which they were created; shifts are cut by the "
     "clock of the report's time zone.", "missing": "A shift without a page counts as 0."},
    {"title": "In sleep hours", "formula": "Pages from 22 to 8 h in the report's time zone / pages."},
    {"title": "Flap rate", "formula": "Pages within 60 minutes of the last end of the same alert / pages."},
    {"title": "Runbook complete", "formula": "Its address answered when it was last asked, and it was reviewed less "
     "than 180 days ago."},
)  # fmt: skip
"""What the numbers mean that are no KPI: as the heads of on_call_month, on_call_shift and runbook_status say."""

STATUSES = {
    "missing": ("✕ no runbook", "ml-fail"), "dead": ("✕ does not answer", "ml-fail"),
    "stale": ("▲ not reviewed lately", "ml-inconclusive"), "unchecked": ("○ not asked yet", "ml-none"),
    "complete": ("✓ complete", "ml-pass"),
}  # fmt: skip
REMEDIES = {
    "missing": "set its runbook_url", "stale": "read it and write the date", "unchecked": "it is asked once a day",
    "dead": "see whether it moved",
}  # fmt: skip


def by_severity(rows: pl.DataFrame, month: date | None) -> None:
    """Pages, waits and restores of one month, in all and by severity."""
    whole = rows.row(0, named=True)
    section(
        f"Half of the acknowledged pages were taken within {seconds(whole['mtta_p50_s'])}"
        if whole["mtta_p50_s"] is not None else "Nobody acknowledged a page",
        f"{month:%B %Y}, UTC. Time to acknowledge and to restore, in all and by severity (1 is the worst).",
    )  # fmt: skip
    table(
        rows,
        [
            Column("Severity", lambda row: "all" if row["severity"] == "all" else f"severity {row['severity']}"),
            Column("Pages", lambda row: count(row["pages"]), number=True),
            Column("Not acknowledged", lambda row: count(row["unacked_n"]), number=True),
            Column("Ack. median", lambda row: seconds(row["mtta_p50_s"]), number=True),
            Column("mean", lambda row: seconds(row["mtta_mean_s"]), number=True),
            Column("P90", lambda row: seconds(row["mtta_p90_s"]), number=True),
            Column("Restore median", lambda row: seconds(row["mttr_p50_s"]), number=True),
            Column("mean", lambda row: seconds(row["mttr_mean_s"]), number=True),
            Column("P90", lambda row: seconds(row["mttr_p90_s"]), number=True),
            Column("Still open", _open, number=True, html=True),
        ],
    )


def by_month(rows: pl.DataFrame) -> None:
    """Months side by side, the newest first."""
    section("Month by month", "Months of UTC. A precision of which less than half is judged is not one.")
    table(
        rows,
        [
            Column("Month", lambda row: f"{row['month']:%b %Y}"),
            Column("Pages", lambda row: count(row["pages"]), number=True),
            Column("Precision", precision, html=True),
            Column("Judged", lambda row: ratio(row["coverage"], 0), number=True),
            Column("Ack. median", lambda row: seconds(row["mtta_p50_s"]), number=True),
            Column("Restore median", lambda row: seconds(row["mttr_p50_s"]), number=True),
            Column("In sleep hours", lambda row: ratio(row["sleep_share"], 0), number=True),
            Column("Flap rate", lambda row: ratio(row["flap_rate"], 0), number=True),
            Column("Severe incidents", lambda row: count(row["severe_n"]), number=True),
            Column("Of the platform", _platform, number=True, html=True),
        ],
        most=12,
    )


def noisiest(rows: pl.DataFrame) -> None:
    """Rules that page, the ones that page most first."""
    first = rows.sort("noise", "rule", descending=[True, False]).row(0, named=True)
    section(
        f"{first['rule']} paged {many(first['noise'], 'time')} for nothing in the last 90 days" if first["noise"]
        else "No rule paged for nothing in the last 90 days",
        "Rules by pages, those of other systems too, whose owner and runbook are not known here. A rule that is "
        "seldom worth it wants a longer wait, a higher threshold, or to be a ticket.",
    )  # fmt: skip
    table(
        rows,
        [
            Column("Rule", lambda row: str(row["rule"])),
            Column("Pages", lambda row: count(row["pages"]), number=True),
            Column("Worth it", lambda row: count(row["actionable"]), number=True),
            Column("Noise", lambda row: count(row["noise"]), number=True),
            Column("Not judged", lambda row: count(row["unknown"]), number=True),
            Column("Precision", precision, html=True),
            Column(
                "Last page (UTC)", lambda row: f"{row['last_page_at']:%-d %b %H:%M}" if row["last_page_at"] else DASH
            ),
            Column("Owner", lambda row: str(row["owner"] or _none(row, "no owner"))),
            Column("Runbook", _runbook, html=True),
        ],
        most=15,
    )


def runbooks(rows: pl.DataFrame) -> None:
    """What is missing of runbooks; a line where nothing is."""
    lacking = rows.filter(pl.col("status") != "complete")
    if lacking.is_empty():
        section(f"All {rows.height:,} rules that page have a runbook that is there and was reviewed lately")
        return
    verb = "lacks" if lacking.height == 1 else "lack"
    section(
        f"{lacking.height:,} of {many(rows.height, 'rule')} that page {verb} a good runbook",
        "The KPI counts rules of tier-1 services.",
    )
    table(
        lacking,
        [
            Column("Rule", lambda row: str(row["rule"])),
            Column("Runbook", _status, html=True),
            Column("Tier", lambda row: str(row["tier"] or DASH), number=True),
            Column("Owner", lambda row: str(row["owner"] or "no owner")),
            Column("Reviewed", lambda row: f"{row['reviewed_on']:%-d %b %Y}" if row["reviewed_on"] else "never"),
            Column("Answer", lambda row: str(row["answer"] or DASH)),
            Column("To do", lambda row: REMEDIES.get(row["status"], DASH)),
        ],
        most=25,
    )


def precision(row: Row) -> str:
    """The value, or why there is none. HTML."""
    if row["precision"] is None:
        return "no pages" if not row["pages"] else "none judged"
    shown = text(ratio(row["precision"], 0))
    if row["evidence"] != "enough":
        return f'<span class="ml-verdict ml-none">≈ {text(row["evidence"])}</span>'
    return shown


def _none(row: Row, words: str) -> str:
    """`words` for a rule of ours; of a rule of another system (its severity is not known either) nobody knows."""
    return DASH if row["severity"] is None else words


def _runbook(row: Row) -> str:
    return link("runbook", row["runbook_url"]) if row["runbook_url"] else _none(row, "none")


def _open(row: Row) -> str:
    if not row["open_n"]:
        return "0"
    return f"{text(count(row['open_n']))} <small>for {text(seconds(row['oldest_open_s']))}</small>"


def _platform(row: Row) -> str:
    unknown = f" <small>{row['unattributed_n']} nobody's yet</small>" if row["unattributed_n"] else ""
    return f"{text(count(row['platform_n']))}{unknown}"


def _status(row: Row) -> str:
    label, css_class = STATUSES.get(row["status"], (row["status"], "ml-none"))
    chip = f'<span class="ml-verdict {css_class}">{text(label)}</span>'
    return f"{chip} {link('runbook', row['runbook_url'])}" if row["runbook_url"] else chip
