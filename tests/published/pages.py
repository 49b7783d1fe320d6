"""Pages over a published version in Streamlit's own test runner, and what they say as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboards

APP = Path(dashboards.__file__).parent / "app.py"
Open = Callable[..., AppTest]


def opener(monkeypatch: pytest.MonkeyPatch, published: Path) -> Open:
    """What opens a page by name over `data` (`published` by default) without an exception, or the test fails.

    `query` are parameters of the address (a list is a repeated one), other words the state of the session.
    """

    def opened(
        name: str, data: Path = published, query: dict[str, str | list[str]] | None = None, **state: object
    ) -> AppTest:
        monkeypatch.setenv("METERLINE_DATA", str(data))
        app = AppTest.from_file(APP, default_timeout=60)
        for key, value in state.items():
            app.session_state[key] = value
        app.run()
        if name != "overview":
            app.switch_page(f"screens/{name}.py")
            for parameter, values in (query or {}).items():
                app.query_params[parameter] = values
            app.run()
        assert [error.value for error in app.exception] == []
        return app

    return opened


def words_of(app: AppTest) -> str:
    """All that we drew, as text: tags become spaces, no-break spaces become spaces."""
    drawn = " ".join(str(element.proto.body) for element in app.get("html"))
    drawn = re.sub(r"<style>.*?</style>", " ", drawn, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", drawn)).replace("\u00a0", " "))
