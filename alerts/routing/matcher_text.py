"""The text of matchers, in the two languages Alertmanager has had.

`classic` (before 0.27): names are ASCII, values may be bare and contain spaces, and only \\", \\\\ and \\n are escapes.
`utf8`: any name, in double quotes if need be, values in Go's double quotes or without reserved letters.
`fallback`, the default since 0.27: utf8 if it can be read so, else classic; where both read it and disagree, classic.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, cast

from alerts.routing.go_text import SPACES
from alerts.routing.matcher import Matcher, Operator
from alerts.routing.utf8_matchers import parse_utf8

Mode = Literal["fallback", "classic", "utf8"]

CLASSIC = re.compile(
    r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*(.*?)[\t\n\f\r ]*", re.S
)


def parse_matchers(text: str, mode: Mode = "fallback") -> tuple[Matcher, ...]:
    """A list in commas, with or without braces; nothing is an empty list. ValueError in Alertmanager's own words."""
    if mode == "classic":
        return _classic_list(text)
    if mode == "utf8":
        return parse_utf8(text)
    return _either(lambda: parse_utf8(text), lambda: _classic_list(text))


def parse_matcher(text: str, mode: Mode = "fallback") -> Matcher:
    """Exactly one matcher without braces, as amtool takes labels. ValueError in Alertmanager's own words."""
    if mode == "classic":
        return _classic(text)
    if text.startswith("{") or text.endswith("}"):
        raise ValueError(f"unexpected open or close brace: {text}")
    found = parse_utf8(text) if mode == "utf8" else _either(lambda: parse_utf8(text), lambda: (_classic(text),))
    if len(found) != 1:
        raise ValueError(f"expected 1 matcher, found {len(found)}")
    return found[0]


def disagreement(text: str) -> str | None:
    """Why this text will mean something else in utf8 mode; None if it will not. For warnings."""
    try:
        classic = _classic_list(text)
    except ValueError:
        return None
    try:
        modern = parse_utf8(text)
    except ValueError as error:
        written = ",".join(map(str, classic))
        return f"matcher {text} is only understood by the classic parser ({error}), write it as {written}"
    return None if modern == classic else f"matcher {text} is read differently by the UTF-8 parser"


def _either(
    modern: Callable[[], tuple[Matcher, ...]], classic: Callable[[], tuple[Matcher, ...]]
) -> tuple[Matcher, ...]:
    try:
        new: tuple[Matcher, ...] | None = modern()
    except ValueError:
        new = None
    try:
        old = classic()
    except ValueError:
        if new is None:
            raise
        return new
    return old


def _classic_list(text: str) -> tuple[Matcher, ...]:
    text = text.removeprefix("{")
    text = text.removesuffix("}")
    tokens: list[str] = []
    token, quotes, escaped = "", False, False
    for letter in text:
        if letter == "," and not quotes:
            tokens.append(token)
            token = ""
            continue
        if letter == '"' and not escaped:
            quotes = not quotes
        if letter != ",":
            escaped = not escaped if letter == "\\" else False
        token += letter
    if last := token.strip(SPACES):
        tokens.append(last)
    return tuple(map(_classic, tokens))


def _classic(text: str) -> Matcher:
    found = CLASSIC.fullmatch(text)
    if not found:
        raise ValueError(f"bad matcher format: {text}")
    name, op, value = found.groups()
    return Matcher(name, cast(Operator, op), _classic_value(value))


def _classic_value(text: str) -> str:
    inside = text.removeprefix('"')
    wants_quote = inside != text
    value, escaped = "", False
    for place, letter in enumerate(inside):
        last = place == len(inside) - 1
        if escaped:
            escaped = False
            value += {"n": "\n", '"': '"', "\\": "\\"}.get(letter, "\\" + letter)
        elif letter == "\\" and not last:
            escaped = True
        elif letter == '"':
            if not wants_quote or not last:
                raise ValueError(f"matcher value contains unescaped double quote: {text}")
            wants_quote = False
        else:
            value += letter
    if wants_quote:
        raise ValueError(f"matcher value contains unescaped double quote: {text}")
    return value
