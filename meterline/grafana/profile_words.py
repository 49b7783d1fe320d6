"""Measures of the collector's profiles as PromQL, so that a board names `sm` of `dcgm` and never a metric.

What the collector does to labels is said in PromQL here: a canonical column is the first label of its profile that is
not empty, and an exporter's own pod owns nothing. Scales are those of the profile, so units are canonical: seconds,
bytes, watts, ratios 0..1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.prometheus.identity import OWNER
from collector.prometheus.profile import Metric, Profile, Rule

WITHIN = "$__rate_interval"
"""Grafana's own: long enough for a rate at the zoom and scrape interval at hand."""


class Unmeasured(Exception):
    """No configured profile has what a panel asks for: the panel is left out."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a board can say about one profile. `match` are matchers for every selector.

    `by` names canonical columns that the answer carries as labels, parted by spaces. Raises Unmeasured for a measure or
    an outcome that the profile does not have.
    """

    profile: Profile
    match: str = ""

    @property
    def title(self) -> str:
        return self.profile.title

    @property
    def layer(self) -> str:
        return self.profile.layer or "exporter"

    def level(self, measure: str, by: str = "", over: str = "", where: str = "") -> str:
        """The value now; the mean of the last `over` when given. `where` are matchers."""
        return self._union(
            (metric, f"avg_over_time({series}[{over}])" if over else series, by)
            for metric in self._metrics(measure)
            for series in [metric.selector(_both(self.match, where))]
        )

    def rate(self, measure: str, *outcomes: str, by: str = "") -> str:
        """What a counter counts a second; of requests only those with one of `outcomes`, where some are named."""
        return self._union(self._counted(measure, outcomes, "rate", WITHIN, by))

    def increase(self, measure: str, over: str, by: str = "") -> str:
        """What a counter counted in the last `over`."""
        return self._union(self._counted(measure, (), "increase", over, by))

    def quantile(self, quantile: float, measure: str, by: str) -> str:
        """A quantile of a histogram, interpolated within its buckets, by canonical columns."""
        columns = ", ".join(["le", *by.split()])
        parts = [
            _scaled(f"histogram_quantile({quantile:g}, sum by ({columns}) ({self._named(rates, by)}))", metric.scale)
            for metric in self._metrics(measure)
            for rates in [f"rate({metric.selector(self.match)}[{WITHIN}])"]
        ]
        return " or ".join(parts)

    def _metrics(self, measure: str) -> list[Metric]:
        found = [metric for metric in self.profile.metrics if metric.measure == measure]
        if not found:
            raise Unmeasured(f"{self.profile.id} has no {measure}")
        return found

    def _counted(
        self, measure: str, outcomes: Sequence[str], function: str, over: str, by: str
    ) -> Iterator[tuple[Metric, str, str]]:
        for metric in self._metrics(measure):
            for where in outcome_matchers(metric, outcomes) if outcomes else [""]:
                yield metric, f"{function}({metric.selector(_both(self.match, where))}[{over}])", by

    def _union(self, parts: Iterator[tuple[Metric, str, str]]) -> str:
        found = list(parts)
        if not found:
            raise Unmeasured(f"{self.profile.id} does not tell these outcomes")
        several = len({metric.metric for metric, _, _ in found}) > 1
        texts = []
        for metric, expr, by in found:
            named = _scaled(self._named(expr, by), metric.scale)
            # `or` keeps one of two elements whose labels are equal, and names of metrics do not count
            texts.append(_set(named, "metric", metric.metric) if several else named)
        return texts[0] if len(texts) == 1 else f"({' or '.join(texts)})"

    def _named(self, expr: str, by: str) -> str:
        """`expr` with the canonical columns as labels."""
        columns = by.split()
        owned = [column for column in OWNER if column in columns]
        own_pods = self.profile.own_pods if owned else ()
        for column in dict.fromkeys([*columns, *(["pod"] if own_pods else [])]):
            expr = _first(expr, column, self.profile.labels.get(column, ()))
        if own_pods:
            pattern = "|".join(_regex(glob) for glob in own_pods)
            for column in sorted(owned, key=lambda column: column == "pod"):
                expr = f'label_replace({expr}, "{column}", "", "pod", {quoted(pattern)})'
        return expr


def outcome_matchers(metric: Metric, outcomes: Sequence[str]) -> list[str]:
    """Matchers of the series whose outcome is one of these: each rule's own, without those of the rules before it."""
    found = []
    for place, rule in enumerate(metric.outcome):
        if rule.outcome in outcomes:
            own = [f"{label}=~{quoted(pattern)}" for label, pattern in rule.when.items()]
            found.append(",".join([*(_not(earlier) for earlier in metric.outcome[:place]), *own]))
    return found


def quoted(text: str) -> str:
    """A text as a string of PromQL."""
    return json.dumps(text, ensure_ascii=False)


def _not(rule: Rule) -> str:
    ((label, pattern),) = rule.when.items()  # PromQL cannot deny two matchers at once
    return f"{label}!~{quoted(pattern)}"


def _first(expr: str, column: str, labels: Sequence[str]) -> str:
    """`expr` with the label `column`: the first of `labels` that is not empty."""
    if not labels or labels == (column,):
        return expr
    if len(labels) == 1:
        return f'label_replace({expr}, "{column}", "$1", "{labels[0]}", "(.*)")'
    names = ", ".join(f'"{label}"' for label in labels)
    return f'label_replace(label_join({expr}, "{column}", ";", {names}), "{column}", "$1", "{column}", ";*([^;]*).*")'


def _set(expr: str, label: str, value: str) -> str:
    return f'label_replace({expr}, "{label}", {quoted(value)}, "", "")'


def _scaled(expr: str, scale: float) -> str:
    return expr if scale == 1 else f"({expr} * {repr(scale).removesuffix('.0')})"


def _both(*matchers: str) -> str:
    return ",".join(part for part in matchers if part)


def _regex(glob: str) -> str:
    return re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".").replace(r"\-", "-")
