"""One integration's queue: order, retries, dead letters, crashes and full disks, with clocks moved by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.courier import DISK_MOST, Courier
from alerts.delivery.own_alerts import FAILED, LATE, OwnAlerts
from alerts.delivery.patience import Patience
from alerts.delivery.result import NOT_SENT, Result
from deliveries import LABELS, T0, Hands, ScriptedSender, states
from warehouse.alert_log import outbox
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.log import AlertLog, Writing
from warehouse.errors import WarehouseError

OK, DOWN, NO = Result("sent", 200, "ok"), Result("failed", 503, "down"), Result("dead", 400, "bad")


def courier(log: AlertLog, hands: Hands, sender: ScriptedSender, **more: Any) -> Courier:
    """Without jitter: pauses are the longest possible."""
    own = OwnAlerts("oncall", "webhook[0]")
    return Courier(log, own, sender, hands.clock, patience=Patience(lambda: 1.0), **more)


def run(one: Courier, hands: Hands, seconds: float) -> None:
    """Take steps, passing the time that each asks to wait, for so long."""
    end = hands.seconds + seconds
    while hands.seconds < end:
        hands.pass_(max(min(one.step(), end - hands.seconds), 0.001))


def own_alerts(log: AlertLog) -> dict[str, bool]:
    """Alerts about ourselves: whether each fires."""
    rows = log.rows("SELECT labels, ends_at FROM alert WHERE origin = 'self'")
    return {json.loads(row["labels"])["alertname"]: row["ends_at"] is None for row in rows}


def test_pages_first_then_the_oldest_and_each_once(log: AlertLog, hands: Hands, queue: Any) -> None:
    ticket, page, later = queue(group="a", priority=1), queue(group="b"), queue(group="c")
    other = queue(integration="slack[0]")
    sender = ScriptedSender([OK])
    run(courier(log, hands, sender), hands, 5)
    assert [one.id for one, _ in sender.sent] == [page, later, ticket]
    assert not any(repeat for _, repeat in sender.sent)
    assert states(log)[other] == "queued"
    row = log.rows("SELECT * FROM attempt WHERE delivery_id = ?", (page,))[0]
    assert (row["outcome"], row["status"], row["answer"]) == ("sent", 200, "ok")


def test_a_receiver_that_is_down_gets_all_within_30_s_of_its_return(log: AlertLog, hands: Hands, queue: Any) -> None:
    for group in "abcdefgh":
        queue(group=group)
    sender = ScriptedSender([DOWN])
    one = courier(log, hands, sender, late_after=None)
    run(one, hands, 1800)
    tries = len(sender.sent)
    assert 1800 / 15 <= tries <= 1800 / 15 + 20  # a queue of 8 asks no oftener than one delivery
    sender.results = [OK]
    run(one, hands, 30.1)
    assert set(states(log).values()) == {"sent"}


def test_one_that_always_fails_holds_up_no_other(log: AlertLog, hands: Hands, queue: Any) -> None:
    bad = queue(group="bad")

    class Poisoned(ScriptedSender):
        def send(self, delivery: outbox.Delivery, repeat: bool) -> Result:
            super().send(delivery, repeat)
            return Result("failed", 500, "") if delivery.id == bad else OK

    sender = Poisoned([OK])
    one = courier(log, hands, sender)
    run(one, hands, 60)
    for group in "abc":
        queue(group=group, now=hands.wall)
    run(one, hands, 16)
    assert [state for number, state in states(log).items() if number != bad] == ["sent"] * 3
    assert states(log)[bad] == "queued"


def test_retry_after_is_honoured_up_to_ten_minutes(log: AlertLog, hands: Hands, queue: Any) -> None:
    queue(group="a")
    queue(group="b")
    asks = [Result("failed", 429, "", timedelta(seconds=90)), Result("failed", 503, "", timedelta(hours=9)), OK]
    sender = ScriptedSender(asks)
    one = courier(log, hands, sender)
    run(one, hands, 89)
    assert len(sender.sent) == 1
    run(one, hands, 2)
    assert len(sender.sent) == 2
    run(one, hands, 598)
    assert len(sender.sent) == 2
    run(one, hands, 3)
    assert set(states(log).values()) == {"sent"}


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_delays_no_retry(log: AlertLog, hands: Hands, queue: Any, jump: timedelta) -> None:
    queue()
    sender = ScriptedSender([DOWN, OK])
    one = courier(log, hands, sender)
    one.step()
    hands.wall += jump
    run(one, hands, 3)
    assert set(states(log).values()) == {"sent"}


def test_after_a_restart_a_time_far_ahead_counts_30_s(log: AlertLog, hands: Hands, queue: Any) -> None:
    queue(now=T0 + timedelta(hours=1))
    run(courier(log, hands, ScriptedSender([OK])), hands, 31)
    assert set(states(log).values()) == {"sent"}


def test_a_refusal_is_a_dead_letter_and_a_page_about_ourselves(log: AlertLog, hands: Hands, queue: Any) -> None:
    told: list[bool] = []
    dead, fine = queue(group="a"), queue(group="b")
    sender = ScriptedSender([NO])
    one = courier(log, hands, sender, on_alert=lambda: told.append(True))
    one.step()
    assert states(log) == {dead: "dead", fine: "queued"}
    assert own_alerts(log) == {FAILED: True}
    event = log.rows("SELECT detail FROM event WHERE kind = 'dead' AND fingerprint = ?", (fingerprint(LABELS),))
    assert json.loads(event[0]["detail"]) == {"delivery": dead, "receiver": "oncall", "status": 400, "answer": "bad"}
    alert = log.rows("SELECT labels, annotations, expires_at FROM alert WHERE origin = 'self'")[0]
    assert json.loads(alert["labels"]) == {
        "alertname": FAILED, "receiver": "oncall", "integration": "webhook[0]", "severity": "page",
    }  # fmt: skip
    assert "(400: bad)" in json.loads(alert["annotations"])["description"]
    assert alert["expires_at"] is None
    sender.results = [OK]
    one.step()
    assert own_alerts(log) == {FAILED: False}
    assert len(told) == 2


def test_the_dead_letter_of_that_alert_itself_starts_no_loop(log: AlertLog, hands: Hands, queue: Any) -> None:
    one = courier(log, hands, ScriptedSender([NO]))
    for group in "abc":
        queue(group=group)
    run(one, hands, 5)
    revisions = log.rows("SELECT revision FROM alert")
    assert [row["revision"] for row in revisions] == [1]
    assert len(log.rows("SELECT 1 FROM event WHERE kind = 'fired'")) == 1


def test_long_silence_of_a_receiver_is_told_and_ends(log: AlertLog, hands: Hands, queue: Any) -> None:
    queue()
    sender = ScriptedSender([DOWN])
    one = courier(log, hands, sender, late_after=timedelta(minutes=10))
    run(one, hands, 590)
    assert own_alerts(log) == {}
    run(one, hands, 60)
    assert own_alerts(log) == {LATE: True}
    text = json.loads(log.rows("SELECT annotations FROM alert")[0]["annotations"])["description"]
    assert "since 2026-11-24 03:00 UTC" in text
    sender.results = [OK]
    run(one, hands, 31)
    assert own_alerts(log) == {LATE: False}


@pytest.mark.parametrize(
    ("before", "repeat"),
    [(Result("failed", None, "x:1 did not answer within 10 s"), True), (Result("failed", 504, ""), True),
     (Result("failed", 503, ""), False), (Result("failed", None, NOT_SENT + "refused"), False)],
)  # fmt: skip
def test_a_repeat_says_so_where_the_first_may_have_arrived(
    log: AlertLog, hands: Hands, queue: Any, before: Result, repeat: bool
) -> None:
    queue()
    sender = ScriptedSender([before, DOWN, OK])
    run(courier(log, hands, sender), hands, 10)
    assert [was for _, was in sender.sent] == [False, repeat, repeat]


def test_what_a_kill_cut_off_is_sent_again_as_a_possible_repeat(log: AlertLog, hands: Hands, queue: Any) -> None:
    queue()

    class Killed(ScriptedSender):
        def send(self, delivery: outbox.Delivery, repeat: bool) -> Result:
            super().send(delivery, repeat)
            raise SystemExit  # nothing after the request is written

    with pytest.raises(SystemExit):
        courier(log, hands, Killed([OK])).step()
    with AlertLog(log.directory) as again:
        sender = ScriptedSender([OK])
        run(courier(again, hands, sender), hands, 1)
        assert [repeat for _, repeat in sender.sent] == [True]
        assert sender.sent[0][0].cut_off == 1
        assert set(states(again).values()) == {"sent"}


def test_a_defect_of_a_sender_neither_ends_the_thread_nor_shows_a_secret(
    log: AlertLog, hands: Hands, queue: Any, caplog: pytest.LogCaptureFixture
) -> None:
    queue()
    secret = "/".join(["https://hooks.example", "s3cr3t"])

    class Broken(ScriptedSender):
        def send(self, delivery: outbox.Delivery, repeat: bool) -> Result:
            if not self.sent:
                super().send(delivery, repeat)
                raise KeyError(secret)
            return OK

    run(courier(log, hands, Broken([OK])), hands, 5)
    assert set(states(log).values()) == {"sent"}
    assert "s3cr3t" not in caplog.text
    assert "KeyError" in caplog.text


class FullDisk(AlertLog):
    """Refuses the transactions whose numbers are given."""

    def __init__(self, directory: Path) -> None:
        self.full = False
        super().__init__(directory)

    @contextmanager
    def transaction(self) -> Iterator[Writing]:
        if self.full:
            raise WarehouseError("database or disk is full")
        with super().transaction() as tx:
            yield tx


def test_nothing_is_sent_that_cannot_be_written(log: AlertLog, hands: Hands, queue: Any) -> None:
    queue()
    with FullDisk(log.directory) as full:
        full.full = True
        sender = ScriptedSender([OK])
        one = courier(full, hands, sender)
        run(one, hands, 120)
        assert sender.sent == []
        full.full = False
        run(one, hands, DISK_MOST + 1)
        assert len(sender.sent) == 1
        assert set(states(full).values()) == {"sent"}


def test_what_was_sent_while_the_disk_filled_is_written_later_and_not_sent_again(
    log: AlertLog, hands: Hands, queue: Any
) -> None:
    queue(group="a")
    queue(group="b")
    with FullDisk(log.directory) as full:

        class Filling(ScriptedSender):
            def send(self, delivery: outbox.Delivery, repeat: bool) -> Result:
                full.full = True
                return super().send(delivery, repeat)

        sender = Filling([OK])
        one = courier(full, hands, sender)
        run(one, hands, 120)
        assert len(sender.sent) == 1
        full.full = False
        run(one, hands, DISK_MOST + 1)
        full.full = False
        run(one, hands, DISK_MOST + 1)
        assert [repeat for _, repeat in sender.sent] == [False, False]
        assert set(states(full).values()) == {"sent"}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.floats(0, 1, exclude_max=True))))
def test_pauses_never_exceed_30_s_unless_asked_for(failures: list[tuple[int, int, float]]) -> None:
    at, chance = 0.0, 0.0
    patience = Patience(lambda: chance)
    for delivery, attempts, chance in failures:  # noqa: B007 - the closure reads it
        wait = patience.after_failure(delivery, attempts, Result("failed", 503), at)
        assert 0.5 <= wait <= 30
        assert 0 < patience.paused_until - at <= 15
        assert patience.due(delivery, 1e9, at) <= 30 + 1e-9
        at += wait
