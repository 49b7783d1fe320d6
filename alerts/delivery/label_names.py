"""Label names as servers before Alertmanager 0.27 take them: OpenTelemetry's dots and dashes become underscores."""

from __future__ import annotations

import re
from collections.abc import Mapping

REFUSED = re.compile(r"[^a-zA-Z0-9_]")


def classic_names(labels: Mapping[str, str]) -> dict[str, str]:
    """`labels` with names of letters, digits and underscores.

    Where two names become one, the label that had the name already keeps it, and of others the first by name.
    """
    found = {name: value for name, value in labels.items() if classic(name) == name}
    for name, value in sorted(labels.items()):
        found.setdefault(classic(name), value)
    return found


def classic(name: str) -> str:
    """One name: `gen_ai.request.model` is `gen_ai_request_model`."""
    safe = REFUSED.sub("_", name)
    return f"_{safe}" if safe[:1].isdigit() else safe
