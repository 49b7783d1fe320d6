"""Alerts as lines that open: state, severity, what it is, whose, since when, who was notified when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from dashboards.components.markup import text
from dashboards.components.opening import Opening, name_cell, openings, second
from dashboards.components.states import severity_chip, state_chip
from dashboards.formats import DASH, age, clock
from dashboards.names import said
from dashboards.queries.alerts import Row

HEADS = ("State", "Severity", "Alert", "Service, team", "Since (UTC)", "Notified (UTC)")
NAMING = ("service", "source", "pipeline", "model", "node", "instance", "pod", "scope", "team", "rule")
"""Labels of which the first that is there names what the alert is about."""


def alert_list(
    rows: Sequence[Row], told: Mapping[str, tuple[str, ...]], opened: str | None, now: datetime,
    go: Callable[[str], None], panel: Callable[[Row], None],
) -> None:  # fmt: skip
    """`go` is called with the fingerprint of a line that is clicked; `panel` draws below the one that is `opened`.

    `told` holds the receivers that were told of each alert.
    """
    of = {row.fingerprint: row for row in rows}
    lines = [_line(row, told.get(row.fingerprint, ()), now, row.fingerprint == opened) for row in rows]
    openings("alert", HEADS, lines, opened, go, lambda fingerprint: panel(of[fingerprint]))


def title_of(row: Row) -> str:
    """`slo_burn of chat`: the alert and the first thing that its labels name."""
    of = next((said(row.label(name)) for name in NAMING if row.label(name)), "")
    return f"{row.name} of {of}" if of else row.name


def _line(row: Row, receivers: Sequence[str], now: datetime, is_open: bool) -> Opening:
    alert, episode = row.listed.alert, row.listed.episode
    ended = alert.ends_at if alert.resolved(now) else None
    whose = [said(part) for part in (row.label("service"), row.label("team")) if part]
    since = f"ended after {age(ended - episode.fired_at)}" if ended else f"for {age(now - episode.fired_at)}"
    cells = (
        state_chip(row.state),
        severity_chip(row.severity, row.rank),
        name_cell(title_of(row), row.text("summary"), is_open=is_open),
        f"{text(whose[0] if whose else DASH)}{second(' '.join(whose[1:]))}",
        f"{text(clock(episode.fired_at, now))}{second(since)}",
        _notified(row, receivers, now),
    )
    return Opening(row.fingerprint, title_of(row), cells)


def _notified(row: Row, receivers: Sequence[str], now: datetime) -> str:
    at = row.listed.episode.paged_at
    if at is not None:
        return f"{text(clock(at, now))}{second(', '.join(receivers))}"
    why = ", ".join(row.listed.suppressed)
    return f"nobody{second(why)}" if why or row.state == "resolved" else "nobody yet"
