"""Alerts: what fires, why somebody was paged or not, and that every button writes what the service will read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import reliability_words as words
from dashboards.queries import alert_times, alerts
from dashboards.queries.alerts import Row, Wanted
from published import alert_log
from published.alert_log import CHAT, ECC, POSTED, QUEUE, XID, Week
from published.pages import Open, words_of
from published.version import make
from warehouse.alert_log import feedback, history, silences
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.log import FILE_NAME, AlertLog

Opened = Callable[..., AppTest]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A log of its own for a test that writes into it, and nothing published."""
    alert_log.write(tmp_path, datetime.now(UTC))
    return tmp_path


@pytest.fixture
def log(data: Path) -> Iterator[AlertLog]:
    with AlertLog(data) as opened:
        yield opened


@pytest.fixture
def shown(page: Open, data: Path) -> Opened:
    """Opens the page with an alert opened, and a name given."""

    def opened(labels: dict[str, str] | None = None, name: str = "mira", **query: str | list[str]) -> AppTest:
        also = {"alert": fingerprint(labels)} if labels else {}
        app = page("alerts", data=data, query={**also, **query})
        if labels and name:
            app.text_input(key="who").set_value(name).run()
        return app

    return opened


def week_ago() -> datetime:
    return datetime.now(UTC) - alerts.RECENT


def episode(log: AlertLog, labels: dict[str, str]) -> history.Episode:
    found = history.newest_episode(log, fingerprint(labels))
    assert found is not None
    return found


def test_what_fires_stands_in_the_order_of_urgency(page: Open) -> None:
    told = words_of(page("alerts"))
    assert "6 alerts fire; slo_burn of chat pages and nobody has acknowledged it" in told
    assert "Pages that nobody took 1" in told
    assert "Active 3" in told
    assert "Acknowledged 1" in told
    assert "Suppressed 2" in told
    order = re.findall(r"(● active|✓ acknowledged|◐ suppressed) (page|ticket|info) (\S+) of (\S+)", told)
    assert order == [
        ("● active", "page", "slo_burn", "chat"), ("● active", "ticket", "source_stale", "flows"),
        ("● active", "info", "drift_column", "ranker"), ("✓ acknowledged", "page", "gpu_xid", "node-us-7"),
        ("◐ suppressed", "ticket", "training_queue_time", "train_vision"),
        ("◐ suppressed", "ticket", "gpu_memory_error", "node-us-7"),
    ]  # fmt: skip
    assert re.search(
        r"chat burns its error budget 16\.2 times too fast chat assist \S+ for 4[234] min \S+ oncall", told
    )
    assert re.search(r"train_vision waits 41 minutes for GPUs vision \S+ for 2\.0 h nobody silenced", told)
    assert "v000001" in told


def test_the_log_needs_nothing_published(shown: Opened) -> None:
    app = shown()
    assert "6 alerts fire" in words_of(app)
    assert "version" not in words_of(app)


def test_filters_narrow_and_what_ended_can_be_shown(page: Open) -> None:
    told = words_of(page("alerts", query={"state": ["Acknowledged", "Suppressed"]}))
    assert "gpu_xid of node-us-7" in told
    assert "slo_burn of chat ›" not in told
    told = words_of(page("alerts", query={"severity": "Info"}))
    assert "drift_column of ranker ›" in told
    assert "gpu_xid of node-us-7 ›" not in told
    told = words_of(page("alerts", query={"service": "ranker", "ended": "true"}))
    assert re.search(r"○ ended page slo_burn of ranker ›.* ended after 72 min", told)
    assert "slo_burn of chat ›" not in told
    told = words_of(page("alerts", team="platform-ml"))
    assert "2 alerts fire; the page is acknowledged" in told
    assert "more are of other teams, or of none" in told


@pytest.mark.parametrize(
    ("labels", "question", "answer"),
    [
        (CHAT, "Why was I paged?", r"Yes: sent to oncall \(pagerduty\[0\]\) at "),
        (QUEUE, "Why was I not paged?", r"No: silenced by [0-9a-f-]{36}\. Silenced by lee until "),
        (ECC, "Why was I not paged?", rf"No: inhibited by the alert {fingerprint(XID)} \(inhibit_rules\[0\]\)"),
        (alert_log.DRIFT, "Why was I not paged?", r"Not yet: its group waits \(group_wait\) until "),
        (POSTED, "Why was I not paged?", r"No: legacy-hook \(webhook\[0\]\) refused it: dead, status 400"),
    ],
    ids=["sent", "silenced", "inhibited", "held", "refused"],
)
def test_an_opened_alert_says_why(shown: Opened, labels: dict[str, str], question: str, answer: str) -> None:
    told = words_of(shown(labels, name=""))
    assert re.search(rf"{re.escape(question)} {answer}", told), told


def test_the_way_of_a_page_is_told_with_every_attempt(shown: Opened) -> None:
    told = words_of(shown(CHAT, name=""))
    assert 'routed to oncall by {} > severity="page"' in told
    assert "(pagerduty[0]): failed, status 503: try again later" in told
    assert re.search(
        r"oncall \(pagerduty\[0\]\) first notification ✓ sent \S+ \S+ failed 503: try again later \S+ sent", told
    )
    assert "Value 16.2 , threshold 14.4" in told
    assert "Look at the last rollout of chat" in told
    assert "slo chat-availability" in told


def test_only_addresses_of_the_web_become_links(shown: Opened) -> None:
    drawn = " ".join(str(element.proto.body) for element in shown(POSTED, name="").get("html"))
    assert "Runbook: javascript:alert(1)" in drawn
    assert "href" not in drawn
    drawn = " ".join(str(element.proto.body) for element in shown(CHAT, name="").get("html"))
    assert '<a href="https://runbooks.example/slo_burn"' in drawn


def test_an_alert_stays_open_when_it_is_filtered_away_or_over(shown: Opened) -> None:
    told = words_of(shown(CHAT, name="", severity="Info"))
    assert "slo_burn of chat ⌄" in told
    assert "Why was I paged?" in told
    app = shown(CHAT, name="")
    app.button(key=f"open-{fingerprint(CHAT)}").click().run()
    assert "Why was I paged?" not in words_of(app)
    app.button(key=f"open-{fingerprint(XID)}").click().run()
    assert "draining the node" in words_of(app)


def test_acknowledging_is_written_and_forwarded_to_pagerduty(shown: Opened, log: AlertLog) -> None:
    app = shown(CHAT)
    one = fingerprint(CHAT)
    app.text_input(key=f"note-{one}").set_value("rolling back").run()
    app.button(key=f"ack-{one}").click().run()
    told = words_of(app)
    assert "6 alerts fire; all 2 pages are acknowledged" in told
    assert "Acknowledged by mira" in told
    assert app.button(key=f"ack-{one}").disabled
    assert episode(log, CHAT).acked_by == "mira"
    known = history.history(log, one)
    assert known is not None
    assert known.events[-1].detail == {"by": "mira", "note": "rolling back"}
    assert [(sent.reason, sent.state) for sent in known.notifications] == [
        ("first notification", "sent"), ("acknowledged", "queued"),
    ]  # fmt: skip


def test_judging_is_written_and_the_last_word_counts(shown: Opened, log: AlertLog) -> None:
    app = shown(XID)
    for verdict in feedback.VERDICTS:
        app.button(key=f"{verdict}-{fingerprint(XID)}").click().run()
        assert f"Judged {verdict} by mira" in words_of(app)
        assert episode(log, XID).verdict == verdict
        assert app.button(key=f"{verdict}-{fingerprint(XID)}").label == f"✓ {verdict.capitalize()}"


def test_without_a_name_nothing_is_written(shown: Opened, log: AlertLog) -> None:
    app = shown(CHAT, name="")
    app.button(key=f"ack-{fingerprint(CHAT)}").click().run()
    assert "Write your name first" in words_of(app)
    assert episode(log, CHAT).acked_at is None


def test_a_silence_needs_a_reason_and_a_label_and_can_be_ended(shown: Opened, log: AlertLog) -> None:
    app = shown(CHAT)
    one, now = fingerprint(CHAT), datetime.now(UTC)
    assert "it would keep back 1 ." in words_of(app)
    app.button(key=f"quiet-now-{one}").click().run()
    assert "Say why" in words_of(app)
    app.multiselect(key=f"quiet-labels-{one}").set_value([]).run()
    assert "without any it would keep every page back" in words_of(app)
    app.text_input(key=f"quiet-why-{one}").set_value("the provider works on it").run()
    app.button(key=f"quiet-now-{one}").click().run()
    assert "Choose at least one label." in words_of(app)
    assert len(silences.silences(log, now)) == 1
    app.multiselect(key=f"quiet-labels-{one}").set_value(["severity"]).run()
    assert "it would keep back 2 ." in words_of(app)  # both pages
    app.selectbox(key=f"quiet-span-{one}").set_value("4 hours").run()
    app.button(key=f"quiet-now-{one}").click().run()
    assert "2 silences keep notifications back" in words_of(app)
    (made,) = [silence for silence in silences.silences(log, now) if silence.created_by == "mira"]
    assert made.matchers == ({"name": "severity", "op": "=", "value": "page"},)
    assert made.comment == "the provider works on it"
    assert abs(made.ends_at - made.starts_at - timedelta(hours=4)) < timedelta(seconds=1)
    app.button(key=f"end-{made.id}").click().run()
    assert "The silence has ended." in words_of(app)
    assert [silence.created_by for silence in silences.silences(log, datetime.now(UTC))] == ["lee"]


def test_no_log_says_how_to_begin(page: Open, tmp_path: Path) -> None:
    make(tmp_path)
    told = words_of(page("alerts", data=tmp_path))
    assert "There is no log of alerts yet" in told
    assert "alerting: alertmanager.yml" in told
    assert not AlertLog.exists(tmp_path)


def test_a_quiet_log_says_whether_anybody_looks(page: Open, tmp_path: Path) -> None:
    with AlertLog(tmp_path) as log:
        told = words_of(page("alerts", data=tmp_path))
        assert "Nothing is known to fire" in told
        assert "Rules have not been evaluated yet. What they would find is not known." in told
        assert "meterline alerts rules" in told
        with log.transaction() as tx:
            late = int((datetime.now(UTC) - timedelta(hours=3)).timestamp() * 1e6)
            tx.execute("INSERT INTO setting VALUES ('evaluated_at', ?)", (str(late),))
            tx.execute("INSERT INTO rule_clock VALUES ('gpu_xid', ?, ?, 'no such column: node')", (late, late))
        told = words_of(page("alerts", data=tmp_path))
        assert re.search(r"Rules were last evaluated at .* UTC, 3\.0 h ago\.", told)
        assert "The rule gpu_xid cannot be evaluated; its alerts stay as they were. no such column: node" in told


def test_an_unusable_log_is_an_answer_not_a_traceback(page: Open, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"not a database, but long enough to be taken for one" * 40)
    told = words_of(page("alerts", data=tmp_path))
    assert "The log of alerts" in told
    assert "cannot be used" in told
    assert "Restore it from a backup" in told


def test_episodes_that_overlap_are_one_bar_and_others_are_not() -> None:
    def at(minutes: int) -> datetime:
        return datetime(2026, 11, 24, 10) + timedelta(minutes=minutes)

    spans = [
        ("Down", 0, 10, 1),
        ("Down", 5, 20, None),
        ("Down", 20, 25, None),
        ("Down", 40, 50, 41),
        ("Slow", 3, 9, None),
    ]
    times = pl.DataFrame(
        [
            (name, "page", 0, at(start), at(end), None if paged is None else at(paged), False)
            for name, start, end, paged in spans
        ],
        schema=alert_times.SCHEMA, orient="row",
    )  # fmt: skip
    rows = alert_times.bars(times).select("name", "start", "end", "alerts", "pages").rows()
    assert rows == [  # the name that fired last stands first; times that touch are one bar
        ("Down", at(0), at(25), 3, 1), ("Down", at(40), at(50), 1, 1), ("Slow", at(3), at(9), 1, 0),
    ]  # fmt: skip


def test_the_timeline_reads_what_fired_in_the_last_days(log: AlertLog) -> None:
    now = datetime.now(UTC)
    times = alert_times.episodes(log, Wanted(), now - alerts.RECENT, now)
    assert times.height == 13
    assert times.filter(name="pipeline_failing").height == 5
    assert times.filter("open").height == 6
    assert alert_times.episodes(log, Wanted(severities=["page"]), now - alerts.RECENT, now).height == 3
    assert alert_times.episodes(log, Wanted(team="vision"), now - alerts.RECENT, now)["name"].to_list() == [
        "training_queue_time"
    ]
    assert alert_times.episodes(log, Wanted(), now - timedelta(days=1), now).height == 6


def test_more_alerts_than_are_read_are_said(page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    week = Week(tmp_path, now)
    for number in range(8):
        week.post({**POSTED, "instance": f"node-{number}"}, timedelta(minutes=number + 1), origin="api")
    monkeypatch.setattr(alerts, "MOST", 5)
    told = words_of(page("alerts", data=tmp_path))
    assert "8 alerts fire" in told
    assert "8 alerts fire; figures and lines are of the newest 5 of them." in told
    week.log.close()


def test_a_severity_that_nobody_knows_comes_last(log: AlertLog) -> None:
    found = alerts.rows(log, datetime.now(UTC), ended=True)
    assert {row.severity: row.rank for row in found} == {"page": 0, "critical": 0, "ticket": 1, "info": 2}
    listed = history.Listed(
        history.StoredAlert("f", {"severity": "sev9"}, {}, "", "api", week_ago(), None, None, week_ago(), 1),
        episode(log, CHAT), (),
    )  # fmt: skip
    assert Row(listed, "active").rank == 3


@pytest.mark.parametrize(
    ("firing", "open_pages", "pages", "suppressed", "said"),
    [
        (0, [], 0, 0, "Nothing fires"),
        (1, ["a"], 1, 0, "1 alert fires; a pages and nobody has acknowledged it"),
        (9, ["a", "b", "c"], 4, 0, "9 alerts fire; a, b and 1 more page and nobody has acknowledged them"),
        (3, [], 1, 0, "3 alerts fire; the page is acknowledged"),
        (2, [], 0, 2, "2 alerts fire; all of them are suppressed"),
        (2, [], 0, 1, "2 alerts fire; none of them pages"),
    ],
)
def test_the_finding(firing: int, open_pages: list[str], pages: int, suppressed: int, said: str) -> None:
    assert words.alerts(firing, open_pages, pages, suppressed) == said


def test_the_findings_of_objectives_and_on_call() -> None:
    assert words.slos(["a"], ["b", "c"], 1, 9) == (
        "a has used up its error budget; b and c burn their budget too fast; 1 of 9 cannot be told"
    )
    assert words.slos([], [], 2, 9) == "All 7 measured objectives are met; 2 of 9 cannot be told"
    assert words.slos([], [], 0, 1) == "The objective is met"
    assert words.on_call(0, "", "no pages", 0, "in May 2026") == "Nobody was paged in May 2026"
    assert words.on_call(1, "", "not enough evidence", 1, "in May 2026") == (
        "1 page in May 2026; too few are judged to say what they were worth; 1 was acknowledged by nobody"
    )
