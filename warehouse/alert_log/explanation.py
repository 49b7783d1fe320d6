"""Why was I (not) paged: the history of an alert in sentences, from what was decided then and not from guessing now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from warehouse.alert_log.history import SUPPRESSIONS, Attempt, Event, History, Notification
from warehouse.alert_log.moment import from_us
from warehouse.alert_log.sentences import clock, event_sentences, suppression

Line = tuple[datetime, str]

REACHED = ("sent", "accepted")


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
    episode = history.episodes[-1] if history.episodes else None
    if episode is None:
        return "It never fired here."
    since = episode.fired_at
    of_episode = [one for one in history.notifications if one.created_at >= since and one.reason != "acknowledged"]
    reached = [one for one in of_episode if one.state in REACHED]
    open_ = [one for one in of_episode if one.state in ("queued", "sending")]
    dead = [one for one in of_episode if one.state == "dead"]
    if reached:
        first = reached[0]
        at = clock(first.finished_at or first.created_at)
        word = "sent to" if first.state == "sent" else "handed over for"
        others = f", and {len(reached) - 1} more" if len(reached) > 1 else ""
        return f"Yes: {word} {first.receiver} ({first.integration}) at {at}{others}."
    if open_:
        return f"Not yet: it waits to be sent to {open_[0].receiver} ({open_[0].integration}){_tried(open_[0])}."
    if dead:
        return f"No: {dead[-1].receiver} ({dead[-1].integration}) refused it: {_came(dead[-1].attempts[-1:])}."
    return _unsent(history, [event for event in history.events if event.at >= since], now)


def _tried(notification: Notification) -> str:
    if not notification.attempts:
        return ""
    number = len(notification.attempts)
    many = "1 attempt" if number == 1 else f"{number} attempts, the last"
    return f" after {many}: {_came(notification.attempts[-1])}"


def _unsent(history: History, events: list[Event], now: datetime) -> str:
    newest = {event.kind: number for number, event in enumerate(events)}
    for kind in SUPPRESSIONS:
        if newest.get(kind, -1) > newest.get(f"un{kind}", -1):
            return f"No: {suppression(kind, events[newest[kind]].detail)}."
    if "routed" in newest and not any(one["receiver"] for one in events[newest["routed"]].detail.get("routes", [])):
        return "No: no route leads to a receiver."
    if history.alert.resolved(now):
        return "No: it was over before its group was due, so there was nothing to tell."
    if "held" in newest:
        detail = events[newest["held"]].detail
        return f"Not yet: its group waits ({detail.get('why')}) until {clock(from_us(detail['until']))}."
    if "routed" not in newest:
        return "Not yet: it has not been routed; is `meterline run` up, with `alerting` configured?"
    return "No: its receiver has no integration, so there is nobody to tell."


def _notification(notification: Notification) -> Iterator[Line]:
    to = f"{notification.receiver} ({notification.integration})"
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
