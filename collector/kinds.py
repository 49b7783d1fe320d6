"""Which kinds of source there are: every package here that has `settings.SETTINGS`.

Adding a kind is adding a package; nothing else changes. Imported only by commands that need sources, because settings
bring pydantic and the packages bring their clients.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import collector
from collector.source import SourceSettings


@cache
def kinds() -> tuple[type[SourceSettings], ...]:
    """The settings class of each kind, sorted by package name."""
    found = []
    for module in sorted(pkgutil.iter_modules(collector.__path__), key=lambda one: one.name):
        name = f"collector.{module.name}.settings"
        if module.ispkg and find_spec(name) is not None:
            found.append(import_module(name).SETTINGS)
    return tuple(found)
