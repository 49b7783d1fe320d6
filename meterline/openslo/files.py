"""The text of OpenSLO files as objects that remember their lines.

A file is YAML or JSON with one object, several documents, or lists of objects. Scalars are read as OpenSLO's own tools
read them: only true and false are booleans (`off` is a word), and a time is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from meterline.config.document import Document, Place, _doubled
from meterline.config.rules import Location

BOOLEAN = "tag:yaml.org,2002:bool"
AS_TEXT = ("tag:yaml.org,2002:timestamp", BOOLEAN)
INDENT = re.compile(r"(?m)^\t+")


class Unreadable(Exception):
    """A file that is no YAML or JSON: `line` (from 1, or None) and why."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class _Loader(yaml.SafeLoader):
    """Safe YAML with the scalars of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(BOOLEAN, re.compile("true|false|True|False|TRUE|FALSE"), list("tTfF"))


class Entry(Document):
    """One object of a file; `number` counts the file's objects from 1, `content` is as read, lines are the file's."""

    def __init__(self, path: Path, number: int, root: yaml.Node, content: Any, doubled: list[tuple[int, str]]) -> None:
        self.path = path
        self.number = number
        self.content = content
        self.doubled = doubled
        self._root = root

    def __str__(self) -> str:
        """`SLO chat-availability (object 2)`, as much as is known of it."""
        content = self.content if isinstance(self.content, dict) else {}
        metadata = content.get("metadata")
        kind, name = content.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None
        known = " ".join(one for one in (kind, name) if isinstance(one, str))
        return f"{known} (object {self.number})" if known else f"object {self.number}"

    def where(self, location: Location, *, missing: bool = False) -> Place:
        """The line, key and text of `location`; see `Document.place`."""
        return self.place(location, missing=missing)


def read(path: Path) -> list[Entry]:
    """The objects of a file; none where it is empty. Raises Unreadable."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(None, "it is not UTF-8") from error
    except OSError as error:
        raise Unreadable(None, error.strerror or type(error).__name__) from error
    if path.suffix == ".json":  # YAML has no tabs for indentation, JSON may
        text = INDENT.sub(lambda tabs: "  " * len(tabs[0]), text)
    try:
        return [Entry(path, number, *found) for number, found in enumerate(_objects(text), start=1)]
    except RecursionError as error:
        raise Unreadable(None, "it is nested too deeply, or an anchor contains itself") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", None) or str(error).splitlines()[0])
        raise Unreadable(mark.line + 1 if mark else None, reason) from error


def _objects(text: str) -> Iterator[tuple[Any, Any, list[tuple[int, str]]]]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            root: Any = loader.get_node()
            nodes = root.value if isinstance(root, yaml.SequenceNode) else [root]
            doubled = [list(_doubled(node, set())) for node in nodes]  # before merged keys (<<) are put in their places
            content = loader.construct_document(root)
            if content is not None:
                contents = content if isinstance(root, yaml.SequenceNode) else [content]
                yield from zip(nodes, contents, doubled, strict=True)
    finally:
        loader.dispose()
