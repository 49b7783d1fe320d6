"""The watch over the watchman: an alert about ourselves when rules have not been evaluated for three cycles."""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse.alert_log.alert import Alert, fingerprint
from warehouse.alert_log.intake import accept
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us, to_us

CYCLES = 3
LABELS = {"alertname": "MeterlineEvaluationStale", "severity": "page"}
ANNOTATIONS = {
    "summary": "Meterline does not evaluate its rules",
    "description": "no evaluation has ended for three cycles; pages that rules should make are not made",
    "runbook_url": "https://github.com/meterline/meterline/blob/main/docs/runbooks.md#meterlineevaluationstale",
}
KEY = "evaluated_at"


def evaluated(log: AlertLog, at: datetime) -> None:
    """Note that an evaluation has ended."""
    with log.transaction() as tx:
        tx.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (KEY, str(to_us(at))))


def last_evaluated(log: AlertLog) -> datetime | None:
    """When the last evaluation ended."""
    rows = log.rows("SELECT value FROM setting WHERE key = ?", (KEY,))
    return from_us(int(rows[0]["value"])) if rows else None


def shifted(log: AlertLog, delta: timedelta) -> None:
    """The wall clock was set by `delta`: the last evaluation is as long ago as it was."""
    last = last_evaluated(log)
    if last is not None:
        evaluated(log, last + delta)


def watch_evaluation(log: AlertLog, now: datetime, every: timedelta, began: datetime) -> None:
    """Fire, or resolve, the alert about a stale evaluation. `began` is when this process began to evaluate."""
    last = max(filter(None, (last_evaluated(log), began)))
    stale = now - last > CYCLES * every
    one = fingerprint(LABELS)
    fires = bool(log.rows("SELECT 1 FROM alert WHERE fingerprint = ? AND ends_at IS NULL", (one,)))
    if stale != fires:
        with log.transaction() as tx:
            accept(tx, [Alert(LABELS, ANNOTATIONS, min(last, now), None if stale else now)], now, None, origin="self")
