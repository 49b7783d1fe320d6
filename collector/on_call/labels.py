"""Labels of the alert behind an incident, found in whatever payload it arrived with.

Alerting systems put them as keys of an object (`{"alertname": "X"}`, at any depth), or as text: Alertmanager's own
notifications write lines ` - alertname = X`. Nothing is interpreted further, and a payload without labels gives None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

RULE = ("rule", "alertname")
SERVICE = ("service",)
TEAM = ("team",)
RUNBOOK = ("runbook_url", "runbook")
KEPT = (*RULE, *SERVICE, *TEAM, *RUNBOOK)

DEEPEST = 6
LINE = re.compile(r"^[ \t]*-?[ \t]*(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*[=:][ \t]*(?P<value>\S.*?)\s*$", re.MULTILINE)


def label(payload: Any, names: tuple[str, ...]) -> str | None:
    """The value of the first of `names` that the payload has, outermost and first in order; None when it has none."""
    found: dict[str, str] = {}
    for name, value in _pairs(payload, 0):
        found.setdefault(name.casefold(), value)
    return next((found[name] for name in names if name in found), None)


def only(payload: Any) -> dict[str, str]:
    """The labels of `KEPT` that the payload has, and nothing else of it: a payload may hold anything, secrets too."""
    return {name: value for name in KEPT if (value := label(payload, (name,))) is not None}


def _pairs(payload: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        return
    if isinstance(payload, dict):
        for name, value in payload.items():
            if isinstance(value, str) and value.strip():
                yield str(name), value.strip()
        for value in payload.values():
            yield from _pairs(value, depth + 1)
    elif isinstance(payload, list):
        for value in payload:
            yield from _pairs(value, depth + 1)
    elif isinstance(payload, str):
        for line in LINE.finditer(payload):
            yield line["name"], line["value"]
