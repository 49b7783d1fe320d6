"""Objects by kind and name, so that one can refer to another; and the reading of files into them."""

from __future__ import annotations

import glob
import os.path
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from meterline.config.rules import Location
from meterline.openslo.annotations import Annotations, nearest, ours
from meterline.openslo.files import Entry, Unreadable, read
from meterline.openslo.kinds import API_VERSION, KINDS, AnyObject, OpenSloObject, Slo
from meterline.openslo.problems import Problems
from meterline.openslo.slo import findings

Kind = TypeVar("Kind", bound=OpenSloObject)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid object and where it was written."""

    entry: Entry
    item: AnyObject


class Library:
    """The valid objects of all files. A name that its kind already has is a problem, and the first one stays."""

    def __init__(self, loaded: Sequence[Loaded], problems: Problems) -> None:
        self._problems = problems
        self._by_name: dict[tuple[type[OpenSloObject], str], Loaded] = {}
        for one in loaded:
            key = (type(one.item), one.item.name)
            if key in self._by_name:
                first = self._by_name[key].entry
                place = f"{first.path}:{first.place(('metadata', 'name')).line}"
                text = f"expected a name that no other {one.item.kind} has, {place} has this one"
                problems.add(one.entry, ("metadata", "name"), "unique-name", text)
            else:
                self._by_name[key] = one

    @property
    def documents(self) -> tuple[AnyObject, ...]:
        """Every object, in the order of the files."""
        return tuple(one.item for one in self._by_name.values())

    def all(self, kind: type[Kind]) -> Iterator[tuple[Entry, Kind]]:
        """The objects of a kind with their places."""
        for one in self._by_name.values():
            if isinstance(one.item, kind):
                yield one.entry, one.item

    def find(self, kind: type[Kind], name: str) -> tuple[Entry, Kind] | None:
        """The object of that kind and name."""
        one = self._by_name.get((kind, name))
        return (one.entry, one.item) if one and isinstance(one.item, kind) else None

    def follow(self, kind: type[Kind], name: str, entry: Entry, location: Location) -> tuple[Entry, Kind] | None:
        """The object that `location` of `entry` refers to; a problem when there is none."""
        found = self.find(kind, name)
        if found is None:
            word = next(word for word, model in KINDS.items() if model is kind)
            known = ", ".join(sorted(one.name for _, one in self.all(kind))) or "there is none"
            self._problems.add(entry, location, "reference", f"expected the name of a kind {word}: {known}")
        return found


def find_files(patterns: Sequence[str], base: Path, problems: Problems) -> list[Path]:
    """The files that the patterns name, each once, sorted within a pattern; relative ones are taken from `base`."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        whole = os.path.join(glob.escape(str(base)), os.path.expanduser(pattern))
        files = [path for path in map(Path, sorted(glob.glob(whole, recursive=True))) if path.is_file()]
        found |= dict.fromkeys(path.absolute() for path in files)
        if not files and glob.has_magic(pattern):
            problems.note(f"slos: no file matches {pattern}")
        elif not files:
            path = base / os.path.expanduser(pattern)
            problems.line(
                path, None, "there is no such file: expected a file, or a pattern such as slos/*.yaml", "readable"
            )
    return list(found)


def load_objects(path: Path, problems: Problems) -> list[Loaded]:
    """The valid objects of one file; what is wrong goes to `problems`."""
    try:
        entries = read(path)
    except Unreadable as error:
        problems.unreadable(path, error)
        return []
    if not entries:
        problems.note(f"{path}: holds no OpenSLO object")
    return [Loaded(entry, item) for entry in entries if (item := _object(entry, problems)) is not None]


def _object(entry: Entry, problems: Problems) -> AnyObject | None:
    content = entry.content
    if not isinstance(content, dict):
        problems.add(entry, (), "object")
        return None
    for line, key in entry.doubled:
        problems.line(entry.path, line, f"{entry}: {key}: written twice, expected once", "written-once")
    version, kind = content.get("apiVersion"), content.get("kind")
    if version != API_VERSION:
        old = isinstance(version, str) and version.startswith("openslo/v1alpha")
        problems.add(entry, ("apiVersion",), "v1alpha" if old else "api-version", missing=version is None)
        return None
    if not isinstance(kind, str) or kind not in KINDS:
        problems.add(entry, ("kind",), "kind", missing=kind is None)
        return None
    try:
        item = KINDS[kind].model_validate(content)
    except ValidationError as error:
        problems.invalid(entry, error)
        return None
    right = _annotations_are_right(entry, item, problems)
    if isinstance(item, Slo):
        for location, rule in findings(item.spec):
            problems.add(entry, ("spec", *location), rule, missing=rule.endswith("time-slices"))
            right = False
    return item if right and not entry.doubled else None


def _annotations_are_right(entry: Entry, item: AnyObject, problems: Problems) -> bool:
    try:
        Annotations.model_validate(ours(item.metadata.annotations))
    except ValidationError as error:
        for one in error.errors():
            name = str(one["loc"][0])
            text = f"unknown annotation, {nearest(name)}" if one["type"] == "extra_forbidden" else one["msg"]
            problems.add(entry, ("metadata", "annotations", f"meterline.dev/{name}"), "annotation", text)
        return False
    return True
