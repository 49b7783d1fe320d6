"""YAML as Alertmanager's reader (Go's yaml.v2) takes it, with the line of every value.

Scalars stay the text that was written, since Go decides by the field's type: `yes` is a word for a label and true for
`continue`. What is refused: duplicate keys, keys that are no scalars, a value that contains itself, and aliases that
blow a small file up.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import yaml

Place = tuple[str | int, ...]
MOST_VALUES = 200_000
NULLS = ("", "~", "null", "Null", "NULL")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Flaw(Exception):
    """Something in the file is wrong; `place` leads to it, `line` is given where there is no place."""

    def __init__(self, message: str, place: Place = (), line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.line = line


class Scalar(str):
    """A scalar as written. `plain` tells that it had no quotes, so that it may be a number or a boolean."""

    plain: bool = False


@dataclass
class Document:
    """The values (dict, list, Scalar, None) and the lines, counted from 1, of the places in them."""

    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """The line of the place, or of what it is in."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)


def read(text: str) -> Document:
    """The first document of the text; what follows `---` is not looked at, as in Go. Raises Flaw."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Flaw(f"yaml: {error.problem or error.context}", line=mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise Flaw(f"yaml: {error}") from None
    document = Document()
    if node is not None:
        try:
            document.content = _Builder(document).value(node, (), (), False)
        except RecursionError:
            raise Flaw("yaml: exceeded max depth") from None
    return document


class _Builder:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._values = 0

    def value(self, node: yaml.Node, place: Place, inside: tuple[int, ...], flow: bool) -> Any:
        self._values += 1
        if self._values > MOST_VALUES:
            raise Flaw("yaml: document contains excessive aliasing")
        line = node.start_mark.line + 1
        if id(node) in inside:
            raise Flaw("yaml: anchor value contains itself", line=line)
        self._document.lines.setdefault(place, line)
        if isinstance(node, yaml.ScalarNode):
            if flow and not node.style and "?" in node.value:
                raise Flaw("yaml: did not find expected ',' or '}': in brackets, a word with ? needs quotes", line=line)
            if flow and not node.style and not node.value and node.tag.startswith("!"):
                raise Flaw("yaml: did not find expected ',' or '}'", line=line)  # Go takes the comma into the tag
            return _scalar(node)
        inside = (*inside, id(node))
        flow = flow or bool(isinstance(node, yaml.CollectionNode) and node.flow_style)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, index), inside, flow) for index, child in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node, place, inside, flow)

    def _mapping(
        self, node: yaml.MappingNode, place: Place, inside: tuple[int, ...], flow: bool
    ) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = {}
        own: set[str] = set()
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise Flaw("yaml: a key must be a plain word", line=line)
            if key_node.tag == "tag:yaml.org,2002:merge":
                for merged in self._merged(value_node, place, inside, line):
                    found |= merged
                continue
            key = key_node.value
            if key in own:
                raise Flaw(f'key "{key}" already set in map', line=line)
            own.add(key)
            self._document.lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key), inside, flow)
        return found

    def _merged(self, node: yaml.Node, place: Place, inside: tuple[int, ...], line: int) -> list[dict[Hashable, Any]]:
        written: list[yaml.Node] = list(reversed(node.value)) if isinstance(node, yaml.SequenceNode) else [node]
        nodes = [one for one in written if isinstance(one, yaml.MappingNode)]
        if len(nodes) < len(written):
            raise Flaw("yaml: map merge requires map or sequence of maps as the value", line=line)
        return [self._mapping(one, place, (*inside, id(one)), False) for one in nodes if id(one) not in inside]


def _scalar(node: yaml.ScalarNode) -> Scalar | None:
    plain = not node.style  # the C reader says "", the other None
    if node.tag == "tag:yaml.org,2002:null" and node.value in NULLS:
        return None
    scalar = Scalar(node.value)
    scalar.plain = plain and node.tag.startswith("tag:yaml.org,2002:") and node.tag != "tag:yaml.org,2002:str"
    return scalar
