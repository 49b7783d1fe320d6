"""The source for JSM Operations and Opsgenie over HTTP. Expected rows are read off tests/data/on_call by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collector.jsm import api
from collector.jsm.settings import JsmSettings
from servers.on_call_systems import Alerts, serving
from servers.scripted import Scripted, reply
from warehouse.database import Warehouse
from warehouse.errors import BadAnswer, Unauthorized
from warehouse.interval import Interval

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
CLOSED = "70413a06-38d6-4c85-92b8-5ebc900d42e2-1795170600000"
OPEN = "70413a06-38d6-4c85-92b8-5ebc900d42e3-1795174200000"
ON_SITE = "bf415f36-0000-4000-8000-000000000001-1795170600000"
SITE = {"cloud_id": "11-22", "username": "ana@example.com", "token": "tok"}


def settings(server: Scripted, **keys: Any) -> JsmSettings:
    access = {} if "cloud_id" in keys else {"api_key": "og-key"}
    base = {"name": "ops", "type": "jsm", "url": server.url, "backfill": "14d"}
    return JsmSettings.model_validate({**base, **access, **keys})


def day(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{clock}")


def test_the_columns_of_an_opsgenie_alert(collect: Any, incident: Callable[[str], dict[str, Any]]) -> None:
    with serving(Alerts()) as server:
        assert collect(settings(server)).rows == 2
    # created 10:30:00, acknowledged 90 s later, closed 1800.5 s later by the system; a tag says false positive
    assert incident(CLOSED) == {
        "source": "ops", "id": CLOSED, "alert_key": "fp-1", "title": "Replica restarts", "service": "chat",
        "team": "team-1", "rule": "ReplicaRestarts", "severity": 2, "priority": "P2", "paged": True,
        "created_at": day("10:30"), "first_ack_at": day("10:31:30"), "ack_by": "ana@example.com",
        "acked_by_person": True, "resolved_at": day("11:00:00.500"), "resolved_by": "System", "auto_resolved": True,
        "escalations": 0, "notes": 0, "engaged_s": 1710, "linked": False, "outcome": "noise",
        "runbook_url": "https://wiki.example/replica", "observed_at": datetime(2026, 11, 26, 9),
    }  # fmt: skip


def test_an_alert_that_nobody_touched(collect: Any, incident: Callable[[str], dict[str, Any]]) -> None:
    with serving(Alerts()) as server:
        collect(settings(server))
        assert not [asked for asked in server.asked if asked.path.endswith((f"{OPEN}/notes", f"{OPEN}/logs"))]
    row = incident(OPEN)
    assert (row["created_at"], row["paged"], row["severity"]) == (day("11:30"), False, 4)  # written at +01:00
    assert not {"first_ack_at", "resolved_at", "engaged_s", "outcome", "service", "auto_resolved"} & set(row)


def test_without_a_report_the_log_tells(collect: Any, incident: Callable[[str], dict[str, Any]]) -> None:
    jsm = Alerts(site="11-22")
    jsm.notes = [{"id": "n1", "note": "hunter2", "owner": "ben@example.com", "createdAt": "2026-11-20T10:40:00Z"}]
    jsm.notes.append({"id": "n2", "note": "sent", "owner": "System", "createdAt": "2026-11-20T10:41:00Z"})
    with serving(jsm) as server:
        assert collect(settings(server, **SITE, services={"Meterline prod": "chat"})).rows == 1
    row = incident(ON_SITE)
    assert (row["first_ack_at"], row["ack_by"], row["acked_by_person"]) == (day("10:36"), "ben@example.com", True)
    assert (row["resolved_at"], row["resolved_by"], row["auto_resolved"]) == (day("10:50"), "ben@example.com", False)
    assert (row["engaged_s"], row["escalations"], row["notes"]) == (14 * 60, 1, 1)  # System's note is no person's
    assert (row["rule"], row["service"], row["team"], row["severity"]) == ("tokens-low", "chat", "search", 1)


def test_without_a_report_and_a_log_the_first_answer_that_says_so_counts(
    collect: Any, incident: Callable[[str], dict[str, Any]]
) -> None:
    jsm = Alerts(site="11-22")
    jsm.logs = []
    alert = jsm.alerts[0]
    alert.update(status="open", acknowledged=False, owner="", closeTime=None, updatedAt="2026-11-26T08:00:00Z")
    with serving(jsm) as server:
        collect(settings(server, **SITE))
        assert "first_ack_at" not in incident(ON_SITE)
        alert.update(acknowledged=True, owner="ben@example.com", updatedAt="2026-11-26T09:02:00Z")
        collect(settings(server, **SITE), NOW + timedelta(minutes=5))
        alert.update(status="closed", updatedAt="2026-11-26T09:08:00Z")
        collect(settings(server, **SITE), NOW + timedelta(minutes=10))
    row = incident(ON_SITE)
    assert (row["first_ack_at"], row["ack_by"]) == (datetime(2026, 11, 26, 9, 2), "ben@example.com")
    assert row["resolved_at"] == datetime(2026, 11, 26, 9, 8)


def test_free_text_is_not_kept(collect: Any, warehouse: Warehouse) -> None:
    with serving(Alerts()) as server:
        collect(settings(server))
    assert warehouse.query("SELECT count(*) FROM raw_document WHERE contains(body, 'hunter2')").item() == 0


def test_collecting_again_changes_nothing(collect: Any, everything: Callable[[], list[Any]]) -> None:
    with serving(Alerts()) as server:
        collect(settings(server))
        before = everything()
        assert collect(settings(server), NOW + timedelta(minutes=5)).rows == 0
        created = Interval(datetime(2026, 11, 20, 11, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC))
        server.asked.clear()
        assert collect(settings(server), NOW + timedelta(minutes=6), created).rows == 0
        assert f"/v2/alerts/{CLOSED}" not in [asked.path for asked in server.asked]  # not created in that hour
        assert everything() == before


def test_later_passes_ask_for_what_changed(collect: Any) -> None:
    with serving(Alerts()) as server:
        collect(settings(server))
        assert server.asked[0].fields["query"].startswith("createdAt >= ")
        server.asked.clear()
        collect(settings(server), NOW + timedelta(minutes=5))
        # 2026-11-26T08:00Z, an hour before the last pass; without an end, as nothing follows
        assert [asked.fields["query"] for asked in server.asked] == ["updatedAt >= 1795680000000"]


def test_a_list_beyond_the_limit_goes_on_from_its_last_alert(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 1)
    monkeypatch.setattr(api, "MOST", 2)
    alerts = Alerts()
    alerts.alerts = [
        {**alerts.alerts[1], "id": f"a{n}", "createdAt": f"2026-11-20T0{n}:00:00Z"} for n in range(5)
    ]  # fmt: skip
    with serving(alerts) as server:
        assert collect(settings(server, backfill="1w")).rows == 5
        assert max(int(asked.fields.get("offset", 0)) for asked in server.asked) == 1
    alerts.alerts = [{**one, "createdAt": "2026-11-20T05:00:00Z"} for one in alerts.alerts]
    with serving(alerts) as server, pytest.raises(BadAnswer, match="one millisecond"):
        collect(settings(server, backfill="1w", name="again"))


def test_a_busy_server_is_asked_again(collect: Any) -> None:
    busy = reply('{"message": "You are making too many requests!"}', 429, {"Retry-After": "0"})
    with serving(Alerts(), busy) as server:
        assert collect(settings(server)).rows == 2


def test_check_says_which_of_the_two_it_is(collect: Any) -> None:
    with serving(Alerts()) as server:
        assert settings(server).open().check()[1].startswith("Opsgenie ends on 2027-04-05")
        with pytest.raises(Unauthorized, match=r"401 Unauthorized .Could not authenticate."):
            settings(server, api_key="wrong").open().check()
    with serving(Alerts(site="11-22")) as server:
        assert settings(server, **SITE).open().check() == [
            f"JSM Operations at {server.url}", "the newest alert is of 2026-11-20T10:30:00.000Z",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "keys", [{}, {"cloud_id": "c"}, {"token": "t"}, {"api_key": "k", "cloud_id": "c"}, {"api_key": "k", "token": "t"}]
)
def test_there_is_one_way_in(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="cloud_id and token"):
        JsmSettings.model_validate({"name": "ops", "type": "jsm", **keys})
