"""Durations as Prometheus writes them (`1h30m`, `500ms`) and as Go does (`1.5h`), for the fields that take each."""

from __future__ import annotations

import re
from datetime import timedelta

PROMETHEUS = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)
MILLISECONDS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
GO = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST = (1 << 63) - 1  # nanoseconds that Go can count


def parse_duration(text: str) -> timedelta:
    """Prometheus' own: whole numbers, units from years to milliseconds, each once, in order; `0` needs no unit.

    A year is 365 days. Raises ValueError in Prometheus' own words.
    """
    if text == "0":
        return timedelta(0)
    if not text:
        raise ValueError("empty duration string")
    found = PROMETHEUS.fullmatch(text)
    if not found:
        raise ValueError(f'not a valid duration string: "{text}"')
    total = sum(int(count) * unit for count, unit in zip(found.groups("0"), MILLISECONDS, strict=True))
    if total * 1_000_000 > LONGEST:
        raise ValueError("duration out of range")
    return timedelta(milliseconds=total)


def parse_go_duration(text: str) -> timedelta:
    """Go's `time.ParseDuration`, to the microsecond. Raises ValueError in Go's own words."""
    unsigned = text[1:] if text[:1] in ("-", "+") else text
    if unsigned == "0":
        return timedelta(0)
    parts = GO.findall(unsigned)
    if not parts or "".join(number + unit for number, unit in parts) != unsigned:
        raise ValueError(f'time: invalid duration "{text}"')
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if seconds * 1e9 > LONGEST:
        raise ValueError(f'time: invalid duration "{text}"')
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)
