"""What a service level indicator is: a ratio of events, a ratio that exists already, or a value with a threshold."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from meterline.openslo.metadata import Description, Metadata, Name, Part
from meterline.openslo.rules import broken


class MetricSource(Part):
    """Where values come from. What `spec` holds depends on the type; see sources."""

    metric_source_ref: Name | None = None
    type: str | None = Field(default=None, min_length=1)
    spec: dict[str, Any] = Field(min_length=1)


class Metric(Part):
    """One query."""

    metric_source: MetricSource


class RatioMetric(Part):
    """good/total, 1 - bad/total, or a ratio that exists (`raw`). `counter`: the queries give growing counters."""

    counter: bool = False
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.total is None) == (self.raw is None):
            raise broken("total-or-raw")
        if self.raw is not None and (self.good or self.bad):
            raise broken("good-or-bad", "expected neither good nor bad beside raw")
        if self.total is not None and (self.good is None) == (self.bad is None):
            raise broken("good-or-bad")
        if (self.raw is None) != (self.raw_type is None):
            raise broken("raw-type")
        return self


class SliSpec(Part):
    """An indicator."""

    description: Description | None = None
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            raise broken("threshold-or-ratio")
        return self


class InlineSli(Part):
    """An indicator within an SLO."""

    metadata: Metadata
    spec: SliSpec
