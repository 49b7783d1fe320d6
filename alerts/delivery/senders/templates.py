"""Texts of an Alertmanager file that may be Go templates, which are not run: a template counts as not given."""

from __future__ import annotations


def literal(text: str) -> str:
    """`text`, or nothing when it is a template."""
    return "" if "{{" in text else text
