"""Rows that open: a name, a bar and figures on one line, each line a button; and the breadcrumb that leads back up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboards.components.markup import draw, share_bar, text


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `name` as people say it, `bar` of (value, colour token), its length of the longest (0..1), figures."""

    name: str
    bar: Sequence[tuple[float, str]]
    length: float
    figures: Sequence[str]


def breadcrumb(steps: Sequence[str], go: Callable[[int], None]) -> None:
    """`steps` from the top to here; a click on one but the last calls `go` with its position."""
    with st.container(horizontal=True, vertical_alignment="center", gap=None, key="ml-crumbs"):
        for position, step in enumerate(steps[:-1]):
            st.button(step, key=f"crumb-{position}", type="tertiary", on_click=go, args=(position,))
        draw(f'<div class="ml-here" aria-current="page">{text(steps[-1])}</div>')


def opening_rows(heads: Sequence[str], lines: Sequence[Line], go: Callable[[int], None] | None) -> None:
    """A table whose rows call `go` with their position when they are clicked; without `go` they only show.

    `heads` are of the name and of each figure; on a phone only the first figure is shown.
    """
    columns = f"--figures:{len(heads) - 1}"
    with st.container(key="ml-drill", gap=None):
        cells = "".join(f"<span>{text(head)}</span>" for head in heads[1:])
        draw(f'<div class="ml-opening ml-heads" style="{columns}"><b>{text(heads[0])}</b><span></span>{cells}</div>')
        for position, line in enumerate(lines):
            with st.container(key=f"ml-drill-{position}", gap=None):
                draw(_line(line, columns, opens=go is not None))
                if go is not None:
                    st.button(f"Open {line.name}", key=f"open-{position}", on_click=go, args=(position,))


def _line(line: Line, columns: str, *, opens: bool) -> str:
    width = f"{min(max(line.length, 0), 1) * 100:.1f}%"
    bar = f'<div style="width:{width};min-width:2px">{share_bar(line.bar, "ml-cellbar")}</div>'
    figures = "".join(f"<span>{text(figure)}</span>" for figure in line.figures)
    arrow = '<i aria-hidden="true">›</i>' if opens else ""
    return f'<div class="ml-opening" style="{columns}"><b>{text(line.name)}{arrow}</b><div>{bar}</div>{figures}</div>'
