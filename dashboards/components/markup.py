"""The one place where values become HTML: escaping, and the small pieces that several components share."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from dashboards.theme import colour


def text(value: object) -> str:
    """`value` as text that is safe inside HTML and inside a quoted attribute."""
    return html.escape(str(value), quote=True)


def sentence(value: str | None) -> str:
    """A message or remedy of ours (no capital, no full stop) as a sentence; nothing stays nothing."""
    if not value:
        return ""
    first = value.split(" ", 1)[0]  # a name such as node-eu-3 keeps its own spelling
    return f"{value[:1].upper() if first.isalpha() else value[:1]}{value[1:]}."


def draw(body: str) -> None:
    """HTML on the page."""
    st.html(body)


def share_bar(parts: Sequence[tuple[float, str]], css_class: str) -> str:
    """A bar of `(value, colour token)`; widths are shares of their sum. `dim` is striped, not only grey."""
    cells = "".join(
        f'<i{_striped(token)} style="flex:{value:.6f} 1 0;background-color:{colour(token)}"></i>'
        for value, token in parts
        if value > 0
    )
    return f'<div class="{css_class}" aria-hidden="true">{cells}</div>'


def key(items: Sequence[tuple[str, str, str]], *, line: bool = False) -> str:
    """The key of a chart: `(colour token, label, figures)`, in the order of the chart."""
    rows = "".join(
        f'<li><i{_striped(token)} style="background-color:{colour(token)}"></i>'
        f"<span>{text(label)} <b>{text(figures)}</b></span></li>"
        for token, label, figures in items
    )
    return f'<ul class="ml-key{" ml-line" if line else ""}">{rows}</ul>'


def _striped(token: str) -> str:
    return ' class="ml-striped"' if token == "dim" else ""
