"""The ServiceNow source over HTTP. Expected rows are read off tests/data/on_call by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collector.servicenow import api
from collector.servicenow.settings import ServiceNowSettings
from servers.on_call_systems import ServiceNow, serving
from servers.scripted import Scripted, reply
from warehouse.database import Warehouse
from warehouse.errors import BadAnswer, Unauthorized
from warehouse.interval import Interval

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
DOWN, SLOW, ACCESS = (f"a100000000000000000000000000000{n}" for n in (1, 2, 3))
IncidentRow = Callable[[str], dict[str, Any]]


def settings(server: Scripted, **keys: Any) -> ServiceNowSettings:
    access = {"username": "snow", "password": "pw"} if "token" not in keys else {}
    base = {"name": "snow", "type": "servicenow", "url": server.url, "backfill": "14d"}
    return ServiceNowSettings.model_validate({**base, **access, **keys})


def day(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{clock}")


def test_the_columns_of_an_incident(collect: Any, incident: IncidentRow) -> None:
    keys = {"started_field": "u_impact_start", "attribution_field": "u_cause", "teams": {"ML Platform": "ml"}}
    with serving(ServiceNow()) as server:
        assert collect(settings(server, **keys)).rows == 3
        url = f"{server.url}/nav_to.do?uri=incident.do?sys_id={DOWN}"
    # the event integration put it into work at 09:01, Ana at 09:06; one of two work notes is hers
    assert incident(DOWN) == {
        "source": "snow", "id": DOWN, "alert_key": "fp-5", "title": "Training cluster down", "service": "Training",
        "team": "ml", "severity": 1, "priority": "1", "paged": True, "created_at": day("09:00"),
        "started_at": day("08:45"), "first_ack_at": day("09:06"), "ack_by": "ana", "acked_by_person": True,
        "resolved_at": day("10:30"), "resolved_by": "ana", "auto_resolved": False, "escalations": 1, "notes": 1,
        "engaged_s": 84 * 60, "linked": True, "close_code": "actionable", "attributed_to": "platform",
        "root_cause": "b2000000000000000000000000000001", "url": url, "observed_at": datetime(2026, 11, 26, 9),
    }  # fmt: skip


def test_a_child_points_to_its_parent_and_a_robot_resolves_by_itself(collect: Any, incident: IncidentRow) -> None:
    with serving(ServiceNow()) as server:
        collect(settings(server, attribution={"slurm-*": "platform"}))
    row = incident(SLOW)
    assert (row["parent_id"], row["close_code"], row["auto_resolved"]) == (DOWN, "duplicate", True)
    assert (row["service"], row["attributed_to"], row["paged"]) == ("slurm-1", "platform", True)
    assert not {"first_ack_at", "team", "root_cause", "alert_key"} & set(row)


def test_without_an_audit_an_acknowledgement_is_as_old_as_the_answer(collect: Any, incident: IncidentRow) -> None:
    with serving(ServiceNow(forbidden=("sys_audit",))) as server:
        collected = collect(settings(server))
    assert collected.notes == (
        "sys_audit may not be read: acknowledgements are as old as the pass that first saw them",
    )
    assert (incident(ACCESS)["first_ack_at"], incident(ACCESS)["ack_by"]) == (datetime(2026, 11, 21, 8, 30), "ben")
    assert incident(ACCESS)["paged"] is False
    assert "first_ack_at" not in incident(DOWN)  # it was over when we first saw it


def test_the_first_state_that_was_seen_is_remembered(collect: Any, incident: IncidentRow) -> None:
    snow = ServiceNow(forbidden=("sys_audit", "sys_journal_field"))
    row = snow.tables["incident"][2]
    row.update(priority="1", sys_updated_on="2026-11-26 08:30:00")
    with serving(snow) as server:
        collect(settings(server))
        row.update(state="6", priority="3", resolved_at="2026-11-26 09:03:00", sys_updated_on="2026-11-26 09:03:00")
        row["resolved_by.user_name"] = "ben"
        collect(settings(server), NOW + timedelta(minutes=5))
    seen = incident(ACCESS)
    assert (seen["first_ack_at"], seen["engaged_s"]) == (datetime(2026, 11, 26, 8, 30), 33 * 60)
    assert (seen["severity"], seen["priority"]) == (1, "3")  # the worst that it had


def test_collecting_again_changes_nothing(
    collect: Any, everything: Callable[[], list[Any]], warehouse: Warehouse
) -> None:
    with serving(ServiceNow()) as server:
        collect(settings(server))
        before = everything()
        assert collect(settings(server), NOW + timedelta(minutes=5)).rows == 0
        opened = Interval(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
        assert collect(settings(server), NOW + timedelta(minutes=6), opened).rows == 0
        assert everything() == before
    assert warehouse.watermark("snow", "incidents") == datetime(2026, 11, 26, 9, 5)


def test_pages_follow_the_time_of_change(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that changes while we read moves to the end: no other one may be skipped for it."""
    monkeypatch.setattr(api, "PAGE", 2)
    snow = ServiceNow()
    template = snow.tables["incident"][2]
    snow.tables["incident"] = [
        {**template, "sys_id": f"{n:032d}", "sys_updated_on": f"2026-11-26 08:{n:02d}:00"} for n in range(10)
    ]  # fmt: skip
    answer, moved = snow.answer, []

    def answer_and_change(asked: Any) -> Any:
        step = answer(asked)
        if asked.path.endswith("/incident") and len(moved) < 4:
            moved.append(1)
            row = snow.tables["incident"][len(moved) - 1]
            row["sys_updated_on"] = f"2026-11-26 08:5{len(moved)}:00"
        return step

    with serving(snow) as server:
        collect(settings(server, backfill="1m"), NOW - timedelta(hours=2))  # nothing was opened in that minute
        monkeypatch.setattr(snow, "answer", answer_and_change)
        assert collect(settings(server)).rows == 10


def test_more_rows_of_one_second_than_a_page_holds(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 2)
    snow = ServiceNow()
    template = snow.tables["incident"][2]
    snow.tables["incident"] = [{**template, "sys_id": f"{n:032d}"} for n in range(7)]
    with serving(snow) as server:
        assert collect(settings(server)).rows == 7


def test_a_user_in_another_time_zone_is_noticed(collect: Any) -> None:
    interval = Interval(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    with (
        serving(ServiceNow(zone_hours=1)) as server,
        pytest.raises(BadAnswer, match="set the time zone of the integration user to GMT"),
    ):
        collect(settings(server), NOW, interval)


def test_a_busy_instance_is_asked_again(collect: Any) -> None:
    with serving(ServiceNow(), reply("{}", 429, {"Retry-After": "0"}), reply("{}", 503)) as server:
        assert collect(settings(server)).rows == 3


def test_check_says_what_may_be_read(collect: Any) -> None:
    with serving(ServiceNow(forbidden=("sys_journal_field",))) as server:
        assert settings(server).open().check() == [
            f"ServiceNow at {server.url}, table incident",
            "the newest incident, INC0010001, changed on 2026-11-25 10:30:00 UTC",
            "sys_journal_field may not be read: work notes are no evidence of work",
        ]
        with pytest.raises(Unauthorized, match="User Not Authorized"):
            settings(server, token="wrong").open().check()


@pytest.mark.parametrize("keys", [{"username": "a"}, {}, {"token": "t", "username": "a", "password": "p"}])
def test_there_is_one_way_in(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"together|a token, or"):
        ServiceNowSettings.model_validate({"name": "s", "type": "servicenow", "url": "http://127.0.0.1", **keys})
