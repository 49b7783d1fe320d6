"""Episodes of the log of alerts become pages, and the KPIs say what they were worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.runner import analyze
from collector.on_call.collecting import store_incidents
from collector.on_call.incident import Incident, incident_rows
from meterline.on_call import store_episodes
from warehouse.alert_log.alert import Alert, fingerprint
from warehouse.alert_log.feedback import acknowledge, judge
from warehouse.alert_log.intake import accept
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import to_us
from warehouse.alert_log.outbox import begin_attempt, end_attempt, enqueue
from warehouse.database import Warehouse

FIRED = datetime(2026, 11, 20, 10, tzinfo=UTC)
LABELS = {"alertname": "latency_burn", "severity": "page", "service": "chat", "team": "search"}
FP = fingerprint(LABELS)


def minutes(count: float) -> datetime:
    return FIRED + timedelta(minutes=count)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path / "data") as opened:
        yield opened


def fire(log: AlertLog, at: datetime = FIRED, ends_at: datetime | None = None, **labels: str) -> str:
    annotations = {"summary": "Budget burns", "runbook_url": "https://runbook"}
    alert = Alert({**LABELS, **labels}, annotations, at - timedelta(minutes=2), ends_at, "https://graph")
    with log.transaction() as tx:
        return accept(tx, [alert], ends_at or at, None, "rule").fingerprints[0]


def page(log: AlertLog, at: datetime, one: str = FP, integration: str = "webhook[0]", key: str = "dedup") -> None:
    with log.transaction() as tx:
        delivery = enqueue(
            tx, group_key="g", receiver="r", integration=integration, dedup_key=key, reason="first notification",
            priority=0, alerts=[one], payload={"status": "firing"}, now=at,
        )  # fmt: skip
        end_attempt(tx, begin_attempt(tx, delivery, at), at, outcome="sent", status=200, answer="")


def rows(warehouse: Warehouse) -> list[dict[str, Any]]:
    found = warehouse.query("SELECT * FROM on_call_incident ORDER BY created_at").to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def test_a_page_with_all_that_became_of_it(log: AlertLog, warehouse: Warehouse) -> None:
    fire(log)
    page(log, minutes(1))
    with log.transaction() as tx:
        acknowledge(tx, [FP], "ana", "looking", minutes(4))
        judge(tx, [FP], "actionable", "ana", "", minutes(9))
    fire(log, FIRED, minutes(31))
    assert store_episodes(warehouse, log, minutes(60)) == 1
    assert rows(warehouse) == [
        {
            "source": "meterline", "id": f"{FP}:{to_us(FIRED)}", "alert_key": FP, "title": "Budget burns",
            "service": "chat", "team": "search", "rule": "latency_burn", "severity": 2, "priority": "page",
            "paged": True, "created_at": datetime(2026, 11, 20, 10, 1), "started_at": datetime(2026, 11, 20, 9, 58),
            "first_ack_at": datetime(2026, 11, 20, 10, 4), "ack_by": "ana", "acked_by_person": True,
            "resolved_at": datetime(2026, 11, 20, 10, 31), "auto_resolved": False, "escalations": 0, "notes": 1,
            "engaged_s": 27 * 60, "linked": False, "outcome": "actionable", "outcome_by": "ana",
            "runbook_url": "https://runbook", "url": "https://graph", "observed_at": datetime(2026, 11, 20, 11),
        }
    ]  # fmt: skip


def test_only_pages_that_were_sent_are_rows(log: AlertLog, warehouse: Warehouse) -> None:
    fire(log)  # silenced, say: it never left
    page(log, minutes(1), fire(log, severity="ticket"))
    page(log, minutes(1), fire(log, severity="critical"))
    assert store_episodes(warehouse, log, minutes(5)) == 1
    assert [(row["severity"], row["priority"]) for row in rows(warehouse)] == [(1, "critical")]
    assert "auto_resolved" not in rows(warehouse)[0]  # it is not over


def test_an_alert_that_fires_again_is_another_page(log: AlertLog, warehouse: Warehouse) -> None:
    for start in (0, 30):
        fire(log, minutes(start))
        page(log, minutes(start + 1))
        fire(log, minutes(start), minutes(start + 10))
    assert store_episodes(warehouse, log, minutes(60)) == 2
    assert [row["auto_resolved"] for row in rows(warehouse)] == [True, True]


def test_storing_again_changes_nothing_and_news_one_row(log: AlertLog, warehouse: Warehouse) -> None:
    fire(log)
    page(log, minutes(1))
    store_episodes(warehouse, log, minutes(5))
    tables = ("on_call_incident", "changed_day")
    before = [warehouse.query(f"SELECT * FROM {table} ORDER BY ALL").rows() for table in tables]
    assert store_episodes(warehouse, log, minutes(6)) == 0
    assert [warehouse.query(f"SELECT * FROM {table} ORDER BY ALL").rows() for table in tables] == before
    later = FIRED + timedelta(days=9)
    store_episodes(warehouse, log, later)
    fire(log, FIRED, later)
    with log.transaction() as tx:
        judge(tx, [FP], "noise", "ben", "", later)
    assert store_episodes(warehouse, log, later + timedelta(minutes=1)) == 1
    assert (rows(warehouse)[0]["outcome"], rows(warehouse)[0]["auto_resolved"]) == ("noise", True)
    (span,) = warehouse.query("SELECT collected_from, collected_to FROM watermark").rows()
    assert span == (datetime(2026, 11, 20, 10, 1), datetime(2026, 11, 29, 10, 1))


def test_nothing_yet_is_collected_too(log: AlertLog, warehouse: Warehouse) -> None:
    assert store_episodes(warehouse, log, FIRED) == 0
    assert warehouse.watermark("meterline", "episodes") == datetime(2026, 11, 20, 10)


def test_a_page_that_pagerduty_has_too_counts_once(log: AlertLog, warehouse: Warehouse) -> None:
    """Ana acknowledged in Meterline; PagerDuty saw no acknowledgement and an automatic resolve."""
    fire(log)
    page(log, minutes(1))
    page(log, minutes(1), integration="pagerduty[0]", key="abc")
    with log.transaction() as tx:
        acknowledge(tx, [FP], "ana", "", minutes(4))
    fire(log, FIRED, minutes(31))
    store_episodes(warehouse, log, minutes(60))
    assert rows(warehouse)[0]["parent_id"] == "abc"
    theirs = Incident(
        "P1", minutes(1.1), alert_key="abc", severity=3, resolved_at=minutes(31.2), auto_resolved=True, service="PD"
    )  # fmt: skip
    with warehouse.transaction() as tx:
        store_incidents(tx, "pd", incident_rows("pd", [theirs], minutes(60)))
        tx.insert("configured_source", pl.DataFrame({"source": ["pd"], "type": ["x"], "fact": ["on_call_incident"]}))
    done = analyze(warehouse, minutes(61), only=["on_call_page", "on_call_month", "alert_precision"])
    assert not done.failed
    pages = warehouse.query("SELECT * FROM analytic.on_call_page").to_dicts()
    assert [(row["id"], row["service"], row["severity"], row["members"]) for row in pages] == [("P1", "chat", 2, 2)]
    assert (pages[0]["verdict"], pages[0]["evidence"], pages[0]["tta_s"]) == ("actionable", "rule", 174.0)
    precision = warehouse.query("SELECT * FROM analytic.alert_precision WHERE grain = 'month' AND scope = 'platform'")
    assert precision.select("numerator", "denominator", "n").rows() == [(1.0, 1.0, 1)]


def test_the_kpis_of_a_small_story(log: AlertLog, warehouse: Warehouse) -> None:
    """Three pages: worked on, gone by itself, and still open; two of three are judged, one of two was worth it."""
    stories = {"a": 20.0, "b": 2.0, "c": None}
    for name, end in stories.items():
        one = fire(log, service=name)
        page(log, minutes(1), one)
        if name == "a":
            with log.transaction() as tx:
                acknowledge(tx, [one], "ana", "", minutes(2))
        if end is not None:
            fire(log, FIRED, minutes(end), service=name)
    now = minutes(60)
    store_episodes(warehouse, log, now)
    with warehouse.transaction() as tx:
        tx.insert(
            "configured_source",
            pl.DataFrame({"source": ["meterline"], "type": ["builtin"], "fact": ["on_call_incident"]}),
        )
        tx.insert("report_setting", pl.DataFrame({"currency": ["EUR"], "timezone": ["Europe/Berlin"]}))
    done = analyze(warehouse, now)
    assert not [name for name in done.failed if "on_call" in name or name in ("alert_precision", "rule_feedback")]
    month = warehouse.query("SELECT * FROM analytic.on_call_month WHERE scope = 'platform' AND severity = 'all'")
    told = month.row(0, named=True)
    assert (told["pages"], told["actionable"], told["noise"], told["unknown"]) == (3, 1, 1, 1)
    assert (told["coverage"], told["precision"], told["evidence"]) == (pytest.approx(2 / 3), 0.5, "enough")
    assert (told["acked_n"], told["mtta_mean_s"], told["open_n"]) == (1, 60.0, 1)
    # from 09:58, when the budget began to burn, to 10:20 and 10:02
    assert told["mttr_mean_s"] == (22 + 4) / 2 * 60
    shift = warehouse.query("SELECT * FROM analytic.on_call_shift")
    assert shift.select("shift", "pages").rows() == [("2026-11-20 08:00", 3)]
