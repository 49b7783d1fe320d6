"""Which alerts are told together, and when each group is looked at next. All in memory, a copy of what the log says.

A group begins with its first firing alert, is looked at `group_wait` later (at once if that alert began longer ago)
and then every `group_interval`; it ends when it is empty. An alert may be in several groups, one for each route.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from alerts.dispatch.payload import pages
from alerts.routing.route import Route, group_key, group_labels, match
from warehouse.alert_log.alert import StoredAlert, as_text
from warehouse.alert_log.groups import Timer
from warehouse.alert_log.moment import to_us


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is told: a group on a route."""

    route: Route
    labels: Mapping[str, str]
    key: str

    @property
    def id(self) -> tuple[str, str]:
        """Unique among all groups."""
        return self.route.id, self.key

    @property
    def told(self) -> tuple[str, str]:
        """The same as receivers know it, under whatever routing: the receiver and the group's key."""
        return self.route.receiver, self.key


@dataclass(slots=True, eq=False)
class State:
    """What the newest events say of an alert, so that an event is written only when something changes.

    `routed` is the detail of the newest such event, as text; `inhibited` by whom and by which rule; `silenced` by which
    silences; `muted` in which groups (receiver and key) by which interval of which kind.
    """

    routed: str = ""
    inhibited: tuple[str, int] | None = None
    silenced: tuple[str, ...] = ()
    muted: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Member:
    """An alert that fires, or whose end is not told yet; `groups` counts those that it is in."""

    alert: StoredAlert
    places: tuple[Place, ...]
    state: State = field(default_factory=State)
    groups: int = 0

    @property
    def firing(self) -> bool:
        """Whether it has not ended: as it is stored, so that a clock put back wakes no alert of the past."""
        return self.alert.ends_at is None


@dataclass(slots=True, eq=False)
class Group:
    """One group; `flushed` counts how often it was looked at. `page` says that an alert that pages came in."""

    place: Place
    began_at: datetime
    next_flush_at: datetime
    flushed: int = 0
    page: bool = False
    members: dict[str, Member] = field(default_factory=dict)

    def timer(self) -> Timer:
        """As the log holds it."""
        return Timer(
            self.place.key, self.place.route.id, self.place.route.receiver, self.place.labels,
            self.began_at, self.next_flush_at, self.flushed,
        )  # fmt: skip


class Groups:
    """All groups and their alerts."""

    def __init__(self, root: Route) -> None:
        self.root = root
        self.members: dict[str, Member] = {}
        self.all: dict[tuple[str, str], Group] = {}
        self._due: list[tuple[datetime, int, Group]] = []
        self._number = count()

    def places(self, labels: Mapping[str, str]) -> tuple[Place, ...]:
        """The groups that an alert with these labels belongs to."""
        found = []
        for route in match(self.root, labels):
            own = group_labels(route, labels)
            found.append(Place(route, own, group_key(route, own)))
        return tuple(found)

    def open(self, place: Place, began_at: datetime, next_flush_at: datetime, flushed: int = 0) -> Group:
        """A new group, without members."""
        group = Group(place, began_at, next_flush_at, flushed)
        self.all[place.id] = group
        self.schedule(group, next_flush_at)
        return group

    def schedule(self, group: Group, at: datetime) -> None:
        """Look at the group at `at` instead of when it was to be."""
        group.next_flush_at = at
        heapq.heappush(self._due, (at, next(self._number), group))

    def join(self, group: Group, member: Member) -> bool:
        """Put an alert into a group; whether it was not in it."""
        group.page = group.page or (member.firing and pages(member.alert.labels))
        if member.alert.fingerprint in group.members:
            return False
        group.members[member.alert.fingerprint] = member
        member.groups += 1
        return True

    def leave(self, group: Group, fingerprint: str) -> bool:
        """Take an alert out of a group; whether it was its last one."""
        member = group.members.pop(fingerprint)
        member.groups -= 1
        if member.groups == 0:
            del self.members[fingerprint]
        return member.groups == 0

    def close(self, group: Group) -> None:
        """Forget an empty group."""
        del self.all[group.place.id]

    def due(self, now: datetime) -> list[Group]:
        """The groups to be looked at at `now`: those that an alert that pages is in first, then the longest due."""
        found = []
        while self._due and self._due[0][0] <= now:
            at, _, group = heapq.heappop(self._due)
            if self._stands(at, group):
                found.append(group)
        return sorted(found, key=lambda group: (not group.page, group.next_flush_at, group.place.id))

    def next_flush(self) -> datetime | None:
        """When a group is to be looked at next."""
        while self._due and not self._stands(self._due[0][0], self._due[0][2]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def restrain(self, now: datetime) -> list[Group]:
        """Bring back timers that lie further ahead than any could (a clock that was put back); which they were."""
        found = []
        for group in self.all.values():
            latest = latest_flush(group.place.route, now)
            if group.next_flush_at > latest:
                self.schedule(group, latest)
                found.append(group)
        return found

    def __iter__(self) -> Iterator[Group]:
        return iter(self.all.values())

    def _stands(self, at: datetime, group: Group) -> bool:
        return group.next_flush_at == at and self.all.get(group.place.id) is group


def latest_flush(route: Route, now: datetime) -> datetime:
    """No timer set by `now` can lie further ahead."""
    return now + max(route.group_wait, route.group_interval)


def following(group: Group, now: datetime) -> datetime:
    """When a group that is looked at at `now` is looked at again: on its beat, unless that was missed."""
    interval = group.place.route.group_interval
    on_beat = group.next_flush_at + interval
    return on_beat if now < on_beat <= now + interval else now + interval


def routed_detail(places: tuple[Place, ...]) -> str:
    """What a `routed` event says."""
    routes = {
        "routes": [
            {
                "receiver": place.route.receiver,
                "path": list(place.route.path),
                "group_key": place.key,
                "group_labels": dict(place.labels),
            }
            for place in places
        ]
    }
    return as_text(routes)


def held_detail(group: Group) -> str:
    """What a `held` event says."""
    why = "group_interval" if group.flushed else "group_wait"
    return as_text({"group_key": group.place.key, "until": to_us(group.next_flush_at), "why": why})
