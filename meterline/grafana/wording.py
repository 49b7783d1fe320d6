"""The words between `<<` and `>>` in a board, and what they mean for one installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, StrictUndefined

from collector.prometheus.profile import Profile
from meterline.grafana.profile_words import Unmeasured, Words
from meterline.grafana.slo_words import SELECTOR, burn_rules
from meterline.grafana.template import Board
from meterline.openslo.prometheus_rules import ALERT
from meterline.openslo.slos import Objective

Values = Mapping[str, Any]

WORDING = Environment(
    variable_start_string="<<", variable_end_string=">>", block_start_string="<%", block_end_string="%>",
    undefined=StrictUndefined, autoescape=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What dashboards are made for: the profiles that are read of a Prometheus, and the objectives asked of it.

    `match` are the source's own matchers.
    """

    profiles: Sequence[Profile]
    objectives: Sequence[Objective] = ()
    match: str = ""


def values_of(board: Board, subject: Subject) -> Values:
    """The words of a board: `use(profile)`, `names(measures)`, `slo()`, `alert`, `phrase(name)`.

    `runtimes` and `burn_rules` are what rows and panels are repeated for.
    """
    profiles = {profile.id: profile for whole in subject.profiles for profile in (whole, *whole.parts)}
    match = ",".join(part for part in (subject.match, board.match) if part)
    words = {name: Words(profile, match) for name, profile in profiles.items()}

    def use(profile: str) -> Words:
        if profile not in words:
            raise Unmeasured(f"no source reads the profile {profile}")
        return words[profile]

    def names(*measures: str) -> str:
        metrics = [metric for one in profiles.values() for metric in one.metrics if metric.measure in measures]
        return "|".join(dict.fromkeys(metric.metric for metric in metrics))

    def slo() -> str:
        if not subject.objectives:
            raise Unmeasured("no objective is asked of this Prometheus")
        return SELECTOR

    def phrase(name: str) -> str:
        return said(board.phrases[name], values)

    values: Values = {
        "use": use, "names": names, "slo": slo, "alert": ALERT, "phrase": phrase,
        "runtimes": [one for one in words.values() if one.profile.layer],
        "burn_rules": burn_rules(subject.objectives),
    }  # fmt: skip
    return values


def said(text: str, values: Values) -> str:
    """A text of a board with its words filled in. Raises Unmeasured."""
    return WORDING.from_string(text).render(values).strip()
