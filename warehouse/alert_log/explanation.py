"""Why was I (not) paged: the history of an alert in sentences, from what was decided then and not from guessing now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.alert_log.history import SUPPRESSIONS, Attempt, History, Notification
from warehouse.alert_log.moment import from_us
from warehouse.alert_log.sentences import clock, event_sentences, pushed, suppression

Line = tuple[datetime, str]

REACHED = ("sent", "accepted")
AGAIN = "; it was over and fired again before its group was looked at"
NOBODY = "No: its receiver has no integration, so there is nobody to tell."
OVERDUE = timedelta(minutes=1)
"""Groups are looked at within a second or two of their time."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`answer` is the verdict in one sentence, `lines` everything that led to it, in the order of time."""

    answer: str
    lines: tuple[Line, ...]


def explain(history: History, now: datetime) -> Explanation:
    """The answer is about the newest time that the alert fired; the lines are about all that is kept."""
    lines = [(event.at, text) for event in history.events for text in event_sentences(event)]
    lines += [line for notification in history.notifications for line in _notification(notification)]
    return Explanation(_answer(history, now), tuple(sorted(lines, key=lambda line: line[0])))


def _answer(history: History, now: datetime) -> str:
    if not history.episodes:
        return "It never fired here."
    since, again = _since(history)
    told = [one for one in history.notifications if _of_firing(one, history, since)]
    reached = [one for one in told if one.state in REACHED]
    open_ = [one for one in told if one.state in ("queued", "sending")]
    dead = [one for one in told if one.state == "dead"]
    if reached:
        first = reached[0]
        word = "sent to" if first.state == "sent" else "handed over for"
        others = f", and {len(reached) - 1} more" if len(reached) > 1 else ""
        at = clock(first.finished_at or first.created_at)
        yes = "Yes, the time before: " if again else "Yes: "
        return f"{yes}{word} {_to(first)} at {at}{others}{_not_to(reached, open_, dead)}{AGAIN if again else ''}."
    if open_:
        return f"Not yet: it waits to be sent to {_to(open_[0])}{_tried(open_[0])}."
    if dead:
        return f"No: {_to(dead[-1])} refused it: {_came(dead[-1].attempts[-1:])}."
    return _unsent(history, now)


def _since(history: History) -> tuple[datetime, bool]:
    """When that began which is answered about. An alert that fires again before its group was looked at goes on there:
    it is not routed anew, and then the time before is meant, too (True)."""
    routed = max((event.at for event in history.events if event.kind == "routed"), default=None)
    newest = history.episodes[-1].fired_at
    if routed is None or routed >= newest:
        return newest, False
    begun = [one.fired_at for one in history.episodes if one.fired_at <= routed]
    return (begun[-1], True) if begun else (newest, False)


def _of_firing(one: Notification, history: History, since: datetime) -> bool:
    """Whether a notification told that it fires, and not that it is over."""
    if one.reason == "acknowledged":
        return False
    ends = (event.at for event in reversed(history.events) if event.kind == "resolved")
    end = next(ends, None) if history.alert.ends_at is not None else None
    paged_at = history.episodes[-1].paged_at  # after a clock was put back it is the only sign
    return (
        one.created_at >= since and (end is None or one.created_at < end)
    ) or one.finished_at == paged_at is not None


def _to(one: Notification) -> str:
    return f"{one.receiver} ({one.integration})"


def _not_to(reached: list[Notification], open_: list[Notification], dead: list[Notification]) -> str:
    """Who was to be told and was not."""
    known = {_to(one) for one in reached}
    waiting, refused = ({_to(one) for one in some} - known for some in (open_, dead))
    return (f"; not yet to {', '.join(sorted(waiting))}" if waiting else "") + (
        f"; refused by {', '.join(sorted(refused))}" if refused else ""
    )


def _tried(notification: Notification) -> str:
    if not notification.attempts:
        return ""
    number = len(notification.attempts)
    many = "1 attempt" if number == 1 else f"{number} attempts, the last"
    return f" after {many}: {_came(notification.attempts[-1])}"


def _unsent(history: History, now: datetime) -> str:
    newest = {event.kind: number for number, event in enumerate(history.events)}
    if newest.get("pushed", -1) > newest.get("routed", -1):
        return _pushed(history)
    over = history.alert.resolved(now)
    for kind in SUPPRESSIONS:
        if not over and newest.get(kind, -1) > newest.get(f"un{kind}", -1):
            return f"No: {suppression(kind, history.events[newest[kind]].detail)}."
    if "routed" not in newest:
        return "Not yet: it has not been routed; is `meterline run` up, with `alerting` configured?"
    if not any(one["receiver"] for one in history.events[newest["routed"]].detail.get("routes", [])):
        return "No: no route leads to a receiver."
    if over:
        return _kept_back(history) or "No: it was over before its group was due, so there was nothing to tell."
    due = min((look.next_at for look in history.looks), default=now)
    if due < now - OVERDUE:
        return f"Not yet: its group is due since {clock(due)}; is `meterline run` up?"
    if history.looks and all(look.before for look in history.looks) and not _is_held(history, now):
        return NOBODY
    if "held" in newest:
        detail = history.events[newest["held"]].detail
        return f"Not yet: its group waits ({detail.get('why')}) until {clock(from_us(detail['until']))}."
    return f"Not yet: its group waits until {clock(due)}." if history.looks else NOBODY


def _kept_back(history: History) -> str | None:
    """What suppressed an alert that is over, for as long as it fired."""
    since, _ = _since(history)
    found = [event for event in history.events if event.at >= since and event.kind in SUPPRESSIONS]
    return f"No: {suppression(found[-1].kind, found[-1].detail)}." if found else None


def _is_held(history: History, now: datetime) -> bool:
    return any(event.kind == "held" and from_us(event.detail["until"]) > now for event in history.events)


def _pushed(history: History) -> str:
    said = {str(event.detail.get("peer")): event.detail for event in history.events if event.kind == "pushed"}
    took = sorted(peer for peer, detail in said.items() if "answer" not in detail)
    if took:
        return f"Told to the Alertmanager {', '.join(took)}: what became of it is known there."
    return f"Not yet: {'; '.join(pushed(detail) for detail in said.values())}."


def _notification(notification: Notification) -> Iterator[Line]:
    to = _to(notification)
    yield notification.created_at, f"notification {notification.id} to {to} queued: {notification.reason}"
    for number, attempt in enumerate(notification.attempts, 1):
        if attempt.finished_at is None:
            cut = f"attempt {number} of notification {notification.id} was cut off: it may have arrived"
            yield attempt.started_at, cut
        else:
            yield attempt.finished_at, f"attempt {number} of notification {notification.id} to {to}: {_came(attempt)}"


def _came(attempt: Attempt | tuple[Attempt, ...]) -> str:
    if isinstance(attempt, tuple):
        return _came(attempt[0]) if attempt else "its receiver is not configured any more"
    if attempt.finished_at is None:
        return "no answer known"
    answer = f" {attempt.answer}" if attempt.answer else ""
    status = f", status {attempt.status}" if attempt.status is not None else ""
    return f"{attempt.outcome}{status}{answer and ':'}{answer}"
