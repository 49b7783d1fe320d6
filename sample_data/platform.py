"""The whole platform for one end: what exists and when, before anything is measured or served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sample_data.calendar import Calendar
from sample_data.catalog import MODELS, SERVICES, TEAMS, Model, Service, Team
from sample_data.fleet import NODES, Node
from sample_data.grid import DAY, STEP, Grid, epoch, utc
from sample_data.pipelines import Run, all_runs
from sample_data.workloads import Pod, all_pods

AHEAD_DAYS = 1
"""Days after the end for which answers exist too, so that a demo left running goes on."""


@dataclass(frozen=True, eq=False, slots=True)
class Platform:
    """Teams, services, models, nodes, pods and pipeline runs, all functions of `end`, `days` and `seed`.

    `grid` covers [end - days, end + AHEAD_DAYS); what happens before `end` does not depend on what is ahead.
    """

    end: datetime
    days: int
    seed: int
    grid: Grid
    calendar: Calendar
    pods: tuple[Pod, ...]
    runs: tuple[Run, ...]
    nodes: tuple[Node, ...] = NODES
    teams: tuple[Team, ...] = TEAMS
    services: tuple[Service, ...] = SERVICES
    models: tuple[Model, ...] = MODELS

    @property
    def start(self) -> datetime:
        return utc(self.grid.start)

    def service(self, name: str) -> Service:
        """The service of that name. Raises KeyError."""
        return {service.name: service for service in self.services}[name]


def build_platform(end: datetime, days: int = 30, seed: int = 7) -> Platform:
    """The platform up to `end` (aware; rounded down to 5 minutes). Raises ValueError for a naive end or no days."""
    if end.tzinfo is None:
        raise ValueError(f"the end of the platform must be an aware datetime, got {end!r}")
    if days < 1:
        raise ValueError(f"the platform needs at least one day, got {days}")
    last = epoch(end.astimezone(UTC)) // STEP * STEP
    start = last - days * DAY
    horizon = last + AHEAD_DAYS * DAY
    calendar = Calendar(last)
    runs = all_runs(calendar, start, horizon, seed)
    namespaces = {service.name: service.namespace for service in SERVICES}
    pods = all_pods(calendar, runs, namespaces, start, horizon, seed)
    return Platform(utc(last), days, seed, Grid(start, (horizon - start) // STEP), calendar, pods, runs)
