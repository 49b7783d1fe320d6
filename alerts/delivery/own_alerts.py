"""Alerts about ourselves: an integration that refuses a notification, or that could not be reached for long.

They go through the same intake, routes and outbox as all others, written in the transaction that records the failure,
so a dead letter and its alert exist together or not at all. There is no loop: while the alert of an integration fires,
a further dead letter of it changes nothing, and there are no more of these alerts than integrations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.delivery.result import Result
from warehouse.alert_log import intake
from warehouse.alert_log.alert import Alert, as_text, fingerprint
from warehouse.alert_log.log import Writing
from warehouse.alert_log.moment import to_us
from warehouse.alert_log.outbox import Delivery

FAILED = "MeterlineNotificationFailed"
LATE = "MeterlineNotificationsLate"
ORIGIN = "self"


@dataclass(frozen=True, slots=True)
class OwnAlerts:
    """Writes the alerts about one integration.

    `gone`: the integration is no longer configured, so it can never succeed again: its alert ends by itself after this.
    """

    receiver: str
    integration: str
    gone: timedelta | None = None

    def dead(self, tx: Writing, delivery: Delivery, result: Result, now: datetime) -> bool:
        """A dead letter: an event for each alert it spoke of, and an alert about it; whether that alert is new."""
        detail = as_text(
            {"delivery": delivery.id, "receiver": self.receiver, "status": result.status, "answer": result.answer}
        )
        tx.each(
            "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, 'dead', ?)",
            [(to_us(now), one, detail) for one in delivery.alerts],
        )
        said = f"{result.status}: {result.answer}" if result.status else result.answer
        return self._fire(
            tx, FAILED, "page", f"{self._who} refuses notifications",
            f"Notification {delivery.id} about {len(delivery.alerts)} alerts was refused and is not repeated ({said}). "
            "Correct the receiver in the routing file, and see which alerts nobody was told of.", now, self.gone,
        )  # fmt: skip

    def late(self, tx: Writing, since: datetime, result: Result, now: datetime) -> bool:
        """Nothing could be sent since `since`; whether that alert is new."""
        return self._fire(
            tx, LATE, "ticket", f"{self._who} gets no notifications",
            f"Every attempt since {since:%Y-%m-%d %H:%M} UTC failed ({result.answer or result.status}). They are kept "
            "and sent as soon as the receiver answers.", now, None,
        )  # fmt: skip

    def sent(self, tx: Writing, now: datetime) -> bool:
        """The integration works: both alerts end; whether one fired."""
        over = [self._labels(FAILED, "page"), self._labels(LATE, "ticket")]
        rows = [labels for labels in over if _fires(tx, labels)]
        if rows:
            intake.accept(tx, [Alert(labels, {}, now, now) for labels in rows], now, None, ORIGIN)
        return bool(rows)

    def _fire(
        self, tx: Writing, name: str, severity: str, summary: str, text: str, now: datetime, timeout: timedelta | None
    ) -> bool:
        labels = self._labels(name, severity)
        if _fires(tx, labels):
            return False
        intake.accept(tx, [Alert(labels, {"summary": summary, "description": text}, now)], now, timeout, ORIGIN)
        return True

    @property
    def _who(self) -> str:
        return f"{self.integration} of receiver {self.receiver}"

    def _labels(self, name: str, severity: str) -> dict[str, str]:
        return {
            "alertname": name,
            "receiver": self.receiver,
            "integration": self.integration,
            "severity": severity,
        }


def _fires(tx: Writing, labels: dict[str, str]) -> bool:
    return bool(tx.rows("SELECT 1 FROM alert WHERE fingerprint = ? AND ends_at IS NULL", (fingerprint(labels),)))
