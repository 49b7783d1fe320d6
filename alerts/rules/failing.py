"""An alert about ourselves: a rule that fails sees nothing, and nobody would know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.rules.model import Rule
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.intake import accept
from warehouse.alert_log.log import AlertLog

NAME = "MeterlineRuleFailing"
RUNBOOK = "https://github.com/meterline/meterline/blob/main/docs/runbooks.md#meterlinerulefailing"
FIRING = "SELECT labels, annotations FROM alert WHERE origin = 'self' AND ends_at IS NULL"


def tell_of_failures(
    log: AlertLog, rules: Sequence[Rule], failed: Mapping[str, str], failed_before: set[str], now: datetime
) -> None:
    """Fire for rules that failed now and the time before; resolve for those that did neither, or are gone."""
    alerts = [_failing(rule, failed[rule.name], now) for rule in rules if rule.name in failed.keys() & failed_before]
    failing = (failed.keys() | failed_before) & {rule.name for rule in rules}
    for row in log.rows(FIRING):
        labels = json.loads(row["labels"])
        if labels["alertname"] == NAME and labels.get("rule") not in failing:
            alerts.append(Alert(labels, json.loads(row["annotations"]), now, now))
    if alerts:
        with log.transaction() as tx:
            accept(tx, alerts, now, None, origin="self")


def _failing(rule: Rule, reason: str, now: datetime) -> Alert:
    """Its severity and owner are the rule's."""
    labels = {"alertname": NAME, "rule": rule.name, "severity": rule.severity}
    if rule.owner and "{" not in rule.owner:
        labels["owner"] = rule.owner
    texts = {
        "summary": f"The rule {rule.name} cannot be evaluated",
        "description": reason,
        "what_to_do": "correct the rule or what it reads; its alerts stay as they were until then",
        "runbook_url": RUNBOOK,
    }
    return Alert(labels, texts, now)
