"""Models in production: who owns them, how their traffic is recognised, what is promised of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from collector.source import Duration
from meterline.config.section import Section
from meterline.config.teams import Budget
from meterline.config.values import Glob, Name, Threshold


class Match(Section):
    """Which series belong to a service: globs on their labels, all of which must match."""

    namespace: Glob | None = None
    model_name: Glob | None = None
    service: Glob | None = None
    pod: Glob | None = None
    cluster: Glob | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("expected at least one of namespace, model_name, service, pod, cluster")
        return self


class Latency(Section):
    """The share of requests (`objective`, 0..1) that must end within `threshold`."""

    threshold: Threshold
    objective: float = Field(default=0.99, gt=0, lt=1)


class Availability(Section):
    """The share of requests (0..1) that must succeed."""

    objective: float = Field(gt=0, lt=1)


class DriftExpectation(Section):
    """How often the model's drift monitor is expected to report."""

    every: Duration = timedelta(days=1)


class Service(Section):
    """A model in production: who owns it and how its traffic is recognised."""

    name: Name
    team: str
    tier: int = Field(default=3, ge=1, le=9, description="1 is the most critical.")
    path: str = Field(default="unknown", min_length=1, description="How it is deployed; paved_road is the platform's.")
    match: Match
    model: str | None = Field(
        default=None, min_length=1, description="The model's name at its drift monitor; match.model_name if absent."
    )
    latency: Latency | None = None
    availability: Availability | None = None
    drift: DriftExpectation = DriftExpectation()
    budget: Budget | None = None
