"""The routing tree: which routes an alert takes, and in which group it is told.

A tree made by load.py is complete: what a route inherits is already in it. Depth first, left to right; a route whose
child matched is no match itself; after a match the siblings are looked at only if it says `continue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.routing.go_text import quoted
from alerts.routing.matcher import Matcher, matches_all

GROUP_WAIT = timedelta(seconds=30)
GROUP_INTERVAL = timedelta(minutes=5)
REPEAT_INTERVAL = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Route:
    """One node.

    `key` is Alertmanager's (`{}/{a="1"}`; two routes may share it), `id` is unique in the tree (`0/2/1`, the root is
    `0`), `path` holds the matchers of each level as text, the root's `{}` first. `group_by_all` is `group_by: ['...']`.
    """

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    group_by_all: bool = False
    group_wait: timedelta = GROUP_WAIT
    group_interval: timedelta = GROUP_INTERVAL
    repeat_interval: timedelta = REPEAT_INTERVAL
    goes_on: bool = False
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    key: str = "{}"
    path: tuple[str, ...] = ("{}",)
    id: str = "0"


def match(route: Route, labels: Mapping[str, str]) -> list[Route]:
    """The routes the alert takes, in order; empty only if `route` itself does not match."""
    if not matches_all(route.matchers, labels):
        return []
    found: list[Route] = []
    for child in route.routes:
        more = match(child, labels)
        found += more
        if more and not child.goes_on:
            break
    return found or [route]


def group_labels(route: Route, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that name the alert's group on this route; labels it does not have, or has empty, are left out."""
    names = labels if route.group_by_all else route.group_by
    return {name: labels[name] for name in names if labels.get(name)}


def group_key(route: Route, labels: Mapping[str, str]) -> str:
    """Alertmanager's text of a group, such as `{}/{route="max"}:{service="s9"}`; `labels` are the group's labels."""
    inside = ", ".join(f"{name}={quoted(value)}" for name, value in sorted(labels.items()))
    return f"{route.key}:{{{inside}}}"


def walk(route: Route) -> list[Route]:
    """The route and all below it, depth first."""
    return [route, *(below for child in route.routes for below in walk(child))]
