"""Lines that open in place: a line is a button, and what is told about an open one stands right below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboards.components.markup import draw, text


@dataclass(frozen=True, slots=True)
class Opening:
    """One line: `key` tells it from others, `title` is what a screen reader hears, `cells` are HTML."""

    key: str
    title: str
    cells: Sequence[str]


def openings(
    kind: str, heads: Sequence[str], lines: Sequence[Opening], opened: str | None, go: Callable[[str], None],
    panel: Callable[[str], None],
) -> None:  # fmt: skip
    """`go` is called with the key of a line that is clicked; `panel` draws below the one whose key is `opened`.

    The widths of columns are those of the class `ml-{kind}` in style.css.
    """
    with st.container(key="ml-drill", gap=None):
        draw(_line(kind, [text(head) for head in heads], "ml-heads"))
        for line in lines:
            is_open = line.key == opened
            with st.container(key=f"ml-drill-{line.key}", gap=None):
                draw(_line(kind, line.cells, "ml-open" if is_open else ""))
                label = f"{'Close' if is_open else 'Open'} {line.title}"
                st.button(label, key=f"open-{line.key}", on_click=go, args=(line.key,))
            if is_open:
                with st.container(key="ml-panel"):
                    panel(line.key)


def name_cell(name: str, below: str, *, is_open: bool) -> str:
    """The cell that names the line, with the sign that it opens."""
    return f"<b>{text(name)}<i aria-hidden='true'>{'⌄' if is_open else '›'}</i></b>{second(below)}"


def second(words: str) -> str:
    """A second, smaller line of a cell; nothing for no words."""
    return f"<small>{text(words)}</small>" if words else ""


def _line(kind: str, cells: Sequence[str], state: str) -> str:
    return f'<div class="ml-line-row ml-{kind} {state}">{"".join(f"<span>{cell}</span>" for cell in cells)}</div>'
