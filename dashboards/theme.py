"""The colours and type of everything that we draw ourselves, for light and dark at once.

Each colour is a CSS `light-dark(...)` pair, resolved by the browser from the theme that the reader chose: Python need
not know it, and a switch of theme costs no rerun. Charts are drawn as SVG so that the same pairs work inside them. One
accent (petrol) means "good use"; ochre means "held but idle"; vermilion means "bad"; everything else is grey. Petrol,
ochre and vermilion stay apart under the common colour-vision deficiencies, and no meaning is carried by colour alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

LIGHT: Final = {
    "paper": "#f7f5f0", "surface": "#fffdf9", "ink": "#1c2226", "muted": "#5a646b", "line": "#d9d5ca",
    "accent": "#0b6477", "use": "#0b6477", "soft": "#7fb3be", "idle": "#c98a1b", "bad": "#b23c0a", "harm": "#b23c0a",
    "warn": "#8a5a00", "dim": "#aaa59a", "pale": "#d3cec3", "dark": "#6a7278",
}  # fmt: skip
DARK: Final = {
    "paper": "#13171a", "surface": "#1a1f23", "ink": "#e9e6df", "muted": "#9ba6ad", "line": "#333b41",
    "accent": "#63c3d4", "use": "#3f9db0", "soft": "#235a68", "idle": "#c08a35", "bad": "#ff8f63", "harm": "#c9663e",
    "warn": "#e5b45c", "dim": "#6b747a", "pale": "#3a4349", "dark": "#8d979e",
}  # fmt: skip
"""Tokens by name. `accent` and `bad` are for text and marks, `use` and `harm` the same for areas (calmer in the dark).
`soft` is work of low effect, `idle` held and unused, `dim` unmeasured, `pale` unallocated, `dark` unavailable."""

SANS: Final = "'Inter', 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"


def colour(name: str) -> str:
    """The CSS value of a token, right in light and in dark."""
    return f"light-dark({LIGHT[name]}, {DARK[name]})"


def stylesheet() -> str:
    """A `<style>` element: the tokens as custom properties, then style.css."""
    tokens = "".join(f"--ml-{name}: {colour(name)};" for name in LIGHT)
    rules = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    return f"<style>.stApp {{{tokens}}}\n{rules}</style>"


def chart_configuration() -> dict[str, Any]:
    """Vega-Lite `config` of every chart: quiet axes, no frame, text in the page's own type."""
    text = {"labelFont": SANS, "titleFont": SANS, "labelColor": colour("muted"), "titleColor": colour("muted")}
    axis = text | {
        "gridColor": colour("line"), "domainColor": colour("line"), "tickColor": colour("line"),
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "labelPadding": 4,
    }  # fmt: skip
    return {
        "background": "transparent", "font": SANS, "view": {"stroke": None}, "axis": axis,
        "axisX": {"grid": False, "labelFlush": True}, "axisY": {"domain": False, "ticks": False, "tickCount": 4},
        "text": {"font": SANS, "fontSize": 11, "fill": colour("ink")}, "legend": text,
        "header": text | {"labelColor": colour("ink")}, "bar": {"cornerRadius": 0},
    }  # fmt: skip
