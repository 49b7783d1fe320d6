"""How fresh the page is: which published version, and up to when its facts reach."""

from __future__ import annotations

from datetime import datetime

from dashboards.components.markup import draw, text
from dashboards.formats import moment


def freshness(version: str, facts_from: datetime | None, facts_to: datetime | None, *, foot: bool = False) -> None:
    """Times are UTC. `foot` is the line below a page, shown where the menu is folded away."""
    span = (
        f"facts from {moment(facts_from)}<br>to <b>{moment(facts_to)}</b>"
        if facts_to is not None
        else "no facts collected"
    )
    draw(f'<div class="ml-fresh{" ml-foot" if foot else ""}">version <b>{text(version)}</b><br>{span}</div>')
