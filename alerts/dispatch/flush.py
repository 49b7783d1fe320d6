"""One group is looked at: who must be told, written to the outbox together with the log's word that it was.

A resolved alert leaves the group, told or suppressed, as in Alertmanager. Unlike there it also leaves what the
integrations are held to know, so that its next episode is told even if nobody wanted to hear of the end of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerts.dispatch.dedup import reason_to_tell
from alerts.dispatch.groups import Group, Groups, Member, following
from alerts.dispatch.order import order
from alerts.dispatch.payload import About, Links, dedup_key, payload, priority
from alerts.dispatch.suppression import Suppression, release
from alerts.routing.receivers import Integration, Receiver
from warehouse.alert_log.alert import StoredAlert
from warehouse.alert_log.groups import Happening, Told, fired_after, tell, told
from warehouse.alert_log.log import Writing
from warehouse.alert_log.outbox import enqueue


@dataclass(frozen=True, slots=True)
class Speaker:
    """What does not change from group to group."""

    receivers: Callable[[str], Receiver | None]
    suppression: Suppression
    external_url: str
    links: Links | None


@dataclass(slots=True)
class Outcome:
    """What came of looking at groups: what is still to be written of them."""

    queued: int = 0
    events: list[Happening] = field(default_factory=list)
    kept: list[Group] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)


def flush(tx: Writing, speaker: Speaker, groups: Groups, group: Group, now: datetime, outcome: Outcome) -> None:
    """Look at `group`; queue what its receiver's integrations must hear. Adds to `outcome`."""
    told_of = speaker.suppression.told(group, now, outcome.events)
    over = frozenset(one for one, member in group.members.items() if not member.firing)
    receiver = speaker.receivers(group.place.route.receiver)
    notice = _Notice(speaker, group, told_of, now)
    for integration in receiver.integrations if receiver else ():
        known = told(tx, group.place.key, integration.receiver, integration.key)
        after = _still_true(tx, group, known) if known is not None and not group.flushed else known
        reason = _reason(group, integration, after, notice, now) if told_of else None
        if reason:
            outcome.queued += notice.queue(tx, integration, reason)
            after = Told(notice.firing, notice.resolved, now)
        if after is not None:
            after = replace(after, firing=after.firing - over)
            if after != known:
                tell(tx, group.place.key, integration.receiver, integration.key, after)
    _move_on(groups, group, over, now, outcome)


def _still_true(tx: Writing, group: Group, known: Told) -> Told:
    """What is known of a group that just began, without what was said of earlier episodes under another routing."""
    firing = known.firing & group.members.keys()
    return replace(known, firing=firing - fired_after(tx, firing, known.sent_at))


def _reason(group: Group, integration: Integration, known: Told | None, notice: _Notice, now: datetime) -> str | None:
    return reason_to_tell(
        known, notice.firing, notice.resolved, send_resolved=integration.send_resolved,
        repeat=group.place.route.repeat_interval, now=now,
    )  # fmt: skip


class _Notice:
    """What is to be said of a group; sorted and built only when somebody must hear it."""

    def __init__(self, speaker: Speaker, group: Group, members: Iterable[Member], now: datetime) -> None:
        self._place, self._now = group.place, now
        self._speaker = speaker
        self._alerts = [member.alert for member in members]
        self._sorted = False
        self.firing = frozenset(alert.fingerprint for alert in self._alerts if alert.ends_at is None)
        self.resolved = frozenset(alert.fingerprint for alert in self._alerts if alert.ends_at is not None)

    def queue(self, tx: Writing, integration: Integration, reason: str) -> int:
        """Put it into the outbox; 0 if it speaks of nothing that the integration wants to hear."""
        alerts = self._ordered()
        if not integration.send_resolved:
            alerts = [alert for alert in alerts if alert.ends_at is None]
        if not alerts:
            return 0
        place = self._place
        key = dedup_key(place.key)
        about = About(
            place.key, integration.receiver, place.labels, place.route.labels, self._speaker.external_url,
            self._speaker.links(key, self._now) if self._speaker.links else {},
        )  # fmt: skip
        enqueue(
            tx,
            group_key=place.key,
            receiver=integration.receiver,
            integration=integration.key,
            dedup_key=key,
            reason=reason,
            priority=priority(alerts),
            alerts=[alert.fingerprint for alert in alerts],
            payload=payload(about, alerts, reason, int(getattr(integration.settings, "max_alerts", 0))),
            now=self._now,
        )
        return 1

    def _ordered(self) -> list[StoredAlert]:
        if not self._sorted:
            self._alerts.sort(key=lambda alert: order(alert.labels))
            self._sorted = True
        return self._alerts


def _move_on(groups: Groups, group: Group, over: frozenset[str], now: datetime, outcome: Outcome) -> None:
    for one in over:
        member = group.members[one]
        if groups.leave(group, one):
            release(one, member.state, now, outcome.events)
    if not group.members:
        groups.close(group)
        outcome.closed.append(group.place.id)
        return
    groups.schedule(group, following(group, now))
    group.flushed += 1
    outcome.kept.append(group)
