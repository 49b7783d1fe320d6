"""Silences: stored, changed and ended as Alertmanager does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse.alert_log import silences
from warehouse.alert_log.log import AlertLog

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHAT = [{"name": "service", "op": "=", "value": "chat"}]
SEARCH = [{"name": "service", "op": "=", "value": "search"}]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path) as opened:
        yield opened


def put(log: AlertLog, matchers: list[dict[str, str]] = CHAT, replaces: str | None = None, hours: int = 2) -> str:
    with log.transaction() as tx:
        return silences.put(tx, matchers, NOON, NOON + hours * HOUR, "mo", "deploy", NOON, replaces)


def test_it_is_active_from_its_start_to_its_end(log: AlertLog) -> None:
    put(log)
    [one] = silences.silences(log, NOON)
    assert one.state(NOON - HOUR) == "pending"
    assert one.state(NOON) == "active"
    assert one.state(NOON + 2 * HOUR) == "expired"
    assert silences.silences(log, NOON + 2 * HOUR) == []
    assert silences.silences(log, NOON + 2 * HOUR, expired=True) == [one]


def test_a_later_end_keeps_the_id(log: AlertLog) -> None:
    made = put(log)
    assert put(log, replaces=made, hours=5) == made
    [one] = silences.silences(log, NOON)
    assert one.ends_at == NOON + 5 * HOUR


def test_other_matchers_make_another_one_and_end_the_first(log: AlertLog) -> None:
    made = put(log)
    other = put(log, SEARCH, replaces=made)
    assert other != made
    assert [one.id for one in silences.silences(log, NOON)] == [other]


def test_an_unknown_id_is_an_error(log: AlertLog) -> None:
    with pytest.raises(KeyError):
        put(log, replaces="none")


def test_it_can_be_ended_once(log: AlertLog) -> None:
    made = put(log)
    with log.transaction() as tx:
        assert silences.expire(tx, made, NOON + HOUR)
        assert not silences.expire(tx, made, NOON + HOUR)


def test_every_change_is_seen_even_when_the_clock_stands_still(log: AlertLog) -> None:
    stamps = [silences.stamp(log)]
    made = put(log)
    stamps.append(silences.stamp(log))
    put(log, replaces=made, hours=5)
    stamps.append(silences.stamp(log))
    with log.transaction() as tx:
        silences.expire(tx, made, NOON)
    stamps.append(silences.stamp(log))
    assert len(set(stamps)) == 4
