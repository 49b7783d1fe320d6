"""What FOCUS 1.2 asks of each column, and how our lines are told in it, as validated values.

The facts stand in columns.yaml and mapping.yaml; a wrong key there is an error at the first use, not a wrong file
later.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

CUSTOM = "x_"
CORRECTION = "Correction"

_CLOSED = ConfigDict(extra="forbid", frozen=True)


class Column(BaseModel):
    """One column; see the comments in columns.yaml for what each key means. `allowed` may name a list of the same
    file."""

    model_config = _CLOSED
    type: Literal["string", "decimal", "time", "json", "document"]
    level: Literal["mandatory", "recommended", "conditional"] = "conditional"
    null: bool = False
    needed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    pair: str | None = None
    allowed: frozenset[str] | Literal["currencies", "categories", "subcategories"] | None = None


class Specification(BaseModel):
    """FOCUS of one version: columns by name, subcategories by category, currency codes."""

    model_config = _CLOSED
    version: str
    columns: dict[str, Column]
    categories: dict[str, frozenset[str]]
    currencies: frozenset[str]

    def allowed(self, column: str) -> frozenset[str] | None:
        """The only values that a column may have, or None where any is fine."""
        allowed = self.columns[column].allowed if column in self.columns else None
        if not isinstance(allowed, str):
            return allowed
        lists: Mapping[str, frozenset[str]] = {
            "currencies": self.currencies,
            "categories": frozenset(self.categories),
            "subcategories": frozenset().union(*self.categories.values()),
        }
        return lists[allowed]


class Account(BaseModel):
    """Whose bill it is."""

    model_config = _CLOSED
    id: str
    name: str


class Kind(BaseModel):
    """How one kind of line (GPU, CPU, memory, overhead) is sold."""

    model_config = _CLOSED
    service: str
    category: str
    subcategory: str
    unit: str
    meter: str
    what: str
    details: dict[str, int]


class Mapped(BaseModel):
    """Our words in those of FOCUS; see mapping.yaml."""

    model_config = _CLOSED
    provider: str
    billing_account: Account
    kinds: dict[str, Kind]
    pricing_categories: dict[str, str]
    descriptions: dict[str, str]
    columns: tuple[str, ...] = Field(min_length=1)


@cache
def specification() -> Specification:
    """columns.yaml."""
    return Specification.model_validate(_read("columns.yaml"))


@cache
def mapping() -> Mapped:
    """mapping.yaml."""
    return Mapped.model_validate(_read("mapping.yaml"))


def _read(name: str) -> Any:
    return yaml.safe_load((files("analytics.focus") / name).read_text(encoding="utf-8"))
