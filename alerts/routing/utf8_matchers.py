"""Matchers in Alertmanager's newer language (0.27): any label name, Go's double-quoted strings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from alerts.routing.go_text import SPACES, unquoted
from alerts.routing.matcher import RESERVED, Matcher, Operator

_BARE = re.escape(RESERVED) + SPACES
TOKEN = re.compile(
    rf"""[{SPACES}]*(?:(?P<brace>[{{}}])|(?P<comma>,)|(?P<operator>=~?|![=~])|(?P<quoted>"(?:\\.|[^"\\])*")"""
    rf"""|(?P<bare>[^{_BARE}]+)|(?P<end>\Z)|(?P<wrong>.))""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    def wrong(self, expected: str) -> ValueError:
        found = "end of input" if self.kind == "end" else f"unexpected {self.text}"
        return ValueError(f"{self.at}:{self.at + len(self.text)}: {found}: expected {expected}")


def parse_utf8(text: str) -> tuple[Matcher, ...]:
    """A list in commas, with both braces or none. Raises ValueError with the place and what was expected."""
    tokens = _tokens(text)
    place = 0
    matchers: list[Matcher] = []
    opened = tokens[0].text == "{"
    place += opened
    wanted = True  # false after a matcher until a comma
    while tokens[place].kind not in ("end", "brace"):
        if not wanted:
            if tokens[place].kind != "comma":
                raise tokens[place].wrong("a comma or close brace")
            place += 1
            wanted = True
            continue
        name, op, value = (tokens[min(place + ahead, len(tokens) - 1)] for ahead in range(3))
        if name.kind not in ("quoted", "bare"):
            raise name.wrong("label name")
        if op.kind != "operator":
            raise op.wrong("an operator such as '=', '!=', '=~' or '!~'")
        if value.kind not in ("quoted", "bare"):
            raise value.wrong("label value")
        matchers.append(Matcher(_value(name), cast(Operator, op.text), _value(value)))
        place += 3
        wanted = False
    if opened:
        if tokens[place].text != "}":
            raise tokens[place].wrong("close brace")
        place += 1
    if tokens[place].kind != "end":
        raise tokens[place].wrong("end of input")
    return tuple(matchers)


def _value(token: _Token) -> str:
    return unquoted(token.text) if token.kind == "quoted" else token.text


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while not tokens or tokens[-1].kind != "end":
        found = TOKEN.match(text, place)
        assert found is not None  # one of the alternatives always matches
        assert found.lastgroup is not None
        token = _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
        if token.kind == "wrong":
            raise ValueError(f"{token.at}:{token.at + 1}: {token.text}: invalid input")
        tokens.append(token)
        place = found.end()
    return tokens
