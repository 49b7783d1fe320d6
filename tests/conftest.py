"""What all tests share: where skipping is not allowed, and how deep hypothesis searches."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None, max_examples=100)
settings.load_profile("default")

NEEDS_A_SERVER = {"server", "browser"}
_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and NEEDS_A_SERVER & set(report.keywords):
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With METERLINE_REQUIRE_SERVERS a run that skipped a test of a real server has failed."""
    if os.environ.get("METERLINE_REQUIRE_SERVERS") and _skipped:
        print(f"\nerror: {len(_skipped)} tests of real servers were skipped, the first: {_skipped[0]}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
