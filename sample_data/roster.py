"""Who is paged: PagerDuty's services and teams, the people on call, and what acknowledges by itself.

What keeps the platform running has services of its own, owned by the team `ML Platform`; the service of a model belongs
to the team that offers it. Ids are made of names, so they are the same in every answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_DNS, uuid5

from sample_data.catalog import SERVICES
from sample_data.grid import DAY

PLATFORM_TEAM = "ML Platform"
PLATFORM_SERVICES = ("Inference gateway", "GPU fleet", "Training platform")
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")

AgentKind = Literal["user", "service", "integration"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who did something: a user, the service (by its integration's events), or an integration."""

    name: str
    kind: AgentKind

    @property
    def reference(self) -> dict[str, str]:
        """As PagerDuty refers to it."""
        kind = "generic_events_api_inbound_integration" if self.kind == "integration" else self.kind
        return reference(kind, self.name)


ROBOT = Agent("Runbook Automation", "user")
"""A user that is no person: Meterline's `robots` know it by its name."""

TEAM_NAMES = {
    "assistant": "Assistant", "search": "Search", "devtools": "Developer Tools", "risk": "Risk Models",
    "vision": "Vision", "research": "Research",
}  # fmt: skip
"""What PagerDuty calls the teams of the platform."""

ROTATIONS = {
    PLATFORM_TEAM: ("Ana Ruiz", "Ben Okafor", "Chen Wei"),
    "Assistant": ("Dana Levi", "Emil Novak"),
    "Search": ("Farah Haddad", "Goran Ilic"),
    "Developer Tools": ("Hana Sato", "Ivo Martins"),
    "Risk Models": ("Jola Mazur", "Kofi Mensah"),
    "Vision": ("Lena Berg", "Mateo Cruz"),
    "Research": ("Nora Lind", "Omar Aziz"),
}
"""The people of each team; every week the next one is on call, and the one after is whom it escalates to."""

TEAM_OF = {service.name: TEAM_NAMES[service.team] for service in SERVICES} | dict.fromkeys(
    PLATFORM_SERVICES, PLATFORM_TEAM
)
"""The team of each service of PagerDuty."""


def on_call(team: str, at: float, level: int = 0) -> Agent:
    """Who has the pager of a team at a moment; level 1 is whom it escalates to."""
    people = ROTATIONS[team]
    return Agent(people[(int(at) // (7 * DAY) + level) % len(people)], "user")


def made_id(letter: str, *name: object) -> str:
    """An id as PagerDuty's look: a letter and letters and digits, equal for equal names."""
    number = uuid5(NAMESPACE_DNS, "/".join(map(str, name))).int
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return letter + "".join(digits[number // 36**place % 36] for place in range(13))


def reference(kind: str, name: str) -> dict[str, str]:
    """A reference to a thing: id, type, and its name as the summary."""
    return {"id": made_id("P", kind, name)[:7], "type": f"{kind}_reference", "summary": name}
