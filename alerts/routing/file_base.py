"""What all parts of Alertmanager's file have in common when they are read: no unknown key, and a place for warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator

from alerts.routing.matcher_text import Mode


@dataclass
class Reading:
    """Travels through pydantic as its context: how matchers are read, and what the reader should tell."""

    mode: Mode = "fallback"
    base: Path | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        """Note a sentence once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def reading(info: ValidationInfo) -> Reading:
    """The context of this run."""
    return cast(Reading, info.context)


def _given(value: Any) -> Any:
    if value is None:
        raise ValueError("an empty list item, a mapping is expected")
    return value


Item = TypeVar("Item")
Given = Annotated[Item, BeforeValidator(_given)]
"""An item of a list that must be written."""


class Entry(BaseModel):
    """A mapping of the file."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _a_mapping(cls, content: Any) -> Any:
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise ValueError(
                f"cannot unmarshal `{content}` into a mapping" if isinstance(content, str) else "a mapping is expected"
            )
        return content
