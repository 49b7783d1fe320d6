"""What must hold between the keys of a configuration, each rule with the place it blames.

Pure: a validated `Config` in, `(location, what is wrong)` out. A location is a path of keys and indexes as in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Protocol

from meterline.config.model import Config, GpuPrice
from warehouse.interval import BUCKET, floor, isoformat

Location = tuple[str | int, ...]
Finding = tuple[Location, str]


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str: ...


def findings(config: Config) -> list[Finding]:
    """Every rule that the configuration breaks."""
    teams = {team.name for team in config.teams}
    return list(
        chain(
            _unique("teams", config.teams),
            _unique("services", config.services),
            _unique("sources", config.sources),
            _one_owner(config),
            (
                (("services", index, "team"), _unknown_team(teams))
                for index, service in enumerate(config.services)
                if service.team not in teams
            ),
            (
                (("quota", "teams", team), _unknown_team(teams))
                for team in (config.quota.teams if config.quota else ())
                if team not in teams
            ),
            _prices(config.prices.gpu_hour),
        )
    )


def _unknown_team(teams: set[str]) -> str:
    return f"expected the name of a team: {', '.join(sorted(teams)) or 'none is configured under teams'}"


def _unique(section: str, items: Sequence[Named]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.name in seen:
            yield (section, index, "name"), f"expected a unique name, another of the {section} has this one"
        seen.add(item.name)


def _one_owner(config: Config) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    for index, team in enumerate(config.teams):
        for position, pattern in enumerate(team.namespaces):
            if owner.setdefault(pattern, team.name) != team.name:
                place = ("teams", index, "namespaces", position)
                yield place, f"expected one owner, team {owner[pattern]} claims it too"


def _prices(prices: Sequence[GpuPrice]) -> Iterator[Finding]:
    numbered = list(enumerate(prices))
    for index, price in numbered:
        place = ("prices", "gpu_hour", index)
        for key, moment in (("from", price.start), ("to", price.end)):
            if moment is not None and moment != floor(moment, BUCKET):
                yield (*place, key), f"expected a multiple of 5 minutes such as {isoformat(floor(moment, BUCKET))}"
        if price.end is not None and price.end <= price.start:
            yield (*place, "to"), "expected a time after from"
    for model in dict.fromkeys(price.model for price in prices):
        yield from _overlaps((index, price) for index, price in numbered if price.model == model)


def _overlaps(prices: Iterable[tuple[int, GpuPrice]]) -> Iterator[Finding]:
    for (_, earlier), (index, later) in pairwise(sorted(prices, key=lambda one: one[1].start)):
        end = earlier.end
        if later.start == earlier.start or (end is not None and later.start < end):
            until = f"until {isoformat(end)}" if end else "from the same moment"
            yield (
                ("prices", "gpu_hour", index, "from"),
                f"expected a time outside of the other price of {later.model}, which holds {until}",
            )
