"""The part of PromQL that this server answers, from text to values.

    metric{a="b",c=~"re",d!="x",e!~"y"}[5m]      a range of raw samples
    metric{...}                                  the newest sample of each series
    count(...), count by (a, b) (...), group ...  over the latter, also `count(...) by (a)`
    one or other                                 of vectors

Everything else of PromQL is refused with a message: functions, arithmetic, offset, subqueries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<duration>\[\s*(?:\d+(?:ms|[smhdwy]))+\s*\])
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|!=|=|[{}(),])
    |(?P<end>$))""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class ParseError(ValueError):
    """The query is not of the grammar above; the message is in the words of Prometheus where it has some."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label condition; an absent label is the empty text. Regular expressions match the whole value."""

    label: str
    sign: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        actual = labels.get(self.label, "")
        if self.sign in ("=", "!="):
            return (actual == self.value) == (self.sign == "=")
        return (re.fullmatch(self.value, actual, re.DOTALL) is not None) == (self.sign == "=~")


@dataclass(frozen=True, slots=True)
class Selector:
    """Series by name and labels; `range_ms` is None for the newest sample. `name` None: any that the matchers allow."""

    name: str | None
    matchers: tuple[Matcher, ...] = ()
    range_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`count` or `group` of a vector, one result for each combination of the labels in `by`."""

    operator: Literal["count", "group"]
    operand: Query
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Union:
    """`left or right`: all of left, and what of right has no equal labels in left."""

    left: Query
    right: Query


Query = Selector | Aggregation | Union


def parse(query: str) -> Query:
    """The query as a tree. Raises ParseError."""
    parser = _Parser(query)
    tree = parser.union()
    parser.expect("end")
    return tree


@dataclass(slots=True)
class _Parser:
    query: str
    position: int = 0
    kind: str = field(default="", init=False)
    token: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.advance()

    def advance(self) -> str:
        """Step over the current token and return it."""
        before = self.token
        found = TOKEN.match(self.query, self.position)
        if found is None or found.lastgroup is None:
            raise self.error(f"unexpected character: {self.query[self.position :].strip()[:1]!r}")
        self.kind, self.token, self.position = found.lastgroup, found[found.lastgroup], found.end()
        return before

    def error(self, message: str) -> ParseError:
        return ParseError(f"1:{max(self.position - len(self.token), 0) + 1}: parse error: {message}")

    def expect(self, *wanted: str) -> str:
        """Step over a token of one of these kinds or spellings."""
        if self.kind not in wanted and self.token not in wanted:
            raise self.error(f"unexpected {self.token or 'end of input'!r}, expected {' or '.join(wanted)}")
        return self.advance()

    def union(self) -> Query:
        left = self.operand()
        while self.kind == "name" and self.token.lower() == "or":
            self.advance()
            right = self.operand()
            for side in (left, right):
                if isinstance(side, Selector) and side.range_ms is not None:
                    raise self.error('set operator "or" not allowed in binary scalar expression with range vectors')
            left = Union(left, right)
        return left

    def operand(self) -> Query:
        if self.token == "(":
            self.advance()
            inner = self.union()
            self.expect(")")
            return inner
        if self.kind == "name" and self.token.lower() in ("count", "group"):
            before = (self.position, self.kind, self.token)
            operator = self.advance().lower()
            if self.token in ("(", "by"):
                return self.aggregation("count" if operator == "count" else "group")
            self.position, self.kind, self.token = before  # a metric of that name
        return self.selector()

    def aggregation(self, operator: Literal["count", "group"]) -> Query:
        by = self.grouping()
        self.expect("(")
        inner = self.union()
        self.expect(")")
        if isinstance(inner, Selector) and inner.range_ms is not None:
            raise self.error("expected type instant vector in aggregation expression, got range vector")
        return Aggregation(operator, inner, by or self.grouping())

    def grouping(self) -> tuple[str, ...]:
        if self.token != "by":
            return ()
        self.advance()
        self.expect("(")
        labels = []
        while self.token != ")":
            labels.append(self.expect("name"))
            if self.token != ")":
                self.expect(",")
        self.advance()
        return tuple(labels)

    def selector(self) -> Selector:
        name = self.advance() if self.kind == "name" else None
        matchers = []
        if self.token == "{" and self.kind == "sign":
            self.advance()
            while self.token != "}":
                matchers.append(self.matcher())
                if self.token != "}":
                    self.expect(",")
            self.advance()
        elif name is None:
            raise self.error(f"unexpected {self.token or 'end of input'!r}")
        if self.kind == "sign" and self.token == "(":
            raise self.error(f'unknown or unsupported function with name "{name}"')
        if name is None and all(matcher.matches({}) for matcher in matchers):
            raise self.error("vector selector must contain at least one non-empty matcher")
        return Selector(name, tuple(matchers), self.range())

    def matcher(self) -> Matcher:
        label = self.expect("name")
        sign = self.expect("=", "!=", "=~", "!~")
        value = _text(self.expect("text"))
        if sign in ("=~", "!~"):
            try:
                re.compile(value)
            except re.error as error:
                raise self.error(f"error parsing regexp: {error}") from error
        return Matcher(label, sign, value)

    def range(self) -> int | None:
        if self.kind != "duration":
            return None
        length = duration(self.advance().strip("[] \t\n"))
        if not length:
            raise self.error("duration must be greater than 0")
        return length


def duration(text: str) -> int:
    """Milliseconds of a duration such as `1h30m`. Raises ValueError."""
    if not re.fullmatch(r"(\d+(ms|[smhdwy]))+", text):
        raise ValueError(text)
    return sum(int(number) * MILLISECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))


def _text(literal: str) -> str:
    if literal[0] == "`":
        return literal[1:-1]
    return re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape[1], escape[1]), literal[1:-1])
