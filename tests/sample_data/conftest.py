"""Platforms that the tests share: making one takes a second, and nothing changes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sample_data.platform import build_platform
from sample_data.store import Store

END = datetime(2026, 11, 24, 10, 58, 31, tzinfo=UTC)  # a Tuesday


@pytest.fixture(scope="session")
def month() -> Store:
    """30 days up to 2026-11-24T10:55Z."""
    return Store(build_platform(END))


@pytest.fixture(scope="session")
def days() -> Store:
    """Two days up to 2026-11-24T10:55Z."""
    return Store(build_platform(END, days=2))
