"""Incidents as PagerDuty would have them: each with its whole log, also what has not happened yet.

What an API shows of one at a moment is the API's business (pagerduty_records). `opened` writes the log of the usual
course: somebody is notified, acknowledges, writes a note, resolves; or nobody does and it goes away by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sample_data.roster import TEAM_OF, Agent, made_id, on_call

Kind = Literal["trigger", "assign", "notify", "acknowledge", "annotate", "escalate", "resolve"]
MINUTE = 60.0
SLOWLY = 15
"""Minutes without an acknowledgement after which the next in the rotation is notified."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's log; `at` epoch seconds. `to` is who is assigned or notified."""

    at: float
    kind: Kind
    agent: Agent
    to: Agent | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; `entries` is its log in order, beginning with its trigger.

    `about` is the service that the alert's labels name; None where only PagerDuty's service is known. `merged_into` is
    the id of the incident that it became part of, `ticket` an issue that it is linked to. `details` is what the alert
    was sent with; without it, its labels.
    """

    key: str
    service: str
    title: str
    rule: str
    priority: str | None
    entries: tuple[Entry, ...]
    about: str | None = None
    urgent: bool = True
    merged_into: str | None = None
    ticket: str = ""
    details: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        return made_id("Q", "incident", self.key, round(self.created))

    @property
    def created(self) -> float:
        """Epoch seconds."""
        return self.entries[0].at

    @property
    def team(self) -> str:
        return TEAM_OF[self.service]


@dataclass(frozen=True, slots=True)
class Course:
    """How an incident went, in minutes after it was opened. None: that did not happen.

    `by` acknowledged (None: who has the pager, or whom it escalated to); `over` is the end, by that person, or by
    itself where `alone`. `note` is written half way.
    """

    ack: float | None = None
    over: float | None = None
    alone: bool = False
    by: Agent | None = None
    note: str = ""


def opened(
    at: float, service: str, rule: str, title: str, course: Course, *, key: str = "", priority: str | None = "P3",
    about: str | None = None, urgent: bool = True, merged_into: str | None = None, ticket: str = "",
) -> Incident:  # fmt: skip
    """An incident of `service` that was opened at `at` (epoch seconds) and went as `course` says.

    `key` is the alert's, by which it is known again when it comes back; that of rule and service when absent.
    """
    entries = tuple(sorted(_log(at, service, course, urgent), key=lambda entry: entry.at))
    return Incident(
        key or f"{rule}/{about or service}", service, title, rule, priority, entries, about, urgent,
        merged_into, ticket,
    )  # fmt: skip


def _log(at: float, service: str, course: Course, urgent: bool) -> Iterator[Entry]:
    alert, team = Agent(service, "service"), TEAM_OF[service]
    person = on_call(team, at)
    yield Entry(at, "trigger", alert)
    yield Entry(at, "assign", alert, person)
    yield Entry(at + 4, "notify", alert, person)
    taken = course.ack if course.ack is not None else course.over
    if urgent and course.by is None and (taken is None or taken > SLOWLY):
        person = on_call(team, at, 1)
        yield Entry(at + SLOWLY * MINUTE, "escalate", alert, person)
        yield Entry(at + SLOWLY * MINUTE + 4, "notify", alert, person)
    person = course.by or person
    if course.ack is not None:
        yield Entry(at + course.ack * MINUTE, "acknowledge", person)
        if course.note:
            yield Entry(at + (course.ack + (course.over or course.ack + 10)) * MINUTE / 2, "annotate", person,
                        text=course.note)  # fmt: skip
    if course.over is not None:
        yield Entry(at + course.over * MINUTE, "resolve", alert if course.alone else person)
