"""Alerts over HTTP: Alertmanager's API v2 as senders and the real amtool use it, feedback, signed links."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from alerts.routing.load import parse_routing
from meterline.alerting.links import link_maker, read
from meterline.api import create_app
from meterline.api_alerts.answering import Desk
from meterline.service.listening import ApiServer, bind
from warehouse.alert_log import outbox
from warehouse.alert_log.alert import fingerprint
from warehouse.alert_log.history import listed
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError, WarehouseError

CASES = Path(__file__).resolve().parents[2] / "data" / "alertmanager" / "webhooks" / "20_post_alerts_validation.json"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROUTING = """
route: {receiver: hook, group_by: [service], routes: [{receiver: search, matchers: [team="search"]}]}
receivers: [{name: hook}, {name: search}]
"""


class Woken:
    times = 0
    reload_fails = False

    def wake(self) -> None:
        self.times += 1

    def reload(self) -> None:
        if self.reload_fails:
            raise ConfigurationError("alertmanager.yml: no routes provided", "see the file")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path) as opened:
        yield opened


@pytest.fixture
def woken() -> Woken:
    return Woken()


def desk(log: AlertLog, woken: Woken, classic: bool = False) -> Desk:
    routing = parse_routing(ROUTING, "test")
    return Desk(log, lambda: datetime.now(UTC), woken.wake, lambda: routing, woken.reload, classic)


@pytest.fixture
def client(log: AlertLog, woken: Woken, tmp_path: Path) -> TestClient:
    return TestClient(create_app(tmp_path, desk=desk(log, woken)), base_url="http://127.0.0.1")


def fire(client: TestClient, **labels: str) -> str:
    labels = {"alertname": "Slow", "service": "chat", **labels}
    posted = client.post("/api/v2/alerts", json=[{"labels": labels, "annotations": {"summary": "slow <b>"}}])
    assert posted.status_code == 200, posted.text
    return fingerprint(labels)


@pytest.mark.parametrize(
    "case", [case for case in json.loads(CASES.read_text()) if "status" in case], ids=lambda c: c["case"]
)
def test_it_takes_and_refuses_what_alertmanager_does(log: AlertLog, woken: Woken, tmp_path: Path, case: Any) -> None:
    """Recorded from Alertmanager 0.25, whose label names are the classic ones."""
    with TestClient(create_app(tmp_path, desk=desk(log, woken, classic=True)), base_url="http://127.0.0.1") as client:
        answer = client.post("/api/v2/alerts", json=case["request"])
    assert answer.status_code == case["status"], answer.text
    if case["case"] == "one_good_one_bad":
        assert [one.alert.labels["alertname"] for one in listed(log)] == ["good_mixed"]


def test_utf8_names_are_fine_by_default(client: TestClient, log: AlertLog) -> None:
    fire(client, **{"gen_ai.model": "m"})
    assert listed(log)[0].alert.labels["gen_ai.model"] == "m"


def test_an_alert_with_an_end_and_no_start_fires_now(client: TestClient, log: AlertLog) -> None:
    """Alertmanager would let it start in an hour."""
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    client.post("/api/v2/alerts", json=[{"labels": {"alertname": "A"}, "endsAt": ahead}])
    [one] = listed(log)
    assert one.alert.starts_at <= datetime.now(UTC)


@pytest.mark.parametrize("at", ["0001-01-02T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_times_that_nothing_can_be_added_to_are_cut(client: TestClient, log: AlertLog, at: str) -> None:
    """An hour after the last second of the year 9999 is an error, and would be one in every turn of routing."""
    assert client.post("/api/v2/alerts", json=[{"labels": {"alertname": "A"}, "startsAt": at}]).status_code == 200
    [one] = listed(log)
    assert 1970 <= one.alert.starts_at.year <= 2200
    beyond = "9999-12-31T23:59:59-14:00"
    assert client.post("/api/v2/alerts", json=[{"labels": {"a": "b"}, "endsAt": beyond}]).status_code == 400
    silence = {"matchers": [{"name": "a", "value": "b"}], "startsAt": at, "endsAt": beyond}
    assert client.post("/api/v2/silences", json=silence).status_code == 400


def test_one_that_is_too_large_hides_no_other(client: TestClient, log: AlertLog) -> None:
    posted = [{"labels": {"alertname": "x" * 70_000}}, {"labels": {"alertname": "A"}}]
    answer = client.post("/api/v2/alerts", json=posted)
    assert (answer.status_code, "long texts are for annotations" in answer.text) == (400, True)
    assert [one.alert.labels["alertname"] for one in listed(log)] == ["A"]


def test_bodies_are_not_read_without_end(client: TestClient) -> None:
    assert client.post("/alerts/say?t=x", content=b"x" * 5000).status_code == 413
    answer = client.post(
        "/api/v2/alerts", content=b" " * ((32 << 20) + 1), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_an_id_that_is_no_text_is_the_sender_s_mistake(client: TestClient) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    silence = {"matchers": [{"name": "a", "value": "b"}], "startsAt": NOW.isoformat(), "endsAt": ends, "id": ["x"]}
    assert client.post("/api/v2/silences", json=silence).status_code == 400


def test_a_foreign_page_cannot_reload(client: TestClient) -> None:
    assert client.post("/-/reload", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/-/reload", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_what_keeps_an_alert_back_is_named(client: TestClient, log: AlertLog) -> None:
    """A silence at once; the rest as its group was looked at last."""
    one = fire(client)
    fire(client, pod="p")
    with log.transaction() as tx:
        tx.execute(
            "INSERT INTO event (at, fingerprint, kind, detail) VALUES (0, ?, 'inhibited', ?)",
            (one, '{"by": "f00", "rule": 0}'),
        )
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    silence = {"matchers": [{"name": "pod", "value": "p"}], "startsAt": NOW.isoformat(), "endsAt": ends}
    made = client.post("/api/v2/silences", json=silence).json()["silenceID"]
    statuses = {row["labels"].get("pod"): row["status"] for row in client.get("/api/v2/alerts").json()}
    assert statuses == {
        None: {"state": "suppressed", "silencedBy": [], "inhibitedBy": ["f00"], "mutedBy": []},
        "p": {"state": "suppressed", "silencedBy": [made], "inhibitedBy": [], "mutedBy": []},
    }
    assert client.get("/api/v2/alerts?silenced=false&inhibited=false").json() == []


def test_a_foreign_page_cannot_post(client: TestClient) -> None:
    body = json.dumps([{"labels": {"alertname": "A"}}])
    assert client.post("/api/v2/alerts", content=body, headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.post("/api/v2/silences", content="{}", headers={"Content-Type": "text/plain"}).status_code == 415


def test_what_cannot_be_stored_is_answered_with_503(
    client: TestClient, log: AlertLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: AlertLog) -> None:
        raise WarehouseError("the log cannot be written (database or disk is full)", "make room")

    monkeypatch.setattr(AlertLog, "transaction", full)
    answer = client.post("/api/v2/alerts", json=[{"labels": {"alertname": "A"}}])
    assert answer.status_code == 503
    assert "disk is full" in answer.text


def test_posting_wakes_the_router(client: TestClient, woken: Woken) -> None:
    fire(client)
    assert woken.times == 1


def test_silences_are_made_changed_and_ended(client: TestClient) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    silence = {
        "matchers": [{"name": "service", "value": "chat|search", "isRegex": True}], "startsAt": NOW.isoformat(),
        "endsAt": ends, "createdBy": "mo", "comment": "deploy",
    }  # fmt: skip
    made = client.post("/api/v2/silences", json=silence).json()["silenceID"]
    [one] = client.get("/api/v2/silences").json()
    assert (one["id"], one["status"]["state"], one["matchers"][0]["isRegex"]) == (made, "active", True)
    assert client.delete(f"/api/v2/silence/{made}").status_code == 200
    assert client.get(f"/api/v2/silence/{made}").json()["status"]["state"] == "expired"
    assert client.delete("/api/v2/silence/none").status_code == 404


def test_a_silence_of_everything_is_refused(client: TestClient) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    matchers = [{"name": "service", "value": ".*", "isRegex": True}]
    answer = client.post("/api/v2/silences", json={"matchers": matchers, "startsAt": ends, "endsAt": ends})
    assert answer.status_code == 400
    answer = client.post("/api/v2/silences", json={"matchers": matchers, "startsAt": NOW.isoformat(), "endsAt": ends})
    assert (answer.status_code, "empty string" in answer.text) == (400, True)


def test_explain_acknowledge_judge(client: TestClient, log: AlertLog) -> None:
    one = fire(client)
    told = client.get(f"/api/v1/alerts/{one[:6]}").json()
    assert told["answer"].startswith("Not yet: it has not been routed")
    assert client.post(f"/api/v1/alerts/{one}/acknowledge", json={"by": "mo"}).status_code == 200
    assert client.post(f"/api/v1/alerts/{one}/judge", json={"by": "mo", "verdict": "noise"}).status_code == 200
    assert client.post(f"/api/v1/alerts/{one}/judge", json={"by": "mo", "verdict": "meh"}).status_code == 400
    [row] = client.get("/api/v1/alerts").json()
    assert (row["state"], row["acked_by"], row["verdict"]) == ("acknowledged", "mo", "noise")
    assert client.get("/api/v1/alerts/ffff").status_code == 400


def test_a_link_asks_first_and_acts_when_told(client: TestClient, log: AlertLog) -> None:
    one = fire(client)
    with log.transaction() as tx:
        outbox.enqueue(
            tx, group_key="g", receiver="hook", integration="webhook[0]", dedup_key="k", reason="first notification",
            priority=0, alerts=[one], payload={"status": "firing"}, now=datetime.now(UTC),
        )  # fmt: skip
    links = link_maker(log, "http://127.0.0.1/")
    assert links is not None
    made = links("k", datetime.now(UTC))
    page = client.get(made["noise"])
    assert page.status_code == 200
    assert "slow &lt;b&gt;" in page.text, "what others wrote is shown, never run"
    assert listed(log)[0].episode.verdict is None, "looking is not judging"
    assert "1 alert" in client.post(made["noise"], data={"by": "Mo"}).text
    assert (listed(log)[0].episode.verdict, listed(log)[0].episode.verdict_by) == ("noise", "Mo")
    client.post(made["acknowledge"])
    assert listed(log)[0].episode.acked_by == "link"
    forged = re.sub(r"t=.", "t=X", made["noise"])
    assert client.post(forged).status_code == 400
    assert client.get(made["explain"]).json()[0]["fingerprint"] == one


def test_a_link_is_good_for_thirty_days_whatever_the_clock_did(log: AlertLog) -> None:
    now = datetime.now(UTC)
    links = link_maker(log, "http://127.0.0.1/")
    assert links is not None
    token = parse_qs(urlsplit(links("k", now)["noise"]).query)["t"][0]
    assert read(log, token, now + timedelta(days=29)).word == "noise"
    assert read(log, token, now - timedelta(hours=1)).word == "noise", "the clock was put back since"
    with pytest.raises(ConfigurationError, match="older than 30 days"):
        read(log, token, now + timedelta(days=31))
    with AlertLog(log.directory / "other") as other, pytest.raises(ConfigurationError, match="not made by this"):
        read(other, token, now)


def test_a_bad_reload_is_told_and_the_old_one_stays(client: TestClient, woken: Woken) -> None:
    assert client.post("/-/reload").status_code == 200
    woken.reload_fails = True
    answer = client.post("/-/reload")
    assert answer.status_code == 500
    assert "the old configuration stays" in answer.text


@pytest.mark.server
def test_the_real_amtool_works_with_it(log: AlertLog, woken: Woken, tmp_path: Path) -> None:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is not installed (Debian: prometheus-alertmanager)")
    server = ApiServer(create_app(tmp_path, desk=desk(log, woken)), bind("127.0.0.1", 0, "listen.api"))
    server.start()

    def run(*words: str) -> str:
        command = [amtool, "--alertmanager.url", server.url, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout

    try:
        run("alert", "add", "Slow", "service=chat", "--annotation=summary=slow")
        assert json.loads(run("alert", "query", "-o", "json", "service=chat"))[0]["labels"]["alertname"] == "Slow"
        assert run("alert", "query", "-o", "json", "service=search").strip() == "[]"
        made = run("silence", "add", "service=chat", "--comment=deploy", "--duration=1h").strip()
        assert json.loads(run("silence", "query", "-o", "json"))[0]["id"] == made
        run("silence", "expire", made)
        assert json.loads(run("silence", "query", "-o", "json")) == []
        assert "route:" in run("config", "show")
    finally:
        server.stop()
