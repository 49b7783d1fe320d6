"""Durations as Prometheus writes them: `90s`, `5m`, `1h30m`, `2d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
WRITTEN = re.compile("".join(rf"(?:(\d+){unit})?" for unit in UNITS))
MILLISECOND = timedelta(milliseconds=1)


def parse_duration(text: str) -> timedelta:
    """Raises ValueError with the text in it."""
    found = WRITTEN.fullmatch(text)
    if text == "0":
        return timedelta(0)
    if not text or not found:
        raise ValueError(f"expected a duration such as 90s, 5m, 1h30m or 2d, got {text!r}")
    return sum(int(n or 0) * ms for n, ms in zip(found.groups(), UNITS.values(), strict=True)) * MILLISECOND


def duration_text(value: timedelta) -> str:
    """The shortest way to write it; `0s` for nothing."""
    rest = value // MILLISECOND
    text = ""
    for unit, size in UNITS.items():
        if unit == "w":  # 14d says more than 2w
            continue
        many, rest = divmod(rest, size)
        text += f"{many}{unit}" if many else ""
    return text or "0s"


def _duration(value: Any) -> Any:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"expected a duration such as 90s, 5m, 1h30m or 2d, got {value!r}")


Duration = Annotated[
    timedelta, BeforeValidator(_duration, json_schema_input_type=str), PlainSerializer(duration_text, return_type=str)
]
