"""Profiles: which metrics of an exporter or serving runtime become which facts, as data.

A profile is one YAML file in `profiles/`; adding a runtime is adding a file. No metric or label name appears in Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from warehouse.errors import ConfigurationError

IDENTITY = (
    "cluster", "node", "device", "slice", "slice_profile", "gpu_model", "namespace", "pod", "uid", "container",
    "resource", "state", "replicas", "service", "model", "tenant", "exporter", "capacity_type", "region",
    "instance_type", "gpus", "gpu_memory_mib",
)  # fmt: skip
"""The canonical columns that a profile may map labels to."""

Kind = Literal["gauge", "state", "counter", "use", "histogram", "code", "tally"]
Outcome = Literal["good", "bad", "shed", "client_error", "aborted"]


class Rule(BaseModel):
    """Label patterns (fully anchored, absent label = ""), all of which must match. The first rule that does, counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    when: dict[str, str] = Field(default_factory=dict)

    @field_validator("when")
    @classmethod
    def _compiles(cls, when: dict[str, str]) -> dict[str, str]:
        for pattern in when.values():
            re.compile(pattern)
        return when

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in self.when.items())


class OutcomeRule(Rule):
    """Names the outcome of what a series counts."""

    outcome: Outcome


class ValueRule(Rule):
    """Names the value of a canonical column whose labels every provider spells in its own way."""

    value: str


class Metric(BaseModel):
    """One metric of a profile.

    `kind`: gauge (averaged), state (a level held over time: value x seconds), counter (reset-aware increase), use (a
    counter of resource-seconds: its increase belongs to the seconds in which it came about), histogram (increase of
    each cumulative `le` bucket), code (a gauge of the last error: its changes) or tally (a device's counter, whatever
    owner its series name). `scale` turns values (for a histogram: `le`) into canonical units: seconds, bytes, watts,
    ratios 0..1. `label_prefix`: the labels that begin so are kept as a whole, as one JSON text. `raw`: whether its
    samples are kept for some days beside the facts. `optional`: nobody misses it where it is not exported.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: str
    measure: str
    kind: Kind
    scale: float = 1.0
    match: str = ""
    outcome: tuple[OutcomeRule, ...] = ()
    label_prefix: str = ""
    raw: bool = True
    optional: bool = False

    def stream(self, profile: Profile) -> str:
        """The name under which raw samples of this metric are kept."""
        return f"{profile.id}/{self.metric}"

    def selector(self, extra: str = "") -> str:
        """The PromQL selector, with the matchers of the profile and of the source."""
        matchers = ",".join(part for part in (self.match, extra) if part)
        return f"{self.metric}{{{matchers}}}" if matchers else self.metric


class Profile(BaseModel):
    """How one exporter speaks. `labels`: canonical column -> labels tried in order, the first non-empty one wins;

    `rules`: canonical column -> rules, where a label's value needs translating. `part_of` names the profile whose facts
    are made of these metrics too: both are read in the same windows and stored together, under that profile's name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    title: str
    detect: str
    origin: str = Field(description="Where the names were read: repository, path and commit, or documentation.")
    fills: tuple[str, ...]
    layer: Literal["gateway", "mesh", "proxy", "engine"] | None = None
    labels: dict[str, tuple[str, ...]]
    rules: dict[str, tuple[ValueRule, ...]] = Field(default_factory=dict)
    part_of: str | None = None
    parts: tuple[Profile, ...] = Field(default=(), description="Filled in by `load_all`, not by a file.")
    own_pods: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    metrics: tuple[Metric, ...]

    @field_validator("labels", "rules")
    @classmethod
    def _known_columns(cls, columns: dict[str, object]) -> dict[str, object]:
        unknown = set(columns) - set(IDENTITY)
        if unknown:
            raise ValueError(f"unknown canonical columns {sorted(unknown)}; known are {', '.join(IDENTITY)}")
        return columns

    @property
    def readings(self) -> tuple[tuple[Profile, Metric], ...]:
        """Every metric that a window of this profile is made of, with the profile that says how it speaks."""
        return tuple((one, metric) for one in (self, *self.parts) for metric in one.metrics)


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


def load_all(ids: Sequence[str]) -> list[Profile]:
    """These profiles, each once, those that are part of another inside of it.

    Raises ConfigurationError as `load` does, and when a part stands without its whole.
    """
    loaded = [load(one) for one in dict.fromkeys(ids)]
    lonely = [one for one in loaded if one.part_of and one.part_of not in ids]
    if lonely:
        raise ConfigurationError(
            f"the profile {lonely[0].id} is read together with {lonely[0].part_of}, which is not named",
            f"add {lonely[0].part_of} to the profiles of the source",
        )
    return [
        one.model_copy(update={"parts": tuple(part for part in loaded if part.part_of == one.id)})
        for one in loaded
        if not one.part_of
    ]
