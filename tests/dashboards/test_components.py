"""Components: text from data cannot become markup, marks stand where they should, colours are legible."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import theme
from dashboards.components import markup
from dashboards.components.tile import Tile, goal_of, scale, tile_html

FOLDER = Path(theme.__file__).parent


@given(st.text())
def test_text_of_a_tile_is_escaped(name: str) -> None:
    html = tile_html(Tile(title=name, figure="1", help=name, trend=name))
    inside = re.sub(r"<[^<>]*>", "", html)
    assert "<" not in inside
    assert markup.text("<script>\"'") == "&lt;script&gt;&quot;&#x27;"


def test_a_value_that_is_not_there_is_said_and_not_drawn() -> None:
    html = tile_html(
        Tile(title="Availability", figure="–", status="no_data", target="target ≥ 99 %", goal=0.99, unit="ratio")
    )
    assert "No data in this period" in html
    assert "ml-needle" not in html
    assert "Not collected" in tile_html(Tile(title="A", figure="–", status="not_collected"))
    stale = tile_html(Tile(title="A", figure="50 %", status="stale", value=0.5, unit="ratio"))
    assert "50 %" in stale
    assert "stale" in stale


def test_verdicts_are_words_and_glyphs_not_only_colour() -> None:
    for verdict, said in (("pass", "✓ on target"), ("fail", "✕ off target"), ("inconclusive", "≈ inconclusive")):
        assert said in tile_html(Tile(title="A", figure="1", verdict=verdict, value=1.0))


@pytest.mark.parametrize(
    ("target", "goal"), [(">= 0.95", 0.95), ("<= 900", 900.0), (None, None), ("", None), (">= 1e-3", 0.001)]
)
def test_goal_of_a_target(target: str | None, goal: float | None) -> None:
    assert goal_of(target) == goal


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_scale_holds_value_and_goal(value: float, goal: float) -> None:
    low, high = scale(Tile(title="A", figure="", value=value, goal=goal, unit="ratio"))
    assert low <= min(value, goal)
    assert max(value, goal) <= high


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_is_legible_on_both_grounds(tokens: dict[str, str]) -> None:
    for ground in ("paper", "surface"):
        for name in ("ink", "muted", "accent", "bad", "warn"):
            assert contrast(tokens[name], tokens[ground]) >= 4.5, (name, ground)


def test_the_configuration_and_our_own_drawing_use_the_same_colours() -> None:
    configured = tomllib.loads((FOLDER / ".streamlit" / "config.toml").read_text())["theme"]
    for name, tokens in (("light", theme.LIGHT), ("dark", theme.DARK)):
        assert configured[name]["backgroundColor"] == tokens["paper"]
        assert configured[name]["textColor"] == tokens["ink"]
        assert configured[name]["primaryColor"] == tokens["accent"]
        assert configured[name]["borderColor"] == tokens["line"]


def test_light_and_dark_have_the_same_tokens_and_nothing_comes_from_the_web() -> None:
    assert theme.LIGHT.keys() == theme.DARK.keys()
    style = theme.stylesheet()
    assert "://" not in style
    assert "@import" not in style
    assert set(re.findall(r"var\(--ml-([a-z]+)\)", style)) <= theme.LIGHT.keys()
