"""Titles: the finding of a page, the head of a section, and the list of findings that analytics wrote down."""

from __future__ import annotations

import polars as pl

from dashboards.components.markup import draw, sentence, text

SHORT = 14
"""A name up to this length is not broken at its hyphens; a longer one would leave a gap in the line before it."""

GLYPHS = {
    "error": ("✕ Error", "ml-verdict ml-fail"), "warning": ("▲ Warning", "ml-verdict ml-fail"),
    "info": ("○ Note", "ml-verdict ml-none"),
}  # fmt: skip


def page_title(eyebrow: str, finding: str) -> None:
    """The page's one sentence under a small line that says what, when and whose; short names stay whole."""
    words = [
        f"<span>{text(word)}</span>" if "-" in word and len(word) <= SHORT else text(word)
        for word in finding.split(" ")
    ]
    draw(f'<div class="ml-eyebrow">{text(eyebrow)}</div><h1 class="ml-finding">{" ".join(words)}</h1>')


def section(title: str, note: str = "") -> None:
    """Head of a part of a page; `note` says how to read it."""
    below = f"<p>{text(note)}</p>" if note else ""
    draw(f'<div class="ml-section"><h2>{text(title)}</h2>{below}</div>')


def caption(note: str) -> None:
    """A line on how to read what stands above it."""
    draw(f'<div class="ml-fresh">{text(note)}</div>')


def findings(rows: pl.DataFrame, title: str = "What needs attention") -> None:
    """Findings with what to do about each (columns severity, subject, text, remedy). Nothing when there are none."""
    if rows.is_empty():
        return
    section(title)
    items = []
    for row in rows.to_dicts():
        label, css_class = GLYPHS.get(row["severity"], (row["severity"], "ml-none"))
        remedy = f"<em>{text(sentence(row['remedy']))}</em>" if row["remedy"] else ""
        said = text(sentence(row["text"]))
        items.append(f'<li><span class="{css_class}">{text(label)}</span><span>{said}</span>{remedy}</li>')
    draw(f'<ul class="ml-notes">{"".join(items)}</ul>')
