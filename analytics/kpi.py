"""From counts to KPI rows: value, status, interval, verdict. Pure: `now` is an argument.

The rules are the same for every KPI (docs/kpis.md): a value that cannot be computed is null with a status, never 0 or
100 %; a window is provisional until late data can no longer change it; ratios of events carry a Wilson 95 % interval.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from scipy.stats import binomtest

from analytics.head import Head, Target

COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq,
}  # fmt: skip

SCHEMA = pl.Schema({
    "kpi": pl.String(), "grain": pl.String(), "start": pl.Datetime("us"), "end": pl.Datetime("us"),
    "scope": pl.String(), "value": pl.Float64(), "unit": pl.String(), "numerator": pl.Float64(),
    "denominator": pl.Float64(), "n": pl.Int64(), "low": pl.Float64(), "high": pl.Float64(), "status": pl.String(),
    "target": pl.String(), "verdict": pl.String(), "provisional": pl.Boolean(), "sources": pl.String(),
})  # fmt: skip

DEFINITION = pl.Schema({
    "kpi": pl.String(), "topic": pl.String(), "title": pl.String(), "question": pl.String(), "formula": pl.String(),
    "unit": pl.String(), "direction": pl.String(), "target": pl.String(), "stretch": pl.Float64(),
    "source": pl.String(), "missing": pl.String(), "facts": pl.String(),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """What has been collected of one fact (naive UTC, None: nothing yet).

    `collected_to` is where the furthest source is, `complete_to` where the one is that lags most: a value is stale when
    a source has stopped, however lively the others are.
    """

    sources: tuple[str, ...]
    collected_from: datetime | None = None
    collected_to: datetime | None = None
    complete_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of analytics/parameters.yaml that decide on a KPI's status."""

    low_confidence_n: int
    provisional: timedelta
    stale: timedelta


def kpi_rows(
    name: str, head: Head, counts: pl.DataFrame, periods: pl.DataFrame, coverage: Mapping[str, Coverage],
    rules: Rules, now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows of `SCHEMA` for one KPI: those in `counts`, and a platform row for every period that has none."""
    facts = [coverage.get(fact, Coverage(())) for fact in head.facts]
    sources = ", ".join(sorted({source for fact in facts for source in fact.sources}))
    known = {(row["grain"], row["period_start"], row["scope"]): row for row in counts.to_dicts()}
    for period in periods.to_dicts():
        key = (period["grain"], period["period_start"], "platform")
        known.setdefault(key, {**period, "scope": "platform", "numerator": None, "denominator": None, "n": 0})
    rows = []
    for _, row in sorted(
        known.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] != "platform", item[0][2])
    ):
        status = _status(row, facts, rules, now)
        value = _value(row) if status not in ("no_data", "not_collected") else None
        low, high = _wilson(row) if head.interval == "wilson" and value is not None else (None, None)
        rows.append(
            {
                "kpi": name, "grain": row["grain"], "start": row["period_start"], "end": row["period_end"],
                "scope": row["scope"], "value": value, "unit": head.unit, "numerator": row["numerator"],
                "denominator": row["denominator"], "n": row["n"], "low": low, "high": high, "status": status,
                "target": str(head.target) if head.target else None,
                "verdict": verdict(value, head.target) if row["n"] is not None else "none",  # unknown how many
                "provisional": now < row["period_end"] + rules.provisional, "sources": sources,
            }
        )  # fmt: skip
    return rows


def verdict(value: float | None, target: Target | None) -> str:
    """pass or fail against the target; none without a target or a value."""
    if value is None or target is None:
        return "none"
    return "pass" if COMPARE[target.op](value, target.value) else "fail"


def _value(row: Mapping[str, Any]) -> float | None:
    if row.get("value") is not None:
        return float(row["value"])
    if row["numerator"] is None or not row["denominator"]:
        return None
    return float(row["numerator"] / row["denominator"])


def _status(row: Mapping[str, Any], facts: Sequence[Coverage], rules: Rules, now: datetime) -> str:
    start, end = row["period_start"], row["period_end"]
    if any(not _reaches(fact, start, end) for fact in facts):
        return "not_collected"
    if not row["denominator"] or row["numerator"] is None:
        return "no_data"
    due = min(end, now) - rules.stale
    if any(fact.complete_to is None or fact.complete_to < due for fact in facts):
        return "stale"
    return "low_confidence" if (row["n"] or 0) < rules.low_confidence_n else "ok"


def _reaches(fact: Coverage, start: datetime, end: datetime) -> bool:
    if not fact.sources or fact.collected_from is None or fact.collected_to is None:
        return False
    return fact.collected_from < end and fact.collected_to > start


def _wilson(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    successes, trials = round(row["numerator"]), round(row["denominator"])
    if trials <= 0 or not 0 <= successes <= trials:
        return None, None
    interval = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def definitions(heads: Iterable[tuple[str, str, Head]]) -> pl.DataFrame:
    """The table kpi_definition from (KPI, topic, head): what each KPI means, as its file's head says."""
    return pl.DataFrame(
        [
            {
                "kpi": name,
                "topic": topic,
                "title": head.title,
                "question": head.question,
                "formula": head.formula,
                "unit": head.unit,
                "direction": head.direction,
                "target": str(head.target) if head.target else None,
                "stretch": head.target.stretch if head.target else None,
                "source": head.source,
                "missing": head.missing,
                "facts": ", ".join(head.facts),
            }
            for name, topic, head in heads
        ],
        schema=DEFINITION,
    )
