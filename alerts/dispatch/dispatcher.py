"""The turn of dispatch: expire what nobody repeats, take in what changed, look at the groups that are due.

    dispatcher.start(now)                 once, after a start of the process
    tick = dispatcher.tick(now)           whenever an alert came in, and at tick.next_at

Every decision is in the log when `tick` returns, in transactions of bounded size, groups that page first. Memory is a
copy of the log: when a write fails, it is thrown away and read again at the next tick, so nothing is lost or told
twice. One dispatcher owns a log; its methods may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.dispatch.flush import Outcome, Speaker, flush
from alerts.dispatch.groups import Group, Groups
from alerts.dispatch.payload import Links
from alerts.dispatch.reception import Reception
from alerts.dispatch.restoring import restore
from alerts.dispatch.suppression import Suppression
from alerts.routing.load import Routing
from warehouse.alert_log.alert import StoredAlert
from warehouse.alert_log.groups import drop_timers, newest_revision, next_expiry, record, save_timers, shift
from warehouse.alert_log.intake import changed_since, expire, prolong
from warehouse.alert_log.log import AlertLog

ALERTS_AT_ONCE = 2000
"""As many alerts, or groups of as many alerts, go into one transaction."""

GROUPS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Tick:
    """`next_at` is when to call again if nothing comes in before; None: only then.

    `queued` counts deliveries that were put into the outbox, `expired` alerts that were not repeated in time.
    """

    next_at: datetime | None
    queued: int
    expired: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A group as it is now: who is told, and the fingerprints of its alerts."""

    receiver: str
    group_key: str
    group_labels: dict[str, str]
    fingerprints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How an alert stands now: the receivers of its routes, what keeps it back."""

    receivers: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    silenced_by: tuple[str, ...]
    muted_by: tuple[str, ...]


class Dispatcher:
    """Decides who is told about the alerts of `log`.

    `external_url` goes into every notification; `links(dedup_key, now)` gives what people can follow from it. `queued`
    is called after each transaction that put something into the outbox, so that sending need not wait for the rest.
    """

    def __init__(
        self, log: AlertLog, routing: Routing, *, external_url: str = "", links: Links | None = None,
        queued: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self._log, self._routing = log, routing
        self._external_url, self._links, self._queued = external_url, links, queued
        self._lock = threading.RLock()
        self._read: tuple[Groups, Suppression] | None = None
        self._revision = 0
        self._last: datetime | None = None

    def start(self, now: datetime) -> None:
        """After a start: nothing expires before its sender had the time to repeat it; groups go on as they were."""
        with self._lock, self._log.transaction() as tx:
            prolong(tx, now + self._routing.resolve_timeout)
        with self._lock:
            self._restore(self._routing, now, hurry=True)

    def reload(self, routing: Routing, now: datetime) -> None:
        """From now on decide by `routing`. Groups with the same receiver and key go on; new ones wait `group_wait`."""
        with self._lock:
            self._restore(routing, now, hurry=False)
            self._routing = routing

    def shifted(self, delta: timedelta) -> None:
        """The clock was put forward by `delta` (back, if negative): nothing expires or is told for that reason."""
        with self._lock:
            self._read = None
            if self._last is not None:
                self._last += delta
            with self._log.transaction() as tx:
                shift(tx, delta)

    def tick(self, now: datetime) -> Tick:
        """Do all that is due at `now`. Raises WarehouseError when the log cannot be written: call again later."""
        with self._lock:
            try:
                if self._read is None or newest_revision(self._log) < self._revision:
                    self._restore(self._routing, now, hurry=True)
                return self._tick(now)
            except BaseException:
                self._read = None
                raise

    def groups(self) -> list[Standing]:
        """The groups that there are, by receiver and key."""
        with self._lock:
            if self._read is None:
                return []
            found = [
                Standing(group.place.route.receiver, group.place.key, dict(group.place.labels), tuple(group.members))
                for group in self._read[0]
            ]
        return sorted(found, key=lambda one: (one.receiver, one.group_key))

    def status(self, fingerprint: str, now: datetime) -> Status | None:
        """How an alert stands at `now`; None if it does not fire, or was not looked at yet."""
        with self._lock:
            if self._read is None or fingerprint not in self._read[0].members:
                return None
            groups, suppression = self._read
            member = groups.members[fingerprint]
            inhibited = suppression.inhibitor_of(member.alert)
            suppression.silences.read(self._log, now)
            muted = (suppression.muted(place.route, now) for place in member.places)
            return Status(
                tuple(place.route.receiver for place in member.places),
                (inhibited[0],) if inhibited else (),
                suppression.silences.matching(member.alert.labels, now),
                tuple(one[0] for one in muted if one),
            )

    def _restore(self, routing: Routing, now: datetime, *, hurry: bool) -> None:
        self._read = None
        groups, suppression, self._revision = restore(self._log, routing, now, hurry=hurry)
        self._read = groups, suppression

    def _tick(self, now: datetime) -> Tick:
        assert self._read is not None
        groups, suppression = self._read
        self._restrain(groups, now)
        expired = self._expire(now)
        self._take_in(groups, suppression, now)
        suppression.silences.read(self._log, now)
        queued = self._flush(groups, suppression, now)
        self._last = now
        ahead = [at for at in (groups.next_flush(), next_expiry(self._log)) if at is not None]
        return Tick(min(ahead, default=None), queued, expired)

    def _restrain(self, groups: Groups, now: datetime) -> None:
        if self._last is not None and now < self._last:
            moved = groups.restrain(now)
            if moved:
                with self._log.transaction() as tx:
                    save_timers(tx, [group.timer() for group in moved])

    def _expire(self, now: datetime) -> int:
        due = next_expiry(self._log)
        if due is None or due > now:
            return 0
        with self._log.transaction() as tx:
            return len(expire(tx, now))

    def _take_in(self, groups: Groups, suppression: Suppression, now: datetime) -> None:
        changed = changed_since(self._log, self._revision)
        for start in range(0, len(changed), ALERTS_AT_ONCE):
            self._take(changed[start : start + ALERTS_AT_ONCE], Reception(groups, suppression, now))
        if changed:
            self._revision = changed[-1].revision

    def _take(self, alerts: Sequence[StoredAlert], reception: Reception) -> None:
        for alert in alerts:
            reception.take(alert)
        if reception.events or reception.moved:
            with self._log.transaction() as tx:
                save_timers(tx, [group.timer() for group in reception.moved.values()])
                record(tx, reception.events)

    def _flush(self, groups: Groups, suppression: Suppression, now: datetime) -> int:
        speaker = Speaker(self._routing.receivers.get, suppression, self._external_url, self._links)
        queued = 0
        for some in _portions(groups.due(now)):
            outcome = Outcome()
            with self._log.transaction() as tx:
                for group in some:
                    flush(tx, speaker, groups, group, now, outcome)
                save_timers(tx, [group.timer() for group in outcome.kept])
                drop_timers(tx, outcome.closed)
                record(tx, outcome.events)
            queued += outcome.queued
            if outcome.queued and self._queued is not None:
                self._queued()
        return queued


def _portions(due: Sequence[Group]) -> Iterator[list[Group]]:
    """Groups that go into one transaction: few enough, and those that page not with the others."""
    some: list[Group] = []
    alerts = 0
    for group in due:
        full = len(some) >= GROUPS_AT_ONCE or alerts + len(group.members) > ALERTS_AT_ONCE
        if some and (full or group.page != some[0].page):
            yield some
            some, alerts = [], 0
        some.append(group)
        alerts += len(group.members)
    if some:
        yield some
