"""Our own alerts as pages of an on-call system: episodes of the log of alerts become rows of on_call_incident.

One row is one time that an alert fired, with a severity that pages, and was sent to somebody: what was silenced, muted
or inhibited until it was over paged nobody and is no row. A page that went to PagerDuty points (`parent_id`) to the key
under which it is known there, so that analytics count the two as one. Storing again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from sqlite3 import Row

from collector.on_call.collecting import FACT, store_incidents
from collector.on_call.incident import Incident, engaged, incident_rows
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us, to_us
from warehouse.database import Warehouse
from warehouse.interval import Interval

SOURCE = "meterline"
STREAM = "episodes"
SEVERITY = {"critical": 1, "page": 2}
"""The labels `severity` that page, and the severity of the incident."""

OVERLAP = timedelta(days=1)
"""How far before the last time is looked again: more than a clock is ever set back."""

BATCH = 500

CHANGED = """
SELECT DISTINCT fingerprint FROM event WHERE at >= :since
UNION SELECT fingerprint FROM episode WHERE ended_at IS NULL OR ended_at >= :since OR paged_at >= :since
"""
EPISODES = """
SELECT e.*, a.labels, a.annotations, a.generator_url
FROM episode AS e JOIN alert AS a ON a.fingerprint = e.fingerprint
WHERE e.paged_at IS NOT NULL AND e.fingerprint IN ({marks})
"""
SENT_ON = """
SELECT named.value AS fingerprint, d.dedup_key, d.created_at
FROM delivery AS d, json_each(d.alerts) AS named
WHERE d.integration LIKE 'pagerduty%' AND d.state IN ('sent', 'accepted') AND named.value IN ({marks})
  AND d.created_at >= ?
ORDER BY d.id
"""


def store_episodes(warehouse: Warehouse, log: AlertLog, now: datetime) -> int:
    """Store what changed of the pages since the last time; how many rows say something new. Raises WarehouseError."""
    known = warehouse.watermark(SOURCE, STREAM)
    since = to_us(known.replace(tzinfo=UTC) - OVERLAP) if known else 0
    prints = [row["fingerprint"] for row in log.rows(CHANGED, {"since": since})]
    rows = incident_rows(SOURCE, _incidents(log, prints), now)
    first = known or rows["created_at"].min()
    begin = first.replace(tzinfo=UTC) if isinstance(first, datetime) else now
    with warehouse.transaction() as tx:
        stored = store_incidents(tx, SOURCE, rows)
        tx.advance(SOURCE, STREAM, FACT, Interval(min(begin, now), now), now)
    return stored


def _incidents(log: AlertLog, prints: list[str]) -> Iterator[Incident]:
    for start in range(0, len(prints), BATCH):
        some = prints[start : start + BATCH]
        marks = ",".join("?" * len(some))
        episodes = log.rows(EPISODES.format(marks=marks), some)
        first = min((episode["fired_at"] for episode in episodes), default=0)
        sent = log.rows(SENT_ON.format(marks=marks), [*some, first]) if episodes else []
        for episode in episodes:
            labels = json.loads(episode["labels"])
            if labels.get("severity") in SEVERITY:
                yield _incident(episode, labels, json.loads(episode["annotations"]), sent)


def _incident(episode: Row, labels: dict[str, str], annotations: dict[str, str], sent: Iterable[Row]) -> Incident:
    fingerprint, fired_at = episode["fingerprint"], from_us(episode["fired_at"])
    acked_at, ended_at = from_us(episode["acked_at"]), from_us(episode["ended_at"])
    return Incident(
        id=f"{fingerprint}:{episode['fired_at']}",
        created_at=from_us(episode["paged_at"]),
        alert_key=fingerprint,
        title=annotations.get("summary") or annotations.get("title") or labels.get("alertname"),
        service=labels.get("service"),
        team=labels.get("team"),
        rule=labels.get("rule") or labels.get("alertname"),
        severity=SEVERITY[labels["severity"]],
        priority=labels["severity"],
        paged=True,
        started_at=min(from_us(episode["started_at"]), fired_at),
        first_ack_at=acked_at,
        ack_by=episode["acked_by"],
        acked_by_person=acked_at is not None,
        resolved_at=ended_at,
        auto_resolved=acked_at is None if ended_at is not None else None,
        notes=episode["notes"],
        engaged_s=engaged(acked_at, ended_at),
        outcome=episode["verdict"],
        outcome_by=episode["verdict_by"],
        parent_id=_known_elsewhere(episode, sent),
        attributed_to=labels.get("attributed_to"),
        runbook_url=annotations.get("runbook_url"),
        url=episode["generator_url"] or None,
    )


def _known_elsewhere(episode: Row, sent: Iterable[Row]) -> str | None:
    """The key of the first PagerDuty incident that was told of this alert while it fired."""
    for delivery in sent:
        ours = delivery["fingerprint"] == episode["fingerprint"]
        over = episode["ended_at"] is not None and delivery["created_at"] > episode["ended_at"]
        if ours and delivery["created_at"] >= episode["fired_at"] and not over:
            return str(delivery["dedup_key"])
    return None
