"""Where an indicator's events come from: which Prometheus, or our own facts, and with which queries.

OpenSLO leaves `metricSource.spec` open. Ours: type Prometheus has {query}, type Meterline {metric, service, threshold}
or {query}, a SELECT over fact tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Literal

from collector.source import SourceSettings
from meterline.config.rules import Location
from meterline.config.services import Service
from meterline.openslo.files import Entry
from meterline.openslo.kinds import DataSource
from meterline.openslo.library import Library
from meterline.openslo.problems import Problems
from meterline.openslo.sli import Metric
from meterline.openslo.slos import FACTS
from warehouse.errors import ConfigurationError

PROMETHEUS, METERLINE = "prometheus", "meterline"
THRESHOLD = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
GRAIN = {PROMETHEUS: timedelta(minutes=1), METERLINE: timedelta(minutes=5)}


@dataclass(frozen=True, slots=True)
class Origin:
    """What one metric source says: its kind, the name of the source (`facts` for ours), and its spec."""

    kind: Literal["prometheus", "meterline"]
    source: str
    spec: Mapping[str, Any]


@cache
def fact_metrics() -> Mapping[str, Literal["none", "optional", "required"]]:
    """The metrics that we make of facts, and whether each has a threshold; `optional`: the service's own stands in."""
    from analytics.reliability import fact_metrics as known  # slow to import, and few files need it

    of_latency = ("latency", known.GOODPUT)
    return {
        name: "none" if name in known.COUNTED else "optional" if name in of_latency else "required"
        for name in known.METRICS
    }


def seconds(value: Any) -> float | None:
    """`500ms`, `2s`, `1m` or a number of seconds; None when it is none of them or not above zero."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 < value < float("inf") else None
    match = THRESHOLD.fullmatch(value) if isinstance(value, str) else None
    return (float(match[1]) * SECONDS[match[2]] or None) if match else None


class Sources:
    """The sources of the configuration, by which metric sources are resolved.

    Without `configured` (None) every name is taken as it is: a file can be judged without a configuration.
    """

    def __init__(self, library: Library, configured: Sequence[SourceSettings] | None, problems: Problems) -> None:
        self._library = library
        self._problems = problems
        found = [one for one in configured or () if getattr(one, "type", None) == PROMETHEUS and one.name != FACTS]
        self._any = configured is None
        self._by_url = {str(getattr(one, "url", "")).rstrip("/"): one.name for one in found}
        self._names = tuple(one.name for one in found)

    def origin(self, metric: Metric, entry: Entry, location: Location) -> Origin | None:
        """What `metric`, which stands at `location` of `entry`, reads from; None after a problem."""
        at: Location = (*location, "metricSource")
        source = metric.metric_source
        reference = source.metric_source_ref
        described = self._library.find(DataSource, reference) if reference else None
        kind = (source.type or (described[1].spec.type if described else None) or PROMETHEUS).lower()
        if described and source.type and source.type.lower() != described[1].spec.type.lower():
            text = f"expected {described[1].spec.type}, the type of the DataSource {reference}"
            self._problems.add(entry, (*at, "type"), "metric-source", text)
            return None
        if kind == METERLINE:
            return Origin("meterline", FACTS, source.spec)
        if kind != PROMETHEUS:
            place = (*at, "type") if source.type else (*at, "metricSourceRef")
            self._problems.add(entry, place, "metric-source", f"expected type Prometheus or Meterline, got {kind!r}")
            return None
        query = source.spec.get("query")
        if not isinstance(query, str) or not query.strip() or set(source.spec) != {"query"}:
            text = "expected spec with query, a PromQL expression, and nothing else"
            self._problems.add(entry, (*at, "spec"), "metric-source", text)
            return None
        name = self._prometheus(reference, described[1] if described else None, entry, at)
        return Origin("prometheus", name, source.spec) if name is not None else None

    def _prometheus(
        self, reference: str | None, described: DataSource | None, entry: Entry, at: Location
    ) -> str | None:
        details = described.spec.connection_details if described else None
        details = details if isinstance(details, Mapping) else {}
        named = details.get("source", reference)
        if self._any:
            return str(named or PROMETHEUS)
        url = str(details.get("url", "")).rstrip("/")
        if named in self._names:
            return str(named)
        if described and "source" not in details and url in self._by_url:
            return self._by_url[url]
        if named is None and len(self._names) == 1:
            return self._names[0]
        known = ", ".join(self._names) or "none is configured under sources"
        if named is None:
            text = f"expected metricSourceRef with the name of a source of type prometheus: {known}"
            self._problems.add(entry, at, "prometheus-source", text)
        else:
            text = f"expected the name of a source of type prometheus, or of a DataSource that names one: {known}"
            self._problems.add(
                entry, (*at, "metricSourceRef"), "prometheus-source", text if named == reference else f"{named}: {text}"
            )
        return None


def fact_definition(
    spec: Mapping[str, Any], service: str, configured: Mapping[str, Service], entry: Entry, at: Location,
    problems: Problems,
) -> tuple[Literal["metric", "sql"], dict[str, Any]] | None:  # fmt: skip
    """Kind and definition of an indicator of type Meterline for `service`; None after a problem at `at`."""
    if "query" in spec:
        text = _sql_problem(spec["query"]) if set(spec) == {"query"} else "expected query or metric, not both"
        if text:
            problems.add(entry, (*at, "query"), "meterline-query", text)
            return None
        return "sql", {"sql": spec["query"].strip().rstrip(";")}
    known = fact_metrics()
    name, owner = spec.get("metric"), spec.get("service", service)
    if not isinstance(name, str) or name not in known:
        text = f"expected metric, one of {', '.join(known)}, or query"
        problems.add(entry, (*at, "metric"), "meterline-metric", text, missing=name is None)
        return None
    if unknown := sorted(set(spec) - {"metric", "service", "threshold"}):
        problems.add(entry, (*at, unknown[0]), "meterline-metric", "expected only metric, service and threshold")
        return None
    threshold = (
        seconds(spec["threshold"]) if "threshold" in spec else _own_threshold(known[name], configured.get(owner))
    )
    wrong = None
    if known[name] == "none" and "threshold" in spec:
        wrong = f"expected no threshold with {name}"
    elif known[name] != "none" and threshold is None:
        wrong = f"expected a threshold such as 500ms or 2s with {name}"
    if wrong:
        problems.add(entry, (*at, "threshold"), "meterline-metric", wrong, missing="threshold" not in spec)
        return None
    definition = {"metric": name, "service": str(owner)}
    return "metric", definition if threshold is None else definition | {"threshold": threshold}


def _own_threshold(use: str, service: Service | None) -> float | None:
    latency = service.latency if service and use == "optional" else None
    return latency.threshold.total_seconds() if latency else None


def _sql_problem(text: Any) -> str | None:
    """What is wrong with a SELECT of an indicator, or None."""
    if not isinstance(text, str):
        return "expected a SELECT as text"
    from analytics.reliability.fact_query import COLUMNS, tables_of  # slow to import, and few files have SQL

    try:
        tables_of("", text)
    except ConfigurationError as error:
        return f"{error.message.removeprefix('the SQL of indicator ').strip()}: {error.remedy}"
    names = selected(text)
    if names is not None and sorted(names) != sorted(COLUMNS):
        return f"expected the columns {', '.join(COLUMNS)}, got {', '.join(names)}"
    return None


def selected(sql: str) -> list[str] | None:
    """The names of the columns that a SELECT gives; None where a * hides them."""
    from sqlglot import exp, parse_one

    tree = parse_one(sql, read="duckdb")
    names = [name.lower() for name in tree.named_selects] if isinstance(tree, exp.Query) else []
    return None if "*" in names else names
