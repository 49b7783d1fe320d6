"""The rules that may page, as a table: who acts, and where it is written how. Runbook completeness is made of it.

An objective that may page is a rule of its own, with its service's tier; another rule of ours belongs to no service,
and pages for the platform as a whole: tier 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from meterline.inventory.frame import frame
from meterline.openslo.slos import Objective

if TYPE_CHECKING:
    from alerts.rules.model import Rule

PLATFORM_TIER = 1

COLUMNS = {
    "rule": pl.String, "kind": pl.String, "severity": pl.String, "page": pl.Boolean, "service": pl.String,
    "team": pl.String, "tier": pl.Int32, "owner": pl.String, "runbook_url": pl.String, "reviewed_on": pl.Date,
}  # fmt: skip


def alert_rule_frame(rules: Iterable[Rule], objectives: Sequence[Objective]) -> pl.DataFrame:
    """The table alert_rule: the enabled rules, those over objectives once for each objective."""
    return frame(COLUMNS, (row for rule in rules for row in _rows(rule, objectives)))


def _rows(rule: Rule, objectives: Sequence[Objective]) -> Iterator[tuple[Any, ...]]:
    page = rule.severity == "page"
    if rule.signal.kind == "sql":
        yield (
            rule.name, "signal", rule.severity, page, None, None, PLATFORM_TIER, rule.owner, rule.runbook_url,
            rule.reviewed_on,
        )  # fmt: skip
        return
    for one in objectives:
        pages = any(alert.severity == "page" for alert in one.alerts)
        # without a runbook of its own, an objective is explained by that of the rule
        runbook = one.runbook_url or (None if "{" in (rule.runbook_url or "{") else rule.runbook_url)
        yield (
            f"{rule.name}:{one.slo}/{one.objective}", "slo", "page" if pages else "ticket", pages, one.service,
            one.team, one.tier, one.owner, runbook, rule.reviewed_on,
        )  # fmt: skip
