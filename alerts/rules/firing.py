"""The alerts of a rule: their labels, which never hold what changes while they fire, and their texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from alerts.rules.machine import RuleState
from alerts.rules.model import Rule
from alerts.rules.wording import filled, plain
from warehouse.alert_log.alert import Alert

Labels = Mapping[str, str]
Fields = Mapping[str, Any]

OF_PEOPLE = ("service", "team")
"""Columns that become labels of the alert even where they do not tell series apart: routes match them."""

NOBODY = "__"
"""How names begin that stand for no team: what is idle, shared or not allocated."""


def alert_labels(rule: Rule, series: str, fields: Fields) -> Labels:
    """alertname, severity, the rule's label columns, and owner, team and service as far as they are known."""
    labels = {name: value for name, value in orjson.loads(series).items() if value} if series else {}
    for name in OF_PEOPLE:
        if name not in labels and plain(fields.get(name)):
            labels[name] = plain(fields[name])
    owner = plain(fields.get("owner")) or filled(rule.owner or "", fields)
    if owner and "?" not in owner and not owner.startswith(NOBODY):
        labels["owner"] = owner
    return {**labels, "severity": plain(fields.get("severity")) or rule.severity, "alertname": rule.name}


def texts_of(rule: Rule, state: RuleState, fields: Fields) -> Labels:
    """summary, description, runbook_url, what_to_do, value and threshold, and flapping while the alert is held."""
    known = {**fields, "value": state.value, "threshold": state.threshold}
    runbook = plain(fields.get("runbook_url")) or filled(rule.runbook_url or "", fields)
    texts = {"summary": rule.title, "description": rule.why, **rule.annotations}
    found = {name: filled(text, known).strip() for name, text in texts.items()}
    found |= {
        "what_to_do": rule.what_to_do.strip(),
        "runbook_url": "" if runbook == "?" else runbook,
        "value": plain(state.value),
        "threshold": plain(state.threshold),
    }
    if state.flapping and rule.flapping:
        found["flapping"] = f"{len(state.changes)} changes lately: it fires on until it was quiet"
    return {name: text for name, text in found.items() if text}


def firing(labels: Labels, texts: Labels, since: datetime) -> Alert:
    """The alert, firing."""
    return Alert(labels, texts, since)


def over(labels: Labels, texts: Labels, since: datetime, at: datetime) -> Alert:
    """The alert, resolved at `at`."""
    return Alert(labels, texts, min(since, at), at)
