"""What a reader may do about an alert: say that somebody is on it, say what the page was worth, keep it quiet a while.

Each is one transaction of the log, so it is there for the service, the command line and the HTTP API at once. There is
no authentication here: a name is what the reader writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dashboards import live
from warehouse.alert_log import feedback, silences
from warehouse.alert_log.log import AlertLog

SPANS = {
    "30 minutes": timedelta(minutes=30), "1 hour": timedelta(hours=1), "2 hours": timedelta(hours=2),
    "4 hours": timedelta(hours=4), "8 hours": timedelta(hours=8), "1 day": timedelta(days=1),
    "3 days": timedelta(days=3), "1 week": timedelta(days=7),
}  # fmt: skip


def acknowledge(fingerprint: str, by: str, note: str, now: datetime) -> None:
    """Somebody is on it; PagerDuty hears of it, too."""

    def write(log: AlertLog) -> None:
        with log.transaction() as tx:
            feedback.acknowledge(tx, [fingerprint], by, note, now)
            feedback.forward_acknowledgement(tx, [fingerprint], by, now)

    live.ask(write)


def judge(fingerprint: str, verdict: str, by: str, note: str, now: datetime) -> None:
    """What the page was worth."""

    def write(log: AlertLog) -> None:
        with log.transaction() as tx:
            feedback.judge(tx, [fingerprint], verdict, by, note, now)

    live.ask(write)


def silence(labels: Mapping[str, str], span: timedelta, by: str, comment: str, now: datetime) -> datetime:
    """Keep back what has all of `labels`, from now on; until when. `labels` must not be empty."""
    assert labels, "a silence without a matcher would keep every page back"
    matchers: Sequence[Mapping[str, str]] = [
        {"name": name, "op": "=", "value": value} for name, value in sorted(labels.items())
    ]

    def write(log: AlertLog) -> None:
        with log.transaction() as tx:
            silences.put(tx, matchers, now, now + span, by, comment, now)

    live.ask(write)
    return now + span


def end_silence(silence_id: str, now: datetime) -> bool:
    """End a silence now; whether it was still in force or to come."""

    def write(log: AlertLog) -> bool:
        with log.transaction() as tx:
            return silences.expire(tx, silence_id, now)

    return live.ask(write)
