"""The silences of the log, ready to be asked for 50,000 alerts at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from alerts.routing.matcher import Matcher, Operator, matches_all
from warehouse.alert_log import silences as log_of_silences
from warehouse.alert_log.log import AlertLog

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Silence:
    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime


class Silences:
    """Those that are active or to come, filed under one `name="value"` that an alert must have to match."""

    def __init__(self) -> None:
        self._filed: dict[Pair, list[_Silence]] = {}
        self._others: list[_Silence] = []
        self._stamp: tuple[int, int] | None = None

    def read(self, log: AlertLog, now: datetime) -> None:
        """Read them again if any was added or changed since the last time."""
        stamp = log_of_silences.stamp(log)
        if stamp == self._stamp:
            return
        self._filed, self._others = {}, []
        for row in log_of_silences.silences(log, now):
            try:
                matchers = tuple(Matcher(one["name"], cast(Operator, one["op"]), one["value"]) for one in row.matchers)
            except (KeyError, ValueError):
                continue  # not to be read as a silence: rather a page too many than dispatch that stops
            if matchers:
                self._file(_Silence(row.id, matchers, row.starts_at, row.ends_at))
        self._stamp = stamp

    def __bool__(self) -> bool:
        return bool(self._filed or self._others)

    def matching(self, labels: Mapping[str, str], now: datetime) -> tuple[str, ...]:
        """The ids of those that silence such an alert at `now`, sorted."""
        if not self:
            return ()
        found = [one.id for one in self._candidates(labels) if _holds(one, labels, now)]
        return tuple(sorted(found))

    def _candidates(self, labels: Mapping[str, str]) -> Iterable[_Silence]:
        yield from self._others
        for pair in labels.items():
            yield from self._filed.get(pair, ())

    def _file(self, silence: _Silence) -> None:
        for matcher in silence.matchers:
            if matcher.op == "=" and matcher.value:
                self._filed.setdefault((matcher.name, matcher.value), []).append(silence)
                return
        self._others.append(silence)


def _holds(silence: _Silence, labels: Mapping[str, str], now: datetime) -> bool:
    return silence.starts_at <= now < silence.ends_at and matches_all(silence.matchers, labels)
