"""The published fixture once for all tests of pages, and what opens a page over it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from published import alert_log
from published.pages import Open, opener
from published.version import make


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the fixture as its version v000001, and a log of alerts."""
    directory = tmp_path_factory.mktemp("published")
    make(directory)
    alert_log.write(directory, datetime.now(UTC))
    return directory


@pytest.fixture
def page(published: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a page by name; see `published.pages.opener`."""
    return opener(monkeypatch, published)
