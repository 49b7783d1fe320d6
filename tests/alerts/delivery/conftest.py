"""A log with deliveries in it, and clocks that stand until a test moves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deliveries import LABELS, T0, Hands, payload
from warehouse.alert_log import outbox
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.log import AlertLog

Queue = Callable[..., int]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def queue(log: AlertLog) -> Queue:
    """Queue one delivery; its id."""

    def put(
        receiver: str = "oncall", integration: str = "webhook[0]", group: str = "g", priority: int = 0,
        now: datetime = T0, content: dict[str, Any] | None = None, reason: str = "first notification",
    ) -> int:  # fmt: skip
        with log.transaction() as tx:
            return outbox.enqueue(
                tx, group_key=group, receiver=receiver, integration=integration, dedup_key=group * 8, reason=reason,
                priority=priority, alerts=[fingerprint(LABELS)], payload=content or payload(), now=now,
            )  # fmt: skip

    return put
