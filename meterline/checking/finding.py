"""What the check of one part of the configuration found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warehouse.errors import MeterlineError


@dataclass(frozen=True, slots=True)
class Finding:
    """`content` is all of it for scripts, `lines` and `warnings` (with remedies, where there are some) for people.

    `wrong` is what does not work as configured, `failed` what could not be reached; both with what they are about.
    """

    content: Any
    lines: tuple[str, ...] = ()
    warnings: tuple[tuple[str, str | None], ...] = ()
    wrong: tuple[tuple[str, MeterlineError], ...] = ()
    failed: tuple[tuple[str, MeterlineError], ...] = ()


def told(error: MeterlineError | None) -> dict[str, str | None]:
    """An error, or none, as fields of `content`."""
    return {"error": error.message if error else None, "remedy": error.remedy if error else None}
