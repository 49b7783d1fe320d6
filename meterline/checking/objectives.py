"""Every query of a service level indicator is asked once, so that an error in PromQL is told now and not at night.

An answer without series is a warning: the query is right, and there may be nothing to count yet. Nothing is asked of a
source that could not be reached.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from collector.prometheus.client import PrometheusClient
from collector.prometheus.indicator import Indicator
from collector.prometheus.indicators import DOWN
from collector.prometheus.settings import PrometheusSettings
from meterline.checking.finding import Finding, told
from meterline.openslo import slos
from warehouse.errors import BadAnswer, ConfigurationError, MeterlineError, Rejected

if TYPE_CHECKING:
    from meterline.config.model import Config

WRONG = (Rejected, BadAnswer, ConfigurationError)
"""Errors of the query itself; all others are of the server."""


@dataclass(slots=True)
class _Asked:
    """One indicator: the queries that were answered, with the number of series of each, and the error that ended it."""

    indicator: slos.Indicator
    series: dict[str, int] = field(default_factory=dict)
    error: MeterlineError | None = None
    skipped: bool = False

    @property
    def name(self) -> str:
        return f"indicator {self.indicator.sli} (source {self.indicator.source})"

    @property
    def content(self) -> dict[str, Any]:
        queries = [{"query": query, "series": series} for query, series in self.series.items()]
        ok = None if self.skipped else self.error is None
        fields = {"sli": self.indicator.sli, "source": self.indicator.source, "ok": ok, "queries": queries}
        return {**fields, **told(self.error)}


def check_objectives(config: Config, unreached: Collection[str], now: datetime) -> Finding:
    """`unreached` are the sources that nothing is asked of. `content`: counts, `indicators` and `warnings`.

    An indicator's `ok` is null where it was not asked; those made of facts are not listed.
    """
    loaded = config.slos
    asked = list(_asked(config, unreached, now))
    queries = sum(len(one.series) for one in asked)
    warnings: list[tuple[str, str | None]] = [(text, None) for text in loaded.warnings]
    for one in asked:
        empty = [query for query, series in one.series.items() if not series]
        warnings += [
            (f"{one.name}: {query} has no series now", "see that the query is right; nothing is counted until then")
            for query in empty
        ]
    errors = [(one.name, one.error) for one in asked if one.error is not None]
    lines = []
    if loaded.objectives:
        count = f"slos: {len(loaded.objectives)} objectives, {len(loaded.indicators)} indicators"
        lines.append(f"{count}, {queries} queries answered by Prometheus")
    return Finding(
        {
            "objectives": len(loaded.objectives),
            "indicators": [one.content for one in asked],
            "warnings": [text for text, _ in warnings],
        },
        tuple(lines),
        tuple(warnings),
        wrong=tuple((name, error) for name, error in errors if isinstance(error, WRONG)),
        failed=tuple((name, error) for name, error in errors if not isinstance(error, WRONG)),
    )


def _asked(config: Config, unreached: Collection[str], now: datetime) -> Iterator[_Asked]:
    for source in config.sources:
        if not isinstance(source, PrometheusSettings):
            continue
        indicators = [one for one in config.slos.indicators if one.source == source.name]
        if source.name in unreached:
            yield from (_Asked(one, skipped=True) for one in indicators)
        elif indicators:
            yield from _of_source(source, indicators, now)


def _of_source(source: PrometheusSettings, indicators: list[slos.Indicator], now: datetime) -> Iterator[_Asked]:
    client = PrometheusClient(source)
    down = False
    try:
        for indicator in indicators:
            one = _Asked(indicator, skipped=down)
            if not down:
                try:
                    for query in Indicator.parse(
                        indicator.sli, indicator.kind, indicator.definition
                    ).definition.queries:
                        one.series[query] = len(client.vector(query, now))
                except MeterlineError as error:
                    one.error = error
                    down = isinstance(error, DOWN)  # the others would only wait again
            yield one
    finally:
        client.close()
