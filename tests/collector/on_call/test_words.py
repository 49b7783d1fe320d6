"""Labels in payloads and the meaning of words, without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.jsm.settings import JsmSettings
from collector.on_call import labels
from collector.on_call.incident import SCHEMA, Incident, engaged, incident_rows
from collector.pagerduty.settings import PagerDutySettings
from collector.servicenow.settings import ServiceNowSettings
from warehouse.database import Warehouse

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def pagerduty(**keys: Any) -> PagerDutySettings:
    return PagerDutySettings.model_validate({"name": "pd", "type": "pagerduty", "token": "t", **keys})


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        ({"rule": "a"}, "a"),
        ({"alertname": "b", "rule": "a"}, "a"),
        ({"details": {"labels": [{"AlertName": "c"}]}}, "c"),
        ({"firing": "Labels:\n - alertname = Gpu Lost\n - x = y"}, "Gpu Lost"),
        ("alertname: d", "d"),
        ({"rule": ""}, None),
        ({"rule": 7}, None),
        (None, None),
        ("Labels:\n", None),
    ],
)
def test_a_rule_is_found_where_alerting_systems_put_it(payload: Any, rule: str | None) -> None:
    assert labels.label(payload, labels.RULE) == rule


def test_only_labels_are_kept_of_a_payload() -> None:
    payload = {"rule": "a", "password": "hunter2", "deep": {"runbook_url": "https://r", "secret": ["hunter2"]}}
    assert labels.only(payload) == {"rule": "a", "runbook_url": "https://r"}


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(json)
def test_any_payload_is_survived(payload: Any) -> None:
    labels.only(payload)


@pytest.mark.parametrize(
    ("words", "severity"),
    [(("P1",), 1), (("p5", "high"), 5), (("SEV-2",), 2), (("critical",), 1), (("high",), None), ((None,), None)],
)
def test_severities_of_the_usual_priorities(words: tuple[str | None, ...], severity: int | None) -> None:
    assert pagerduty().severity_of(*words) == severity


def test_a_severity_map_replaces_the_usual_one() -> None:
    assert [pagerduty(severity={"Major": 1}).severity_of(word) for word in ("major", "P1")] == [1, None]


def test_people_and_robots() -> None:
    names = ("ana", "System", "Prometheus Integration", "deploy[bot]", "", None)
    assert [pagerduty().is_person(name) for name in names] == [True, False, False, False, False, False]


def test_close_codes_and_tags_have_a_meaning() -> None:
    snow = ServiceNowSettings.model_validate(
        {"name": "s", "type": "servicenow", "url": "http://127.0.0.1", "token": "t"}
    )
    codes = ("Solved (Permanently)", "Not Solved (Not Reproducible)", "DUPLICATE", "Known error", "", None)
    assert [snow.meaning_of(code) for code in codes] == ["actionable", "noise", "duplicate", None, None, None]
    jsm = JsmSettings.model_validate({"name": "o", "type": "jsm", "api_key": "k"})
    assert [jsm.verdict_of(tags) for tags in (["x", "Noise"], ["x"], [])] == ["noise", None, None]


def test_engagement_is_known_with_both_ends_only() -> None:
    later = AT + timedelta(seconds=90.7)
    assert [engaged(AT, later), engaged(None, AT), engaged(AT, None), engaged(later, AT)] == [90, None, None, None]


def test_rows_have_the_columns_of_the_table(tmp_path: Any) -> None:
    rows = incident_rows("s", [Incident("1", AT)], AT)
    with Warehouse.open(tmp_path) as warehouse:
        table = warehouse.query("SELECT * FROM on_call_incident")
    assert list(table.schema.items()) == list(SCHEMA.items()) == list(rows.schema.items())
