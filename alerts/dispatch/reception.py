"""Alerts that changed come into their groups."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from alerts.dispatch.groups import Group, Groups, Member, Place, State, held_detail, latest_flush, routed_detail
from alerts.dispatch.suppression import Receivable, Suppression
from warehouse.alert_log.alert import StoredAlert
from warehouse.alert_log.groups import Happening, Timer


@dataclass(slots=True)
class Reception:
    """Takes alerts into `groups` at `now`; what is to be written of it gathers in `events` and `moved`.

    `timers` are those that the log has of groups that are not in memory yet, by receiver and group key: such a group
    goes on as it was. Without `hurry` a new group waits its `group_wait` however old its alerts are: they were told
    under another routing, or would have been.
    """

    groups: Groups
    suppression: Suppression
    now: datetime
    timers: dict[Receivable, list[Timer]] = field(default_factory=dict)
    hurry: bool = True
    events: list[Happening] = field(default_factory=list)
    moved: dict[tuple[str, str], Group] = field(default_factory=dict)
    _routes: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    _holds: dict[tuple[tuple[str, str], datetime], str] = field(default_factory=dict)

    def take(self, alert: StoredAlert, before: State | None = None) -> None:
        """An alert is new or changed. `before` is what the log says of it when it is not in memory yet."""
        self.suppression.note(alert)
        member = self.groups.members.get(alert.fingerprint)
        if member is not None:
            member.alert = alert
            if member.firing:
                self._join_all(member, known=False)
        elif alert.ends_at is None:  # the end of an alert that nobody was told of concerns nobody
            member = Member(alert, self.groups.places(alert.labels), before or State())
            self.groups.members[alert.fingerprint] = member
            self._join_all(member, known=not self._routed(member))

    def take_ended(self, alert: StoredAlert, before: State | None, told: Collection[Receivable]) -> bool:
        """An alert that ended while nobody watched joins those groups `told` of it that go on, to be told of its end.

        Whether there was any.
        """
        self.suppression.note(alert)
        member = Member(alert, self.groups.places(alert.labels), before or State())
        for place in member.places:
            if place.told in told and (place.id in self.groups.all or self.timers.get(place.told)):
                self.groups.members[alert.fingerprint] = member
                self.groups.join(self._group(place), member)
        return member.groups > 0

    def _routed(self, member: Member) -> bool:
        which = tuple(place.id for place in member.places)
        detail = self._routes.get(which)
        if detail is None:
            detail = self._routes[which] = routed_detail(member.places)
        if detail == member.state.routed:
            return False
        member.state.routed = detail
        self.events.append(Happening(self.now, member.alert.fingerprint, "routed", detail))
        return True

    def _join_all(self, member: Member, *, known: bool) -> None:
        for place in member.places:
            group = self._group(place)
            fresh = self.groups.join(group, member) and not known
            old = self.now - member.alert.starts_at > place.route.group_wait
            if old and self.hurry and not group.flushed and group.next_flush_at > self.now:
                self.groups.schedule(group, self.now)
                self.moved[place.id] = group
            if fresh and group.next_flush_at > self.now:
                self.events.append(Happening(self.now, member.alert.fingerprint, "held", self._hold(group)))

    def _hold(self, group: Group) -> str:
        which = group.place.id, group.next_flush_at
        detail = self._holds.get(which)
        if detail is None:
            detail = self._holds[which] = held_detail(group)
        return detail

    def _group(self, place: Place) -> Group:
        group = self.groups.all.get(place.id)
        if group is None:
            waiting = self.timers.get(place.told)
            if waiting:
                timer = waiting.pop(0)
                at = min(timer.next_flush_at, latest_flush(place.route, self.now))
                group = self.groups.open(place, timer.began_at, at, timer.flushed)
            else:
                group = self.groups.open(place, self.now, self.now + place.route.group_wait)
            self.moved[place.id] = group
        return group
