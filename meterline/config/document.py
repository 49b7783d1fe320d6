"""A YAML file that remembers where everything stands, so that an error can name the line.

It parses safe YAML only, refuses a key written twice (YAML itself would keep the last one without a word), and finds
the line and the written text of a value by its path. It knows nothing of what the keys mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from meterline.config.rules import Location
from warehouse.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: `line` (from 1), `key` for people (`sources[0].url`), `text` of a scalar as written."""

    line: int
    key: str
    text: str | None


class Document:
    """One parsed file. Raises ConfigurationError when it cannot be read or is not YAML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"{path} does not exist", "make one with `meterline init`, or name another with --config"
            ) from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(f"{path} cannot be read ({_reason(error)})", "it must be UTF-8 text") from error
        try:
            self._root = loader.get_single_node()
            self.doubled = list(_doubled(self._root, set())) if self._root else []
            self.content: Any = loader.construct_document(self._root) if self._root else None
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}:{mark.line + 1}" if mark else str(path)
            raise ConfigurationError(f"{where}: not YAML: {_reason(error)}", "mend the syntax at that line") from error
        except RecursionError as error:
            raise ConfigurationError(f"{path}: not usable: nested too deeply, or an anchor contains itself") from error
        finally:
            loader.dispose()

    def place(self, location: Location, *, missing: bool = False) -> Place:
        """Follow `location` as far as the file goes; parts that the file lacks (union tags) are passed over.

        With `missing`, the last part is a key that should be there: it is in `key`, and the line is its parent's.
        """
        node, line, key = self._root, self._root.start_mark.line if self._root else 0, ""
        for index, part in enumerate(location):
            if isinstance(part, int):
                if isinstance(node, yaml.SequenceNode) and part < len(node.value):
                    node = node.value[part]
                    line, key = node.start_mark.line, f"{key}[{part}]"
                continue
            found = _entry(node, part)
            if found:
                line, node, key = found[0].start_mark.line, found[1], _dotted(key, part)
            elif missing and index == len(location) - 1:
                return Place(line + 1, _dotted(key, part), None)
        text = node.value if isinstance(node, yaml.ScalarNode) else None
        return Place(line + 1, key, text)


def _dotted(key: str, part: str) -> str:
    return f"{key}.{part}" if key else part


def _entry(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for written, value in node.value:
            if written.value == key:
                return written, value
    return None


def _doubled(node: yaml.Node, visited: set[int]) -> Iterator[tuple[int, str]]:
    """`(line, key)` of every key that its mapping already has."""
    if id(node) in visited:  # an anchor may be used many times
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen and key.value != "<<":
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
            yield from _doubled(value, visited)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled(item, visited)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(getattr(error, "problem", None) or str(error).splitlines()[0])
