"""Alerts come in: fingerprints as Alertmanager's, merging, episodes, expiry, and nothing lost by a kill."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.alert_log import intake
from warehouse.alert_log.alert import Alert, fingerprint, fingerprints
from warehouse.alert_log.history import history, listed
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us, to_us
from warehouse.errors import WarehouseError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHAT = {"alertname": "Slow", "service": "chat"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path) as opened:
        yield opened


def post(
    log: AlertLog, *alerts: Alert, now: datetime = NOON, timeout: timedelta | None = 5 * MINUTE
) -> intake.Accepted:
    with log.transaction() as tx:
        return intake.accept(tx, alerts, now, timeout)


def test_fingerprints_are_alertmanagers() -> None:
    """From the answers of a real Alertmanager 0.25 (its API gives the fingerprint beside the labels)."""
    assert fingerprint({"alertname": "good_mixed"}) == "490c6f792312afef"
    assert fingerprint({"alertname": "推論遅延", "service": "größe", "team": "🔥"}) == "c6f39329c0fa0797"
    assert fingerprint({"alertname": "Flaky", "route": "flaky", "service": "s12"}) == "c256c801eaae9512"
    assert fingerprint({"route": "flaky", "service": "s12", "alertname": "Flaky", "team": ""}) == "c256c801eaae9512"


def test_a_first_post_fires_and_a_repeat_changes_nothing(log: AlertLog) -> None:
    first = post(log, Alert(CHAT, {"summary": "slow"}, NOON))
    assert first.fired == first.fingerprints
    again = post(log, Alert(CHAT, {"summary": "slow"}, NOON), now=NOON + MINUTE)
    assert again.fired == () == again.resolved
    stored = intake.changed_since(log, 0)
    assert [one.revision for one in stored] == [1], "a repeat is no change that a router must see"
    assert stored[0].expires_at == NOON + 6 * MINUTE


def test_the_earlier_start_stays_and_the_newer_annotations_win(log: AlertLog) -> None:
    post(log, Alert(CHAT, {"summary": "slow"}, NOON))
    post(log, Alert(CHAT, {"summary": "slower"}, NOON + MINUTE), now=NOON + MINUTE)
    [one] = intake.changed_since(log, 0)
    assert (one.starts_at, one.annotations) == (NOON, {"summary": "slower"})


def test_it_ends_when_its_sender_says_so_and_fires_again(log: AlertLog) -> None:
    post(log, Alert(CHAT, {}, NOON))
    ended = post(log, Alert(CHAT, {}, NOON, NOON + 2 * MINUTE), now=NOON + 3 * MINUTE)
    assert ended.resolved == ended.fingerprints
    again = post(log, Alert(CHAT, {}, NOON + 4 * MINUTE), now=NOON + 4 * MINUTE)
    assert again.fired == again.fingerprints
    known = history(log, again.fingerprints[0])
    assert known is not None
    assert [(one.started_at, one.ended_at) for one in known.episodes] == [
        (NOON, NOON + 2 * MINUTE), (NOON + 4 * MINUTE, None),
    ]  # fmt: skip
    assert [event.kind for event in known.events] == ["fired", "resolved", "fired"]


def test_it_expires_when_nobody_repeats_it(log: AlertLog) -> None:
    post(log, Alert(CHAT, {}, NOON))
    with log.transaction() as tx:
        assert intake.expire(tx, NOON + 4 * MINUTE) == ()
    with log.transaction() as tx:
        assert intake.expire(tx, NOON + 5 * MINUTE) == (fingerprint(CHAT),)
    [one] = intake.changed_since(log, 1)
    assert one.ends_at == NOON + 5 * MINUTE


def test_without_a_timeout_it_never_expires(log: AlertLog) -> None:
    post(log, Alert(CHAT, {}, NOON), timeout=None)
    with log.transaction() as tx:
        assert intake.expire(tx, NOON + timedelta(days=1000)) == ()


def test_an_end_ahead_is_an_expiry(log: AlertLog) -> None:
    post(log, Alert(CHAT, {}, NOON, NOON + 10 * MINUTE))
    [one] = intake.changed_since(log, 0)
    assert (one.ends_at, one.expires_at) == (None, NOON + 10 * MINUTE)


def test_after_a_restart_alerts_get_time_to_be_posted_again(log: AlertLog) -> None:
    post(log, Alert(CHAT, {}, NOON))
    with log.transaction() as tx:
        assert intake.prolong(tx, NOON + timedelta(hours=2)) == 1
        assert intake.expire(tx, NOON + timedelta(hours=1)) == ()


def test_what_a_failed_transaction_wrote_is_gone(log: AlertLog) -> None:
    def failing() -> None:
        with log.transaction() as tx:
            intake.accept(tx, [Alert(CHAT, {}, NOON)], NOON, None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert intake.changed_since(log, 0) == []


def test_a_second_process_sees_what_the_first_wrote(log: AlertLog, tmp_path: Path) -> None:
    post(log, Alert(CHAT, {}, NOON))
    with AlertLog(tmp_path) as other:
        assert [one.alert.labels for one in listed(other)] == [CHAT]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "alerts.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError, match=r"alerts\.sqlite") as caught:
        AlertLog(tmp_path)
    assert "from a backup" in (caught.value.remedy or "")


def test_a_newer_file_is_refused(log: AlertLog, tmp_path: Path) -> None:
    with log.transaction() as tx:
        tx.execute("PRAGMA user_version = 99")
    with pytest.raises(WarehouseError, match="version 99"):
        AlertLog(tmp_path)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 20)), min_size=1, max_size=25))
def test_episodes_and_states_agree(
    tmp_path_factory: pytest.TempPathFactory, posts: list[tuple[str, bool, int]]
) -> None:
    """Whatever is posted in whichever order: an alert fires if and only if its newest episode has no end."""
    with AlertLog(tmp_path_factory.mktemp("log")) as log:
        now = NOON
        for name, fires, minutes in posts:
            now += minutes * MINUTE
            with log.transaction() as tx:
                intake.expire(tx, now)
            post(log, Alert({"alertname": name}, {}, now, None if fires else now), now=now)
        for one in intake.changed_since(log, 0):
            known = history(log, one.fingerprint)
            assert known is not None
            open_ = [episode for episode in known.episodes if episode.ended_at is None]
            assert len(open_) == (0 if one.ends_at else 1)
            fired = sum(event.kind == "fired" for event in known.events)
            assert fired == len(known.episodes)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
def test_times_survive(moment: datetime) -> None:
    assert from_us(to_us(moment.replace(tzinfo=UTC))) == moment.replace(tzinfo=UTC)


@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=30), max_size=6), max_size=8))
def test_many_fingerprints_are_each_the_hash_of_its_bytes(several: list[dict[str, str]]) -> None:
    """FNV-1a of 64 bits as its authors wrote it down, one byte after the other."""

    def plain(labels: dict[str, str]) -> str:
        digest = 0xCBF29CE484222325
        for name, value in sorted(labels.items()):
            for byte in (name.encode() + b"\xff" + value.encode() + b"\xff") if value else b"":
                digest = (digest ^ byte) * 0x100000001B3 % 2**64
        return f"{digest:016x}"

    assert fingerprints(several) == tuple(map(plain, several))


def test_one_long_label_does_not_lengthen_all_others() -> None:
    """Hashed together, 3,000 short ones beside one of 100,000 characters would take gigabytes."""
    several = [{"alertname": "x" * 100_000}, *({"alertname": "A", "n": str(n)} for n in range(3000))]
    tracemalloc.start()
    found = fingerprints(several)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == tuple(fingerprint(labels) for labels in several)
    assert peak < 100e6
