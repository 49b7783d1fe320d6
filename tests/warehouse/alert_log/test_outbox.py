"""The outbox: order, attempts, what a kill between request and answer leaves, and feedback about what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warehouse.alert_log import feedback, intake, outbox
from warehouse.alert_log.alert import Alert, fingerprint
from warehouse.alert_log.explanation import explain
from warehouse.alert_log.history import history, listed
from warehouse.alert_log.log import AlertLog

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHAT = {"alertname": "Slow", "service": "chat"}
PRINT = fingerprint(CHAT)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path) as opened:
        with opened.transaction() as tx:
            intake.accept(tx, [Alert(CHAT, {"summary": "slow"}, NOON)], NOON, None)
        yield opened


def queue(
    log: AlertLog, group: str = "{}:{}", priority: int = 1, integration: str = "webhook[0]", **payload: Any
) -> int:
    with log.transaction() as tx:
        return outbox.enqueue(
            tx, group_key=group, receiver="team", integration=integration, dedup_key=f"key of {group}",
            reason="first notification", priority=priority, alerts=[PRINT], payload={"status": "firing", **payload},
            now=NOON,
        )  # fmt: skip


def attempt(log: AlertLog, delivery: int, outcome: str | None, after: timedelta = SECOND) -> None:
    with log.transaction() as tx:
        begun = outbox.begin_attempt(tx, delivery, NOON)
    if outcome is not None:
        with log.transaction() as tx:
            again = NOON + timedelta(minutes=1) if outcome == "failed" else None
            outbox.end_attempt(
                tx, begun, NOON + after, outcome=outcome, status=200, answer="ok", again_at=again
            )  # fmt: skip


def next_of(log: AlertLog, now: datetime = NOON) -> int | None:
    found = outbox.waiting(log, "team", "webhook[0]", now)
    return found.id if found else None


def test_pages_go_first_but_never_before_an_older_one_of_their_group(log: AlertLog) -> None:
    ticket, page, later_page = queue(log, "a"), queue(log, "b", priority=0), queue(log, "a", priority=0)
    order = []
    while (found := next_of(log)) is not None:
        order.append(found)
        attempt(log, found, "sent")
    assert order == [page, ticket, later_page]


def test_what_failed_waits_behind_what_is_due(log: AlertLog) -> None:
    failed, fresh = queue(log, "a", priority=0), queue(log, "b")
    attempt(log, failed, "failed")
    assert next_of(log) == fresh
    assert next_of(log, NOON + timedelta(minutes=2)) == failed


def test_the_next_one_is_found_without_sorting_all_that_wait(log: AlertLog) -> None:
    """After a storm 50,000 wait; sorting them for each that is sent would take longer than sending."""
    for due in ("<=", ">"):
        plan = log.rows(
            f"EXPLAIN QUERY PLAN {outbox.WAITING.format(due=due)}", {"receiver": "team", "integration": "a", "now": 0}
        )
        steps = [row["detail"] for row in plan]
        assert any("USING INDEX delivery_open " in step for step in steps)
        assert any("delivery_open_group" in step and "id<?" in step for step in steps)
        assert not any("B-TREE" in step for step in steps)


def test_a_cut_off_attempt_is_seen(log: AlertLog) -> None:
    queued = queue(log)
    attempt(log, queued, None)
    found = outbox.waiting(log, "team", "webhook[0]", NOON)
    assert found is not None
    assert (found.attempts, found.cut_off) == (1, 1)


def test_a_sent_one_pages_the_episode_once(log: AlertLog) -> None:
    attempt(log, queue(log), "sent", SECOND)
    attempt(log, queue(log), "sent", 2 * SECOND)
    assert listed(log)[0].episode.paged_at == NOON + SECOND
    assert outbox.open_integrations(log) == []


def test_an_acknowledgement_reaches_pagerduty_once_a_group(log: AlertLog) -> None:
    for integration in ("webhook[0]", "pagerduty[0]"):
        queue(log, integration=integration)
    with log.transaction() as tx:
        assert feedback.acknowledge(tx, [PRINT], "mo", "on it", NOON + SECOND) == 1
        assert feedback.forward_acknowledgement(tx, [PRINT, PRINT], "mo", NOON + SECOND) == 1
    told = outbox.waiting(log, "team", "pagerduty[0]", NOON)
    assert told is not None
    attempt(log, told.id, "sent")
    told = outbox.waiting(log, "team", "pagerduty[0]", NOON)
    assert told is not None
    assert (told.reason, told.payload["status"], told.dedup_key) == ("acknowledged", "acknowledged", "key of {}:{}")
    assert told.payload["meterline"]["acknowledged_by"] == "mo"


def test_the_first_acknowledgement_and_the_last_verdict_count(log: AlertLog) -> None:
    with log.transaction() as tx:
        feedback.acknowledge(tx, [PRINT, "0000"], "mo", "", NOON + SECOND)
        feedback.acknowledge(tx, [PRINT], "li", "", NOON + 2 * SECOND)
        feedback.judge(tx, [PRINT], "noise", "mo", "", NOON + 3 * SECOND)
        feedback.judge(tx, [PRINT], "actionable", "li", "", NOON + 4 * SECOND)
    [one] = listed(log)
    assert (one.episode.acked_by, one.episode.acked_at) == ("mo", NOON + SECOND)
    assert (one.episode.verdict, one.episode.verdict_by) == ("actionable", "li")
    assert one.state(NOON) == "acknowledged"


def test_an_unknown_verdict_is_refused(log: AlertLog) -> None:
    with log.transaction() as tx, pytest.raises(ValueError, match="expected one of actionable, noise"):
        feedback.judge(tx, [PRINT], "meh", "mo", "", NOON)


def test_a_link_acts_on_the_alerts_that_its_message_told(log: AlertLog) -> None:
    queue(log)
    assert feedback.told_of(log, "key of {}:{}", NOON) == (PRINT,)
    assert feedback.told_of(log, "key of {}:{}", NOON - SECOND) == ()


def test_a_word_about_an_old_message_is_not_about_what_fires_now(log: AlertLog) -> None:
    """The alert ended and fired again since the message was sent."""
    queue(log, integration="pagerduty[0]")
    later = NOON + timedelta(hours=1)
    for ends_at, now in ((later, later), (None, later + SECOND)):
        with log.transaction() as tx:
            intake.accept(tx, [Alert(CHAT, {}, now, ends_at)], now, None)
    queue(log, integration="pagerduty[0]")
    with log.transaction() as tx:
        assert feedback.acknowledge(tx, [PRINT], "mo", "", later + 2 * SECOND, told_at=NOON + SECOND) == 1
        assert feedback.forward_acknowledgement(tx, [PRINT], "mo", later + 2 * SECOND, told_at=NOON + SECOND) == 0
        assert feedback.judge(tx, [PRINT], "noise", "mo", "", later + 2 * SECOND, told_at=NOON + SECOND) == 1
        assert feedback.judge(tx, [PRINT], "noise", "mo", "", later, told_at=NOON - SECOND) == 0
    known = history(log, PRINT)
    assert known is not None
    assert [(one.acked_by, one.verdict) for one in known.episodes] == [("mo", "noise"), (None, None)]
    lines = [text for _, text in explain(known, later).lines]
    assert "judged noise by mo, about the time that it fired at 2026-11-24 12:00:00Z" in lines
    with log.transaction() as tx:
        assert feedback.forward_acknowledgement(tx, [PRINT], "mo", later + 2 * SECOND, told_at=later + 2 * SECOND) == 1


def answer(log: AlertLog, now: datetime = NOON + timedelta(minutes=1)) -> str:
    known = history(log, PRINT)
    assert known is not None
    return explain(known, now).answer


def note(log: AlertLog, kind: str, detail: str) -> None:
    with log.transaction() as tx:
        tx.execute(
            "INSERT INTO event (at, fingerprint, kind, detail) VALUES (?, ?, ?, ?)",
            (1764000000000000, PRINT, kind, detail),
        )


@pytest.fixture
def later(log: AlertLog) -> AlertLog:
    with log.transaction() as tx:
        tx.execute("UPDATE episode SET fired_at = 1")
    return log


def test_it_says_to_whom_it_was_sent(log: AlertLog) -> None:
    attempt(log, queue(log), "sent")
    assert answer(log) == "Yes: sent to team (webhook[0]) at 2026-11-24 12:00:01Z."


def test_it_says_what_the_receiver_answered(log: AlertLog) -> None:
    queued = queue(log)
    attempt(log, queued, "failed")
    assert answer(log) == "Not yet: it waits to be sent to team (webhook[0]) after 1 attempt: failed, status 200: ok."
    attempt(log, queued, "dead")
    assert answer(log).startswith("No: team (webhook[0]) refused it: dead")


def test_it_says_what_kept_it_back(later: AlertLog) -> None:
    assert answer(later).startswith("Not yet: it has not been routed")
    note(later, "routed", '{"routes": [{"receiver": "team", "path": ["{}"], "group_key": "{}:{}"}]}')
    assert answer(later) == "No: its receiver has no integration, so there is nobody to tell."
    note(later, "held", '{"why": "group_wait", "until": 1764000030000000}')
    assert answer(later) == "Not yet: its group waits (group_wait) until 2025-11-24 16:00:30Z."
    note(later, "silenced", '{"silences": ["abc"]}')
    assert answer(later) == "No: silenced by abc."
    note(later, "unsilenced", "{}")
    note(later, "inhibited", '{"by": "f00", "rule": 0}')
    assert answer(later) == "No: inhibited by the alert f00 (inhibit_rules[0])."
    note(later, "uninhibited", "{}")
    note(later, "muted", '{"interval": "nights", "kind": "mute"}')
    assert answer(later) == "No: muted by the time interval nights."
