"""What must hold between the keys of a configuration, each rule with the place it blames.

Pure: a validated `Config` in, `(location, what is wrong)` out. A location is a path of keys and indexes as in the file.
Prices that overlap or leave a gap are not judged here: see `meterline.inventory.price_book`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Protocol

from pydantic import BaseModel

from meterline.config.model import Config
from meterline.config.prices import Rate
from meterline.config.section import Validity
from warehouse.interval import isoformat

Location = tuple[str | int, ...]
Finding = tuple[Location, str]


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str: ...


def findings(config: Config) -> list[Finding]:
    """Every rule that the configuration breaks."""
    return list(
        chain(
            _unique(("clusters",), "clusters", config.clusters),
            _unique(("teams",), "teams", config.teams),
            _unique(("services",), "services", config.services),
            _unique(("sources",), "sources", config.sources),
            _unique(("prices", "commitments"), "commitments", config.prices.commitments),
            _unique(("allocation", "shared"), "shared pools", config.allocation.shared),
            _known_teams(config),
            _one_owner(_namespace_claims(config)),
            _one_owner(_label_claims(config)),
            _ends(config, ()),
            rate_findings(config.prices.rate_rows, config.report.currency),
        )
    )


def _known_teams(config: Config) -> Iterator[Finding]:
    teams = {team.name for team in config.teams}
    named: list[tuple[Location, str]] = [
        (("services", index, "team"), service.team) for index, service in enumerate(config.services)
    ]
    named += [(("quota", "teams", team), team) for team in (config.quota.teams if config.quota else ())]
    named += [
        (("allocation", "shared", index, "weights", team), team)
        for index, pool in enumerate(config.allocation.shared)
        for team in pool.weights
    ]
    expected = f"expected the name of a team: {', '.join(sorted(teams)) or 'none is configured under teams'}"
    return ((location, expected) for location, team in named if team not in teams)


def _unique(section: Location, what: str, items: Sequence[Named]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.name in seen:
            yield (*section, index, "name"), f"expected a unique name, another of the {what} has this one"
        seen.add(item.name)


Claim = tuple[Location, tuple[str, ...], str, Validity]
"""Where it stands, what is claimed, by whom, when."""


def _namespace_claims(config: Config) -> Iterator[Claim]:
    for index, team in enumerate(config.teams):
        for position, owned in enumerate(team.namespaces):
            yield ("teams", index, "namespaces", position, "name"), (owned.name,), f"team {team.name}", owned
    for index, pool in enumerate(config.allocation.shared):
        for position, pattern in enumerate(pool.namespaces):
            place = ("allocation", "shared", index, "namespaces", position)
            yield place, (pattern,), f"shared pool {pool.name}", Validity()


def _label_claims(config: Config) -> Iterator[Claim]:
    for index, team in enumerate(config.teams):
        for position, owned in enumerate(team.labels):
            place = ("teams", index, "labels", position, "value")
            yield place, (owned.name, owned.value), f"team {team.name}", owned


def _one_owner(claims: Iterable[Claim]) -> Iterator[Finding]:
    """Two owners of one pattern at one time; one may follow the other, and two patterns may match one name."""
    earlier: dict[tuple[str, ...], list[tuple[str, Validity]]] = {}
    for place, what, owner, when in claims:
        for other, then in earlier.get(what, ()):
            both = when.common(then)
            if both and other != owner:
                start, end = both
                since = f" from {isoformat(start)}" if start else ""
                until = f" until {isoformat(end)}" if end else ""
                yield place, f"expected one owner, {other} claims it too{since}{until}"
                break
        earlier.setdefault(what, []).append((owner, when))


def _ends(value: Any, place: Location) -> Iterator[Finding]:
    """Every `to` of the file, at any depth, that is not after its `from`."""
    if isinstance(value, Validity) and value.start and value.end and value.end <= value.start:
        yield (*place, "to"), "expected a time after from"
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _ends(getattr(value, name), (*place, field.alias or name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _ends(item, (*place, index))


def rate_findings(rates: Sequence[Rate], currency: str) -> Iterator[Finding]:
    """Rates of the report's own `currency`, and second rates of a day, located below prices.rates."""
    seen: set[tuple[object, ...]] = set()
    for index, rate in enumerate(rates):
        place = ("prices", "rates", index)
        if rate.currency == currency:
            yield (*place, "currency"), "expected another currency than the report's, whose rate is 1"
        if (rate.currency, rate.date) in seen:
            yield (*place, "date"), f"expected one rate of {rate.currency} a day, another has this date"
        seen.add((rate.currency, rate.date))
