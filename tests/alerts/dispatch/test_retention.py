"""What is old is forgotten, what is needed is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from dispatch_story import Story

from alerts.dispatch import retention
from alerts.dispatch.retention import forget
from warehouse.alert_log import outbox

TABLES = ("alert", "episode", "event", "delivery", "attempt", "notification", "silence", "aggregation")


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def deliver(story: Story) -> None:
    """The receiver takes all that waits."""
    while (delivery := outbox.waiting(story.log, "hook", "webhook[0]", story.now)) is not None:
        with story.log.transaction() as tx:
            attempt = outbox.begin_attempt(tx, delivery.id, story.now)
            outbox.end_attempt(tx, attempt, story.now, outcome="sent", status=200, answer="")


def counts(story: Story) -> dict[str, int]:
    return {table: int(story.log.rows(f"SELECT count(*) FROM {table}")[0][0]) for table in TABLES}


def lived(story: Story) -> None:
    """A fired and ended twice, B fires; everything is told. Over at 2,000 s."""
    story.silence([{"name": "a", "op": "=", "value": "b"}], 60)
    story.fire("B", service="other")
    for begin in (0.0, 1000.0):
        story.until(begin)
        story.fire("A")
        story.until(begin + 40)
        story.resolve("A")
        story.until(begin + 400)
        deliver(story)
    story.until(2000)


def test_nothing_recent_is_forgotten(story: Story) -> None:
    lived(story)
    before = counts(story)
    gone = forget(story.log, story.at(0))
    assert gone == retention.Forgotten(0, 0, 0, 0, 0, 0, 0)
    assert counts(story) == before


def test_what_is_over_goes_and_what_fires_stays(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)  # as if there were many
    lived(story)
    story.fire("C")  # the newest revision is that of an alert which fires
    gone = forget(story.log, story.at(2000))
    assert gone.episodes == 2
    assert gone.alerts == 1
    assert gone.silences == 1
    left = counts(story)
    assert (left["alert"], left["episode"], left["aggregation"]) == (2, 2, 2)
    assert {row["kind"] for row in story.log.rows("SELECT kind FROM event")} >= {"fired", "routed", "held", "notified"}
    assert left["delivery"] == 1  # the newest, so that its number is not given away again
    assert left["notification"] == 1 + 1  # C's group goes on where A's was
    story.restart()
    story.until(2600)
    assert [sent.statuses for sent in story.sent()][1:] == [[("firing", "C")]]


def test_numbers_are_not_given_away_again(story: Story) -> None:
    lived(story)
    newest = {table: story.log.rows(f"SELECT max(id) FROM {table}")[0][0] for table in ("event", "delivery", "attempt")}
    revision = story.log.rows("SELECT max(revision) FROM alert")[0][0]
    story.resolve("B", service="other")
    story.until(3000)
    deliver(story)
    forget(story.log, story.at(10_000))
    assert story.log.rows("SELECT max(revision) FROM alert")[0][0] > revision
    story.fire("D")
    story.until(3100)
    deliver(story)
    for table, number in newest.items():
        assert story.log.rows(f"SELECT max(id) FROM {table}")[0][0] > number
    assert story.sent()[-1].statuses == [("firing", "D")]


def test_what_is_not_sent_or_not_told_stays(story: Story) -> None:
    story.fire("A")
    story.until(40)
    story.resolve("A")  # told at 330 only
    forget(story.log, story.at(10_000))
    assert counts(story)["delivery"] == 1
    assert counts(story)["alert"] == 1
    story.restart()
    story.until(400)
    assert [sent.reason for sent in story.sent()] == ["first notification", "all alerts resolved"]
