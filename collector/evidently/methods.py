"""What a drift method's score means: its one name, and on which side of the threshold it drifts. Data: methods.yaml."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Method:
    """A drift method; `drifts` is the comparison of score to threshold that means drift, None when none does."""

    name: str
    drifts: str | None

    @property
    def direction(self) -> str | None:
        """`below` for p-values, `above` for distances, None when the threshold says nothing about the score."""
        return None if self.drifts is None else "below" if self.drifts.startswith("<") else "above"

    def drifted(self, score: float | None, threshold: float | None) -> bool | None:
        """Whether the score means drift; None when that cannot be told."""
        if self.drifts is None or score is None or threshold is None:
            return None
        return COMPARISONS[self.drifts](score, threshold)


def method(text: str) -> Method:
    """The method that a snapshot calls `text`, by name or by label; one that nobody knows keeps its text as a name."""
    return _known().get(text.casefold(), Method(text, None))


@cache
def _known() -> dict[str, Method]:
    table = yaml.safe_load((files("collector.evidently") / "methods.yaml").read_text(encoding="utf-8"))
    methods = {name: Method(name, entry.get("drifts")) for name, entry in table.items()}
    by_label = {entry["label"].casefold(): methods[name] for name, entry in table.items()}
    return by_label | {name.casefold(): one for name, one in methods.items()}
