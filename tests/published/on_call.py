"""Pages of the fixture's last four weeks and more, from a seeded generator; what is told of them is counted here."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from statistics import mean, median
from typing import Any

import polars as pl

from published.inventory import END, SERVICES

TIME, TEXT, NUMBER, COUNT, YES, DAY = pl.Datetime("us"), pl.String, pl.Float64, pl.Int64, pl.Boolean, pl.Date
BEGIN = datetime(2026, 10, 10, 8)
SHIFT = timedelta(hours=12)
HOUR = timedelta(hours=1)

RULES = (
    ("slo_burn", "page", 0.85, 1.0), ("gpu_xid", "page", 0.8, 0.8), ("gpu_memory_error", "page", 0.15, 1.0),
    ("QueueDepthHigh", "page", 0.3, 1.2), ("source_stale", "page", 0.5, 0.4),
)  # fmt: skip
"""Rule, severity, how often it is worth it, how often it pages."""

NAMES = ("rule", "severity", "service", "team", "owner", "runbook_url")


def on_call() -> dict[str, pl.DataFrame]:
    """on_call_incident_recent, on_call_month, on_call_shift, rule_feedback and runbook_status."""
    pages = _pages(random.Random(5))
    return {
        "on_call_incident_recent": _recent(pages), "on_call_month": _months(pages), "on_call_shift": _shifts(pages),
        "rule_feedback": _rules(pages), "runbook_status": _runbooks(),
    }  # fmt: skip


def _pages(dice: random.Random) -> list[dict[str, Any]]:
    pages = []
    at, number = BEGIN, 0
    while True:
        at += timedelta(minutes=dice.expovariate(1 / 760.0))
        if at >= END:
            break
        rule, _, worth, _ = dice.choices(RULES, weights=[one[3] for one in RULES])[0]
        service, team, *_ = dice.choice(SERVICES[:5])
        number += 1
        wait = dice.lognormvariate(5.2, 0.8) if dice.random() < 0.82 else None
        is_open = number in (30, 55) or at > END - HOUR
        long = dice.lognormvariate(7.8, 1.0)
        judged = dice.random() < (0.35 if at < datetime(2026, 11, 1) else 0.8)
        verdict = ("actionable" if dice.random() < worth else "noise") if judged else "unknown"
        pages.append({
            "source": "pages", "id": f"Q{number:04d}", "alert_key": f"{rule}/{service}", "title": f"{rule}: {service}",
            "service": service, "team": team, "rule": rule, "severity": dice.choice((1, 2, 2, 3, 3)), "created_at": at,
            "first_ack_at": at + timedelta(seconds=wait) if wait else None, "ack_by": "dana" if wait else None,
            "resolved_at": None if is_open else at + timedelta(seconds=long), "auto_resolved": wait is None,
            "outcome": verdict, "evidence": "rule" if judged else None,
            "paged": True, "tta_s": wait, "ttr_s": None if is_open else long, "sleep": not 8 <= at.hour < 22,
            "url": f"https://pages.example/Q{number:04d}",
        })  # fmt: skip
    return pages


def _recent(pages: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        list(reversed(pages)),
        schema={
            "source": TEXT, "id": TEXT, "alert_key": TEXT, "title": TEXT, "service": TEXT, "team": TEXT, "rule": TEXT,
            "severity": pl.Int32, "created_at": TIME, "first_ack_at": TIME, "ack_by": TEXT, "resolved_at": TIME,
            "auto_resolved": YES, "outcome": TEXT, "evidence": TEXT, "paged": YES, "tta_s": NUMBER, "ttr_s": NUMBER,
            "sleep": YES, "url": TEXT,
        },
    )  # fmt: skip


def percentile(values: Sequence[float], q: float) -> float | None:
    """Linear, as spreadsheets do it."""
    if not values:
        return None
    ordered, place = sorted(values), q * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _months(pages: Sequence[dict[str, Any]]) -> pl.DataFrame:
    rows = []
    scopes = ["platform", *sorted({f"team:{one['team']}" for one in pages})]
    for month in (date(2026, 11, 1), date(2026, 10, 1)):
        for scope in scopes:
            for level in ("all", "1", "2", "3"):
                some = [
                    one for one in pages
                    if (one["created_at"].year, one["created_at"].month) == (month.year, month.month)
                    and scope in ("platform", f"team:{one['team']}") and level in ("all", str(one["severity"]))
                ]  # fmt: skip
                if some:
                    rows.append(_month(month, scope, level, some))
    return pl.DataFrame(
        rows, infer_schema_length=None,
        schema_overrides={"mtta_mean_s": NUMBER, "mtta_p50_s": NUMBER, "mtta_p90_s": NUMBER, "precision": NUMBER},
    )  # fmt: skip


def _month(month: date, scope: str, level: str, some: Sequence[dict[str, Any]]) -> dict[str, Any]:
    of = {verdict: sum(one["outcome"] == verdict for one in some) for verdict in ("actionable", "noise", "unknown")}
    waits = [one["tta_s"] for one in some if one["tta_s"] is not None]
    restores = [one["ttr_s"] for one in some if one["ttr_s"] is not None]
    still = [(END - one["created_at"]).total_seconds() for one in some if one["resolved_at"] is None]
    coverage = 1 - of["unknown"] / len(some)
    weighed = of["actionable"] + of["noise"]
    severe = sum(one["severity"] <= 2 for one in some)
    return {
        "month": month, "scope": scope, "severity": level, "pages": len(some), "actionable": of["actionable"],
        "noise": of["noise"], "planned": 0, "duplicate": 0, "unknown": of["unknown"], "coverage": coverage,
        "precision": of["actionable"] / weighed if weighed else None,
        "evidence": "enough" if coverage >= 0.5 else "not enough evidence", "acked_n": len(waits),
        "unacked_n": len(some) - len(waits), "mtta_mean_s": mean(waits) if waits else None,
        "mtta_p50_s": median(waits) if waits else None, "mtta_p90_s": percentile(waits, 0.9), "incidents": len(some),
        "open_n": len(still), "oldest_open_s": max(still, default=None),
        "mttr_mean_s": mean(restores) if restores else None, "mttr_p50_s": median(restores) if restores else None,
        "mttr_p90_s": percentile(restores, 0.9), "start_known_n": len(some) // 3, "refired_n": len(some) // 9,
        "flap_rate": len(some) // 9 / len(some), "sleep_n": sum(one["sleep"] for one in some),
        "sleep_share": sum(one["sleep"] for one in some) / len(some), "severe_n": severe,
        "incident_rate_30d": float(severe), "platform_n": severe // 2, "unattributed_n": severe // 5, "repeat_n": 1,
        "skewed_n": 0,
    }  # fmt: skip


def _shifts(pages: Sequence[dict[str, Any]]) -> pl.DataFrame:
    rows, start = [], BEGIN
    while start < END:
        some = [one for one in pages if start <= one["created_at"] < start + SHIFT]
        waits = [one["tta_s"] for one in some if one["tta_s"] is not None]
        of = {verdict: sum(one["outcome"] == verdict for one in some) for verdict in ("actionable", "noise", "unknown")}
        rows.append({
            "shift": f"{start:%Y-%m-%d %H:%M}", "shift_start": start, "shift_end": start + SHIFT, "pages": len(some),
            **of, "sleep_n": sum(one["sleep"] for one in some), "mtta_mean_s": mean(waits) if waits else None,
        })  # fmt: skip
        start += SHIFT
    return pl.DataFrame(rows, infer_schema_length=None).sort("shift_start", descending=True)


def _rules(pages: Sequence[dict[str, Any]]) -> pl.DataFrame:
    rows = []
    for rule, severity, *_ in (*RULES, ("drift_monitor_silent", "page", 0, 0)):
        some = [one for one in pages if one["rule"] == rule]
        good, bad = (sum(one["outcome"] == verdict for one in some) for verdict in ("actionable", "noise"))
        unknown = len(some) - good - bad
        coverage = 1 - unknown / len(some) if some else None
        rows.append({
            "rule": rule, "severity": severity, "service": None, "team": "platform-ml",
            "owner": None if rule == "QueueDepthHigh" else "platform-oncall",
            "runbook_url": None if rule == "QueueDepthHigh" else f"https://runbooks.example/{rule}", "pages": len(some),
            "actionable": good, "noise": bad, "unknown": unknown,
            "precision": good / (good + bad) if good + bad else None,
            "coverage": coverage,
            "evidence": "no pages" if coverage is None else "enough" if coverage >= 0.5 else "not enough evidence",
            "refired_n": len(some) // 8, "sleep_n": sum(one["sleep"] for one in some),
            "last_page_at": max((one["created_at"] for one in some), default=None),
        })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"service": TEXT}).sort(
        "noise", "rule", descending=[True, False]
    )


def _runbooks() -> pl.DataFrame:
    checked = datetime.combine(END.date(), time(3))
    books = "https://runbooks.example/"
    found = [
        ("QueueDepthHigh", "prometheus", "chat", "assist", 1, None, None, None, None, None, None, "missing"),
        ("gpu_memory_error", "rule", None, "platform-ml", 1, "platform-oncall", books + "gpu_memory_error",
         False, "404", checked, date(2026, 9, 1), "dead"),
        ("source_stale", "rule", None, "platform-ml", 2, "platform-oncall", books + "source_stale", True,
         "200", checked, date(2026, 2, 1), "stale"),
        ("gpu_xid", "rule", None, "platform-ml", 1, "platform-oncall", books + "gpu_xid", True, "200",
         checked, date(2026, 10, 2), "complete"),
        ("slo_burn", "slo", "chat", "assist", 1, "assist-oncall", books + "slo_burn", True, "200", checked,
         date(2026, 8, 20), "complete"),
    ]  # fmt: skip
    return pl.DataFrame(
        found, orient="row",
        schema={"rule": TEXT, "kind": TEXT, "service": TEXT, "team": TEXT, "tier": pl.Int32, "owner": TEXT,
                "runbook_url": TEXT, "answers": YES, "answer": TEXT, "checked_at": TIME, "reviewed_on": DAY,
                "status": TEXT},
    )  # fmt: skip
