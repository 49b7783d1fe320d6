"""Why was I (not) paged: what dispatch left in the log is explained without a lie, whatever happened in which order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from dispatch_story import Story

from warehouse.alert_log import outbox
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.explanation import explain
from warehouse.alert_log.history import history

ROUTING = """
route: {receiver: hook, group_by: [service], group_wait: 30s, group_interval: 5m}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
"""
NOBODY = "route: {receiver: nobody, group_by: [service]}\nreceivers: [{name: nobody}]\n"
PRINT = fingerprint({"alertname": "A", "service": "s"})


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path, ROUTING)


def send(story: Story, outcome: str = "sent") -> None:
    """The receiver answers everything that is queued."""
    status, answer = (200, "ok") if outcome == "sent" else (400, "no")
    while (waiting := outbox.waiting(story.log, "hook", "webhook[0]", story.now)) is not None:
        with story.log.transaction() as tx:
            attempt = outbox.begin_attempt(tx, waiting.id, story.now)
            outbox.end_attempt(tx, attempt, story.now, outcome=outcome, status=status, answer=answer)


def answer(story: Story) -> str:
    known = history(story.log, PRINT)
    assert known is not None
    return explain(known, story.now).answer


def test_an_end_that_was_told_is_no_page(story: Story) -> None:
    """The page was refused, the news of its end was taken."""
    story.fire("A")
    story.until(31)
    send(story, "dead")
    story.resolve("A")
    story.until(331)
    send(story)
    assert answer(story) == "No: hook (webhook[0]) refused it: dead, status 400: no."


def test_one_that_fires_again_before_its_group_is_looked_at_was_told_the_time_before(story: Story) -> None:
    story.fire("A")
    story.until(31)
    send(story)
    story.resolve("A")
    story.until(60)
    story.fire("A")
    story.until(400)
    assert len(story.sent()) == 1, "as Alertmanager: for the receiver it fired on"
    assert answer(story) == (
        "Yes, the time before: sent to hook (webhook[0]) at 2026-11-24 08:00:31Z"
        "; it was over and fired again before its group was looked at."
    )


def test_what_was_silenced_until_its_end_says_so(story: Story) -> None:
    silence = story.silence([{"name": "service", "op": "=", "value": "s"}], 3600)
    story.fire("A")
    story.until(60)
    assert answer(story) == f"No: silenced by {silence}."
    story.resolve("A")
    story.until(400)
    assert answer(story) == f"No: silenced by {silence}."


def test_a_receiver_without_integrations_tells_nobody(tmp_path: Path) -> None:
    story = Story(tmp_path, NOBODY)
    story.fire("A")
    assert answer(story).startswith("Not yet: its group waits (group_wait)")
    story.until(60)
    assert answer(story) == "No: its receiver has no integration, so there is nobody to tell."


def test_a_group_that_nobody_looks_at_says_so(story: Story) -> None:
    """The service is down, or its disk is full."""
    story.fire("A")
    story.now += timedelta(minutes=10)
    assert answer(story) == "Not yet: its group is due since 2026-11-24 08:00:30Z; is `meterline run` up?"


def test_a_clock_that_was_put_back_hides_no_page(story: Story) -> None:
    story.fire("A")
    story.now -= timedelta(hours=1)
    story.dispatcher.shifted(timedelta(hours=-1))
    story.now += timedelta(seconds=31)
    story.tick()
    send(story)
    assert answer(story) == "Yes: sent to hook (webhook[0]) at 2026-11-24 07:00:31Z."


def test_a_page_that_was_late_is_not_that_of_the_next_time(story: Story) -> None:
    """The receiver was away, and the alert ended and fired again meanwhile: the old message speaks of the old time."""
    story.fire("A")
    story.until(31)
    story.resolve("A")
    story.until(331)  # told that it is over, too; both wait
    story.now += timedelta(seconds=9)
    story.fire("A")
    send(story)
    known = history(story.log, PRINT)
    assert known is not None
    assert [one.paged_at for one in known.episodes] == [None, None]
    assert answer(story).startswith("Not yet: its group waits")
