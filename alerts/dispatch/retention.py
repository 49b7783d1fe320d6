"""Forget what is old, in small transactions, so that alerts that come in meanwhile never wait.

What is still needed stays however old it is: alerts that fire, with their episode and its events; ends that are not
told yet; deliveries that are not finished; groups that exist. So does the newest row of each table that counts its
rows: a number that was given away must not be given again, as receivers and readers remember it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import to_us

ROWS_AT_ONCE = 1000

OLD_EVENTS = """
DELETE FROM event WHERE id IN (
    SELECT e.id FROM event AS e WHERE e.at < :before AND e.id < (SELECT max(id) FROM event)
    AND NOT EXISTS (SELECT 1 FROM episode AS p WHERE p.fingerprint = e.fingerprint AND p.ended_at IS NULL
                    AND e.at >= p.fired_at)
    LIMIT :rows)
"""
OLD_ATTEMPTS = """
DELETE FROM attempt WHERE id IN (
    SELECT a.id FROM attempt AS a JOIN delivery AS d ON d.id = a.delivery_id
    WHERE a.delivery_id <= :last AND d.finished_at < :before AND a.id < (SELECT max(id) FROM attempt) LIMIT :rows)
"""
OLD_DELIVERIES = """
DELETE FROM delivery WHERE id IN (
    SELECT d.id FROM delivery AS d
    WHERE d.id <= :last AND d.finished_at < :before AND d.id < (SELECT max(id) FROM delivery)
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE delivery_id = d.id) LIMIT :rows)
"""
OLD_EPISODES = """
DELETE FROM episode WHERE (fingerprint, fired_at) IN (
    SELECT fingerprint, fired_at FROM episode WHERE ended_at < :before LIMIT :rows)
"""
OLD_NOTIFICATIONS = """
DELETE FROM notification WHERE (group_key, receiver, integration) IN (
    SELECT n.group_key, n.receiver, n.integration FROM notification AS n WHERE n.sent_at < :before
    AND NOT EXISTS (SELECT 1 FROM aggregation AS g WHERE g.group_key = n.group_key AND g.receiver = n.receiver)
    LIMIT :rows)
"""
OLD_ALERTS = """
DELETE FROM alert WHERE fingerprint IN (
    SELECT a.fingerprint FROM alert AS a WHERE a.ends_at < :before
    AND a.fingerprint <> (SELECT fingerprint FROM alert ORDER BY revision DESC LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM episode AS p WHERE p.fingerprint = a.fingerprint)
    AND a.fingerprint NOT IN (SELECT value FROM notification, json_each(notification.firing)) LIMIT :rows)
"""
OLD_SILENCES = "DELETE FROM silence WHERE id IN (SELECT id FROM silence WHERE ends_at < :before LIMIT :rows)"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each table are gone."""

    events: int
    attempts: int
    deliveries: int
    episodes: int
    notifications: int
    alerts: int
    silences: int


def forget(log: AlertLog, before: datetime) -> Forgotten:
    """Delete what ended before `before` and is not needed any more. Other processes may write meanwhile."""
    # payloads are long: no delivery is looked at that was sent later than this one
    last = log.rows("SELECT coalesce(max(delivery_id), 0) FROM attempt WHERE started_at < ?", (to_us(before),))[0][0]
    values = {"before": to_us(before), "last": int(last), "rows": ROWS_AT_ONCE}
    return Forgotten(
        events=_delete(log, OLD_EVENTS, values),
        attempts=_delete(log, OLD_ATTEMPTS, values),
        deliveries=_delete(log, OLD_DELIVERIES, values),
        episodes=_delete(log, OLD_EPISODES, values),
        notifications=_delete(log, OLD_NOTIFICATIONS, values),
        alerts=_delete(log, OLD_ALERTS, values),
        silences=_delete(log, OLD_SILENCES, values),
    )


def _delete(log: AlertLog, sql: str, values: Mapping[str, int]) -> int:
    total = 0
    while True:
        with log.transaction() as tx:
            deleted = tx.execute(sql, values)
        total += deleted
        if deleted < ROWS_AT_ONCE:
            return total
