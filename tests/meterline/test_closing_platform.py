"""Closing as finance meets it: from facts and a configuration file, by command and by the service.

Node n1 has 2 H100 from 2026-09-30T20:00 to 2026-10-01T06:00 UTC, ten hours; pod chat-0 of namespace search holds one
of them all the time. Idle cost is shared, so search bears both. In Berlin October began at 22:00 UTC, hence 4 GPU-hours
are September's and 16 are October's: at 2.00 an hour 8.00 and 32.00.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import meterline.collecting
from analytics.ledger.showback import showback
from analytics.runner import analyze
from meterline.closing import close, month_due
from meterline.config.load import load
from meterline.inventory import store_inventory
from meterline.service.scheduler import Scheduler
from warehouse.charges import exact_sums
from warehouse.database import Warehouse
from warehouse.errors import MeterlineError
from warehouse.interval import Interval, naive
from warehouse.published import Published

SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (9, 10, 11))
START, END = datetime(2026, 9, 30, 20, tzinfo=UTC), datetime(2026, 10, 1, 6, tzinfo=UTC)
DAYS = Interval(datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
H100 = "NVIDIA-H100-80GB-HBM3"
CONFIG = """
data: data
report: {currency: USD, timezone: Europe/Berlin}
teams:
  - {name: search, namespaces: [search]}
  - {name: ml, namespaces: [ml]}
prices: {gpu_hour: [{model: NVIDIA-H100-80GB-HBM3, price: "2.00", from: 2026-01-01}]}
allocation: {idle: {by: node, split: weighted}}
"""
DEARER = CONFIG.replace("2.00", "2.50")


def rows(start: datetime, end: datetime, **columns: Any) -> list[dict[str, Any]]:
    gpu = {"cluster": "lab", "node": "n1", "resource": "gpu", "gpu_model": H100, "share_num": 1, "share_den": 1}
    times = [naive(start) + timedelta(minutes=5) * number for number in range((end - start) // timedelta(minutes=5))]
    return [{**gpu, "ts": ts, **columns} for ts in times]


def held(pod: str, namespace: str, start: datetime = START, end: datetime = END) -> list[dict[str, Any]]:
    owner = {"namespace": namespace, "pod": pod, "uid": pod, "started_at": naive(start)}
    return rows(start, end, **owner, milli_unit_seconds=300_000)


class Platform:
    """A data directory with facts, and the configuration file that owns it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "meterline.yaml"
        self.configure(CONFIG)
        self.data = load(self.path).data
        capacity = rows(START, END, capacity_milli_unit_seconds=600_000, allocatable_milli_unit_seconds=600_000)
        self.store("gpu_capacity", capacity)
        self.store("gpu_allocation", held("chat-0", "search"))

    def configure(self, text: str) -> None:
        self.path.write_text(text)

    def store(self, table: str, facts: list[dict[str, Any]]) -> None:
        """Put `facts` in place of what that table has of these two days."""
        frame = pl.DataFrame(facts).with_columns(source=pl.lit("prod"), profile=pl.lit("ksm"))
        with Warehouse.open(self.data) as warehouse, warehouse.transaction() as tx:
            tx.replace_window(table, {"source": "prod", "profile": "ksm"}, DAYS, frame)

    def analyze(self) -> Published:
        with Warehouse.open(self.data) as warehouse:
            store_inventory(warehouse, load(self.path))
            assert analyze(warehouse, NOW).failed == {}
        return Published.current(self.data)

    def close(self, month: date) -> Decimal:
        """Close by the library, as the command does; its total."""
        with Warehouse.open(self.data) as warehouse:
            store_inventory(warehouse, load(self.path))
            closing = close(warehouse, month, NOW, analyze(warehouse, NOW).version)
            assert analyze(warehouse, NOW).failed == {}
        return closing.closed.total

    def bills(self, *months: date) -> list[dict[str, Decimal]]:
        """Cost by team of each month's report, as published."""
        published = Published.current(self.data)
        lines, transfers = published.table("cost_line"), published.table("cost_transfer")
        bills = [showback(lines, transfers, month) for month in months]
        return [dict(bill.rows.select("team", "cost").rows()) for bill in bills]

    def exact(self) -> tuple[object, object]:
        """The sum of all reports, and what facts and configuration say now."""
        published = Published.current(self.data)
        reports = pl.concat([published.table(name) for name in ("cost_line", "cost_transfer")], how="diagonal")
        with Warehouse.open(self.data) as warehouse:
            truth = warehouse.query("SELECT * FROM analytic.cost_current")
        return exact_sums(reports, ())[()], exact_sums(truth, ())[()]


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path)


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meterline.collecting, "utc_now", lambda: NOW)


def cents(**owners: str) -> dict[str, Decimal]:
    return {team: Decimal(cost) for team, cost in owners.items()}


def test_a_changed_price_goes_to_the_next_report_and_is_frozen_with_it(platform: Platform) -> None:
    platform.analyze()
    assert platform.bills(SEPTEMBER, OCTOBER) == [cents(search="8.00"), cents(search="32.00")]
    assert platform.close(SEPTEMBER) == Decimal("8.00")
    platform.configure(DEARER)
    platform.analyze()
    # September would be 10.00 now: 2.00 more in October's report, which is 40.00 by itself
    assert platform.bills(SEPTEMBER, OCTOBER) == [cents(search="8.00"), cents(search="42.00")]
    assert platform.exact()[0] == platform.exact()[1]
    assert platform.close(OCTOBER) == Decimal("42.00")
    assert platform.bills(SEPTEMBER, OCTOBER, NOVEMBER) == [cents(search="8.00"), cents(search="42.00"), {}]
    # and back again: 4 x 0.50 and 16 x 0.50 less, in November's report
    platform.configure(CONFIG)
    platform.analyze()
    assert platform.bills(SEPTEMBER, OCTOBER, NOVEMBER) == [
        cents(search="8.00"), cents(search="42.00"), cents(search="-10.00"),
    ]  # fmt: skip
    assert platform.exact()[0] == platform.exact()[1]


def test_late_facts_are_charged_to_who_held_and_taken_from_who_bore_the_idle(platform: Platform) -> None:
    platform.close(SEPTEMBER)
    late = held("train-0", "ml", datetime(2026, 9, 30, 21, tzinfo=UTC), datetime(2026, 9, 30, 22, tzinfo=UTC))
    platform.store("gpu_allocation", held("chat-0", "search") + late)
    platform.analyze()
    # September's idle falls from 2 hours to 1. By weight 2:1 search bears 2/3 of it: 2 x 2.00 + 2/3 x 2.00 = 5.33
    # instead of 8.00; ml 2.00 + 0.67. October's 32.00 - 2.67 = 29.33
    assert platform.bills(SEPTEMBER, OCTOBER) == [cents(search="8.00"), cents(search="29.33", ml="2.67")]
    assert platform.exact()[0] == platform.exact()[1]


def test_an_owner_who_changes_for_a_closed_month_pays_in_the_open_one(platform: Platform) -> None:
    platform.close(SEPTEMBER)
    platform.configure(CONFIG.replace("[search]}", "[]}").replace("[ml]}", "[ml, search]}"))
    platform.analyze()
    assert platform.bills(SEPTEMBER, OCTOBER) == [cents(search="8.00"), cents(ml="40.00", search="-8.00")]
    lines = Published.current(platform.data).table("cost_line").filter(charge_class="Correction")
    hours = lines.group_by("team", "month", "billing_month").agg(pl.col("gpu_hours").sum()).sort("team")
    assert hours.rows() == [("ml", SEPTEMBER, OCTOBER, 2.0), ("search", SEPTEMBER, OCTOBER, -2.0)]
    assert platform.exact()[0] == platform.exact()[1]


def test_facts_that_came_while_results_were_computed_are_waited_for(platform: Platform) -> None:
    platform.analyze()
    platform.store("gpu_allocation", held("chat-0", "search") + held("train-0", "ml"))
    with Warehouse.open(platform.data) as warehouse:
        assert month_due(warehouse, NOW, timedelta(days=1)) is None
        with pytest.raises(MeterlineError, match="facts of 2026-09 changed since results were computed"):
            close(warehouse, SEPTEMBER, NOW, "v000001")
        analyze(warehouse, NOW)
        assert month_due(warehouse, NOW, timedelta(days=1)) == SEPTEMBER
        assert close(warehouse, SEPTEMBER, NOW, "v000002").closed.total == Decimal("8.00")


def test_the_command_closes_and_publishes(platform: Platform, cli: Any, present: None) -> None:
    ran = cli("close", "--config", platform.path, "--month", "2026-09", "--json")
    assert (ran.code, ran.err) == (0, "")
    said = json.loads(ran.out)
    wanted = {
        "month": "2026-09", "closed_at": "2026-11-20T12:00:00Z", "total": "8.00", "currency": "USD", "missing": [],
        "corrections": 0, "corrections_cost": "0.00", "taken_from": "v000001", "version": "v000002",
    }  # fmt: skip
    assert {key: said[key] for key in wanted} == wanted
    published = Published.current(platform.data)
    assert published.version == "v000002"
    september, october = published.table("closing").to_dicts()
    assert (september["status"], september["total"], september["sha256"]) == ("closed", Decimal("8.00"), said["sha256"])
    assert (september["lines"], september["published_version"]) == (said["lines"], "v000001")
    assert october["status"] == "open"

    platform.configure(DEARER)
    ran = cli("close", "--config", platform.path, "--month", "2026-10")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "2026-10 is closed at 42.00 USD"
    assert "are corrections of earlier months, 2.00 USD" in ran.out
    assert ran.out.splitlines()[-1] == "published as v000004"


def test_the_command_refuses_and_changes_nothing(platform: Platform, cli: Any, present: None) -> None:
    words = ("close", "--config", platform.path, "--month")
    assert cli(*words, "2026-09").code == 0
    ran = cli(*words, "2026-09")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        "error: 2026-09 is closed since 2026-11-20T12:00:00Z, at 8.00\n  fix: nothing was changed"
    )
    ran = cli(*words, "2026-11")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2, "error: 2026-11 has not ended: it ends at 2026-11-30T23:00:00Z (Europe/Berlin)",
    )  # fmt: skip
    assert cli(*words, "9999-12").code == 2
    assert Published.current(platform.data).version == "v000002"
    with Warehouse.open(platform.data, "meterline run"):
        ran = cli(*words, "2026-10")
    assert ran.code == 4
    assert "report.close_after" in ran.err


def test_an_unknown_price_must_be_accepted(platform: Platform, cli: Any, present: None) -> None:
    platform.configure(CONFIG.replace(H100, "NVIDIA-A100-SXM4-80GB"))
    ran = cli("close", "--config", platform.path, "--month", "2026-09")
    assert (ran.code, ran.out) == (2, "")
    assert f"2026-09 is incomplete: no price for {H100} in" in ran.err
    ran = cli("close", "--config", platform.path, "--month", "2026-09", "--incomplete")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "2026-09 is closed at 0.00 USD")
    assert f"note: accepted as missing: no price for {H100}" in ran.err
    note = Published.current(platform.data).table("closing")["note"][0]
    assert note.startswith(f"closed although no price for {H100}")


def serve(platform: Platform, text: str, now: datetime) -> None:
    """One publishing of the service at `now`, everything being due."""
    platform.configure(text)
    config = load(platform.path)
    with Warehouse.open(platform.data) as warehouse:
        store_inventory(warehouse, config)
        scheduler = Scheduler(config, warehouse, clock=lambda: now)
        scheduler.mark_due(["closing", "finding_closing", "cost_line", "cost_transfer"])
        scheduler.publish_due()


def statuses(platform: Platform) -> list[tuple[Any, ...]]:
    return Published.current(platform.data).table("closing").select("status", "total").rows()


AFTER = CONFIG.replace("timezone:", "close_after: 5d, timezone:")


def test_the_service_closes_what_is_due_in_order_and_publishes_it(platform: Platform) -> None:
    serve(platform, CONFIG, NOW)
    assert statuses(platform) == [("open", None), ("open", None)], "not without report.close_after"
    # October ends in Berlin at 23:00 UTC of the 31st, five days later is the 5th of November
    serve(platform, AFTER, datetime(2026, 11, 5, 22, 59, tzinfo=UTC))
    assert statuses(platform) == [("closed", Decimal("8.00")), ("open", None)]
    serve(platform, AFTER, datetime(2026, 11, 5, 23, tzinfo=UTC))
    assert statuses(platform) == [("closed", Decimal("8.00")), ("closed", Decimal("32.00"))]


def test_the_service_closes_several_months_one_after_the_other(platform: Platform) -> None:
    serve(platform, AFTER, NOW)
    assert statuses(platform) == [("closed", Decimal("8.00")), ("closed", Decimal("32.00"))]
    with Warehouse.open(platform.data) as warehouse:
        versions = warehouse.query("SELECT published_version FROM closed_month ORDER BY month").to_series().to_list()
    assert versions == ["v000001", "v000002"]
    assert Published.current(platform.data).version == "v000003"


def test_a_refused_closing_is_a_finding_and_the_service_goes_on(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    unpriced = AFTER.replace(H100, "NVIDIA-A100-SXM4-80GB")
    for _ in range(2):
        serve(platform, unpriced, NOW)
    warnings = [record.getMessage() for record in caplog.records if "incomplete" in record.getMessage()]
    assert len(warnings) == 1, "said once, not at every publishing"
    assert statuses(platform) == [("open", None), ("open", None)]
    published = Published.current(platform.data)
    finding = published.table("finding").filter(subject="2026-09").to_dicts()
    assert [one["text"].split(":")[0] for one in finding] == ["2026-09 is incomplete"]
    assert "--incomplete" in finding[0]["remedy"]
    with Warehouse.open(platform.data) as warehouse:
        job = warehouse.query("SELECT kind, failures FROM job_run WHERE job = 'close:2026-09'").row(0)
    assert job == ("closing", 2)
    serve(platform, AFTER, NOW)
    assert statuses(platform) == [("closed", Decimal("8.00")), ("closed", Decimal("32.00"))]
    assert Published.current(platform.data).table("finding").filter(subject="2026-09").is_empty()
