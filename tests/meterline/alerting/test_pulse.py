"""The pulse: what hangs does not hold up the rules, what fails is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterline.alerting import pulse
from meterline.alerting.pulse import Pulse
from meterline.alerting.stale import last_evaluated
from meterline.config.load import load
from warehouse.alert_log.log import AlertLog
from warehouse.database import Warehouse
from warehouse.errors import WarehouseError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def beating(tmp_path: Path) -> Iterator[tuple[Pulse, AlertLog]]:
    (tmp_path / "meterline.yaml").write_text("data: data\n")
    config = load(tmp_path / "meterline.yaml")
    with Warehouse.open(config.data) as warehouse, AlertLog(config.data) as log:
        yield Pulse(config, warehouse, log), log


def test_a_source_that_hangs_does_not_hold_up_the_rules(
    beating: tuple[Pulse, AlertLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, log = beating
    release, calls = threading.Event(), []

    def hang(*_: Any) -> None:
        calls.append(1)
        release.wait(30)

    monkeypatch.setattr(pulse, "collect_slis", hang)
    monkeypatch.setattr(pulse, "PATIENCE", 0.01)
    made.beat(NOON, lambda: False)
    made.beat(NOON, lambda: False)
    release.set()
    assert last_evaluated(log) == NOON
    assert calls == [1], "what still hangs is not asked again"


def test_what_cannot_be_stored_is_told(beating: tuple[Pulse, AlertLog], monkeypatch: pytest.MonkeyPatch) -> None:
    made, log = beating

    def full(*_: Any) -> None:
        raise WarehouseError("the disk is full", "make room")

    monkeypatch.setattr(pulse, "collect_slis", full)
    with pytest.raises(WarehouseError, match="full"):
        made.beat(NOON, lambda: False)
    assert last_evaluated(log) is None
