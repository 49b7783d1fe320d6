"""The KPI tile: what it is called, its value, where that stands on a scale with the target, how it moved, the verdict.

A KPI without a value shows its status in words in the place of the figure; it has no needle and no trend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from dashboards.components.markup import draw, text
from dashboards.formats import NBSP

VERDICTS = {
    "pass": ("✓ on target", "ml-pass"),
    "fail": ("✕ off target", "ml-fail"),
    "inconclusive": ("≈ inconclusive", "ml-inconclusive"),
    "unjudged": ("≈ not enough evidence", "ml-none"),
    "none": ("no target", "ml-none"),
}
STATUSES = {
    "no_data": "No data in this period",
    "not_collected": "Not collected",
    "stale": "stale",
    "low_confidence": "few events",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """What one tile shows. `figure`, `target`, `trend` and `note` are text, `scope` says whose value it is where
    that is not what the reader chose; the rest places marks on the scale."""

    title: str
    figure: str
    verdict: str = "none"
    status: str = "ok"
    target: str = ""
    trend: str = ""
    note: str = ""
    scope: str = ""
    value: float | None = None
    goal: float | None = None
    band: tuple[float, float] | None = None
    unit: str = "count"
    history: Sequence[float] = field(default_factory=tuple)
    help: str = ""


def goal_of(target: str | None) -> float | None:
    """The number in a target such as `>= 0.95`; None when there is none."""
    found = re.search(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", target or "")
    return float(found.group()) if found else None


def scale(tile: Tile) -> tuple[float, float]:
    """The ends of the scale: all of 0..1 for ratios, its upper half, tenth or hundredth when all marks are inside."""
    marks = [mark for mark in (tile.value, tile.goal, *(tile.band or ())) if mark is not None]
    if tile.unit == "ratio":
        lowest = min(marks, default=0.0)
        return next((floor for floor in (0.99, 0.9, 0.5) if lowest >= floor + (1 - floor) / 10), 0.0), 1.0
    return 0.0, max(marks, default=1.0) * 1.25 or 1.0


def tile_html(tile: Tile) -> str:
    """The tile as HTML."""
    verdict, css_class = VERDICTS.get(tile.verdict, (tile.verdict, "ml-none"))
    if tile.value is None and tile.status in ("no_data", "not_collected"):
        figure, verdict, css_class = STATUSES[tile.status], "○ no value", "ml-none"
        body = f'<div class="ml-figure ml-void">{text(figure)}</div>'
    else:
        body = f'<div class="ml-figure">{_with_unit(tile.figure)}</div>{_meter(tile, css_class)}'
    chip = f'<span class="ml-verdict {css_class}">{text(verdict)}</span>' if tile.verdict else ""
    warned = STATUSES.get(tile.status, "") if tile.value is not None else ""
    marks = " · ".join(part for part in (warned, tile.note, _ends(tile)) if part)
    below = "".join(
        f'<div class="ml-row"><span>{left}</span><span>{right}</span></div>'
        for left, right in ((text(tile.target), text(marks)), (text(tile.trend), _spark(tile.history)))
        if left or right
    )
    whose = f"<br><i>{text(tile.scope)}</i>" if tile.scope else ""
    hint = f' title="{text(tile.help)}"' if tile.help else ""
    return (
        f'<div class="ml-tile"{hint}><header><span>{text(tile.title)}{whose}</span>{chip}</header>{body}{below}</div>'
    )


def tiles(items: Sequence[Tile], *, small: bool = False) -> None:
    """A grid of tiles that lead nowhere."""
    body = "".join(tile_html(item) for item in items)
    draw(f'<div class="ml-tiles{" ml-small" if small else ""}">{body}</div>')


def linked_tiles(items: Sequence[tuple[Tile, str, str]]) -> None:
    """A grid of `(tile, page file, page title)`: the whole tile leads to its page, in the same session."""
    with st.container(key="ml-tiles"):
        for position, (item, page, title) in enumerate(items):
            with st.container(key=f"ml-tile-{position}"):
                draw(tile_html(item))
                st.page_link(page, label=f"{item.title}: open {title}", width="stretch")


def _with_unit(figure: str) -> str:
    """The unit smaller than the number, so that amounts fit."""
    number, _, unit = figure.rpartition(NBSP)
    return f"{text(number)} <small>{text(unit)}</small>" if number and len(unit) > 1 else text(figure)


def _ends(tile: Tile) -> str:
    """What the two ends of the scale are, where it does not begin at zero."""
    if tile.value is None or tile.unit != "ratio" or scale(tile)[0] == 0:
        return ""
    return f"scale {scale(tile)[0] * 100:.0f} to 100{NBSP}%"


def _meter(tile: Tile, css_class: str) -> str:
    if tile.value is None or (tile.goal is None and tile.unit != "ratio"):
        return ""
    low, high = scale(tile)

    def at(value: float) -> str:
        return f"{min(max((value - low) / (high - low), 0), 1) * 100:.2f}%"

    band = ""
    if tile.band:
        width = min(tile.band[1], high) - max(tile.band[0], low)
        band = (
            f'<i class="ml-band" style="left:{at(tile.band[0])};width:{max(width, 0) / (high - low) * 100:.2f}%"></i>'
        )
    goal = f'<i class="ml-target" style="left:{at(tile.goal)}"></i>' if tile.goal is not None else ""
    return (
        f'<div class="ml-meter {css_class}" aria-hidden="true"><i class="ml-fill" style="width:{at(tile.value)}"></i>'
        f'{band}<i class="ml-needle" style="left:{at(tile.value)}"></i>{goal}</div>'
    )


def _spark(history: Sequence[float]) -> str:
    """A line of the last values as a clipped box: it takes the theme's colour and needs no image."""
    if len(history) < 3:
        return ""
    low, high = min(history), max(history)
    span = (high - low) or 1.0
    xs = [index / (len(history) - 1) * 100 for index in range(len(history))]
    ys = [90 - (value - low) / span * 80 if high > low else 50 for value in history]
    there = ", ".join(f"{x:.1f}% calc({y:.1f}% - 1px)" for x, y in zip(xs, ys, strict=True))
    back = ", ".join(f"{x:.1f}% calc({y:.1f}% + 1px)" for x, y in reversed(list(zip(xs, ys, strict=True))))
    return f'<i class="ml-spark" aria-hidden="true" style="clip-path:polygon({there}, {back})"></i>'
