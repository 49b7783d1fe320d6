"""What is known of one alert: why somebody was paged or not, how it came to that, what it says, what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl
import streamlit as st

from dashboards.components.markup import draw, text
from dashboards.components.rows import Column, table
from dashboards.formats import DASH, clock
from dashboards.queries.alerts import Row
from warehouse.alert_log.explanation import Line, explain
from warehouse.alert_log.history import History, Notification
from warehouse.alert_log.silences import Silence

SHOWN = 40
"""Lines that stand open; earlier ones are folded."""

SHORT = 120
"""Characters of an answer in the table of notifications; what happened tells it whole."""

STATES = {
    "queued": ("○ waits", "ml-none"), "sending": ("○ is being sent", "ml-none"), "sent": ("✓ sent", "ml-pass"),
    "accepted": ("✓ handed over", "ml-inconclusive"), "dead": ("✕ refused", "ml-fail"),
}  # fmt: skip
TEXTS = ("description", "what_to_do")


def answer(known: History, now: datetime, silences: Sequence[Silence]) -> None:
    """Why was I (not) paged, in one sentence; below it what people said, and why a silence is there."""
    told = explain(known, now).answer
    question = "Why was I paged?" if told.startswith("Yes") else "Why was I not paged?"
    episode = known.episodes[-1] if known.episodes else None
    said = []
    if episode and episode.acked_at:
        said.append(f"Acknowledged by {episode.acked_by} at {clock(episode.acked_at, now)} UTC.")
    if episode and episode.verdict:
        said.append(f"Judged {episode.verdict} by {episode.verdict_by}.")
    said += [
        f"Silenced by {one.created_by} until {clock(one.ends_at, now)} UTC: {one.comment}"
        for one in silences
        if one.id in told
    ]
    below = "".join(f"<p>{text(line)}</p>" for line in said)
    draw(f'<div class="ml-answer"><h3>{question}</h3><p><b>{text(told)}</b></p>{below}</div>')


def story(known: History, now: datetime) -> None:
    """What led to it, in the order of time; what belongs to earlier times that it fired is folded."""
    lines = explain(known, now).lines
    before = known.episodes[-2].ended_at if len(known.episodes) > 1 else None
    newest = [line for line in lines if before is None or line[0] > before][-SHOWN:]
    draw(f'<h4 class="ml-small-head">What happened</h4>{_lines(newest, now)}')
    earlier = lines[: len(lines) - len(newest)]
    if earlier:
        with st.expander(f"Earlier ({len(earlier)})", key=f"earlier-{known.alert.fingerprint}"):
            draw(_lines(earlier[-200:], now))


def particulars(row: Row) -> None:
    """What the alert says: its texts, where the runbook is, its labels."""
    texts = "".join(f"<p>{text(row.text(name))}</p>" for name in TEXTS if row.text(name))
    value, threshold = row.text("value"), row.text("threshold")
    if value:
        texts += f"<p>Value <b>{text(value)}</b>{f', threshold <b>{text(threshold)}</b>' if threshold else ''}</p>"
    links = [(name, row.text(key)) for name, key in (("Runbook", "runbook_url"), ("Dashboard", "dashboard_url"))]
    links.append(("Where it comes from", row.listed.alert.generator_url))
    linked = " ".join(link(name, url) for name, url in links if url)
    labels = "".join(
        f"<li>{text(name)} <b>{text(value)}</b></li>" for name, value in sorted(row.listed.alert.labels.items())
    )
    draw(
        f'<div class="ml-particulars">{texts}{f"<p>{linked}</p>" if linked else ""}'
        f'<ul class="ml-labels" aria-label="Labels">{labels}</ul>'
        f"<small>fingerprint {text(row.fingerprint)}</small></div>"
    )


def link(name: str, url: str) -> str:
    """A link to another place as HTML; an address that is not of the web stays text."""
    if url.startswith(("https://", "http://")):
        return f'<a href="{text(url)}" target="_blank" rel="noopener noreferrer">{text(name)} ↗</a>'
    return f"{text(name)}: {text(url)}"


def sent(known: History, now: datetime) -> None:
    """Notifications, the newest first, with every attempt and its answer."""
    if not known.notifications:
        return
    newest = known.notifications[::-1]
    shown = pl.DataFrame({"place": range(len(newest))})
    of = dict(enumerate(newest))
    draw('<h4 class="ml-small-head">Notifications</h4>')
    table(
        shown,
        [
            Column("To", lambda row: f"{of[row['place']].receiver} ({of[row['place']].integration})"),
            Column("Reason", lambda row: of[row["place"]].reason),
            Column("State", lambda row: _state(of[row["place"]]), html=True),
            Column("Queued (UTC)", lambda row: clock(of[row["place"]].created_at, now)),
            Column("Attempts", lambda row: _attempts(of[row["place"]], now), html=True),
        ],
        most=8,
    )


def _state(one: Notification) -> str:
    label, css_class = STATES.get(one.state, (one.state, "ml-none"))
    return f'<span class="ml-verdict {css_class}">{text(label)}</span>'


def _attempts(one: Notification, now: datetime) -> str:
    if not one.attempts:
        return f"none yet, next at {text(clock(one.next_at, now))}" if one.state in ("queued", "sending") else DASH
    told = []
    for attempt in one.attempts[-4:]:
        if attempt.finished_at is None:
            told.append("was cut off: it may have arrived")
            continue
        status = f" {attempt.status}" if attempt.status is not None else ""
        said = f": {shortened(attempt.answer, SHORT)}" if attempt.answer else ""
        told.append(f"{attempt.finished_at:%H:%M:%S} {attempt.outcome}{status}{said}")
    many = f"{len(one.attempts)} in all, the last: " if len(one.attempts) > 4 else ""
    return f'<div class="ml-attempts">{many}{"".join(f"<span>{text(line)}</span>" for line in told)}</div>'


def shortened(words: str, most: int) -> str:
    """The first `most` characters."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _lines(lines: Sequence[Line], now: datetime) -> str:
    items = "".join(
        f"<li><time>{text(clock(at, now))}:{at:%S}</time><span>{text(said)}</span></li>" for at, said in lines
    )
    wide = ' style="--time:7.4rem"' if any(at.date() != now.date() for at, _ in lines) else ""
    return f'<ol class="ml-story"{wide}>{items}</ol>'
