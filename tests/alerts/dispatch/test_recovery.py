"""After kills, failed writes, restarts, reloads and clocks that jump: nothing lost, nothing repeated."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from dispatch_story import ROUTING, Story, alert
from dying_log import DyingLog, Killed

from alerts.routing.load import parse_routing
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.intake import accept
from warehouse.errors import WarehouseError

OTHER = ROUTING.replace("group_by: [service]", "group_by: [alertname]")
HOURS = 3600.0


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(DyingLog(tmp_path))


def reasons(story: Story) -> list[tuple[float, str]]:
    return [(sent.at, sent.reason) for sent in story.sent()]


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("transaction", range(3))
def test_a_kill_in_any_transaction_neither_loses_nor_repeats(story: Story, transaction: int, committed: bool) -> None:
    """Transactions of the story: accepting, taking in (with the restore before it), flushing."""
    story.dispatcher.start(story.now)
    log = story.log
    assert isinstance(log, DyingLog)
    log.die_in(transaction, committed=committed)
    try:
        story.fire("A", "B")
        story.until(30)
    except Killed:
        if transaction == 0 and not committed:
            story.fire("A", "B")  # the sender was not told that we have it, so it posts again
    story.restart()
    story.until(400)
    assert [(sent.reason, len(sent.alerts)) for sent in story.sent()] == [("first notification", 2)]
    assert [kind for _, kind, _ in story.events("fired", "routed", "held")].count("routed") == 2


def test_a_disk_that_is_full_delays_but_loses_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.fire("A")

    def full(*_: object, **__: object) -> int:
        raise WarehouseError("database or disk is full", "make room")

    with monkeypatch.context() as patch:
        patch.setattr("alerts.dispatch.flush.enqueue", full)
        for second in (30, 40, 50):
            with pytest.raises(WarehouseError):
                story.until(second)
            story.next_at = story.at(second + 10)
    story.until(400)
    assert reasons(story) == [(60, "first notification")]


def test_the_end_of_an_alert_is_told_though_we_were_down(story: Story) -> None:
    story.fire("A", "B")
    story.until(40)
    with story.log.transaction() as tx:  # another process took the post, or we were killed right after
        accept(tx, [alert("A", story.now - timedelta(seconds=1), story.now)], story.now, None)
    story.now = story.at(1000)
    story.restart()
    story.until(1300)
    assert [(sent.at, sent.statuses) for sent in story.sent()[1:]] == [(1000, [("resolved", "A"), ("firing", "B")])]


def test_a_group_goes_on_with_its_timer(story: Story) -> None:
    story.fire("A")
    story.until(40)
    story.fire("B")
    story.until(100)
    story.restart()
    story.until(700)
    assert reasons(story) == [(30, "first notification"), (330, "new alerts in group")]


def test_nothing_expires_because_we_were_down(story: Story) -> None:
    story.post(alert("A", story.now), timeout=60)
    story.until(40)
    story.now = story.at(2 * HOURS)
    story.restart()
    assert story.events("resolved") == []
    story.until(2 * HOURS + 300)  # resolve_timeout for the sender to post again
    assert [at for at, _, _ in story.events("resolved")] == [2 * HOURS + 300]


def test_reloading_the_same_routing_tells_nothing(tmp_path: Path) -> None:
    story = Story(tmp_path)
    alerts = [
        Alert({"alertname": "A", "service": f"s{number % 500}", "pod": str(number)}, {}, story.now)
        for number in range(2000)
    ]
    story.post(*alerts)
    story.until(40)
    assert len(story.sent()) == 500
    events = len(story.log.rows("SELECT id FROM event"))
    text = ROUTING.replace("receiver: hook\n", "receiver: hook\n  routes: [{matchers: [a=b], receiver: hook}]\n", 1)
    for routing in (story.routing, parse_routing(text, "with another route"), story.routing):
        story.dispatcher.reload(routing, story.now)
        story.tick()
    story.until(2 * HOURS)
    assert len(story.sent()) == 500
    assert len(story.log.rows("SELECT id FROM event")) == events


def test_a_group_that_a_reload_made_waits_and_one_that_it_unmade_is_gone(story: Story) -> None:
    story.fire("A", "B", age=100)
    story.until(40)
    story.dispatcher.reload(parse_routing(OTHER, "other"), story.now)
    assert {one.group_key for one in story.dispatcher.groups()} == {'{}:{alertname="A"}', '{}:{alertname="B"}'}
    story.tick()
    story.until(200)
    assert reasons(story) == [(0, "first notification")] + [(70, "first notification")] * 2
    story.dispatcher.reload(story.routing, story.now)  # and back: the receiver knows of this group
    story.tick()
    story.until(3 * HOURS)
    assert len(story.sent()) == 3


def test_what_was_told_under_another_routing_hides_no_later_episode(story: Story) -> None:
    story.fire("A", "B")
    story.until(40)
    story.dispatcher.reload(parse_routing(OTHER, "other"), story.now)
    story.tick()
    story.until(100)
    story.resolve("A")
    story.until(500)
    story.fire("A")
    story.until(520)
    before = len(story.sent())
    story.dispatcher.reload(story.routing, story.now)
    story.tick()
    story.until(900)
    assert [(sent.at, sent.reason) for sent in story.sent()[before:]] == [(550, "new alerts in group")]


def test_a_routing_that_cannot_be_put_to_use_leaves_the_old_one(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.fire("A")
    with monkeypatch.context() as patch:
        patch.setattr("alerts.dispatch.restoring.replace_timers", _fail)
        with pytest.raises(WarehouseError):
            story.dispatcher.reload(parse_routing(OTHER, "other"), story.now)
    story.until(40)
    assert [sent.payload["groupLabels"] for sent in story.sent()] == [{"service": "s"}]


def _fail(*_: object) -> None:
    raise WarehouseError("disk I/O error", "see the disk")


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_a_clock_that_is_put_forward_or_back_changes_nothing(story: Story, jump: float) -> None:
    story.post(alert("A", story.now), timeout=100)
    story.until(40)
    story.post(alert("B", story.now), timeout=100)
    story.until(50)
    story.dispatcher.shifted(timedelta(seconds=jump))
    story.now += timedelta(seconds=jump)
    story.tick()
    assert reasons(story) == [(30, "first notification")]
    assert story.events("resolved") == []
    story.until(jump + 90)
    story.post(alert("A", story.origin), alert("B", story.origin), timeout=HOURS * 5)
    story.until(jump + 400)
    assert reasons(story) == [(30, "first notification"), (jump + 330, "new alerts in group")]
    story.until(jump + 330 + 4 * HOURS - 1)
    assert len(story.sent()) == 2
    story.until(jump + 330 + 4 * HOURS)
    assert len(story.sent()) == 3


@pytest.mark.parametrize("restart", [False, True])
def test_a_timer_that_lies_impossibly_far_ahead_is_brought_back(story: Story, restart: bool) -> None:
    """The clock was put back by a day and nobody said so."""
    story.fire("A")
    story.until(40)
    story.fire("B")
    story.now -= timedelta(days=1)
    if restart:
        story.restart()
    else:
        story.tick()
    story.until(-86400 + 40 + 300)
    assert [sent.reason for sent in story.sent()] == ["first notification", "new alerts in group"]


def test_revisions_that_begin_anew_are_seen(story: Story) -> None:
    """Somebody emptied the table of alerts: what comes then has a smaller revision than what we saw."""
    for name in "ABC":
        story.fire(name)
    story.until(40)
    with story.log.transaction() as tx:
        tx.execute("DELETE FROM alert")
    story.fire("D")
    story.until(400)
    assert [sent.statuses for sent in story.sent()][-1] == [("firing", "D")]
