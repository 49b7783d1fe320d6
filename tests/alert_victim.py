"""A process that takes alerts, routes and sends them, until it is killed. The parts are the service's own."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import polars as pl

from alerts.delivery import patience
from alerts.delivery.office import PostOffice
from alerts.dispatch.dispatcher import Dispatcher
from alerts.routing.load import parse_routing
from alerts.rules.evaluate import Evaluator
from alerts.rules.model import Rule
from warehouse.alert_log import outbox
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.intake import accept
from warehouse.alert_log.log import AlertLog

TURN = 0.01
LOOKS = 400
"""Turns without anything to route or send, longer than an interval of any group."""
SQL = "SELECT ts, value FROM bad WHERE ts >= $since AND ts < $until"
Labels = Mapping[str, str]


def victim(directory: str, routing: str, batch: Sequence[Labels], how: str, told: Connection) -> None:
    """Bring `batch` in by `how` (post, rule, or drain: nothing new, end when all is sent); says what it has done."""
    patience.FIRST, patience.MOST = 0.1, 0.4  # seconds; the pauses of retries are not what is waited for here
    log = AlertLog(Path(directory))
    tree = parse_routing(routing, "crash test")
    stopping = threading.Event()
    office = PostOffice(log, tree)
    dispatcher = Dispatcher(log, tree, queued=office.wake)
    dispatcher.start(datetime.now(UTC))
    office.start()

    def route() -> None:
        while not stopping.wait(TURN):
            dispatcher.tick(datetime.now(UTC))

    routing_thread = threading.Thread(target=route, daemon=True)
    routing_thread.start()
    told.send("started")
    if how == "post":
        for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
            now = datetime.now(UTC)
            with log.transaction() as tx:
                accept(tx, [Alert(labels, {"summary": "it is bad"}, now) for labels in half], now, None)
            told.send("accepted")
    elif how == "rule":
        _evaluate(log, batch)
        told.send("accepted")
    else:
        _drained(log, dispatcher)
        told.send("drained")
    told.recv()  # nothing comes: it waits to be killed, or for the end of the other side


def _evaluate(log: AlertLog, batch: Sequence[Labels]) -> None:
    now = datetime.now(UTC)
    rows = [{"ts": (now - timedelta(seconds=1)).replace(tzinfo=None), "value": 1.0, **labels} for labels in batch]
    columns = tuple(sorted({name for labels in batch for name in labels if name not in ("alertname", "severity")}))
    rule = Rule.model_validate({
        "name": batch[0]["alertname"], "title": "It is bad", "severity": "page", "owner": "team", "op": ">",
        "threshold": 0, "runbook_url": "https://runbooks.example/bad", "signal": {"sql": SQL}, "labels": columns,
        "every": "1s", "flapping": None, "absent_after": "365d",
    })  # fmt: skip
    Evaluator(log, [rule], {"sql": lambda rule, since, until: pl.DataFrame(rows)}).run(now)


def _drained(log: AlertLog, dispatcher: Dispatcher) -> None:
    waiting = threading.Event()
    quiet = 0
    while quiet < LOOKS:
        due = log.rows("SELECT count(*) AS n FROM aggregation WHERE flushed = 0")[0]["n"]
        quiet = 0 if due or outbox.open_integrations(log) else quiet + 1
        waiting.wait(TURN)
