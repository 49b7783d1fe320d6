"""All objectives and their rules evaluated over a stretch of time, a portion of indicators at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from analytics.reliability.burn import Burning, Readings, Rule, spans
from analytics.reliability.inventory import Watched
from analytics.reliability.period import MINUTE
from analytics.reliability.series import Read, chunks


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one rule of an objective saw in every minute from `since` to the last measured slice: `readings` from the
    index `offset` on, as windows look back."""

    watched: Watched
    rule: Rule
    since: datetime
    readings: Readings
    offset: int
    burning: Burning


@dataclass(frozen=True, slots=True)
class BurnSpan:
    """A half-open time in which a rule's condition held. `bad` is what the objective's method counts, `bad_events` are
    the events in the same slices; `ongoing` where it reaches to the last measured slice."""

    slo: str
    objective: str
    rule: str
    severity: str
    start: datetime
    end: datetime
    peak_burn: float
    bad: float
    bad_events: float
    ongoing: bool


def evaluate(read: Read, wanted: Sequence[Watched], since: datetime, until: datetime) -> Iterator[Evaluated]:
    """Every rule of `wanted` in the minutes `[since, until)`; those that were not measured since are left out."""
    by_sli: dict[str, list[Watched]] = defaultdict(list)
    for one in wanted:
        if one.rules:
            by_sli[one.sli].append(one)
    for portion in chunks(sorted(by_sli)):
        reach = max(one.reach for sli in portion for one in by_sli[sli])
        for sli, minutes in read(portion, since - reach * MINUTE, until).items():
            for one in by_sli[sli]:
                burning = Burning(minutes, one.objective)
                for rule in one.rules if burning.length > reach else ():
                    yield Evaluated(one, rule, since, burning.readings(rule), reach, burning)


def burn_spans_of(one: Evaluated) -> Iterator[BurnSpan]:
    """The times in which the condition held, in their order."""
    objective, readings = one.watched.objective, one.readings
    for start, end in spans(readings.firing[one.offset :]):
        first, after = one.offset + start, one.offset + end
        bad, bad_events = one.burning.bad_between(first, after)
        yield BurnSpan(
            objective.slo, objective.objective, one.rule.name, one.rule.severity, one.since + start * MINUTE,
            one.since + end * MINUTE, float(np.max(readings.value[first:after])), bad, bad_events,
            after == one.burning.length,
        )  # fmt: skip
