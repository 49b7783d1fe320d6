"""From Alertmanager's file to a `Routing`, refused for the reasons for which Alertmanager refuses it.

What Alertmanager refuses is refused here, in its words, with the line. Beyond that only what we could not honour is
refused: receiver kinds without a sender, OAuth 2 and the like. What is merely not used becomes a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from alerts.routing.document import Document, Flaw, Place, read
from alerts.routing.file_base import Reading
from alerts.routing.file_root import OURS, GlobalEntry, Root
from alerts.routing.file_tree import RouteEntry
from alerts.routing.go_text import quoted
from alerts.routing.inhibition import InhibitRule
from alerts.routing.integrations import receiver
from alerts.routing.interval import TimeInterval
from alerts.routing.matcher import in_order
from alerts.routing.matcher_text import Mode
from alerts.routing.receivers import Receiver
from alerts.routing.redaction import without_secrets
from alerts.routing.route import Route
from alerts.routing.route_tree import build, pages_nobody
from warehouse.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Routing:
    """All a configuration says. `warnings` are sentences for the person who wrote it.

    `resolve_timeout` is how long an alert posted without an end fires. `text` is the file as it may be shown: without
    comments, and every secret as `<secret>`.
    """

    root: Route
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: Mapping[str, TimeInterval] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    resolve_timeout: timedelta = timedelta(minutes=5)
    text: str = ""


def load_routing(path: Path, mode: Mode = "fallback") -> Routing:
    """Read a file; `*_file` paths in it are relative to it. Raises ConfigurationError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"{path} cannot be read: {reason}", "name an Alertmanager configuration") from None
    return parse_routing(text, str(path), mode, path.parent)


def parse_routing(text: str, name: str, mode: Mode = "fallback", base: Path | None = None) -> Routing:
    """Read a text that messages call `name`. Raises ConfigurationError.

    `mode` is how matchers and label names are read (matcher_text.py); `base` is where relative `*_file` paths start.
    """
    document = Document()
    try:
        document = read(text)
        routing = _routing(_root(document, context := Reading(mode, base)), context)
    except Flaw as flaw:
        line = flaw.line or document.line(flaw.place)
        where = f"{name}:{line}" if line else name
        raise ConfigurationError(f"{where}: {flaw.message}", _remedy(flaw.place)) from None
    return replace(routing, text=without_secrets(text))


def _remedy(place: Place) -> str:
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"correct {dotted} there" if dotted else "correct it there"


def _root(document: Document, context: Reading) -> Root:
    try:
        return Root.model_validate(document.content, context=context)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    place = tuple(first["loc"])
    if first["type"] == "extra_forbidden":
        where = ".".join(part for part in place[:-1] if isinstance(part, str)) or "the file"
        known = f"; kinds of receivers are {', '.join(OURS)}" if str(place[-1]).endswith("_configs") else ""
        raise Flaw(f"field {place[-1]} not found in {where}{known}", place)
    raise Flaw(first["msg"].removeprefix("Value error, "), place)


def _routing(root: Root, context: Reading) -> Routing:
    common = root.settings or GlobalEntry()
    receivers: dict[str, Receiver] = {}
    for place, group in enumerate(root.receivers or ()):
        name = group.name if group else ""
        if name in receivers:
            raise Flaw(f"notification config name {quoted(name)} is not unique", ("receivers", place))
        receivers[name] = receiver(group, common, context, place) if group else Receiver("")
    if root.route is None:
        raise Flaw("no routes provided")
    _check_root(root.route)
    _check_names(root.route, receivers, "receiver")
    intervals = _intervals(root)
    _check_names(root.route, intervals, "time interval")
    tree = build(root.route)
    for sentence in pages_nobody(tree, receivers):
        context.warn(sentence)
    rules = tuple(
        InhibitRule(
            source=in_order((*rule.source_match, *rule.source_match_re, *rule.source_matchers)),
            target=in_order((*rule.target_match, *rule.target_match_re, *rule.target_matchers)),
            equal=tuple(name for name in rule.equal or () if name),
            name=rule.name,
        )
        for rule in root.inhibit_rules or ()
    )
    return Routing(tree, receivers, rules, intervals, tuple(context.warnings), common.resolve_timeout)


def _check_root(route: RouteEntry) -> None:
    place = ("route",)
    if not route.receiver:
        raise Flaw("root route must specify a default receiver", place)
    if route.all_matchers():
        raise Flaw("root route must not have any matchers", place)
    if route.mute_time_intervals:
        raise Flaw("root route must not have any mute time intervals", (*place, "mute_time_intervals"))
    if route.active_time_intervals:
        raise Flaw("root route must not have any active time intervals", (*place, "active_time_intervals"))
    if route.goes_on:
        raise Flaw("cannot have continue in root route", (*place, "continue"))


def _check_names(route: RouteEntry, known: Mapping[str, object], what: str) -> None:
    for node, place in _nodes(route, ("route",)):
        if what == "receiver":
            used = [node.receiver] if node.receiver else []
        else:
            used = [*(node.active_time_intervals or ()), *(node.mute_time_intervals or ())]
        for name in used:
            if name not in known:
                raise Flaw(f"undefined {what} {quoted(name)} used in route", place)


def _nodes(route: RouteEntry, place: Place) -> Iterator[tuple[RouteEntry, Place]]:
    yield route, place
    for index, child in enumerate(route.routes or ()):
        yield from _nodes(child, (*place, "routes", index))


def _intervals(root: Root) -> dict[str, TimeInterval]:
    found: dict[str, TimeInterval] = {}
    for key, what in (("mute_time_intervals", "mute time interval"), ("time_intervals", "time interval")):
        for index, entry in enumerate(getattr(root, key) or ()):
            interval = entry.interval() if entry else TimeInterval("")
            if interval.name in found:
                raise Flaw(f"{what} {quoted(interval.name)} is not unique", (key, index))
            found[interval.name] = interval
    return found
