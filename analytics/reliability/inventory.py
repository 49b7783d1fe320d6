"""The objectives and their burn rate rules as the tables `slo_objective` and `slo_burn_rule` hold them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analytics.reliability.burn import Rule
from analytics.reliability.objective import Objective, objective_of


@dataclass(frozen=True, slots=True)
class Watched:
    """An objective, the indicator that it is measured by, its rules, and its row with the words for people."""

    objective: Objective
    sli: str
    rules: tuple[Rule, ...]
    row: Mapping[str, Any]

    @property
    def reach(self) -> int:
        """Minutes before a moment that its windows look at, guards and slices included."""
        return max((one.long for one in self.rules), default=0) + 60 + self.objective.slice_minutes


def watched(objectives: pl.DataFrame, rules: pl.DataFrame, slos: Collection[str] | None = None) -> list[Watched]:
    """All objectives, or those of the SLOs named, in the order of SLO and objective; rules the widest budget last."""
    by_objective = defaultdict(list)
    for row in rules.sort("long_s", "rule").to_dicts():
        by_objective[row["slo"], row["objective"]].append(rule_of(row))
    return [
        Watched(objective_of(row), row["sli"], tuple(by_objective[row["slo"], row["objective"]]), row)
        for row in objectives.sort("slo", "objective").to_dicts()
        if slos is None or row["slo"] in slos
    ]


def rule_of(row: Mapping[str, Any]) -> Rule:
    """The rule of a row of `slo_burn_rule`: windows must be full for a page, `min_bad` 0 or NULL asks for nothing."""
    return Rule(
        row["rule"], row["severity"], row["long_s"] // 60, row["short_s"] // 60, row["factor"], row["min_bad"] or 0.0,
        needs_full=row["severity"] == "page",
    )  # fmt: skip
