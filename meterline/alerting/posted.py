"""Alerts as Prometheus and others post them: the JSON of Alertmanager's API v2, and its reasons to refuse.

The good ones of a mixed list are stored although the answer is 400, as Alertmanager does; a sender that repeats the
list loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from warehouse.alert_log.alert import Alert
from warehouse.errors import ConfigurationError
from warehouse.interval import parse_utc

CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times beyond are taken for these: an hour after the last one that Python knows is an error."""
MOST_OF_LABELS = 64 << 10
"""Characters of all labels of an alert: they are in the key of its group, in routes, in every message."""
SHAPE = 'expected a list such as [{"labels": {"alertname": "A"}, "startsAt": "...", "endsAt": "..."}]'


@dataclass(frozen=True, slots=True)
class Posted:
    """The alerts that are fine, and why others are not."""

    alerts: list[Alert]
    refused: list[str]


def parse_posted(body: bytes, now: datetime, *, classic: bool = False) -> Posted:
    """The alerts in a request's body. `classic` refuses label names that Alertmanager before 0.27 refused.

    Raises ConfigurationError when the body is not a list of alerts at all: nothing of it can be stored.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"the body is not JSON ({error})", SHAPE) from error
    if not isinstance(content, list):
        raise ConfigurationError("the body is not a list of alerts", SHAPE)
    posted = Posted([], [])
    for entry in content:
        alert = _alert(entry, now, classic)
        if isinstance(alert, str):
            posted.refused.append(alert)
        else:
            posted.alerts.append(alert)
    return posted


def _alert(entry: Any, now: datetime, classic: bool) -> Alert | str:
    if not isinstance(entry, dict):
        raise ConfigurationError("an alert is not an object", SHAPE)
    labels = _texts(entry, "labels")
    annotations = _texts(entry, "annotations")
    starts_at, ends_at = _time(entry, "startsAt"), _time(entry, "endsAt")
    link = entry.get("generatorURL") or ""
    if not isinstance(link, str):
        raise ConfigurationError("generatorURL is not a text", SHAPE)
    present = {name: value for name, value in labels.items() if value}
    if not present:
        return "at least one label pair required"
    for name in present:
        if not name or (classic and not CLASSIC_NAME.fullmatch(name)):
            return f'invalid label set: invalid name "{name}"'
    if sum(len(name) + len(value) for name, value in present.items()) > MOST_OF_LABELS:
        return f"invalid label set: expected at most {MOST_OF_LABELS} characters, long texts are for annotations"
    if starts_at is None:
        # Alertmanager takes the end for the start, so such an alert begins in the future; that never helps anybody
        starts_at = min(ends_at, now) if ends_at else now
    if ends_at is not None and ends_at < starts_at:
        return "start time must be before end time"
    return Alert(present, annotations, starts_at, ends_at, link)


def _texts(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    value = entry.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ConfigurationError(f"{key} is not an object of texts", SHAPE)
    return value


def _time(entry: Mapping[str, Any], key: str) -> datetime | None:
    value = entry.get(key)
    if not value or (isinstance(value, str) and value.startswith("0001-01-01T00:00:00")):  # Go's zero time
        return None
    try:
        return min(max(parse_utc(value), EARLIEST), LATEST)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigurationError(f"{key} is {value!r}", "times are RFC 3339, such as 2026-10-05T10:00:00Z") from error
