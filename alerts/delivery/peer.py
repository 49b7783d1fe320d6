"""One Alertmanager: what it was told, what it must be told now, and how its answers are recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from alerts.delivery.exchange import Exchange
from alerts.delivery.label_names import classic_names
from alerts.delivery.patience import Patience
from alerts.delivery.result import Result
from warehouse.alert_log import intake
from warehouse.alert_log.alert import StoredAlert, as_text
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import to_us

logger = logging.getLogger(__name__)

RESOLVED_FOR = timedelta(minutes=15)
LEAST_LIFE = timedelta(minutes=1)
LIVES = 4
"""A firing alert is told to end this many intervals ahead, so that one lost request resolves nothing."""
BATCH = 500
NAME_REFUSED = "invalid name"

TOLD_BEFORE = """
SELECT event.fingerprint, json_extract(event.detail, '$.status') AS status FROM alert
JOIN event ON event.fingerprint = alert.fingerprint
WHERE event.kind = 'pushed' AND json_extract(event.detail, '$.peer') = ? ORDER BY event.id
"""


class Peer:
    """One Alertmanager; used by one thread."""

    def __init__(
        self,
        log: AlertLog,
        url: str,
        exchange: Exchange,
        interval: timedelta,
        monotonic: Callable[[], float],
        chosen: Callable[[StoredAlert], bool],
    ) -> None:
        self._log, self._url, self._exchange, self._monotonic, self._chosen = log, url, exchange, monotonic, chosen
        self._interval = interval
        parts = urlsplit(url)
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self.standing = "not told yet"
        self._revision = 0
        self._told_all_at: float | None = None
        self._classic = False
        self._statuses: dict[str, int | None] | None = None
        self._patience = Patience()

    def tell(self, now: datetime) -> None:
        """Post what changed, or everything when its time has come. Raises WarehouseError."""
        at = self._monotonic()
        if at < self._patience.paused_until:
            return
        everything = self._told_all_at is None or at - self._told_all_at >= self._interval.total_seconds()
        alerts = _known(self._log, now) if everything else intake.changed_since(self._log, self._revision)
        newest = max((alert.revision for alert in alerts), default=self._revision)
        alerts = [alert for alert in alerts if self._chosen(alert)]
        result = self._posted(alerts, now)
        if result.outcome == "failed":
            self._patience.after_failure(0, 0, result, self._monotonic())
            return
        self._patience.after_end(0, works=True)
        self._revision = max(self._revision, newest)
        if everything:
            self._told_all_at = at
            there = {alert.fingerprint for alert in alerts}
            self._statuses = {one: status for one, status in self._known_statuses().items() if one in there}

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def _posted(self, alerts: Sequence[StoredAlert], now: datetime) -> Result:
        result = Result("sent", 200)
        for start in range(0, len(alerts), BATCH):
            batch = alerts[start : start + BATCH]
            result = self._post(batch, now)
            if result.outcome == "failed":
                break
        return result

    def _post(self, alerts: Sequence[StoredAlert], now: datetime) -> Result:
        """Post and record; what the server cannot even parse is halved, so that one bad alert hides no other."""
        result = self._exchanged(alerts, now)
        if result.status == 400 and not self._classic and NAME_REFUSED in result.answer:
            self._classic = True  # from now on: the server is older than 0.27
            logger.warning("%s takes no dots and dashes in label names: they become underscores", self.name)
            result = self._exchanged(alerts, now)
        if result.status == 422 and len(alerts) > 1:
            half = len(alerts) // 2
            ends = [self._post(some, now) for some in (alerts[:half], alerts[half:])]
            return next((one for one in ends if one.outcome == "failed"), ends[-1])
        self._record(alerts, result, now)
        return result

    def _exchanged(self, alerts: Sequence[StoredAlert], now: datetime) -> Result:
        ends = now + LIVES * max(LEAST_LIFE, self._interval)
        body = orjson.dumps([self._posting(alert, now, ends) for alert in alerts])
        return self._exchange.post(f"{self._url}/api/v2/alerts", body)

    def _posting(self, alert: StoredAlert, now: datetime, ends: datetime) -> dict[str, Any]:
        names = classic_names if self._classic else dict
        until = alert.ends_at if alert.ends_at is not None and alert.resolved(now) else ends
        return {
            "labels": names(alert.labels),
            "annotations": names(alert.annotations),
            "startsAt": alert.starts_at,
            "endsAt": max(until, alert.starts_at),
            **({"generatorURL": alert.generator_url} if _is_address(alert.generator_url) else {}),
        }

    def _record(self, alerts: Iterable[StoredAlert], result: Result, now: datetime) -> None:
        """An event for each alert whose status at this peer changed."""
        said = "ok" if result.done else f"{result.status or ''} {result.answer}".strip()
        if said != self.standing and not result.done:
            logger.error("%s: %s", self.name, said)
        self.standing = said
        known = self._known_statuses()
        changed = [one.fingerprint for one in alerts if known.get(one.fingerprint, 0) != result.status]
        if not changed:
            return
        detail = {"peer": self.name, "status": result.status, **({} if result.done else {"answer": result.answer})}
        with self._log.transaction() as tx:
            tx.each(
                "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, 'pushed', ?)",
                [(to_us(now), one, as_text(detail)) for one in changed],
            )
        known.update(dict.fromkeys(changed, result.status))

    def _known_statuses(self) -> dict[str, int | None]:
        """What each alert's last event says, so that a restart is no change."""
        if self._statuses is None:
            rows = self._log.rows(TOLD_BEFORE, (self.name,))
            self._statuses = {row["fingerprint"]: row["status"] for row in rows}
        return self._statuses


def _is_address(text: str) -> bool:
    """Whether a server takes it for a URI; it refuses the whole request for one that is none."""
    return text.startswith(("http://", "https://")) and text.isprintable() and " " not in text


def _known(log: AlertLog, now: datetime) -> list[StoredAlert]:
    """All that fires, and what ended lately."""
    sql = "SELECT * FROM alert WHERE ends_at IS NULL OR ends_at > ? ORDER BY revision, fingerprint"
    return intake.stored(log.rows(sql, (to_us(now - RESOLVED_FOR),)))
