"""Routes, receivers and rules are read, and what can be seen to be wrong without sending anything is said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.delivery.kinds import unusable
from alerts.routing.load import Routing
from alerts.routing.route import walk
from alerts.rules.load import Rules
from meterline.alerting.routing import routing_of
from meterline.alerting.rules import rules_of
from meterline.checking.finding import Finding, told
from meterline.checking.peers import check_peers
from meterline.config.problems import InvalidConfiguration
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from meterline.config.model import Config

OFF_REMEDY = "say who acts under alerting.owner, or what a page need not have under alerting.require"


@dataclass(frozen=True, slots=True)
class Alerting:
    """What the configuration says about alerts, its files read."""

    routing: Routing
    rules: Rules


def read_alerting(config: Config) -> Alerting:
    """Read the files of routes and rules. Raises ConfigurationError; InvalidConfiguration when both are wrong."""
    problems: list[ConfigurationError] = []
    routing = rules = None
    try:
        routing = routing_of(config)
    except ConfigurationError as error:
        problems.append(error)
    try:
        rules = rules_of(config)
    except ConfigurationError as error:
        problems.append(error)
    if len(problems) > 1:
        raise InvalidConfiguration(tuple(error.message for error in problems))
    if problems:
        raise problems[0]
    assert routing is not None
    assert rules is not None
    return Alerting(routing, rules)


def check_alerting(config: Config, read: Alerting) -> Finding:
    """`content`: counts of routes and receivers, rules that are on and off, warnings, problems, peers."""
    alerting, routing, rules = config.alerting, read.routing, read.rules
    off = [{"rule": rule.name, "reason": reason} for rule, reason in rules.off]
    if alerting is None:
        return Finding({"configured": False, "rules": {"on": len(rules), "off": off}})
    push = alerting.alertmanager is not None
    problems = [] if push else unusable(routing)
    peers = check_peers(alerting.alertmanager) if alerting.alertmanager else Finding([])
    routes, receivers = len(walk(routing.root)), len(routing.receivers)
    counts = f"{len(rules)} rules on, {len(off)} off"
    where = "pushed to Alertmanager" if push else f"{routes} routes, {receivers} receivers"
    warnings = [*((text, None) for text in routing.warnings), *_off_unwillingly(rules), *peers.warnings]
    unwanted = [rule.name for rule, _ in rules.off if not rule.enabled]
    lines = [f"alerting: {where}, {counts}", *peers.lines]
    if unwanted:
        lines.append(f"alerting: not enabled: {', '.join(unwanted)}")
    return Finding(
        {
            "configured": True,
            "routes": None if push else routes,
            "receivers": None if push else receivers,
            "rules": {"on": len(rules), "off": off},
            "warnings": [text for text, _ in warnings],
            "problems": [told(one) for one in problems],
            "peers": peers.content,
        },
        tuple(lines),
        tuple((f"alerting: {text}", remedy) for text, remedy in warnings),
        wrong=tuple(("alerting", one) for one in problems),
        failed=peers.failed,
    )


def _off_unwillingly(rules: Rules) -> list[tuple[str, str | None]]:
    """Rules that lack what a page must have, by what they lack."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for rule, reason in rules.off:
        if rule.enabled:
            by_reason[reason].append(rule.name)
    return [
        (f"{len(names)} rules are off, each because {reason}: {', '.join(names)}", OFF_REMEDY)
        for reason, names in by_reason.items()
    ]
