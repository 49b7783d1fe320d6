"""When things run: pace, backing off, one version for all that is due, and nothing that stops the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

import meterline.service.scheduler as module
from analytics.runner import Analysis
from collector.source import Collected, SourceSettings
from meterline.config.model import Config
from meterline.service.scheduler import LONGEST_BACKOFF, Scheduler, backoff
from warehouse.database import Warehouse
from warehouse.errors import Unauthorized

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
DEADLINE = 20.0


@dataclass
class Pretended:
    """A source that does what the test says."""

    name: str
    answers: list[Exception | int] = field(default_factory=list)
    passes: int = 0

    def check(self) -> list[str]:
        return []

    def collect(self, warehouse: Warehouse, interval: object, now: datetime, progress: object) -> Collected:
        self.passes += 1
        answer = self.answers[min(self.passes, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return Collected(self.name, None, answer)


class PretendedSettings(SourceSettings):
    type: Literal["pretended"] = "pretended"
    source: object

    @property
    def facts(self) -> tuple[str, ...]:
        return ()

    def open(self) -> Pretended:
        assert isinstance(self.source, Pretended)
        return self.source


def config(*sources: Pretended, every: timedelta = timedelta(minutes=5)) -> Config:
    settings = tuple(PretendedSettings(name=one.name, every=every, source=one) for one in sources)
    return Config().model_copy(update={"sources": settings})


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def test_backoff_doubles_up_to_an_hour() -> None:
    minutes = [backoff(timedelta(minutes=5), failures) / timedelta(minutes=1) for failures in range(1, 8)]
    assert minutes == [5, 10, 20, 40, 60, 60, 60]
    assert backoff(timedelta(days=1), 1) == LONGEST_BACKOFF


@given(every=st.integers(1, 10**6), failures=st.integers(1, 10**6))
def test_backoff_never_exceeds_an_hour_nor_shrinks(every: int, failures: int) -> None:
    pace = timedelta(seconds=every)
    assert timedelta(0) < backoff(pace, failures) <= backoff(pace, failures + 1) <= LONGEST_BACKOFF


@pytest.fixture
def warehouse(tmp_path: Path):
    with Warehouse.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def analyses(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What each call to `analyze` was asked for; it computes nothing here."""
    asked: list[set[str]] = []

    def record(warehouse: Warehouse, now: datetime, only: set[str]) -> Analysis:
        asked.append(set(only))
        return Analysis("v000001", tuple(only), {})

    monkeypatch.setattr(module, "analyze", record)
    return asked


def test_a_failing_source_is_put_off_and_the_other_goes_on(warehouse: Warehouse, analyses: list[set[str]]) -> None:
    bad = Pretended("bad", [Unauthorized("401", "mend the token"), RuntimeError("defect"), 5])
    good = Pretended("good", [3])
    settings = config(bad, good)
    scheduler = Scheduler(settings, warehouse, clock=lambda: NOW)
    scheduler._scheduler.start(paused=True)
    for source in settings.sources:
        scheduler._add(f"source:{source.name}", lambda: None, source.every, NOW + source.every)
    scheduler.collect(settings.sources[0])
    scheduler.collect(settings.sources[1])
    assert scheduler.next_runs() == {"bad": NOW + timedelta(minutes=5), "good": NOW + timedelta(minutes=5)}
    scheduler.collect(settings.sources[0])
    assert scheduler.next_runs()["bad"] == NOW + timedelta(minutes=10)
    jobs = warehouse.query("SELECT job, failures, message, remedy FROM job_run ORDER BY job").rows()
    assert jobs[0][:3] == ("source:bad", 2, "unexpected RuntimeError: defect")
    assert jobs[1] == ("source:good", 0, None, None)
    scheduler.collect(settings.sources[0])
    assert warehouse.query("SELECT failures FROM job_run WHERE job = 'source:bad'").item() == 0
    assert scheduler.stop(DEADLINE)


def test_all_that_is_due_is_one_version(warehouse: Warehouse, analyses: list[set[str]]) -> None:
    scheduler = Scheduler(config(), warehouse, clock=lambda: NOW)
    scheduler.publish_due()
    assert analyses == []
    scheduler.mark_due(["a"])
    scheduler.mark_due(["b", "a"])
    scheduler.publish_due()
    scheduler.publish_due()
    assert analyses == [{"a", "b"}]
    assert warehouse.query("SELECT job, kind, failures FROM job_run").rows() == [("analyze", "analytics", 0)]


def test_the_first_rows_of_a_source_make_everything_due(warehouse: Warehouse, analyses: list[set[str]]) -> None:
    source = Pretended("prod", [7])
    settings = config(source)
    scheduler = Scheduler(settings, warehouse, clock=lambda: NOW)
    for _ in range(2):
        scheduler.collect(settings.sources[0])
    scheduler.publish_due()
    scheduler.collect(settings.sources[0])
    scheduler.publish_due()
    assert len(analyses) == 1
    assert "gpu_waterfall_day" in analyses[0]


def test_analytics_that_cannot_run_are_recorded_and_tried_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*arguments: object, **more: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module, "analyze", defect)
    scheduler = Scheduler(config(), warehouse, clock=lambda: NOW)
    for _ in range(2):
        scheduler.mark_due(["a"])
        scheduler.publish_due()
    rows = warehouse.query("SELECT failures, message FROM job_run").rows()
    assert rows == [(2, "analytics were not published: OSError: disk full")]


def test_sources_are_collected_at_their_own_pace(warehouse: Warehouse, analyses: list[set[str]]) -> None:
    quick, slow = Pretended("quick", [1]), Pretended("slow", [1])
    both = config(quick, every=timedelta(seconds=1)).sources + config(slow, every=timedelta(hours=1)).sources
    scheduler = Scheduler(Config().model_copy(update={"sources": both}), warehouse)
    scheduler.start()
    until(lambda: quick.passes >= 3 and len(analyses) > 0)
    assert scheduler.stop(DEADLINE)
    assert slow.passes == 1
    passes = quick.passes
    assert passes >= 3
    assert pl.Series([passes]).item() == quick.passes  # nothing runs after the stop


def test_a_job_that_breaks_is_one_line_in_the_log_and_runs_again(
    warehouse: Warehouse, analyses: list[set[str]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    passes = []

    def disk_full(*arguments: object) -> None:
        passes.append(1)
        raise OSError("No space left on device")

    monkeypatch.setattr(module, "collect_source", disk_full)
    scheduler = Scheduler(config(Pretended("prod"), every=timedelta(seconds=1)), warehouse)
    with caplog.at_level("INFO"):
        scheduler.start()
        until(lambda: len(passes) >= 2)
        assert scheduler.stop(DEADLINE)
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert set(errors) == {"source:prod: OSError: No space left on device"}
