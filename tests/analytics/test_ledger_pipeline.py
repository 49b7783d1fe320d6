"""From 5-minute facts to bills through the whole pipeline: months of any zone, changing owners, cards cut in slices."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ledger.showback import showback
from analytics.runner import analyze
from warehouse.charges import cost_of, exact_sums, hours_of
from warehouse.database import Warehouse
from warehouse.interval import Interval
from warehouse.published import Published

GOLDEN = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "data" / "finops" / "golden_cases.json").read_text())
}
NOW = datetime(2026, 11, 20, tzinfo=UTC)
WHOLE = Interval(datetime(2026, 1, 1, tzinfo=UTC), NOW)
BUCKET = timedelta(minutes=5)
Row = dict[str, Any]


def price(amount: str, since: datetime = datetime(2026, 1, 1), until: datetime | None = None) -> Row:
    return {"kind": "gpu", "gpu_model": "H100", "pricing": "on_demand", "list_price": Decimal(amount),
            "price": Decimal(amount), "price_den": 1, "valid_from": since, "valid_to": until}  # fmt: skip


def held(pod: str, start: datetime, buckets: int, gpus: int = 1, namespace: str = "ml", **more: Any) -> list[Row]:
    """Whole 5-minute facts of a pod that holds `gpus` cards on node n1."""
    row = {"cluster": "c1", "node": "n1", "namespace": namespace, "pod": pod, "resource": "gpu", "gpu_model": "H100",
           "share_num": 1, "share_den": 1, **more}  # fmt: skip
    return [{**row, "ts": start + number * BUCKET, "milli_unit_seconds": gpus * 300_000} for number in range(buckets)]


def capacity(start: datetime, buckets: int, gpus: int, **more: Any) -> list[Row]:
    row = {
        "cluster": "c1",
        "node": "n1",
        "resource": "gpu",
        "gpu_model": "H100",
        "share_num": 1,
        "share_den": 1,
        **more,
    }
    return [
        {**row, "ts": start + number * BUCKET, "capacity_milli_unit_seconds": gpus * 300_000}
        for number in range(buckets)
    ]


def ledger(
    folder: Path, facts: dict[str, Sequence[Row]], inventory: dict[str, Sequence[Row]], zone: str = "UTC", runs: int = 1
) -> pl.DataFrame:
    """Published cost lines of these facts and this inventory."""
    with Warehouse.open(folder) as warehouse:
        with warehouse.transaction() as tx:
            for table, rows in facts.items():
                tx.replace_window(table, {"source": "s"}, WHOLE, pl.DataFrame(list(rows)) if rows else None)
                tx.advance("s", table, table, WHOLE, NOW)
            tx.replace_all("report_setting", pl.DataFrame([{"currency": "EUR", "timezone": zone}]))
            for table, rows in inventory.items():
                tx.replace_all(table, pl.DataFrame(list(rows), infer_schema_length=None))
        for _ in range(runs):
            analysis = analyze(warehouse, NOW, only=["cost_line", "cost_transfer"])
            assert analysis.failed == {}
    return Published.current(folder).table("cost_line")


def bill(lines: pl.DataFrame, month: date, by: str = "team") -> dict[str, Decimal]:
    return dict(showback(lines, lines.clear(), month, (by,)).rows.select(by, "cost").rows())


@pytest.mark.parametrize("zone", GOLDEN["G08"]["expected"])
def test_a_month_ends_at_the_midnight_of_the_report(zone: str, tmp_path: Path) -> None:
    """Golden case G08: four hours from 22:00Z on the last of October, at 3.00."""
    given = GOLDEN["G08"]["input"]
    start = datetime.fromisoformat(given["start"]).replace(tzinfo=None)
    facts = {"gpu_allocation": held("a", start, given["hours"] * 12)}
    lines = ledger(tmp_path, facts, {"price": [price(given["price"])]}, zone)
    found = {f"{month:%Y-%m}": sum(bill(lines, month).values()) for month in (date(2026, 10, 1), date(2026, 11, 1))}
    assert {month: str(cost) for month, cost in found.items() if cost} == GOLDEN["G08"]["expected"][zone]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_days_on_which_clocks_change_have_their_hours(day: date, hours: int, tmp_path: Path) -> None:
    start = datetime(day.year, day.month, day.day) - timedelta(hours=6)
    facts = {"gpu_allocation": held("a", start, 36 * 12)}
    lines = ledger(tmp_path, facts, {"price": [price("1.00")]}, "Europe/Berlin")
    of_day = lines.filter(pl.col("report_day") == day)
    assert sum((cost_of(row) for row in of_day.to_dicts()), Fraction(0)) == hours


def test_a_namespace_that_changes_hands_is_split_at_the_moment(tmp_path: Path) -> None:
    """Ten hours at 2.00 up to the hand-over at 04:00, a price change at 07:00 to 3.00: 8.00 for one, 6.00 + 9.00."""
    start = datetime(2026, 10, 5)
    owners = [
        {"pattern": "^ml$", "team": "old", "position": 0, "valid_from": None, "valid_to": start + timedelta(hours=4)},
        {"pattern": "^ml$", "team": "new", "position": 1, "valid_from": start + timedelta(hours=4), "valid_to": None},
    ]
    change = start + timedelta(hours=7)
    inventory = {
        "namespace_owner": owners, "price": [price("2.00", until=change), price("3.00", since=change)],
        "cost_boundary": [{"ts": start + timedelta(hours=4)}, {"ts": change}],
    }  # fmt: skip
    lines = ledger(tmp_path, {"gpu_allocation": held("a", start, 120)}, inventory)
    assert bill(lines, date(2026, 10, 1)) == {"old": Decimal("8.00"), "new": Decimal("15.00")}


def test_cards_cut_into_slices_that_do_not_add_up_cost_what_cards_cost(tmp_path: Path) -> None:
    """A day of two cards at 3.50 is 168.00: one of 3g + 4g (15/14 of a card), one of three 2g (6/7)."""
    start = datetime(2026, 10, 5)
    shares = {"mig-3g": (4, 8, 1), "mig-4g": (4, 7, 1), "mig-2g": (2, 7, 3)}
    nodes = {"mig-3g": "over", "mig-4g": "over", "mig-2g": "under"}
    rooms = [
        row
        for name, (num, den, count) in shares.items()
        for row in capacity(start, 288, count, resource=name, node=nodes[name], share_num=num, share_den=den)
    ]
    pods = held("a", start, 288, resource="mig-3g", node="over", share_num=4, share_den=8)
    pods += held("b", start, 288, resource="mig-2g", node="under", share_num=2, share_den=7)
    cards = [{"cluster": "c1", "node": node, "ts": start, "gpus": 1} for node in ("over", "under")]
    facts = {"gpu_allocation": pods, "gpu_capacity": rooms, "node_attribute": cards}
    lines = ledger(tmp_path, facts, {"price": [price("3.50")]})
    by_node = {key[0]: sums.cost for key, sums in exact_sums(lines, ["node"]).items()}
    assert by_node["over"] == 84
    # the rest of a seventh is rounded to a thousandth of a GPU-second
    assert abs(by_node["under"] - 84) < Fraction(35, 36_000_000)
    assert sum(bill(lines, date(2026, 10, 1)).values()) == Decimal("168.00")


@dataclass(frozen=True)
class Drawn:
    """Pods as (first bucket, buckets, GPUs, namespace) on a node of 8 cards over 48 hours, and buckets of changes."""

    pods: tuple[tuple[int, int, int, str], ...]
    changes: tuple[int, ...]
    cuts: tuple[int, ...]
    zone: str


POD = st.tuples(st.integers(0, 500), st.integers(1, 76), st.integers(1, 2), st.sampled_from(("ml", "search")))
BUCKETS = st.lists(st.integers(1, 575), max_size=3, unique=True).map(lambda found: tuple(sorted(found)))
PLATFORM = st.builds(
    Drawn, st.lists(POD, min_size=1, max_size=4).map(tuple), BUCKETS, BUCKETS,
    st.sampled_from(("UTC", "Asia/Kolkata", "America/Lima")),
)  # fmt: skip
FIRST = datetime(2026, 10, 31)


@settings(max_examples=10, deadline=None)
@given(PLATFORM)
def test_lines_are_exactly_the_facts_times_their_prices_however_time_is_cut(drawn: Drawn) -> None:
    pods = [
        row
        for number, (first, length, gpus, namespace) in enumerate(drawn.pods)
        for row in held(f"p{number}", FIRST + first * BUCKET, length, gpus, namespace)
    ]
    rooms = capacity(FIRST, 576, 8)
    changes = [FIRST + one * BUCKET for one in drawn.changes]
    prices = [
        price(f"{number + 2}.{number}37", since or datetime(2026, 1, 1), until)
        for number, (since, until) in enumerate(pairwise([None, *changes, None]))
    ]
    owners = [{"pattern": "^search$", "team": "search", "position": 0, "valid_from": None, "valid_to": None}]
    boundaries = [{"ts": moment} for moment in changes]
    found = []
    for pieces in (boundaries, boundaries + [{"ts": FIRST + cut * BUCKET} for cut in drawn.cuts]):
        with tempfile.TemporaryDirectory() as folder:
            inventory: dict[str, Sequence[Row]] = {"price": prices, "namespace_owner": owners}
            if pieces:
                inventory["cost_boundary"] = pieces
            facts = {"gpu_allocation": pods, "gpu_capacity": rooms}
            found.append(ledger(Path(folder), facts, inventory, drawn.zone, runs=2))
    lines, finer = found

    def worth(row: Row, quantity: str) -> Fraction:
        amount = [one["price"] for one in prices if one["valid_from"] <= row["ts"]][-1]
        return Fraction(row[quantity], 3_600_000) * Fraction(amount)

    exact = {
        name: sum((worth(row, "milli_unit_seconds") for row in pods if row["namespace"] == name), Fraction(0))
        for name in {row["namespace"] for row in pods}
    }
    sums = {key[0]: one.cost for key, one in exact_sums(lines, ["namespace"]).items()}
    assert {name: cost for name, cost in sums.items() if name} == exact
    whole = sum((worth(row, "capacity_milli_unit_seconds") for row in rooms), Fraction(0))
    assert sum(sums.values(), Fraction(0)) == whole, "held + idle is the capacity"
    assert all(row["quantity"] > 0 for row in lines.to_dicts()), "nothing negative"
    for by in (["team"], ["report_day"], ["pod", "day"], ["price"]):
        assert exact_sums(lines, by) == exact_sums(finer, by), "a cut changes no sum"
    assert sum((hours_of(row) for row in lines.to_dicts()), Fraction(0)) == 48 * 8
