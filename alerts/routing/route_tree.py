"""From routes as written to a complete tree: inheritance, keys, and a look at who would not be paged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from alerts.routing.file_tree import ALL_LABELS, RouteEntry
from alerts.routing.matcher import Matcher, as_text
from alerts.routing.receivers import Receiver
from alerts.routing.route import Route

PAGE_SEVERITIES = ("page", "critical")


def build(entry: RouteEntry) -> Route:
    """The tree below and with the root entry."""
    return _route(entry, None, "0")


def _route(entry: RouteEntry, parent: Route | None, number: str) -> Route:
    matchers = entry.all_matchers()
    own = as_text(matchers)
    above = parent or Route(receiver="")
    route = Route(
        receiver=entry.receiver or above.receiver,
        matchers=matchers,
        group_by=above.group_by,
        group_by_all=above.group_by_all,
        group_wait=above.group_wait if entry.group_wait is None else entry.group_wait,
        group_interval=above.group_interval if entry.group_interval is None else entry.group_interval,
        repeat_interval=above.repeat_interval if entry.repeat_interval is None else entry.repeat_interval,
        goes_on=entry.goes_on,
        mute_time_intervals=tuple(entry.mute_time_intervals or ()),
        active_time_intervals=tuple(entry.active_time_intervals or ()),
        labels={**above.labels, **entry.labels},
        key=f"{parent.key}/{own}" if parent else own,
        path=(*(parent.path if parent else ()), own),
        id=number,
    )
    if entry.group_by is not None:
        everything = ALL_LABELS in entry.group_by
        route = replace(route, group_by=() if everything else tuple(entry.group_by), group_by_all=everything)
    below = (_route(child, route, f"{number}/{index}") for index, child in enumerate(entry.routes or ()))
    return replace(route, routes=tuple(below))


def pages_nobody(root: Route, receivers: Mapping[str, Receiver]) -> list[str]:
    """A sentence for each route that pages can reach and whose receiver tells nobody.

    A route that asks for another severity is no such route, nor is one whose children take every page.
    """
    return [
        f"route {lineage[-1].key} can take pages, and its receiver {lineage[-1].receiver} tells nobody"
        for lineage in _lineages((root,))
        if not receivers[lineage[-1].receiver].integrations and _takes_pages(lineage)
    ]


def _lineages(lineage: tuple[Route, ...]) -> Iterator[tuple[Route, ...]]:
    """Every route below and with the last one, each with all that stand above it."""
    yield lineage
    for child in lineage[-1].routes:
        yield from _lineages((*lineage, child))


def _takes_pages(lineage: tuple[Route, ...]) -> bool:
    return any(
        all(_may_hold(matcher, severity) for route in lineage for matcher in route.matchers)
        and not any(all(_surely_holds(m, severity) for m in child.matchers) for child in lineage[-1].routes)
        for severity in PAGE_SEVERITIES
    )


def _may_hold(matcher: Matcher, severity: str) -> bool:
    return matcher.name != "severity" or matcher.matches({"severity": severity})


def _surely_holds(matcher: Matcher, severity: str) -> bool:
    return matcher.name == "severity" and matcher.matches({"severity": severity})
