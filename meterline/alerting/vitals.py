"""How alerting is: what fires, what was sent, what waits, whether rules are evaluated. Read from the log of alerts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import get_args

from alerts.routing.load import Routing
from alerts.rules.model import Severity
from meterline.alerting.stale import last_evaluated
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us, to_us
from warehouse.alert_log.outbox import OPEN

OUTCOMES = ("sent", "accepted", "failed", "dead")

FIRING = """
SELECT coalesce(json_extract(labels, '$.severity'), '') AS severity, count(*) AS number FROM alert
WHERE ends_at IS NULL OR ends_at > ? GROUP BY 1 ORDER BY 1
"""
WAITING = f"""
SELECT receiver, integration, count(*) AS number, min(created_at) AS since FROM delivery
WHERE state IN {OPEN} GROUP BY receiver, integration ORDER BY receiver, integration
"""
ATTEMPTS = """
SELECT a.id, a.finished_at IS NOT NULL AS ended, a.outcome, d.receiver, d.integration
FROM attempt AS a JOIN delivery AS d ON d.id = a.delivery_id WHERE a.id > ? ORDER BY a.id
"""

Place = tuple[str, str]
"""A receiver and one of its integrations, such as `slack[0]`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many notifications are to be sent, and since when the oldest of them waits."""

    number: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """How it was at a moment: `firing` alerts by severity; `attempts` that ended since this process began, by receiver,
    integration and outcome; `outbox` by place; `rules` that were ever evaluated, and whether that failed the last time.
    """

    at: datetime
    firing: Mapping[str, int]
    attempts: Mapping[tuple[str, str, str], int]
    outbox: Mapping[Place, Waiting]
    evaluated_at: datetime | None
    rules: Mapping[str, bool]


class Watch:
    """Reads the vitals of one log; any thread may. What is configured and did not happen is 0.

    Attempts are counted here and not in the log, which forgets old ones: a counter must never fall.
    """

    def __init__(self, log: AlertLog, routing: Callable[[], Routing], clock: Callable[[], datetime]) -> None:
        self._log = log
        self._routing = routing
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._ended: set[int] = set()  # of the attempts after `_below`, those that are counted
        self._below = int(log.rows("SELECT coalesce(max(id), 0) FROM attempt")[0][0])

    def look(self) -> Vitals:
        """How it is now. Raises WarehouseError."""
        now = self._clock()
        places = [
            (one.receiver, one.key) for receiver in self._routing().receivers.values() for one in receiver.integrations
        ]
        waiting = {
            (row["receiver"], row["integration"]): Waiting(row["number"], from_us(row["since"]))
            for row in self._log.rows(WAITING)
        }
        counts = self._attempts()
        firing = {row["severity"]: row["number"] for row in self._log.rows(FIRING, (to_us(now),))}
        rules = self._log.rows("SELECT rule, error IS NOT NULL AS failing FROM rule_clock ORDER BY rule")
        return Vitals(
            at=now,
            firing=dict.fromkeys(get_args(Severity), 0) | firing,
            attempts={(*place, outcome): 0 for place, outcome in product(places, OUTCOMES)} | counts,
            outbox=dict.fromkeys(places, Waiting()) | waiting,
            evaluated_at=last_evaluated(self._log),
            rules={row["rule"]: bool(row["failing"]) for row in rules},
        )

    def _attempts(self) -> dict[tuple[str, str, str], int]:
        with self._lock:
            whole = True  # every attempt so far has ended
            for row in self._log.rows(ATTEMPTS, (self._below,)):
                if row["ended"] and row["id"] not in self._ended:
                    self._counts[row["receiver"], row["integration"], row["outcome"]] += 1
                    self._ended.add(row["id"])
                whole = whole and bool(row["ended"])
                if whole:
                    self._below = row["id"]
                    self._ended.discard(row["id"])
            return dict(self._counts)
