"""Chips: the state and the severity of an alert in a word each, so that no colour stands alone."""

from __future__ import annotations

from dashboards.components.markup import text

STATES = {
    "active": ("● active", "ml-fail"), "acknowledged": ("✓ acknowledged", "ml-pass"),
    "suppressed": ("◐ suppressed", "ml-inconclusive"), "resolved": ("○ ended", "ml-none"),
}  # fmt: skip
SEVERITY_TOKENS = ("harm", "idle", "soft", "dim")
"""The colour of a severity by its rank, the worst first."""


def state_chip(state: str) -> str:
    """active, acknowledged, suppressed or resolved as HTML."""
    label, css_class = STATES.get(state, (state, "ml-none"))
    return f'<span class="ml-verdict {css_class}">{text(label)}</span>'


def severity_chip(severity: str, rank: int) -> str:
    """The severity's own word, filled for a page, else with a line around it, as HTML."""
    return f'<span class="ml-severity ml-rank-{rank}">{text(severity)}</span>'
