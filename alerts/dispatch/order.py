"""The order of alerts in a notification: Alertmanager's, so that receivers that show the first ones show the same."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

FIRST = ("job", "instance")

Key = tuple[object, ...]


def order(labels: Mapping[str, str]) -> Key:
    """Sorts by `job`, then `instance` (those without come last), then the fewer labels, then label by label.

    Where two alerts differ in the name of a label, the one with the later name comes first.
    """
    ranked = tuple((0, labels[name]) if name in labels else (1, "") for name in FIRST)
    return (*ranked, len(labels), tuple((_descending(name), value) for name, value in sorted(labels.items())))


@lru_cache(maxsize=4096)
def _descending(name: str) -> tuple[int, ...]:
    return (*(-ord(letter) for letter in name), 1)
