"""The PagerDuty source over HTTP. Expected rows are read off tests/data/on_call by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collector.pagerduty import api
from collector.pagerduty.settings import PagerDutySettings
from servers.on_call_systems import PagerDuty, serving
from servers.scripted import Scripted, cut, reply
from warehouse.database import Warehouse
from warehouse.errors import BadAnswer, Unauthorized, Unreachable
from warehouse.interval import Interval

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
IncidentRow = Callable[[str], dict[str, Any]]


def settings(server: Scripted, **keys: Any) -> PagerDutySettings:
    base = {"name": "pd", "type": "pagerduty", "url": server.url, "token": "pd-key", "backfill": "14d"}
    return PagerDutySettings.model_validate({**base, **keys})


@pytest.fixture
def account() -> PagerDuty:
    return PagerDuty()


@pytest.fixture
def server(account: PagerDuty) -> Iterator[Scripted]:
    with serving(account) as running:
        yield running


def day(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{clock}")


def test_the_columns_of_an_incident(server: Scripted, collect: Any, incident: IncidentRow) -> None:
    assert collect(settings(server)).rows == 4
    # a bot acknowledged at 10:01, Ana at 10:04; she was on it until she resolved it at 10:40
    assert incident("PT4KHLK") == {
        "source": "pd", "id": "PT4KHLK", "alert_key": "key-a", "title": "GPU node lost", "service": "Inference",
        "team": "ML Platform", "rule": "GpuNodeLost", "severity": 1, "priority": "P1", "paged": True,
        "created_at": day("10:00"), "first_ack_at": day("10:04"), "ack_by": "Ana", "acked_by_person": True,
        "resolved_at": day("10:40"), "resolved_by": "Ana", "auto_resolved": False, "escalations": 0, "notes": 1,
        "engaged_s": 36 * 60, "linked": True, "runbook_url": "https://wiki.example/gpu",
        "url": "https://example.pagerduty.com/incidents/PT4KHLK", "observed_at": datetime(2026, 11, 26, 9),
    }  # fmt: skip


def test_a_service_that_resolves_is_automatic_and_offsets_are_understood(
    server: Scripted, collect: Any, incident: IncidentRow
) -> None:
    collect(settings(server))
    quiet = incident("PQUIET1")
    assert (quiet["created_at"], quiet["resolved_at"]) == (day("11:00"), day("11:02"))  # written at +01:00
    assert (quiet["auto_resolved"], quiet["resolved_by"], quiet["acked_by_person"]) == (True, "Batch", False)
    assert quiet["alert_key"] == "alert-of-PQUIET1"  # the incident has no key of its own
    assert quiet["paged"] is False  # low urgency
    assert not {"first_ack_at", "severity", "priority", "engaged_s"} & set(quiet)


def test_a_merged_incident_points_to_its_parent(server: Scripted, collect: Any, incident: IncidentRow) -> None:
    collect(settings(server))
    assert incident("PMERGED")["parent_id"] == "PT4KHLK"


def test_an_open_incident_has_no_end(server: Scripted, collect: Any, incident: IncidentRow) -> None:
    collect(settings(server))
    row = incident("POPEN01")
    assert (row["severity"], row["priority"], row["escalations"], row["ack_by"]) == (2, "SEV-2", 1, "Ben")
    assert not {"resolved_at", "auto_resolved", "engaged_s"} & set(row)


def test_configuration_says_what_names_mean(server: Scripted, collect: Any, incident: IncidentRow) -> None:
    keys = {
        "services": {"inference": "chat"}, "teams": {"ML Platform": "ml"}, "severity": {"low": 4, "P1": 2},
        "attribution": {"infer*": "platform"}, "robots": ["ana"],
    }  # fmt: skip
    collect(settings(server, **keys))
    row = incident("PT4KHLK")
    assert (row["service"], row["team"], row["severity"], row["attributed_to"]) == ("chat", "ml", 2, "platform")
    assert (row["first_ack_at"], row["acked_by_person"], row["auto_resolved"]) == (day("10:01"), False, True)
    assert incident("PQUIET1")["severity"] == 4  # by urgency, as it was named


def test_what_people_write_is_not_kept(server: Scripted, collect: Any, warehouse: Warehouse) -> None:
    collect(settings(server))
    assert warehouse.query("SELECT count(*) FROM raw_document WHERE contains(body, 'hunter2')").item() == 0
    assert warehouse.query("SELECT count(*) FROM raw_document WHERE kind = 'log_entry'").item() == 15


def test_the_worst_severity_stays(account: PagerDuty, server: Scripted, collect: Any, incident: IncidentRow) -> None:
    collect(settings(server))
    account.incidents[0]["priority"] = {"summary": "P4"}
    account.log["PT4KHLK"].append({"id": "RA9", "type": "priority_change_log_entry", "created_at": NOW.isoformat()})
    assert collect(settings(server), NOW + timedelta(minutes=5)).rows == 1
    assert (incident("PT4KHLK")["severity"], incident("PT4KHLK")["priority"]) == (1, "P4")


def test_a_snooze_and_a_timeout_are_no_engagement(
    account: PagerDuty, server: Scripted, collect: Any, incident: IncidentRow
) -> None:
    ana = {"id": "PUSER01", "type": "user_reference", "summary": "Ana"}
    account.log["PT4KHLK"][5:5] = [  # acknowledged at 10:04, snoozed at 10:06, again at 10:30, until 10:40
        {"id": "RX1", "type": "snooze_log_entry", "created_at": "2026-11-20T10:06:00Z", "agent": ana},
        {"id": "RX2", "type": "acknowledge_log_entry", "created_at": "2026-11-20T10:30:00Z", "agent": ana},
    ]
    collect(settings(server))
    assert incident("PT4KHLK")["engaged_s"] == (2 + 10) * 60


def test_collecting_again_changes_nothing(
    server: Scripted, collect: Any, everything: Callable[[], list[Any]], warehouse: Warehouse
) -> None:
    collect(settings(server))
    before = everything()
    assert collect(settings(server), NOW + timedelta(minutes=5)).rows == 0
    created = Interval(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
    assert collect(settings(server), NOW + timedelta(minutes=5), created).rows == 0
    assert everything() == before
    assert warehouse.watermark("pd", "incidents") == datetime(2026, 11, 26, 9, 5)


def test_later_passes_ask_the_log_what_changed(account: PagerDuty, server: Scripted, collect: Any) -> None:
    collect(settings(server, backfill="20d"))
    first = [asked for asked in server.asked if asked.path == "/incidents"]
    assert first[0].fields["since"] == "2026-11-06T09:00:00Z"
    assert first[-1].fields["until"] == "2026-11-26T09:00:00Z"
    assert {asked.fields["statuses[]"] for asked in first} == {"resolved"}  # the last of three
    server.asked.clear()
    new = {"id": "RD9", "type": "annotate_log_entry", "created_at": "2026-11-26T08:30:00Z", "agent": None}
    account.log["POPEN01"].append(new)
    collect(settings(server), NOW + timedelta(minutes=5))
    assert server.asked[0].fields["since"] == "2026-11-26T08:00:00Z"  # the last pass, less the overlap of an hour
    asked = {asked.path for asked in server.asked}
    assert asked == {"/log_entries", "/incidents/POPEN01", "/incidents/POPEN01/log_entries"}


def test_pages_of_one_row_give_the_same(collect: Any, warehouse: Warehouse) -> None:
    with serving(PagerDuty(page=1)) as server:
        assert collect(settings(server)).rows == 4
    assert warehouse.query("SELECT count(*) FROM raw_document WHERE kind = 'log_entry'").item() == 15


def test_a_window_with_too_many_rows_is_halved(collect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 1)
    monkeypatch.setattr(api, "MOST", 2)
    account = PagerDuty(most=2)
    account.log = {key: rows[:2] for key, rows in account.log.items()}
    with serving(account) as server:
        assert collect(settings(server, backfill="7d")).rows == 4
        asked = [one.fields for one in server.asked if one.path == "/incidents"]
    # three of the four were created on one day of the window: it is halved more than once
    assert len({(fields["since"], fields["until"]) for fields in asked}) > 4
    assert all(int(fields["limit"]) + int(fields["offset"]) <= 2 for fields in asked)


def test_a_pass_that_is_cut_off_goes_on_where_it_stopped(
    account: PagerDuty, collect: Any, warehouse: Warehouse
) -> None:
    with serving(account) as server:
        broken = account.log.pop("POPEN01")
        account.log["POPEN01"] = [{"type": "no id"}]
        with pytest.raises(BadAnswer, match="no `id`"):
            collect(settings(server))
        # windows end at multiples of 7 days since 1970: 2026-11-19 and 2026-11-26
        assert warehouse.watermark("pd", "incidents") == datetime(2026, 11, 19)
        assert warehouse.query("SELECT count(*) FROM on_call_incident").item() == 0
        account.log["POPEN01"] = broken
        collect(settings(server), NOW + timedelta(minutes=5))
    assert warehouse.query("SELECT count(*) FROM on_call_incident").item() == 4


def test_a_busy_server_is_asked_again_after_the_pause_it_wants(account: PagerDuty, collect: Any) -> None:
    busy = reply('{"error": {"message": "Rate Limit Exceeded"}}', 429, {"Retry-After": "0"})
    with serving(account, busy, cut(b"{}", 5), busy) as server:
        assert collect(settings(server)).rows == 4
    with (
        serving(account, reply("{}", 429, {"Retry-After": "60"})) as server,
        pytest.raises(Unreachable, match="429") as told,
    ):
        collect(settings(server, deadline=5), NOW + timedelta(minutes=5))
    assert told.value.retryable  # 60 s do not fit into the deadline: no waiting in vain


def test_check_names_what_is_unmapped(server: Scripted) -> None:
    assert settings(server).open().check() == [
        f"PagerDuty at {server.url}", "2 services: Batch, Inference",
        "priority 'Urgent' has no severity: add it to `severity`",
    ]  # fmt: skip


def test_a_wrong_key_is_named_and_not_shown(server: Scripted, collect: Any) -> None:
    with pytest.raises(Unauthorized, match=r"401 Unauthorized .Invalid token.") as told:
        collect(settings(server, token="wrong-key"))
    assert "wrong-key" not in str(told.value)


@pytest.mark.parametrize("body", ['{"oops": []}', '{"incidents": [1]}', '{"incidents": [{}], "more": false}'])
def test_an_answer_of_another_shape_is_named(body: str, collect: Any) -> None:
    account = type("Other", (), {"answer": lambda self, asked: reply(body)})()
    with serving(account) as server, pytest.raises(BadAnswer):
        collect(settings(server))


def test_an_incident_that_is_gone_is_left_out(account: PagerDuty, server: Scripted, collect: Any) -> None:
    collect(settings(server))
    account.log["PGONE01"] = [{"id": "RG1", "type": "trigger_log_entry", "created_at": "2026-11-26T08:30:00Z"}]
    assert collect(settings(server), NOW + timedelta(minutes=5)).rows == 0


@pytest.mark.parametrize(("keys", "words"), [({"severity": {"P1": 0}}, "severity"), ({"tokn": "x"}, "tokn")])
def test_a_mistake_in_the_settings_is_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PagerDutySettings.model_validate({"name": "pd", "type": "pagerduty", "token": "t", **keys})


def test_settings_are_data_for_a_schema() -> None:
    assert "attribution" in json.dumps(PagerDutySettings.model_json_schema())
