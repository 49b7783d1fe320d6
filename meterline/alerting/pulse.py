"""One beat of the evaluation: indicators come in, rules look at them, what changed is in the log. Then what is slower.

    every beat       service level indicators -> rules -> alerts
    every 5 minutes  indicators that are made of facts; episodes -> on_call_incident
    every day        what is older than `alerting.keep` is forgotten, runbooks are asked whether they answer

A source that fails is recorded where all sources are (`job_run`) and stops no rule: a rule without data holds its
state.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.dispatch.retention import forget
from alerts.rules.evaluate import Evaluator
from alerts.rules.load import Rules
from meterline.alerting.rules import rules_of
from meterline.alerting.signals import signals
from meterline.alerting.stale import evaluated
from meterline.collecting import collect_slis, record_run
from meterline.config.model import Config
from meterline.on_call import store_episodes
from meterline.runbooks import check_runbooks
from warehouse.alert_log.log import AlertLog
from warehouse.database import Warehouse
from warehouse.errors import MeterlineError, NothingPublished, WarehouseError
from warehouse.published import Published

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)
PATIENCE = 15.0
"""Seconds that rules wait for the newest indicators; then they are evaluated without them."""

OFTEN = timedelta(minutes=5)
DAILY = timedelta(days=1)
KEEP = timedelta(days=400)
OWN = "meterline"
"""The name of the source that our own pages are."""


@dataclass(frozen=True, slots=True)
class PageRule:
    """What is asked about a rule's runbook."""

    severity: str
    runbook_url: str | None


def page_rules(warehouse: Warehouse) -> list[PageRule]:
    """The rules that page, as the inventory has them: those over objectives once for each."""
    rows = warehouse.query("SELECT DISTINCT severity, runbook_url FROM alert_rule WHERE page").rows()
    return [PageRule(*row) for row in rows]


class Pulse:
    """The evaluation of one configuration; `beat` it from one thread.

    Raises ConfigurationError when a rule is wrong, or a page lacks what the configuration requires.
    """

    def __init__(self, config: Config, warehouse: Warehouse, log: AlertLog) -> None:
        self._warehouse = warehouse
        self._log = log
        self._last: dict[str, datetime] = {}
        self._collecting: threading.Thread | None = None
        self._failure: Exception | None = None
        self.take(config, rules_of(config))

    def take(self, config: Config, rules: Rules) -> None:
        """Go on with these."""
        self._config, self._rules = config, rules

    def beat(self, now: datetime, stopping: Callable[[], bool]) -> None:
        """Evaluate everything once. Raises WarehouseError when nothing can be stored."""
        config, rules = self._config, self._rules
        self._collect(config, now)
        if stopping():
            return
        try:
            published = Published.current(config.data)
        except NothingPublished:
            published = None
        evaluation = Evaluator(self._log, rules, signals(config, published, self._warehouse)).run(now)
        for rule, error in evaluation.failed.items():
            logger.warning("rule %s: %s", rule, error)
        evaluated(self._log, now)
        if self._due("often", OFTEN, now) and not stopping():
            self._store_pages(now)
        if self._due("daily", DAILY, now) and not stopping():
            self._daily(now)

    def _collect(self, config: Config, now: datetime) -> None:
        """The newest indicators, in a thread of their own: a server that hangs must not hold up the other rules."""
        if self._collecting is None or not self._collecting.is_alive():
            self._failure = None
            self._collecting = threading.Thread(
                target=self._collected, args=(config, now), name="alerts-indicators", daemon=True
            )
            self._collecting.start()
        self._collecting.join(PATIENCE)
        if self._failure is not None:
            raise self._failure

    def _collected(self, config: Config, now: datetime) -> None:
        try:
            collect_slis(self._warehouse, config, now)
        except Exception as failure:  # told by the beat that waits for it
            self._failure = failure

    def _store_pages(self, now: datetime) -> None:
        error: MeterlineError | None = None
        try:
            store_episodes(self._warehouse, self._log, now)
        except WarehouseError as failure:
            error = failure
        record_run(self._warehouse, f"source:{OWN}", "source", now, now, error)

    def _daily(self, now: datetime) -> None:
        forget(self._log, now - (self._config.alerting.keep if self._config.alerting else KEEP))
        try:
            check_runbooks(self._warehouse, page_rules(self._warehouse), now)
        except MeterlineError as error:
            logger.warning("runbooks were not checked: %s", error)

    def _due(self, what: str, every: timedelta, now: datetime) -> bool:
        last = self._last.get(what)
        if last is not None and timedelta(0) <= now - last < every:
            return False
        self._last[what] = now
        return True
