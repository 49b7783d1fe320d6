"""Whether an alert that fires is not to be told, and since when that changed.

In Alertmanager's order: inhibited, outside of the active intervals, inside of a mute interval, silenced. All of them
are asked, so that the log of events knows each; one is enough to keep an alert back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.dispatch.groups import Group, Member, State
from alerts.dispatch.silences import Silences
from alerts.routing.inhibition import Inhibitor
from alerts.routing.interval import TimeInterval
from alerts.routing.route import Route
from warehouse.alert_log.alert import StoredAlert, as_text
from warehouse.alert_log.groups import Happening

Receivable = tuple[str, str]


class Suppression:
    """What keeps alerts back. `note` must be told of every alert that begins or ceases to fire."""

    def __init__(self, inhibitor: Inhibitor, intervals: Mapping[str, TimeInterval], silences: Silences) -> None:
        self._inhibitor = inhibitor
        self._intervals = intervals
        self.silences = silences

    def note(self, alert: StoredAlert) -> None:
        """An alert is as it is now: it may inhibit others, or no longer."""
        self._inhibitor.set(alert.fingerprint, alert.labels, alert.ends_at is None)

    def muted(self, route: Route, now: datetime) -> tuple[str, str] | None:
        """The interval that keeps a whole route quiet, and its kind: `inactive` or `mute`."""
        active = route.active_time_intervals
        if active and not any(self._intervals[name].contains(now) for name in active):
            return ", ".join(active), "inactive"
        for name in route.mute_time_intervals:
            if self._intervals[name].contains(now):
                return name, "mute"
        return None

    def inhibitor_of(self, alert: StoredAlert) -> tuple[str, int] | None:
        """The fingerprint of an alert that inhibits this one, and the number of the rule."""
        return self._inhibitor.inhibitor_of(alert.fingerprint, alert.labels)

    def told(self, group: Group, now: datetime, events: list[Happening]) -> list[Member]:
        """The members of the group that nothing keeps back. What changed for those that fire is added to `events`."""
        muted = self.muted(group.place.route, now)
        left = []
        for member in group.members.values():
            inhibited = self.inhibitor_of(member.alert)
            silenced = self.silences.matching(member.alert.labels, now)
            if member.firing:
                note = _Note(member.alert.fingerprint, member.state, now, events)
                note.inhibited(inhibited)
                note.silenced(silenced)
                note.muted(group.place.told, muted)
            if inhibited is None and muted is None and not silenced:
                left.append(member)
        return left


def release(fingerprint: str, state: State, now: datetime, events: list[Happening]) -> None:
    """An alert is over: nothing keeps it back any more."""
    note = _Note(fingerprint, state, now, events)
    note.inhibited(None)
    note.silenced(())
    for place in list(state.muted):
        note.muted(place, None)


def release_elsewhere(
    fingerprint: str, state: State, places: Iterable[Receivable], now: datetime, events: list[Happening]
) -> None:
    """An alert is in no other groups than `places` any more: no other mutes it."""
    note = _Note(fingerprint, state, now, events)
    for place in state.muted.keys() - set(places):
        note.muted(place, None)


@dataclass(frozen=True, slots=True)
class _Note:
    """Brings the state of one alert up to date, with an event for each change."""

    fingerprint: str
    state: State
    now: datetime
    events: list[Happening]

    def inhibited(self, by: tuple[str, int] | None) -> None:
        before, self.state.inhibited = self.state.inhibited, by
        said = by or before
        if before != by and said is not None:
            self._write("inhibited", by, {"by": said[0], "rule": said[1]})

    def silenced(self, by: tuple[str, ...]) -> None:
        before, self.state.silenced = self.state.silenced, by
        if before != by:
            self._write("silenced", by, {"silences": list(by or before)})

    def muted(self, place: Receivable, by: tuple[str, str] | None) -> None:
        before = self.state.muted.pop(place, None)
        if by is not None:
            self.state.muted[place] = by
        said = by or before
        if before != by and said is not None:
            detail = {"interval": said[0], "kind": said[1], "receiver": place[0], "group_key": place[1]}
            self._write("muted", by, detail)

    def _write(self, kind: str, by: object, detail: Mapping[str, object]) -> None:
        self.events.append(Happening(self.now, self.fingerprint, kind if by else f"un{kind}", as_text(detail)))
