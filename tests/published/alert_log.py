"""A log of alerts as a week of alerting leaves it: fires, suppressions, attempts, words of people. Relative to `now`.

Written through the functions that the service writes with; what the dispatcher decides is told here as its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from warehouse.alert_log import feedback, groups, intake, outbox, silences
from warehouse.alert_log.alert import Alert, as_text, fingerprint
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import to_us

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

CHAT = {"alertname": "slo_burn", "severity": "page", "service": "chat", "slo": "chat-availability", "team": "assist",
        "owner": "assist", "rule": "page_quick"}  # fmt: skip
XID = {"alertname": "gpu_xid", "severity": "page", "cluster": "us-train", "node": "node-us-7", "device": "gpu3",
       "code": "79", "team": "platform-ml", "owner": "platform-ml"}  # fmt: skip
ECC = {"alertname": "gpu_memory_error", "severity": "ticket", "cluster": "us-train", "node": "node-us-7",
       "device": "gpu3", "team": "platform-ml"}  # fmt: skip
STALE = {"alertname": "source_stale", "severity": "ticket", "source": "flows"}
QUEUE = {"alertname": "training_queue_time", "severity": "ticket", "pipeline": "train_vision", "team": "vision"}
DRIFT = {"alertname": "drift_column", "severity": "info", "model": "rank-v4", "column": "prompt_length",
         "service": "ranker", "team": "ranking"}  # fmt: skip
PIPELINE = {"alertname": "pipeline_failing", "severity": "ticket", "pipeline": "deploy_models", "team": "platform-ml"}
RANKER = {**CHAT, "service": "ranker", "slo": "ranker-availability", "team": "ranking", "owner": "ranking"}
POSTED = {"alertname": "NodeDiskFull", "severity": "critical", "instance": "node-eu-3"}

RUNBOOKS = "https://runbooks.example/"
TEXTS: dict[str, dict[str, str]] = {
    "slo_burn": {
        "summary": "chat burns its error budget 16.2 times too fast",
        "description": "2 % of the budget of 30 days in one hour; requests fail at 1.6 %.",
        "what_to_do": "Look at the last rollout of chat; roll it back if the error rate rose with it.",
        "runbook_url": RUNBOOKS + "slo_burn", "value": "16.2", "threshold": "14.4",
    },
    "gpu_xid": {
        "summary": "XID 79 on gpu3 of node-us-7: the GPU fell off the bus",
        "what_to_do": "Drain the node, then reset the GPU.", "runbook_url": RUNBOOKS + "gpu_xid",
    },
    "gpu_memory_error": {"summary": "ECC errors on gpu3 of node-us-7"},
    "source_stale": {"summary": "flows has not been collected for 5 hours", "runbook_url": RUNBOOKS + "source_stale"},
    "training_queue_time": {"summary": "train_vision waits 41 minutes for GPUs"},
    "drift_column": {"summary": "prompt_length of rank-v4 drifted"},
    "pipeline_failing": {"summary": "deploy_models failed three times in a row"},
    "NodeDiskFull": {"summary": "The disk of node-eu-3 is full", "runbook_url": "javascript:alert(1)"},
}  # fmt: skip


class Week:
    """Writes the log; moments are how long before `now` they were."""

    def __init__(self, directory: Path, now: datetime) -> None:
        self.log, self.now = AlertLog(directory), now

    def post(self, labels: dict[str, str], ago: timedelta, *, over: bool = False, origin: str = "rule") -> str:
        """The alert fires, or is over, `ago`."""
        at = self.now - ago
        alert = Alert(labels, TEXTS[labels["alertname"]], at - MINUTE if over else at, at if over else None)
        with self.log.transaction() as tx:
            intake.accept(tx, [alert], at, None, origin)
        return fingerprint(labels)

    def tell(self, one: str, kind: str, ago: timedelta, **detail: Any) -> None:
        """The dispatcher decides."""
        with self.log.transaction() as tx:
            groups.record(tx, [groups.Happening(self.now - ago, one, kind, as_text(detail))])

    def route(self, one: str, receiver: str, ago: timedelta, path: str = "") -> None:
        """The alert goes to `receiver` by the route that matches `path`, and waits for its group."""
        route = {"receiver": receiver, "path": ["{}", path] if path else ["{}"],
                 "group_key": f"{{}}/{{{path}}}:{{}}", "group_labels": {}}  # fmt: skip
        self.tell(one, "routed", ago, routes=[route])
        self.tell(one, "held", ago, group_key=route["group_key"], why="group_wait",
                  until=to_us(self.now - ago + MINUTE / 2))  # fmt: skip

    def send(
        self, one: str, receiver: str, integration: str, ago: timedelta, answers: Sequence[tuple[str, int, str]]
    ) -> None:
        """A notification with an attempt for each of `answers` (outcome, status, text), ten seconds apart."""
        at = self.now - ago
        with self.log.transaction() as tx:
            outbox.enqueue(
                tx, group_key="{}:{}", receiver=receiver, integration=integration, dedup_key=one,
                reason="first notification", priority=0, alerts=[one], payload={"status": "firing"}, now=at,
            )  # fmt: skip
        for outcome, status, answer in answers:
            at += timedelta(seconds=10)
            due = outbox.waiting(self.log, receiver, integration, at)
            assert due is not None
            with self.log.transaction() as tx:
                attempt = outbox.begin_attempt(tx, due.id, at)
                outbox.end_attempt(
                    tx, attempt, at + timedelta(seconds=0.4), outcome=outcome, status=status, answer=answer, again_at=at
                )
        if answers and answers[-1][0] == "dead":
            self.tell(one, "dead", ago - timedelta(minutes=1), delivery=due.id, receiver=receiver, status=400,
                      answer=answers[-1][2])  # fmt: skip


def write(directory: Path, now: datetime) -> None:
    """The week that ends at `now` (aware UTC); the last evaluation of rules was twenty seconds before."""
    week = Week(directory, now)
    sent = ("sent", 202, "Event processed")
    for days, length, verdict in (
        (6.4, 3, "noise"),
        (5.2, 0.5, "noise"),
        (4.9, 1, ""),
        (2.1, 6, ""),
        (1.3, 2, "noise"),
    ):
        one = week.post(PIPELINE, days * DAY)
        week.route(one, "team-tickets", days * DAY, 'severity="ticket"')
        week.send(one, "team-tickets", "slack[0]", days * DAY - MINUTE, [("sent", 200, "ok")])
        week.post(PIPELINE, days * DAY - length * HOUR, over=True)
        if verdict:
            with week.log.transaction() as tx:
                feedback.judge(tx, [one], verdict, "lee", "it retries by itself", now - days * DAY + length * HOUR)
    posted = week.post(POSTED, 3 * DAY, origin="api")
    week.route(posted, "legacy-hook", 3 * DAY)
    week.send(posted, "legacy-hook", "webhook[0]", 3 * DAY - MINUTE, [("dead", 400, "unknown field severity")])
    week.post(POSTED, 3 * DAY - 2 * HOUR, over=True, origin="api")
    ranker = week.post(RANKER, 2 * DAY)
    week.route(ranker, "oncall", 2 * DAY, 'severity="page"')
    week.send(ranker, "oncall", "pagerduty[0]", 2 * DAY - MINUTE, [sent])
    week.post(RANKER, 2 * DAY - 1.2 * HOUR, over=True)

    stale = week.post(STALE, 5 * HOUR)
    week.route(stale, "team-tickets", 5 * HOUR, 'severity="ticket"')
    week.send(stale, "team-tickets", "slack[0]", 5 * HOUR - MINUTE, [("sent", 200, "ok")])
    xid = week.post(XID, 3 * HOUR)
    week.route(xid, "oncall", 3 * HOUR, 'severity="page"')
    week.send(xid, "oncall", "pagerduty[0]", 3 * HOUR - MINUTE, [sent])
    with week.log.transaction() as tx:
        feedback.acknowledge(tx, [xid], "dana", "draining the node", now - 3 * HOUR + 4 * MINUTE)
    ecc = week.post(ECC, 2.9 * HOUR)
    week.route(ecc, "team-tickets", 2.9 * HOUR, 'severity="ticket"')
    week.tell(ecc, "inhibited", 2.9 * HOUR, by=xid, rule=0)
    queue = week.post(QUEUE, 2 * HOUR)
    week.route(queue, "team-tickets", 2 * HOUR, 'severity="ticket"')
    with week.log.transaction() as tx:
        made = silences.put(
            tx, [{"name": "pipeline", "op": "=", "value": "train_vision"}], now - 4 * HOUR, now + 3 * HOUR, "lee",
            "vision moves to the new queue today", now - 4 * HOUR,
        )  # fmt: skip
    week.tell(queue, "silenced", 2 * HOUR, silences=[made])
    chat = week.post(CHAT, 42 * MINUTE)
    week.route(chat, "oncall", 42 * MINUTE, 'severity="page"')
    week.send(chat, "oncall", "pagerduty[0]", 41 * MINUTE, [("failed", 503, "try again later"), sent])
    drift = week.post(DRIFT, MINUTE / 3)
    week.route(drift, "team-tickets", MINUTE / 3)
    with week.log.transaction() as tx:
        tx.execute("INSERT INTO setting VALUES ('evaluated_at', ?)", (str(to_us(now - MINUTE / 3)),))
        tx.execute("INSERT INTO rule_clock VALUES ('slo_burn', ?, ?, NULL)", (to_us(now), to_us(now - MINUTE / 3)))
    week.log.close()
