"""Objectives of the fixture: hour by hour from a seeded generator, one in each state that an objective can be in."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from published.inventory import END, SERVICES, START

TIME, TEXT, NUMBER, COUNT, YES = pl.Datetime("us"), pl.String(), pl.Float64(), pl.Int64(), pl.Boolean()
STATUS = {
    "slo": TEXT, "objective": TEXT, "title": TEXT, "service": TEXT, "team": TEXT, "tier": pl.Int32(), "owner": TEXT,
    "runbook_url": TEXT, "target": NUMBER, "method": TEXT, "slice_s": COUNT, "slice_target": NUMBER,
    "empty_slices": TEXT, "window": TEXT, "window_kind": TEXT, "window_start": TIME, "window_end": TIME, "as_of": TIME,
    "measured_to": TIME, "window_full": YES, "coverage": NUMBER, "good": NUMBER, "total": NUMBER, "events": NUMBER,
    "attainment": NUMBER, "budget_total": NUMBER, "budget_consumed": NUMBER, "budget_left": NUMBER,
    "budget_left_ratio": NUMBER, "budget_minutes": NUMBER, "consumed_minutes": NUMBER, "left_minutes": NUMBER,
    "burn_rate": NUMBER, "burn_rate_1h": NUMBER, "exhaustion_days": NUMBER, "state": TEXT, "severity": TEXT,
    "firing": TEXT, "low_traffic": YES,
}  # fmt: skip
BURN = {
    "slo": TEXT, "objective": TEXT, "service": TEXT, "team": TEXT, "method": TEXT, "rule": TEXT, "severity": TEXT,
    "factor": NUMBER, "part": TEXT, "window": TEXT, "window_s": COUNT, "as_of": TIME, "bad": NUMBER, "total": NUMBER,
    "burn_rate": NUMBER, "status": TEXT, "window_full": YES, "low_traffic": YES, "firing": YES,
}  # fmt: skip
HISTORY = {
    "slo": TEXT, "objective": TEXT, "service": TEXT, "team": TEXT, "method": TEXT, "ts": TIME, "hour_good": NUMBER,
    "hour_total": NUMBER, "good": NUMBER, "total": NUMBER, "attainment": NUMBER, "consumed": NUMBER,
    "left_ratio": NUMBER, "hour_burn_rate": NUMBER,
}  # fmt: skip
EVENT = {
    "slo": TEXT, "objective": TEXT, "service": TEXT, "team": TEXT, "method": TEXT, "rule": TEXT, "severity": TEXT,
    "started_at": TIME, "ended_at": TIME, "minutes": COUNT, "ongoing": YES, "peak_burn": NUMBER, "bad": NUMBER,
    "bad_events": NUMBER, "budget_consumed": NUMBER,
}  # fmt: skip

RULES = (
    ("page_quick", "page", 14.4, (("1h", 3600), ("5m", 300))),
    ("page_slow", "page", 6.0, (("6h", 21600), ("30m", 1800))),
    ("ticket_quick", "ticket", 3.0, (("1d", 86400), ("2h", 7200))),
    ("ticket_slow", "ticket", 1.0, (("3d", 259200), ("6h", 21600))),
)  # fmt: skip
"""Name, severity, factor, and the long and the short window: those of the Site Reliability Workbook for 30 days."""


@dataclass(frozen=True)
class Objective:
    """`burn` is the usual burn rate, `episodes` are (days before the end, hours, burn rate), `now` is that of the
    windows of rules."""

    slo: str
    service: str
    target: float
    state: str
    method: str = "Occurrences"
    window: str = "30d"
    since: datetime = END - timedelta(days=30)
    burn: float = 0.4
    episodes: tuple[tuple[float, int, float], ...] = ()
    now: float | None = 0.4
    firing: tuple[str, ...] = ()
    per_hour: float = 9000.0
    title: str | None = None


OBJECTIVES = (
    Objective("chat-availability", "chat", 0.999, "burning", episodes=((19, 5, 14.0), (0.2, 4, 24.0)), now=17.3,
              firing=("page_quick", "page_slow", "ticket_quick", "ticket_slow"), title="Chat answers"),
    Objective("ranker-availability", "ranker", 0.9995, "breached", burn=0.7, episodes=((12, 30, 8.0), (2, 9, 11.0)),
              now=0.9, title="Ranker answers"),
    Objective("autocomplete-latency", "autocomplete", 0.99, "met", method="Timeslices", burn=0.3, per_hour=60.0),
    Objective("summaries-ttft", "summaries", 0.95, "met", method="RatioTimeslices", window="calendar month (UTC)",
              burn=0.55, now=0.6, since=datetime(2026, 11, 1), per_hour=12.0, title="First token of summaries in 4 s"),
    Objective("image-tags-availability", "image-tags", 0.995, "met", since=END - timedelta(days=4), per_hour=1.2,
              burn=0.0, now=0.0),
    Objective("ocr-availability", "ocr", 0.995, "no_data", now=None),
    Objective("moderation-availability", "moderation", 0.99, "no_traffic", now=None),
)  # fmt: skip


def slo() -> dict[str, pl.DataFrame]:
    """slo_status, slo_burn, slo_budget_history and slo_event."""
    dice = random.Random(11)
    statuses, burns, histories, events = [], [], [], []
    for one in OBJECTIVES:
        status, history = _objective(one, dice)
        statuses.append(status)
        burns += _burns(one, status)
        histories += history
        events += _events(one, status)
    frames = (statuses, STATUS), (burns, BURN), (histories, HISTORY), (events, EVENT)
    names = ("slo_status", "slo_burn", "slo_budget_history", "slo_event")
    return {name: pl.DataFrame(rows, schema=schema) for name, (rows, schema) in zip(names, frames, strict=True)}


def _key(one: Objective) -> dict[str, Any]:
    team = next(team for name, team, *_ in SERVICES if name == one.service)
    return {"slo": one.slo, "objective": f"{one.target * 100:.6g}", "service": one.service, "team": team,
            "method": one.method}  # fmt: skip


def _objective(one: Objective, dice: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    rolling = one.window == "30d"
    begin = END - timedelta(days=30) if rolling else datetime(2026, 11, 1)
    end = END if rolling else datetime(2026, 12, 1)
    allowed = 1 - one.target
    hours, good, total = [], 0.0, 0.0
    at = max(begin, one.since, START)
    while at < END and one.state not in ("no_data", "no_traffic"):
        rate = one.burn * (0.5 + dice.random())
        for days, long, burn in one.episodes:
            start = END - timedelta(days=days)
            rate = burn if start <= at < start + timedelta(hours=long) else rate
        hour_total = one.per_hour * (1.0 if one.method != "Occurrences" else 0.7 + 0.6 * dice.random())
        hour_good = hour_total * (1 - rate * allowed)
        good, total, at = good + hour_good, total + hour_total, at + timedelta(hours=1)
        hours.append((min(at, END), hour_good, hour_total, good, total))
    planned = total * ((end - begin) / (END - begin))
    budget = allowed * planned if total else None
    left = 1 - (total - good) / budget if budget else None
    whole = allowed * ((end - begin) / timedelta(minutes=1))
    size = {"Occurrences": None, "Timeslices": 60, "RatioTimeslices": 300}[one.method]
    now = one.now if one.state != "no_data" else None
    covered = 0.0 if one.state == "no_data" else (END - max(begin, one.since)) / (END - begin)
    status = {
        **_key(one), "title": one.title or one.slo, "tier": 1, "owner": f"{_key(one)['team']}-oncall",
        "runbook_url": f"https://runbooks.example/{one.slo}" if one.service != "image-tags" else None,
        "target": one.target, "slice_s": size, "slice_target": 0.95 if one.method == "Timeslices" else None,
        "empty_slices": "excluded" if size else None, "window": one.window,
        "window_kind": "rolling" if rolling else "calendar", "window_start": begin, "window_end": end, "as_of": END,
        "measured_to": END - timedelta(hours=9) if one.state == "no_data" else END,
        "window_full": one.since <= begin, "coverage": covered, "good": good, "total": total, "events": total,
        "attainment": good / total if total else None,
        "budget_total": budget, "budget_consumed": total - good if total else None,
        "budget_left": budget - (total - good) if budget else None, "budget_left_ratio": left,
        "budget_minutes": whole,
        "consumed_minutes": (1 - left) * whole if left is not None else None,
        "left_minutes": left * whole if left is not None else None,
        "burn_rate": (total - good) / total / allowed if total else None, "burn_rate_1h": now,
        "exhaustion_days": max(left, 0.0) * ((end - begin) / timedelta(days=1)) / now if now and left else None,
        "state": one.state, "severity": "page" if one.firing else None, "firing": ", ".join(one.firing) or None,
        "low_traffic": total * allowed < 1,
    }  # fmt: skip
    history = [
        {**_key(one), "ts": ts, "hour_good": hour_good, "hour_total": hour_total, "good": so_good, "total": so_total,
         "attainment": so_good / so_total, "consumed": so_total - so_good,
         "left_ratio": 1 - (so_total - so_good) / budget if budget else None,
         "hour_burn_rate": (hour_total - hour_good) / hour_total / allowed}
        for ts, hour_good, hour_total, so_good, so_total in hours
    ]  # fmt: skip
    return status, history


def _burns(one: Objective, status: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for rule, severity, factor, windows in RULES:
        for part, (window, seconds) in zip(("long", "short"), windows, strict=True):
            rate = None if one.now is None else round(one.now * (1.0 if seconds <= 21600 else 0.35), 4)
            total = one.per_hour * seconds / 3600 if rate is not None else 0.0
            rows.append({
                **_key(one), "rule": rule, "severity": severity, "factor": factor, "part": part, "window": window,
                "window_s": seconds, "as_of": END, "bad": total * (rate or 0.0) * (1 - one.target), "total": total,
                "burn_rate": rate, "status": one.state if rate is None else "ok",
                "window_full": one.state != "no_data", "low_traffic": status["low_traffic"],
                "firing": rule in one.firing,
            })  # fmt: skip
    return rows


def _events(one: Objective, status: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for days, hours, burn in one.episodes:
        start = END - timedelta(days=days) + timedelta(minutes=12)
        ongoing = bool(one.firing) and days < 1
        for rule, severity, factor, _ in RULES[:2]:
            if burn > factor:
                end = END if ongoing else start + timedelta(hours=hours)
                minutes = int((end - start) / timedelta(minutes=1))
                bad = one.per_hour * minutes / 60 * burn * (1 - one.target)
                rows.append({
                    **_key(one), "rule": rule, "severity": severity, "started_at": start, "ended_at": end,
                    "minutes": minutes, "ongoing": ongoing, "peak_burn": burn * 1.1, "bad": bad, "bad_events": bad,
                    "budget_consumed": bad / status["budget_total"],
                })  # fmt: skip
    return rows
