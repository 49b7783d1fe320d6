"""A log, a dispatcher and a clock of our own: the tests of dispatch tell stories in seconds and wait for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.dispatch.dispatcher import Dispatcher, Tick
from alerts.routing.load import Routing, parse_routing
from warehouse.alert_log import intake, silences
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

ROUTING = """
route:
  receiver: hook
  group_by: [service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs: [{url: "http://127.0.0.1:1/hook"}]
"""


@dataclass(frozen=True)
class Sent:
    """A delivery of the outbox; `at` is in seconds from the story's start."""

    at: float
    receiver: str
    integration: str
    reason: str
    priority: int
    alerts: tuple[str, ...]
    payload: Mapping[str, Any]

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """(status, alertname) of each alert."""
        return [(one["status"], one["labels"].get("alertname", "")) for one in self.payload["alerts"]]


class Story:
    """Time passes by `until`; whoever reads the outbox is the receiver. `lateness` is how late each tick comes."""

    def __init__(self, log: Path | AlertLog, routing: str | Routing = ROUTING, start: datetime = START) -> None:
        self.log = log if isinstance(log, AlertLog) else AlertLog(log)
        self.routing = parse_routing(routing, "routing.yml") if isinstance(routing, str) else routing
        self.origin, self.now = start, start
        self.dispatcher = Dispatcher(self.log, self.routing)
        self.next_at: datetime | None = None

    def at(self, seconds: float) -> datetime:
        return self.origin + timedelta(seconds=seconds)

    def post(self, *alerts: Alert, timeout: float | None = None, origin: str = "api") -> None:
        """Accept alerts now, and look at them."""
        wait = None if timeout is None else timedelta(seconds=timeout)
        with self.log.transaction() as tx:
            intake.accept(tx, alerts, self.now, wait, origin)
        self.tick()

    def fire(self, *names: str, age: float = 0.0, **labels: str) -> None:
        """Post alerts of these names that began `age` seconds ago."""
        self.post(*(alert(name, self.now - timedelta(seconds=age), **labels) for name in names))

    def resolve(self, *names: str, **labels: str) -> None:
        """Post their end."""
        began = self.now - timedelta(seconds=1)
        self.post(*(alert(name, began, self.now, **labels) for name in names))

    def silence(self, matchers: Sequence[Mapping[str, str]], seconds: float) -> str:
        with self.log.transaction() as tx:
            until = self.now + timedelta(seconds=seconds)
            return silences.put(tx, matchers, self.now, until, "anna", "known", self.now)

    def tick(self) -> Tick:
        """Look now, and again as long as something is due now."""
        tick = self.dispatcher.tick(self.now)
        self.next_at = tick.next_at
        return tick

    def until(self, seconds: float, lateness: Iterable[float] = ()) -> None:
        """Let time pass, ticking when the dispatcher asks for it, late by the next of `lateness`."""
        late = iter(lateness)
        end = self.at(seconds)
        while self.next_at is not None and self.next_at <= end:
            self.now = max(self.now, self.next_at + timedelta(seconds=next(late, 0.0)))
            self.tick()
        self.now = max(self.now, end)

    def restart(self) -> None:
        """Another process takes over the same log."""
        self.dispatcher = Dispatcher(self.log, self.routing)
        self.dispatcher.start(self.now)
        self.tick()

    def sent(self) -> list[Sent]:
        """Everything that was ever put into the outbox."""
        return [
            Sent(
                (from_us(row["created_at"]) - self.origin).total_seconds(), row["receiver"], row["integration"],
                row["reason"], row["priority"], tuple(json.loads(row["alerts"])), json.loads(row["payload"]),
            )
            for row in self.log.rows("SELECT * FROM delivery ORDER BY id")
        ]  # fmt: skip

    def events(self, *kinds: str) -> list[tuple[float, str, dict[str, Any]]]:
        """(seconds, kind, detail) of the events of these kinds, oldest first."""
        return [
            ((from_us(row["at"]) - self.origin).total_seconds(), row["kind"], json.loads(row["detail"]))
            for row in self.log.rows("SELECT * FROM event ORDER BY id")
            if row["kind"] in kinds
        ]


def alert(name: str, starts_at: datetime, ends_at: datetime | None = None, **labels: str) -> Alert:
    """An alert of service s unless `labels` say otherwise."""
    return Alert({"alertname": name, "service": "s"} | labels, {"summary": name}, starts_at, ends_at)
