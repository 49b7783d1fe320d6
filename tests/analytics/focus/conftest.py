"""The marker of the official validator's gate, which is opt-in: its environment is far from ours."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "focus: runs the official FOCUS validator from the environment that METERLINE_FOCUS_VENV names"
    )
