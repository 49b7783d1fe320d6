"""Which nodes of the tree an alert visited, and what stopped it: the route part of "why was I (not) paged?"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.routing.matcher import Matcher
from alerts.routing.route import Route


@dataclass(frozen=True, slots=True)
class Step:
    """One visited node. `failed` is the first matcher that did not hold; `taken` says the alert goes to this route."""

    route: Route
    failed: Matcher | None
    taken: bool

    @property
    def matched(self) -> bool:
        """Whether all matchers of the node held."""
        return self.failed is None


def trace(route: Route, labels: Mapping[str, str]) -> list[Step]:
    """Every node looked at, in order; the taken ones are what `match` returns."""
    failed = next((matcher for matcher in route.matchers if not matcher.matches(labels)), None)
    if failed is not None:
        return [Step(route, failed, False)]
    below: list[Step] = []
    for child in route.routes:
        steps = trace(child, labels)
        below += steps
        if steps[0].matched and not child.goes_on:
            break
    return [Step(route, None, not any(step.taken for step in below)), *below]
