"""Names that a message knows: which annotation is what, what links are called, how severities compare. Data only."""

from __future__ import annotations

SUMMARIES = ("summary", "title", "message")
RUNBOOKS = ("runbook_url", "runbook", "runbookURL")
OWNERS = ("owner", "team")
ANNOTATIONS_WITH_A_PLACE = frozenset({*SUMMARIES, *RUNBOOKS, *OWNERS, "description"})
LABELS_NOT_REPEATED = frozenset({"alertname", "severity", *OWNERS})

LINKS = {
    "explain": "Why was I paged?",
    "acknowledge": "Acknowledge",
    "actionable": "Useful",
    "useful": "Useful",
    "noise": "Noise",
    "planned": "Planned",
    "feedback": "Was this useful?",
    "silence": "Silence",
}
"""What the links of a payload are called."""

SEVERITIES = {
    "page": (0, "critical"),
    "critical": (0, "critical"),
    "error": (1, "error"),
    "ticket": (2, "warning"),
    "warning": (2, "warning"),
    "info": (3, "info"),
    "none": (4, "info"),
}
"""Severity label: its rank, the worst first, and its word in PagerDuty."""
