"""What the indicators of SLOs count: the queries of each, and the name under which its counts are stored.

A name does not change when another SLO is added: the SLI's own, or the SLO's where the indicator is inline. What
differs by objective (thresholds) or by service gets a name that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from collector.source import SourceSettings
from meterline.config.rules import Location
from meterline.config.services import Service
from meterline.openslo.files import Entry
from meterline.openslo.kinds import Sli, Slo
from meterline.openslo.library import Library
from meterline.openslo.problems import Problems
from meterline.openslo.promql import series_of
from meterline.openslo.sli import RatioMetric, SliSpec
from meterline.openslo.slo import Target
from meterline.openslo.slos import Indicator
from meterline.openslo.sources import GRAIN, METERLINE, PROMETHEUS, Origin, Sources, fact_definition


@dataclass(frozen=True, slots=True)
class Measure:
    """What an SLO's indicator says, wherever it is written. `key` is what its counts are stored under."""

    key: str
    shared: bool
    spec: SliSpec
    entry: Entry
    location: Location


class Indicators:
    """Makes the indicators of SLOs; what is wrong or doubtful goes to `problems`."""

    def __init__(
        self, library: Library, services: Mapping[str, Service], sources: Sequence[SourceSettings] | None,
        problems: Problems,
    ) -> None:  # fmt: skip
        self._library = library
        self._services = services
        self._sources = Sources(library, sources, problems)
        self._problems = problems
        self._definitions: dict[str, Indicator] = {}

    def measure(self, slo: Slo, entry: Entry) -> Measure | None:
        """The indicator of an SLO as it is written, inline or by reference; None when there is none of that name."""
        inline = slo.spec.indicator
        if inline is not None:
            taken = self._library.find(Sli, slo.name) is not None
            key = f"{slo.name}/{inline.metadata.name}" if taken else slo.name
            return Measure(key, False, inline.spec, entry, ("spec", "indicator", "spec"))
        assert slo.spec.indicator_ref is not None
        found = self._library.follow(Sli, slo.spec.indicator_ref, entry, ("spec", "indicatorRef"))
        return Measure(found[1].name, True, found[1].spec, found[0], ("spec",)) if found else None

    def of(
        self, slo: Slo, name: str, target: Target, measure: Measure, place: tuple[Entry, Location]
    ) -> Indicator | None:
        """What is counted for the objective `name` of an SLO, which stands at `place`; None after a problem."""
        threshold, ratio = measure.spec.threshold_metric, measure.spec.ratio_metric
        if ratio is not None:
            if measure.shared and (target.op is not None or target.value is not None):
                self._problems.warn(*place, "op and value say nothing about a ratioMetric")
            return self._ratio(slo, measure, ratio)
        assert threshold is not None
        entry, location = place
        for key, value in (("op", target.op), ("value", target.value)):
            if value is None:
                self._problems.add(entry, (*location, key), "threshold-with-op", missing=True)
        at = (*measure.location, "thresholdMetric")
        origin = self._sources.origin(threshold, measure.entry, at)
        if origin is not None and origin.kind == METERLINE:
            self._problems.add(measure.entry, (*at, "metricSource"), "meterline-metric")
            return None
        if origin is None or target.op is None or target.value is None:
            return None
        definition = {"query": origin.spec["query"], "op": target.op, "value": target.value}
        return self._kept(f"{slo.name}/{name}", origin.source, "threshold", definition, GRAIN[PROMETHEUS])

    def _ratio(self, slo: Slo, measure: Measure, ratio: RatioMetric) -> Indicator | None:
        at = (*measure.location, "ratioMetric")
        if ratio.raw is not None:
            origin = self._sources.origin(ratio.raw, measure.entry, (*at, "raw"))
            if origin is None:
                return None
            if origin.kind == METERLINE:
                return self._of_facts(slo, measure, ratio, origin)
            definition: dict[str, Any] = {"raw": origin.spec["query"], "type": ratio.raw_type}
            return self._kept(measure.key, origin.source, "raw", definition, GRAIN[PROMETHEUS])
        part = "good" if ratio.good is not None else "bad"
        metric = ratio.good or ratio.bad
        assert metric is not None
        assert ratio.total is not None
        first = self._sources.origin(metric, measure.entry, (*at, part))
        total = self._sources.origin(ratio.total, measure.entry, (*at, "total"))
        if first is None or total is None:
            return None
        if METERLINE in (first.kind, total.kind):
            place = (*at, part if first.kind == METERLINE else "total", "metricSource")
            self._problems.add(measure.entry, place, "meterline-metric")
            return None
        if first.source != total.source:
            text = f"expected one source, {part} is from {first.source} and total from {total.source}"
            self._problems.add(measure.entry, (*at, "total", "metricSource"), "one-source", text)
            return None
        queries = {part: str(first.spec["query"]), "total": str(total.spec["query"])}
        if ratio.counter:
            queries = {key: self._series(query, measure, (*at, key)) for key, query in queries.items()}
        definition = {**queries, "counter": ratio.counter}
        return self._kept(measure.key, first.source, "ratio", definition, GRAIN[PROMETHEUS])

    def _series(self, query: str, measure: Measure, at: Location) -> str:
        """The series of a query for counters: a sum falls when one of them goes away, and that is no reset."""
        series = series_of(query)
        if series is None:
            text = (
                "neither a selector nor a sum of one: when a counter in it goes away or begins anew, counts are wrong"
            )
            self._problems.warn(measure.entry, (*at, "metricSource", "spec", "query"), text)
        return series or query

    def _of_facts(self, slo: Slo, measure: Measure, ratio: RatioMetric, origin: Origin) -> Indicator | None:
        at = (*measure.location, "ratioMetric")
        if ratio.raw_type != "success":
            self._problems.add(measure.entry, (*at, "rawType"), "meterline-metric")
            return None
        found = fact_definition(
            origin.spec, slo.spec.service, self._services, measure.entry, (*at, "raw", "metricSource", "spec"),
            self._problems,
        )  # fmt: skip
        if found is None:
            return None
        # a shared indicator that names no service counts another thing for each
        each = measure.shared and found[0] == "metric" and "service" not in origin.spec
        key = f"{measure.key}/{slo.spec.service}" if each else measure.key
        return self._kept(key, origin.source, found[0], found[1], GRAIN[METERLINE])

    def _kept(
        self, key: str, source: str, kind: Literal["ratio", "raw", "threshold", "metric", "sql"],
        definition: Mapping[str, Any], grain: timedelta,
    ) -> Indicator:  # fmt: skip
        """The indicator under a key of its own: one that is taken by another definition gets a number."""
        found, number = Indicator(key, source, kind, definition, grain), 2
        while self._definitions.setdefault(found.sli, found) != found:
            found, number = Indicator(f"{key}-{number}", source, kind, definition, grain), number + 1
        return found
