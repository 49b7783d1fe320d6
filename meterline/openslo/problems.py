"""What is wrong with OpenSLO files, in a line each: file, line, object, key, value, what was expected, the rule."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meterline.config.problems import InvalidConfiguration, expected
from meterline.config.rules import Location
from meterline.openslo.files import Entry, Unreadable
from meterline.openslo.kinds import KINDS
from meterline.openslo.metadata import Part
from meterline.openslo.rules import RULES

OPENSLO_RULES = frozenset(RULES)


class Problems:
    """Collects errors and warnings over all files; each is kept once."""

    def __init__(self) -> None:
        self._errors: dict[tuple[Path, int, str], None] = {}
        self._warnings: dict[str, None] = {}

    def add(self, entry: Entry, location: Location, rule: str, text: str = "", *, missing: bool = False) -> None:
        """An error at `location` of `entry`; `text` is the rule's own when absent, `missing`: a key that lacks."""
        place = entry.place(location, missing=missing)
        value = "" if place.text is None or missing else f"{place.text!r}: "
        key = f"{place.key}: " if place.key else ""
        said = text or RULES[rule]
        self.line(entry.path, place.line, f"{entry}: {key}{value}{said}", rule)

    def line(self, path: Path, line: int | None, text: str, rule: str) -> None:
        """An error that belongs to a file, or to a line of it."""
        where = f"{path}:{line}" if line else str(path)
        self._errors[path, line or 0, f"{where}: {text} (rule {rule})"] = None

    def unreadable(self, path: Path, error: Unreadable) -> None:
        """A file that is not YAML or JSON."""
        self.line(path, error.line, f"{error.reason}: {RULES['readable']}", "readable")

    def invalid(self, entry: Entry, error: ValidationError) -> None:
        """Everything that pydantic found in `entry`."""
        for details in error.errors():
            self._detail(entry, details)

    def warn(self, entry: Entry, location: Location, text: str) -> None:
        """Something that is accepted, and perhaps not meant."""
        place = entry.place(location)
        self._warnings[f"{entry.path}:{place.line}: {entry}: {place.key}: {text}"] = None

    def note(self, text: str) -> None:
        """A warning that belongs to no place in a file."""
        self._warnings[text] = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was accepted with a doubt, in the order of the files."""
        return tuple(self._warnings)

    def raise_if_any(self) -> None:
        """Raises InvalidConfiguration with every error, by file and line."""
        if self._errors:
            raise InvalidConfiguration(tuple(text for _, _, text in sorted(self._errors, key=lambda one: one[:2])))

    def _detail(self, entry: Entry, details: ErrorDetails) -> None:
        location, kind = details["loc"], details["type"]
        if kind in OPENSLO_RULES:
            self.add(entry, location, kind, details["msg"])
        elif kind == "missing":
            self.add(entry, location, "required-key", "this key is required", missing=True)
        elif kind == "extra_forbidden":
            near = difflib.get_close_matches(str(location[-1]), known_keys(), n=1, cutoff=0.6)
            hint = f"unknown key, did you mean {near[0]}?" if near else f"unknown key, {RULES['unknown-key']}"
            self.add(entry, location, "unknown-key", hint)
        else:
            self.add(entry, location, "type", expected(details["msg"]))


@cache
def known_keys() -> tuple[str, ...]:
    """Every key that OpenSLO v1 has, anywhere."""
    keys: set[str] = set()
    pending: list[type[BaseModel]] = list(KINDS.values())
    pending += _parts(Part)
    for model in pending:
        keys |= {field.alias or name for name, field in model.model_fields.items()}
    return tuple(sorted(keys))


def _parts(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [found for one in model.__subclasses__() for found in (one, *_parts(one))]
