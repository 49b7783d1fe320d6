"""The alert that somebody means by the first digits of its fingerprint, and what to tell about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from warehouse.alert_log.explanation import Explanation, explain
from warehouse.alert_log.history import History, Listed, Notification, history, matching
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError


def meant(log: AlertLog, prefix: str) -> History:
    """The one alert whose fingerprint begins with `prefix`. Raises ConfigurationError for none or several."""
    found = matching(log, prefix)
    if len(found) > 1 and prefix not in found:
        raise ConfigurationError(
            f"{prefix} is the beginning of {len(found)} fingerprints or more",
            f"give more of it: {', '.join(found[:5])}",
        )
    known = history(log, prefix if prefix in found else found[0]) if found else None
    if known is None:
        raise ConfigurationError(
            f"no alert has the fingerprint {prefix}", "`meterline alerts list --all` shows those that are kept"
        )
    return known


def listed_row(one: Listed, now: datetime) -> dict[str, Any]:
    """An alert as a row for people and programs."""
    alert, episode = one.alert, one.episode
    return {
        "fingerprint": alert.fingerprint,
        "alertname": alert.labels.get("alertname", ""),
        "severity": alert.labels.get("severity"),
        "state": one.state(now),
        "suppressed": list(one.suppressed),
        "starts_at": alert.starts_at,
        "ends_at": alert.ends_at,
        "paged_at": episode.paged_at,
        "acked_at": episode.acked_at,
        "acked_by": episode.acked_by,
        "verdict": episode.verdict,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "origin": alert.origin,
    }


def explained(known: History, now: datetime) -> dict[str, Any]:
    """Everything about one alert: the answer, the lines that lead to it, episodes and notifications."""
    explanation: Explanation = explain(known, now)
    newest = Listed(known.alert, known.episodes[-1], ()) if known.episodes else None
    return {
        "fingerprint": known.alert.fingerprint,
        "labels": dict(known.alert.labels),
        "annotations": dict(known.alert.annotations),
        "state": newest.state(now) if newest else "unknown",
        "answer": explanation.answer,
        "lines": [{"at": at, "text": text} for at, text in explanation.lines],
        "notifications": [_notification(one) for one in known.notifications],
    }


def _notification(one: Notification) -> dict[str, Any]:
    return {
        "id": one.id,
        "receiver": one.receiver,
        "integration": one.integration,
        "reason": one.reason,
        "state": one.state,
        "queued_at": one.created_at,
        "finished_at": one.finished_at,
        "attempts": [
            {
                "started_at": attempt.started_at, "finished_at": attempt.finished_at, "outcome": attempt.outcome,
                "status": attempt.status, "answer": attempt.answer,
            }
            for attempt in one.attempts
        ],
    }  # fmt: skip
