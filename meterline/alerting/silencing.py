"""Silences from words, as amtool and Alertmanager's API take them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from alerts.routing.matcher import Matcher
from alerts.routing.matcher_text import Mode, parse_matchers
from warehouse.errors import ConfigurationError

PARTS = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
LONGEST = timedelta(days=36500)
UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def duration(text: str) -> timedelta:
    """`2h`, `1d12h`, as Prometheus writes them. Raises ConfigurationError."""
    found = PARTS.fullmatch(text)
    values = {unit: int(part) for unit, part in zip(UNITS, found.groups(), strict=True) if part} if found else {}
    try:
        span = timedelta(**values)
    except OverflowError:
        span = timedelta.max
    if not timedelta(0) < span <= LONGEST:
        raise ConfigurationError(f"{text!r} is no duration", "expected for example 2h, 30m or 1d12h")
    return span


def matchers_of(words: Sequence[str], mode: Mode = "fallback") -> tuple[Matcher, ...]:
    """The matchers that `words` (each may hold several) say. Raises ConfigurationError.

    A first word without an operator is the alert's name, as in amtool.
    """
    found: list[Matcher] = []
    for position, word in enumerate(words):
        text = f"alertname={word}" if position == 0 and not re.search(r"[=~{]", word) else word
        try:
            found += parse_matchers(text, mode)
        except ValueError as error:
            raise ConfigurationError(
                f"{word!r}: {error}", "expected for example service=chat or pod=~chat-.*"
            ) from error
    return checked(found)


def checked(matchers: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """Raises ConfigurationError when these would silence everything."""
    if not matchers:
        raise ConfigurationError("a silence needs a matcher", "expected for example service=chat")
    if all(matcher.matches({}) for matcher in matchers):
        raise ConfigurationError(
            "at least one matcher must not match the empty string", "this silence would keep every page back"
        )
    return tuple(matchers)


def stored(matchers: Sequence[Matcher]) -> list[Mapping[str, str]]:
    """As the log of alerts holds them."""
    return [{"name": one.name, "op": one.op, "value": one.value} for one in matchers]
