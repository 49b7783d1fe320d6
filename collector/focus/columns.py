"""Which columns of a FOCUS file are read, under which names they come, and which version it is. Data: columns.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

OLDEST = "1.0"


class Column(BaseModel):
    """One column of FOCUS; see the comments in columns.yaml. `stored` is None where it is only looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stored: str | None = None
    kind: Literal["text", "amount", "time"] = "text"
    needed: Literal["file", "row"] | None = None
    mandatory: bool = False
    was: str | None = None
    vacant: tuple[str, ...] = ()


class Focus(BaseModel):
    """What columns.yaml says."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    columns: dict[str, Column]
    null_words: tuple[str, ...]
    charge_categories: tuple[str, ...]
    charge_classes: tuple[str, ...]
    versions: dict[str, tuple[str, ...]]
    currencies: str

    def of_kind(self, kind: str) -> list[str]:
        """Names of the stored columns of a kind, in order."""
        return [name for name, column in self.columns.items() if column.stored and column.kind == kind]


@cache
def focus() -> Focus:
    """The columns, words and versions of FOCUS."""
    return Focus.model_validate(yaml.safe_load((files("collector.focus") / "columns.yaml").read_text(encoding="utf-8")))


@cache
def _known() -> dict[str, str]:
    names = {_folded(name): name for name in focus().columns}
    for names_of_version in focus().versions.values():
        names |= {_folded(name): name for name in names_of_version}
    return names | {_folded(column.was): name for name, column in focus().columns.items() if column.was}


def _folded(name: str) -> str:
    return name.replace("_", "").replace(" ", "").casefold()


def canonical(header: Sequence[str]) -> list[str]:
    """The header with FOCUS' own spelling (`billed_cost` and `BILLEDCOST` are BilledCost, `Provider` is ProviderName).

    Names that FOCUS does not know, such as x_Team, stay as they are.
    """
    return [_known().get(_folded(name), name) for name in header]


def version(header: Iterable[str]) -> str:
    """The newest version of FOCUS of which the file's own header has a column."""
    have = {_folded(name) for name in header}
    found = [one for one, names in focus().versions.items() if have & {_folded(name) for name in names}]
    return found[-1] if found else OLDEST


def lacking(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Columns that `names` (canonical) has not: those without which the file cannot be read, and those only missed."""
    have = set(names)
    absent = {name: column for name, column in focus().columns.items() if name not in have}
    needed = [name for name, column in absent.items() if column.needed]
    return needed, [name for name, column in absent.items() if column.mandatory]
