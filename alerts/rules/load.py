"""Rules from files: ours in `defaults`, and those of the user, which add to them or change them by name."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

import yaml
from pydantic import ValidationError

from alerts.rules.gate import REQUIRED, Need, gate, lacks
from alerts.rules.model import Rule
from warehouse.errors import ConfigurationError

DEFAULTS = Path(__file__).parent / "defaults"
REMEDY = "docs/alert-rules.md names every key"


@dataclass(frozen=True)
class Rules(Sequence[Rule]):
    """The rules to evaluate, in the order of their names; `off` are the others, each with why it is off."""

    enabled: tuple[Rule, ...]
    off: tuple[tuple[Rule, str], ...] = ()

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Rule, ...]: ...
    def __getitem__(self, index: int | slice) -> Rule | tuple[Rule, ...]:
        return self.enabled[index]

    def __len__(self) -> int:
        return len(self.enabled)

    def named(self, name: str) -> Rule | None:
        """The rule of that name, enabled or not."""
        return next((rule for rule in (*self.enabled, *(rule for rule, _ in self.off)) if rule.name == name), None)


def load_rules(
    patterns: Sequence[str] = (), base: Path | None = None, *, owner: str | None = None,
    required: Sequence[Need] = REQUIRED,
) -> Rules:  # fmt: skip
    """Our rules, changed by and together with those in the files that `patterns` (globs from `base` on) match.

    A document of the user that has the name of one of our rules needs only the keys that it changes. `owner` is who
    acts on pages of rules that name nobody; without one, such a rule of ours is off. Raises ConfigurationError naming
    file, rule and key; also for a rule of the user's that lacks what is required.
    """
    ours = {rule.name: rule for rule in default_rules()}
    changed: dict[str, tuple[Rule, Path]] = {}
    for path in _files(patterns, base or Path.cwd()):
        for document in _documents(path):
            rule = parse_rule(document, str(path), ours)
            if rule.name in changed:
                raise ConfigurationError(
                    f"{path}: the rule {rule.name} is already in {changed[rule.name][1]}",
                    "give one of them another name",
                )
            changed[rule.name] = (rule, path)
    enabled: list[Rule] = []
    off: list[tuple[Rule, str]] = []
    for name in sorted(ours.keys() | changed.keys()):
        rule = changed[name][0] if name in changed else ours[name]
        if rule.severity == "page" and rule.owner is None and owner is not None:
            rule = rule.model_copy(update={"owner": owner})
        missing = list(lacks(rule, required))
        if not rule.enabled:
            off.append((rule, "it is not enabled"))
        elif missing and name in ours:
            off.append((rule, f"it would page and has no {' and no '.join(missing)}"))
        else:
            enabled.append(rule)
    gate(enabled, required)
    return Rules(tuple(enabled), tuple(off))


@lru_cache(maxsize=1)
def default_rules() -> tuple[Rule, ...]:
    """Ours, in the order of their names."""
    return tuple(
        parse_rule(document, path.name) for path in sorted(DEFAULTS.glob("*.yaml")) for document in _documents(path)
    )


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules in one file, whether they are enabled or not. Raises ConfigurationError."""
    ours = {rule.name: rule for rule in default_rules()}
    return tuple(parse_rule(document, str(path), ours) for document in _documents(path))


def parse_rule(document: Any, name: str, known: Mapping[str, Rule] | None = None) -> Rule:
    """One document as a rule, on top of the known one of its name. Raises ConfigurationError; `name` is the file's."""
    if not isinstance(document, dict):
        raise ConfigurationError(f"{name}: expected a rule with name, title, severity and signal", REMEDY)
    known_rule = (known or {}).get(document.get("name", ""))
    below = known_rule.model_dump(by_alias=True, exclude_unset=True) if known_rule else {}
    try:
        return Rule.model_validate({**below, **document})
    except ValidationError as error:
        called = document.get("name", "a rule without a name")
        lines = [f"{name}: {called}: {_key(one['loc'])}{_expected(one)}" for one in error.errors()]
        raise ConfigurationError("; ".join(lines), REMEDY) from None


def _key(location: tuple[int | str, ...]) -> str:
    key = ".".join(str(part) for part in location)
    return f"{key}: " if key else ""


def _expected(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key"
    if error["type"] == "missing":
        return "this key is required"
    written = error.get("input")
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{written!r}: {said}" if isinstance(written, str | int | float) and len(str(written)) < 60 else said


def _files(patterns: Sequence[str], base: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in patterns:
        paths = sorted(glob.glob(str(base / Path(pattern).expanduser()), recursive=True))
        if not paths:
            raise ConfigurationError(f"no file of rules matches {pattern}", f"it is looked for from {base} on")
        found |= dict.fromkeys(Path(path) for path in paths)
    return list(found)


def _documents(path: Path) -> Iterator[Any]:
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror})", "name a file of rules") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no YAML: {' '.join(str(error).split())}", REMEDY) from error
    for document in documents:
        yield from document if isinstance(document, list) else [] if document is None else [document]
