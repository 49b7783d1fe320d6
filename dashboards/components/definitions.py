"""What numbers mean, one click away from them: the question, the formula, and what missing data does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import streamlit as st

from dashboards.components.markup import draw, text


def definitions(entries: Iterable[Mapping[str, str]], what: str = "What these numbers mean") -> None:
    """Each entry has `title` and any of `question`, `formula` and `missing`."""
    items = "".join(_entry(entry) for entry in entries)
    with st.expander(what):
        draw(f'<dl class="ml-means">{items}</dl>')


def _entry(entry: Mapping[str, str]) -> str:
    parts = [(name, entry.get(name) or "") for name in ("question", "formula", "missing")]
    told = "".join(f'<span class="ml-{name}">{text(said.strip())}</span>' for name, said in parts if said)
    return f"<dt>{text(entry['title'])}</dt><dd>{told}</dd>"
