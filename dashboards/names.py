"""The placeholders that stand in the tables where there is no owner, in words."""

from __future__ import annotations

IDLE, UNOWNED, NO_SERVICE = "__idle__", "__unallocated__", "__none__"
_WORDS = {IDLE: "(requested by nobody)", UNOWNED: "(no owner)", NO_SERVICE: "(no service)", "": "(not known)"}


def said(name: str | None) -> str:
    """A team, service or model as people say it."""
    return _WORDS.get(name or "", name or "")
