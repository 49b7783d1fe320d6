"""Alertmanager's table of reasons, case by case."""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime, timedelta

import pytest

from alerts.dispatch.dedup import reason_to_tell
from warehouse.alert_log.groups import Told

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REPEAT = timedelta(hours=4)


def told(firing: str, resolved: str = "", ago: timedelta = timedelta(minutes=5)) -> Told:
    return Told(frozenset(firing), frozenset(resolved), NOW - ago)


@pytest.mark.parametrize(
    ("known", "firing", "resolved", "send_resolved", "reason"),
    [
        (None, {"a"}, set(), True, "first notification"),
        (None, set(), {"a"}, True, None),  # it never heard of it
        (told("a"), {"a"}, set(), True, None),
        (told("ab"), {"a"}, set(), True, None),
        (told("a"), {"a", "b"}, set(), True, "new alerts in group"),
        (told("", "a"), {"a"}, set(), True, "first notification"),  # all was over in between
        (told("a"), set(), {"a"}, True, "all alerts resolved"),
        (told("a"), set(), {"a"}, False, "all alerts resolved"),  # the log must forget, whoever is told
        (told("", "a"), set(), {"a"}, True, None),
        (told(""), set(), {"b"}, True, None),  # fired and resolved between two looks
        (told("ab"), {"a"}, {"b"}, True, "new resolved alerts"),
        (told("ab"), {"a"}, {"b"}, False, None),
        (told("a", "b"), {"a"}, {"b"}, True, None),  # told already
        (told("a", ago=REPEAT), {"a"}, set(), True, "repeat interval elapsed"),
        (told("a", ago=REPEAT - timedelta(microseconds=1)), {"a"}, set(), True, None),
    ],
)
def test_reason(
    known: Told | None, firing: Set[str], resolved: Set[str], send_resolved: bool, reason: str | None
) -> None:
    assert reason_to_tell(known, firing, resolved, send_resolved=send_resolved, repeat=REPEAT, now=NOW) == reason
