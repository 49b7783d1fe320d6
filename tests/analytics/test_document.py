"""The page about analytics says what their heads say."""

from __future__ import annotations

from pathlib import Path

from analytics.document import document


def test_the_page_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "analytics.md"
    assert page.read_text() == document(), "run: python -m analytics.document > docs/analytics.md"
