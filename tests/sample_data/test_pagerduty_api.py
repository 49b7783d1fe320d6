"""The sample's PagerDuty: answers as its documentation says, a history that is the same each time, and live events."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from sample_data.grid import utc
from sample_data.pagerduty_api import all_incidents, pagerduty_app
from sample_data.roster import ROBOT

SINCE = {"since": "2026-10-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
ALL = {**SINCE, "statuses[]": ["triggered", "acknowledged", "resolved"], "limit": 100}
Now = list[datetime]


@pytest.fixture
def now(month) -> Now:
    return [month.platform.end]


@pytest.fixture
def incidents(month):
    return all_incidents(month.platform.calendar, month.platform.seed)


@pytest.fixture
def client(incidents, now):
    app = pagerduty_app(incidents, lambda: now[0], "the-token", "the-key")
    with TestClient(app, headers={"authorization": "Token token=the-token"}) as client:
        yield client


def get(client, path: str, **parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def event(action: str, key: str = "group-1", summary: str = "chat burns", **details: str) -> dict[str, object]:
    payload = {"summary": summary, "source": "chat", "severity": "critical", "custom_details": details, "class": "rule"}
    return {"routing_key": "the-key", "event_action": action, "dedup_key": key, "payload": payload}


def test_a_month_of_pages_is_the_same_each_time_and_another_with_another_seed(month, incidents):
    assert incidents == all_incidents(month.platform.calendar, month.platform.seed)
    assert incidents != all_incidents(month.platform.calendar, month.platform.seed + 1)
    assert 40 <= len(incidents) <= 60
    assert len({one.id for one in incidents}) == len(incidents)
    end = month.platform.end.timestamp()
    assert all(end - 31 * 86400 < one.created < end for one in incidents)
    for one in incidents:
        times = [entry.at for entry in one.entries]
        assert times == sorted(times)
        assert one.entries[0].kind == "trigger"
        assert all(entry.kind != "resolve" for entry in one.entries[:-1])


def test_it_has_what_the_list_for_people_says(month, incidents):
    calendar = month.platform.calendar
    (worst,) = [one for one in incidents if one.priority == "P1"]
    assert calendar.outage[0] < worst.created < calendar.outage[0] + 300
    assert worst.entries[-1].at > calendar.outage[1]
    assert Counter(one.merged_into for one in incidents)[worst.id] == 2
    assert {one.priority for one in incidents} == {"P1", "P2", "P3", "P4"}
    noisy = [one for one in incidents if one.rule == "QueueDepth"]
    assert len(noisy) == 18
    start, end = calendar.flapping_queue
    assert sum(start <= one.created < end for one in noisy) == 12
    assert all(entry.kind != "resolve" or entry.agent.kind == "service" or entry.agent == ROBOT
               for one in noisy for entry in one.entries)  # fmt: skip
    nights = [one for one in incidents if utc(one.created).hour >= 22 or utc(one.created).hour < 8]
    assert len(nights) >= 5
    assert any(entry.kind == "escalate" for one in nights for entry in one.entries)


def test_a_list_goes_page_by_page_and_by_time(client, incidents):
    rows = []
    while True:
        page = get(client, "/incidents", **{**ALL, "limit": 20, "offset": len(rows)})
        rows += page["incidents"]
        assert (page["limit"], page["total"]) == (20, None)
        if not page["more"]:
            break
    assert [row["id"] for row in rows] == [one.id for one in incidents]
    middle = rows[25]["created_at"]
    before = get(client, "/incidents", **{**ALL, "until": middle})["incidents"]
    after = get(client, "/incidents", **{**ALL, "since": middle})["incidents"]
    assert before + after == rows
    open_ones = get(client, "/incidents", **{**ALL, "statuses[]": ["triggered", "acknowledged"]})["incidents"]
    assert {row["status"] for row in open_ones} == {"acknowledged"}
    assert all(row["acknowledgements"] and row["assignments"] for row in open_ones)
    assert all(row["acknowledgements"] == [] for row in rows if row["status"] == "resolved")


def test_the_log_of_the_account_is_the_logs_of_its_incidents(client, incidents):
    listed = []
    while True:
        page = get(client, "/log_entries", **SINCE, limit=100, offset=len(listed))
        listed += page["log_entries"]
        if not page["more"]:
            break
    assert [row["created_at"] for row in listed] == sorted((row["created_at"] for row in listed), reverse=True)
    assert len({row["id"] for row in listed}) == len(listed) == sum(len(one.entries) for one in incidents)
    one = incidents[3]
    log = get(client, f"/incidents/{one.id}/log_entries", **{"include[]": "channels"})["log_entries"]
    assert {row["id"] for row in log} == {row["id"] for row in listed if row["incident"]["id"] == one.id}
    (trigger,) = [row for row in log if row["type"] == "trigger_log_entry"]
    assert trigger["channel"]["cef_details"]["details"]["alertname"] == one.rule
    (alert,) = get(client, f"/incidents/{one.id}/alerts")["alerts"]
    assert alert["alert_key"] == one.key


def test_what_has_not_happened_yet_is_not_there(client, incidents, now):
    (worst,) = [one for one in incidents if one.priority == "P1"]
    now[0] = utc(worst.created - 1)
    assert client.get(f"/incidents/{worst.id}").status_code == 404
    seen = []
    for later in (10, 600, 4 * 3600):
        now[0] = utc(worst.created + later)
        seen.append(get(client, f"/incidents/{worst.id}")["incident"])
    assert [row["status"] for row in seen] == ["triggered", "acknowledged", "resolved"]
    assert [row["external_references"] != [] for row in seen] == [False, True, True]


def test_errors_are_those_of_the_server(client):
    assert client.get("/incidents", headers={"authorization": "Token token=no"}).status_code == 401
    assert client.get("/incidents/PNONE").json() == {"error": {"message": "Not Found", "code": 2100}}
    assert client.get("/incidents", params={"limit": 100, "offset": 9901}).status_code == 400
    assert client.get("/incidents", params={"since": "yesterday"}).status_code == 400
    for wrong in ({"routing_key": "no"}, {"event_action": "shout"}, {"dedup_key": ""}, {"payload": {"summary": "x"}}):
        answer = client.post("/v2/enqueue", json={**event("trigger"), **wrong})
        assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert client.post("/v2/enqueue", content=b"no JSON").status_code == 400


def test_an_event_opens_an_incident_once_and_somebody_comes(client, now, month):
    for _ in range(2):
        assert client.post("/v2/enqueue", json=event("trigger", labels="service=chat, team=x")).status_code == 202
    listed = get(client, "/incidents", **{**ALL, "since": month.platform.end.isoformat()})["incidents"]
    assert [(row["incident_key"], row["service"]["summary"], row["status"]) for row in listed] == [
        ("group-1", "chat", "triggered")
    ]
    path = f"/incidents/{listed[0]['id']}"
    now[0] += timedelta(minutes=10)
    assert get(client, path)["incident"]["status"] == "acknowledged"
    client.post("/v2/enqueue", json=event("resolve"))
    assert get(client, path)["incident"]["status"] == "resolved"
    now[0] += timedelta(minutes=1)
    client.post("/v2/enqueue", json=event("trigger"))
    again = get(client, "/incidents", **{**ALL, "since": month.platform.end.isoformat()})["incidents"]
    assert [row["status"] for row in again] == ["resolved", "triggered"]
    assert again[1]["service"]["summary"] == "GPU fleet"  # nothing says which service it is about


def test_what_is_acknowledged_elsewhere_is_not_acknowledged_by_a_person(client, now):
    client.post("/v2/enqueue", json=event("acknowledge", "unknown"))
    client.post("/v2/enqueue", json=event("trigger"))
    now[0] += timedelta(minutes=2)
    for _ in range(2):
        client.post("/v2/enqueue", json=event("acknowledge"))
    now[0] += timedelta(hours=1)
    (row,) = get(client, "/incidents", **{**ALL, "since": (now[0] - timedelta(hours=2)).isoformat()})["incidents"][-1:]
    log = get(client, f"/incidents/{row['id']}/log_entries")["log_entries"]
    acks = [entry["agent"] for entry in log if entry["type"] == "acknowledge_log_entry"]
    assert [agent["summary"] for agent in acks] == ["Meterline"]
    assert not acks[0]["type"].startswith("user")


def test_meterline_reads_it(incidents, month, tmp_path):
    """The collector over real HTTP: as many rows as incidents, and a verdict can be made of them."""
    from collector.pagerduty.settings import PagerDutySettings
    from sample_data.server import SamplePlatform
    from warehouse.database import Warehouse

    end = datetime(2026, 11, 24, 10, 58, 31, tzinfo=UTC)
    with SamplePlatform(end, days=1) as platform, Warehouse.open(tmp_path) as warehouse:
        settings = PagerDutySettings(
            name="pages", type="pagerduty", url=platform.pagerduty_url, token=platform.pagerduty_token, backfill="31d",
            attribution={"GPU fleet": "platform"},
        )  # fmt: skip
        assert settings.open().check()[0] == f"PagerDuty at {platform.pagerduty_url}"
        assert settings.open().collect(warehouse, None, end, lambda what, share: None).rows == len(incidents)
        rows = warehouse.query("SELECT * FROM on_call_incident").to_dicts()
    assert Counter(row["rule"] for row in rows)["QueueDepth"] == 18
    assert sum(row["parent_id"] is not None for row in rows) == 2
    assert {row["severity"] for row in rows} == {1, 2, 3, 4}
    robots = [row for row in rows if row["ack_by"] == ROBOT.name]
    assert robots
    assert not any(row["acked_by_person"] for row in robots)
    assert all(row["attributed_to"] == ("platform" if row["service"] == "GPU fleet" else None) for row in rows)
