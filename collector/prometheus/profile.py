"""Profiles: which metrics of an exporter or serving runtime become which facts, as data.

A profile is one YAML file in `profiles/`; adding a runtime is adding a file. No metric or label name appears in Python.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from warehouse.errors import ConfigurationError

IDENTITY = (
    "cluster", "node", "device", "slice", "slice_profile", "gpu_model", "namespace", "pod", "uid", "container",
    "resource", "state", "replicas", "service", "model", "tenant", "exporter",
)  # fmt: skip
"""The canonical columns that a profile may map labels to."""

Kind = Literal["gauge", "state", "counter", "histogram"]
Outcome = Literal["good", "bad", "shed", "client_error", "aborted"]


class OutcomeRule(BaseModel):
    """The first rule whose label patterns (fully anchored, absent label = "") all match names the outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: dict[str, str] = Field(default_factory=dict)
    outcome: Outcome

    @field_validator("when")
    @classmethod
    def _compiles(cls, when: dict[str, str]) -> dict[str, str]:
        for pattern in when.values():
            re.compile(pattern)
        return when

    def matches(self, labels: dict[str, str]) -> bool:
        return all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in self.when.items())


class Metric(BaseModel):
    """One metric of a profile.

    `kind`: gauge (averaged), state (a level held over time: value x seconds), counter (reset-aware increase) or
    histogram (increase of each cumulative `le` bucket). `scale` turns values (for a histogram: `le`) into canonical
    units: seconds, bytes, watts, ratios 0..1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: str
    measure: str
    kind: Kind
    scale: float = 1.0
    match: str = ""
    outcome: tuple[OutcomeRule, ...] = ()

    def stream(self, profile: Profile) -> str:
        """The name under which raw samples of this metric are kept."""
        return f"{profile.id}/{self.metric}"

    def selector(self, extra: str = "") -> str:
        """The PromQL selector, with the matchers of the profile and of the source."""
        matchers = ",".join(part for part in (self.match, extra) if part)
        return f"{self.metric}{{{matchers}}}" if matchers else self.metric


class Profile(BaseModel):
    """How one exporter speaks. `labels`: canonical column -> labels tried in order, the first non-empty one wins."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    title: str
    detect: str
    origin: str = Field(description="Where the names were read: repository, path and commit, or documentation.")
    fills: tuple[str, ...]
    layer: Literal["gateway", "mesh", "proxy", "engine"] | None = None
    labels: dict[str, tuple[str, ...]]
    own_pods: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    metrics: tuple[Metric, ...]

    @field_validator("labels")
    @classmethod
    def _known_columns(cls, labels: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = set(labels) - set(IDENTITY)
        if unknown:
            raise ValueError(f"unknown canonical columns {sorted(unknown)}; known are {', '.join(IDENTITY)}")
        return labels

    @cached_property
    def measures(self) -> frozenset[str]:
        return frozenset(metric.measure for metric in self.metrics)


def available() -> tuple[str, ...]:
    """The ids of all profiles that come with Meterline, sorted."""
    folder = files("collector.prometheus") / "profiles"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


@cache
def load(profile_id: str) -> Profile:
    """The profile with this id. Raises ConfigurationError naming what is wrong in its file, or which ids exist."""
    if profile_id not in available():
        raise ConfigurationError(
            f"there is no profile {profile_id!r}", f"choose among {', '.join(available())}, or add profiles/NAME.yaml"
        )
    text = (files("collector.prometheus") / "profiles" / f"{profile_id}.yaml").read_text()
    try:
        return Profile.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise ConfigurationError(f"profile {profile_id}.yaml is not valid: {error}") from error
