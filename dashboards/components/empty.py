"""What stands where there is nothing to show: why, and what to configure so that there will be."""

from __future__ import annotations

from dashboards.components.markup import draw, text


def empty(title: str, why: str, example: str = "") -> None:
    """A frame with the reason, the step to take, and lines of configuration or commands to copy."""
    below = f"<pre>{text(example)}</pre>" if example else ""
    draw(f'<div class="ml-empty"><h2>{text(title)}</h2><p>{text(why)}</p>{below}</div>')
