"""What the words of an on-call system mean to us: severities, services, teams, people. All of it is configuration.

Names are compared without regard to case; patterns have * and ?. Severity 1 is the worst. What is not named here has no
severity, and keeps its own name as a service or team: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from collector.source import Duration, SourceSettings

Severity = Annotated[int, Field(ge=1, le=9)]
PRIORITIES: Mapping[str, int] = {
    **{f"P{level}": level for level in range(1, 6)},
    **{f"{word}{level}": level for word in ("SEV", "SEV-", "Sev ") for level in range(1, 6)},
    **{str(level): level for level in range(1, 6)},
    "critical": 1,
}


class OnCallSettings(SourceSettings):
    """The keys that all on-call sources have."""

    backfill: Duration = Field(default=timedelta(days=90), description="How far back the first collection reaches.")
    overlap: Duration = Field(
        default=timedelta(hours=1),
        description="How much of the time before the last pass is asked for again, for clocks that differ.",
    )
    severity: dict[str, Severity] = Field(
        default=dict(PRIORITIES),
        description="Severity (1 is the worst) of each priority. What is not named has none.",
    )
    services: dict[str, str] = Field(
        default={}, description="The service of yours for a service's name over there; others keep their names."
    )
    teams: dict[str, str] = Field(
        default={}, description="The team of yours for a team's name (or id) over there; others keep their names."
    )
    attribution: dict[str, str] = Field(
        default={},
        description='Who causes the incidents of a service (pattern), such as {"gpu-*": platform}. Unset: unknown.',
    )
    robots: tuple[str, ...] = Field(
        default=("system", "*integration*", "*automation*", "*[bot]"),
        description="Users (patterns) that are no people: what they acknowledge and resolve went by itself.",
    )

    @property
    def facts(self) -> tuple[str, ...]:
        return ("on_call_incident",)

    def severity_of(self, *words: str | None) -> int | None:
        """The severity of the first of `words` that has one."""
        known = {name.casefold(): level for name, level in self.severity.items()}
        return next((known[word.casefold()] for word in words if word and word.casefold() in known), None)

    def service_of(self, name: str | None) -> str | None:
        """Our service for a service over there."""
        return _translated(self.services, name)

    def team_of(self, name: str | None) -> str | None:
        """Our team for a team over there."""
        return _translated(self.teams, name)

    def attributed_to(self, service: str | None) -> str | None:
        """Who causes incidents of this service, by the first pattern that matches; None when nobody said."""
        if service is None:
            return None
        return next((who for pattern, who in self.attribution.items() if matches(pattern, service)), None)

    def is_person(self, user: str | None) -> bool:
        """Whether a user is a human being: it has a name, and none of a robot's."""
        return bool(user) and not any(matches(pattern, str(user)) for pattern in self.robots)


def matches(pattern: str, text: str) -> bool:
    """Whether `text` is like `pattern` (* and ?, everything else literally), in any case."""
    return fnmatchcase(text.casefold(), pattern.casefold().replace("[", "[[]"))


def _translated(names: Mapping[str, str], name: str | None) -> str | None:
    if not name:
        return None
    return next((ours for theirs, ours in names.items() if theirs.casefold() == name.casefold()), name)
