"""What a notification says. Group keys and bodies as a whole are checked against recorded ones in test_recorded."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from alerts.dispatch.payload import SHOWN, About, clock, dedup_key, payload, priority
from warehouse.alert_log.alert import StoredAlert

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ABOUT = About("{}:{}", "hook", {"service": "s"}, {"tier": "1"}, "http://here", {"explain": "http://here/x"})


def stored(name: str, *, over: bool = False, **labels: str) -> StoredAlert:
    ends_at = NOW if over else None
    return StoredAlert(
        name, {"alertname": name} | labels, {"summary": labels.get("severity", "")}, "", "api",
        NOW, ends_at, None, NOW, 1,
    )  # fmt: skip


def test_the_fields_that_newer_versions_and_ours_add() -> None:
    body = payload(ABOUT, [stored("a")], "first notification", 0)
    assert body["notification_reason"] == "first notification"
    assert body["routeLabels"] == {"tier": "1"}
    assert body["meterline"] == {"links": {"explain": "http://here/x"}}
    assert body["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"


def test_what_is_common_is_common_to_those_not_shown_too() -> None:
    alerts = [stored("a", team="x", zone="1"), stored("b", team="x", zone="1"), stored("c", team="x", zone="2")]
    body = payload(ABOUT, alerts, "new alerts in group", 2)
    assert body["commonLabels"] == {"team": "x"}
    assert body["commonAnnotations"] == {"summary": ""}
    assert (len(body["alerts"]), body["truncatedAlerts"]) == (2, 1)


def test_when_not_all_are_shown_those_that_fire_are() -> None:
    alerts = [stored("a", over=True), stored("b", over=True), stored("c"), stored("d")]
    body = payload(ABOUT, alerts, "new alerts in group", 2)
    assert [one["labels"]["alertname"] for one in body["alerts"]] == ["c", "d"]
    assert body["status"] == "firing"
    assert [one["status"] for one in payload(ABOUT, alerts, "", 0)["alerts"]] == ["resolved"] * 2 + ["firing"] * 2


@pytest.mark.parametrize(("at_most", "shown"), [(0, SHOWN), (10 * SHOWN, SHOWN), (7, 7)])
def test_no_notification_grows_without_bounds(at_most: int, shown: int) -> None:
    body = payload(ABOUT, [stored(f"a{number:04}") for number in range(SHOWN + 500)], "", at_most)
    assert len(body["alerts"]) == shown
    assert body["truncatedAlerts"] == SHOWN + 500 - shown


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ([stored("a", severity="ticket"), stored("b", severity="page")], 0),
        ([stored("a", severity="critical")], 0),
        ([stored("a", severity="page", over=True), stored("b", severity="ticket")], 1),
        ([stored("a")], 1),
        ([stored("a", severity="page", over=True)], 2),
    ],
)
def test_pages_go_first_and_ends_last(alerts: list[StoredAlert], expected: int) -> None:
    assert priority(alerts) == expected


def test_the_dedup_key_is_the_hash_of_the_group_key() -> None:
    assert dedup_key('{}:{a="é"}') == hashlib.sha256('{}:{a="é"}'.encode()).hexdigest()


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "2026-11-24T12:00:00Z"),
        (NOW + timedelta(milliseconds=120), "2026-11-24T12:00:00.12Z"),
        (NOW + timedelta(microseconds=1), "2026-11-24T12:00:00.000001Z"),
        (NOW.astimezone(timezone(timedelta(hours=2))), "2026-11-24T12:00:00Z"),
    ],
)
def test_times_as_go_writes_them(moment: datetime, text: str) -> None:
    assert clock(moment) == text
