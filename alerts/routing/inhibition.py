"""An alert that is not told because a more important one fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.routing.matcher import Matcher, matches_all

Labels = Mapping[str, str]
Key = tuple[str, ...]  # values of a rule's `equal` labels
Members = dict[str, None]  # fingerprints, the one that fires longest first


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert matching `source` fires, alerts matching `target` with the same `equal` labels are not told."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    name: str = ""


@dataclass(slots=True)
class _Sources:
    """The firing sources of one rule: those that are not its targets as well (`plain`), and those that are."""

    plain: dict[Key, Members] = field(default_factory=dict)
    both: dict[Key, Members] = field(default_factory=dict)


class Inhibitor:
    """Keeps which sources fire; asking costs one look-up per rule, however many alerts there are."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._rules = tuple(rules)
        self._sources = [_Sources() for _ in self._rules]
        self._places: dict[str, list[tuple[dict[Key, Members], Key]]] = {}

    def set(self, fingerprint: str, labels: Labels, firing: bool) -> None:
        """Tell that an alert fires or no longer does; telling twice changes nothing."""
        if not firing:
            for index, key in self._places.pop(fingerprint, ()):
                index[key].pop(fingerprint)
                if not index[key]:
                    del index[key]
            return
        if fingerprint in self._places:
            return
        places = []
        for rule, sources in zip(self._rules, self._sources, strict=True):
            if matches_all(rule.source, labels):
                index = sources.both if matches_all(rule.target, labels) else sources.plain
                key = tuple(labels.get(name, "") for name in rule.equal)
                index.setdefault(key, {})[fingerprint] = None
                places.append((index, key))
        if places:
            self._places[fingerprint] = places

    def inhibitor_of(self, fingerprint: str, labels: Labels) -> tuple[str, int] | None:
        """Who inhibits this alert and by which rule (its place in the file, from 0); None if nobody.

        An alert matching both sides of a rule is not inhibited by another that does too, so never by itself.
        """
        for number, (rule, sources) in enumerate(zip(self._rules, self._sources, strict=True)):
            if not matches_all(rule.target, labels):
                continue
            key = tuple(labels.get(name, "") for name in rule.equal)
            members = sources.plain.get(key)
            if members:
                return next(iter(members)), number
            members = sources.both.get(key)
            if members and not matches_all(rule.source, labels):
                return next(iter(members)), number
        return None
