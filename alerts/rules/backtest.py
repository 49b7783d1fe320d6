"""What a rule would have done: its machine over the history of its signal, and the incidents it would have told of.

Promises: the same code as the evaluation, so the same alerts. It knows only the history that is published, as it
is known today (late data included), and says how far that reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from statistics import median

import polars as pl

from alerts.rules.firing import alert_labels
from alerts.rules.incidents import Incident, incidents_of
from alerts.rules.model import Rule
from alerts.rules.readings import NO_SERIES, Readings, readings
from alerts.rules.replay import Replayed, Transition, replay

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Hours of a day in which people sleep, by the clocks of `zone`; they may pass midnight."""

    begins: time = time(22)
    ends: time = time(8)
    zone: tzinfo = UTC

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` (aware) is in them; the end is not."""
        at = moment.astimezone(self.zone).time()
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends

    def __str__(self) -> str:
        return f"{self.begins:%H:%M} to {self.ends:%H:%M} {self.zone}"


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that an alert would have fired; `ended` is None while it fires. `incidents` are `source/id`."""

    labels: dict[str, str]
    began: datetime
    ended: datetime | None
    incidents: tuple[str, ...]

    @property
    def pages(self) -> bool:
        return self.labels["severity"] == "page"


@dataclass(frozen=True, slots=True)
class Backtest:
    """The rule over [since, until).

    `pages` counts firings with severity page, `tickets` the others; what follows is of the pages, or of the tickets of
    a rule without pages. `known_from` and `known_to` are the first and last reading, None without any; a `snapshot` has
    no history. `incidents` is None when none are known to compare with; `missed` counts those of the readings' services
    that no firing belongs to. `per_week` is over the time that is known; what fires on lasts until now.
    """

    rule: str
    severity: str
    since: datetime
    until: datetime
    known_from: datetime | None
    known_to: datetime | None
    snapshot: bool
    readings: int
    series: int
    pages: int
    tickets: int
    with_incident: int
    incidents: int | None
    missed: int
    per_week: float
    in_sleep: int
    sleep: str
    median_duration: timedelta | None
    longest_duration: timedelta | None
    flaps_damped: int
    firings: tuple[Firing, ...]

    @property
    def days(self) -> float:
        """Days asked for."""
        return (self.until - self.since) / DAY


def backtest(
    rule: Rule, frame: pl.DataFrame, incidents: pl.DataFrame | None, since: datetime, until: datetime,
    sleep: Sleep | None = None,
) -> Backtest:  # fmt: skip
    """Replay `frame`, rows of the rule's signal in [since, until); `incidents` None: nothing to compare with."""
    sleep = sleep or Sleep()
    read = readings(rule, frame)
    done = replay(rule, {}, None, read)
    known = None if incidents is None else [one for one in incidents_of(incidents) if _within(one, since, until)]
    firings = _firings(rule, read, done, known or [], until)
    counted = [one for one in firings if one.pages] or firings
    lengths = [(one.ended or until) - one.began for one in counted]
    told = {incident for one in firings for incident in one.incidents}
    series = set(read.series) - {NO_SERIES}
    known_from = read.times[0] if read.times else None
    return Backtest(
        rule=rule.name, severity=rule.severity, since=since, until=until,
        known_from=known_from, known_to=read.times[-1] if read.times else None,
        snapshot=rule.snapshot, readings=read.since(since), series=len(series),
        pages=sum(one.pages for one in firings), tickets=sum(not one.pages for one in firings),
        with_incident=sum(bool(one.incidents) for one in counted), incidents=None if known is None else len(known),
        missed=len(_of_services(rule, read, known or []) - told),
        per_week=len(counted) / ((until - min(known_from or since, until - DAY)) / WEEK),
        in_sleep=sum(sleep.holds(one.began) for one in counted),
        sleep=str(sleep), median_duration=_median(lengths), longest_duration=max(lengths, default=None),
        flaps_damped=sum(one.change.kind in ("flapping", "damped") for one in done.transitions),
        firings=tuple(firings),
    )  # fmt: skip


def _median(lengths: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(one.total_seconds() for one in lengths)) if lengths else None


def _within(incident: Incident, since: datetime, until: datetime) -> bool:
    return incident.began < until and (incident.ended is None or incident.ended >= since)


def _of_services(rule: Rule, read: Readings, known: list[Incident]) -> set[str]:
    """The incidents that the rule could have told of: those of services that its signal speaks of."""
    if "service" not in read.frame.columns:
        return set()
    services = set(read.frame["service"].drop_nulls().cast(pl.String).to_list())
    return {f"{one.source}/{one.id}" for one in known if one.service in services}


def _firings(rule: Rule, read: Readings, done: Replayed, known: list[Incident], until: datetime) -> list[Firing]:
    began: dict[str, Transition] = {}
    found: list[Firing] = []

    def add(start: Transition, ended: datetime | None) -> None:
        labels = dict(alert_labels(rule, start.series, read.fields(start.row) if start.row is not None else {}))
        service = labels.get("service", "")
        names = [f"{one.source}/{one.id}" for one in known if one.belongs_to(service, start.change.at, ended or until)]
        found.append(Firing(labels, start.change.at, ended, tuple(names)))

    for transition in done.transitions:
        if transition.change.kind == "fired":
            began[transition.series] = transition
        elif transition.change.kind == "resolved":
            add(began.pop(transition.series), transition.change.at)
    for start in began.values():
        add(start, None)
    return sorted(found, key=lambda one: (one.began, sorted(one.labels.items())))
