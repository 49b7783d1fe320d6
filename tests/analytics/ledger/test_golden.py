"""Golden cases that lines alone decide: hours at a boundary, cents of equal parts, MIG slices, idle of nobody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from analytics.ledger.distribute import split
from analytics.ledger.policy import Policy, Pool
from analytics.ledger.showback import showback
from analytics.ledger.transfer import transfers
from warehouse.charges import IDLE, LINE, NO_SERVICE, SHARED, cost_of
from warehouse.money import apportion

ROOT = Path(__file__).parents[3]
OCTOBER = date(2026, 10, 1)
HOUR = 3_600_000


def golden(name: str) -> dict[str, Any]:
    file = ROOT / "tests" / "data" / "finops" / "golden_cases.json"
    return {case["id"]: case for case in json.loads(file.read_text())}[name]


def lines(*rows: dict[str, Any]) -> pl.DataFrame:
    """Lines of October 2026; left out: one unit at a share of 1 in the cluster c on the node n."""
    usual = {
        "day": OCTOBER, "charge": "allocation", "service": NO_SERVICE, "model": NO_SERVICE, "cluster": "c", "node": "n",
        "kind": "gpu", "resource": "gpu", "pricing": "on_demand", "share_num": 1, "share_den": 1, "price_den": 1,
        "used": None, "quantity": HOUR,
    }  # fmt: skip
    whole = [{**dict.fromkeys(LINE), **usual, **row} for row in rows]
    more = [
        {"report_day": row["day"], "month": row["day"].replace(day=1), "price": Decimal(row["price"])} for row in whole
    ]
    return pl.DataFrame([row | of_row for row, of_row in zip(whole, more, strict=True)], schema=LINE)


def costs(bill_lines: pl.DataFrame, moved: pl.DataFrame | None = None, by: Sequence[str] = ("team",)) -> dict[Any, str]:
    rows = showback(bill_lines, moved, OCTOBER, by).rows.select(*by, "cost").rows()
    return {key[0] if len(key) == 1 else tuple(key): str(cost) for *key, cost in rows}


def test_g02b_an_hour_that_ends_at_the_boundary_makes_no_row_behind_it() -> None:
    case = golden("G02b")
    start = datetime.fromisoformat(case["input"]["start"])
    hours = (datetime.fromisoformat(case["input"]["end"]) - start) / timedelta(hours=1)
    last = date(2026, 10, 31)  # the case's hour as the last one of a month
    held = lines({"day": last, "team": "a", "price": case["input"]["price_gpu_hour"], "quantity": int(hours * HOUR)})
    bill = showback(held, None, OCTOBER, ("team", "day"))
    assert (bill.rows.height, str(bill.total)) == (case["expected"]["rows"], case["expected"]["total"])
    after = showback(held, None, date(2026, 11, 1), ("team", "day"))
    assert (after.rows.height, after.total) == (0, Decimal("0.00"))


def test_g04_cents_of_equal_parts_add_up() -> None:
    case = golden("G04")
    total, weights = Decimal(case["input"]["total"]), case["input"]["weights"]
    parts = [Decimal(part) for part in case["expected"]["parts"]]
    assert apportion([Fraction(total) * weight / sum(weights) for weight in weights]) == parts
    assert split(int(total * 100), weights) == [int(part * 100) for part in parts]
    thirds = lines(*({"team": team, "price": 1, "quantity": 100 * HOUR, "share_den": 3} for team in "abc"))
    bill = showback(thirds, None, OCTOBER)
    assert (bill.total, bill.rows["cost"].to_list()) == (total, parts)


def test_g06_a_mig_slice_is_its_dominant_share_of_a_card() -> None:
    case = golden("G06")
    shares = yaml.safe_load((ROOT / "collector" / "prometheus" / "shares.yaml").read_text())
    for profile, expected in case["expected"].items():
        num, den = shares[profile]
        assert Fraction(num, den) == Fraction(expected["share"]), profile
        (line,) = lines({"price": case["input"]["price"], "share_num": num, "share_den": den}).to_dicts()
        assert cost_of(line) == Fraction(expected["cost"]), profile


def test_g03_idle_that_is_shared_is_no_row_any_more() -> None:
    held = lines(
        {"team": "a", "price": "2", "quantity": 3 * HOUR}, {"team": "b", "price": "2", "quantity": HOUR},
        {"team": IDLE, "charge": "idle", "price": "2", "quantity": 2 * HOUR, "used": 0},
    )  # fmt: skip
    assert costs(held) == {"a": "6.00", IDLE: "4.00", "b": "2.00"}
    # 4.00 of idle by 3 : 1
    assert costs(held, transfers(held, Policy("weighted"))) == {"a": "9.00", "b": "3.00"}
    assert costs(held, transfers(held, Policy("even"))) == {"a": "8.00", "b": "4.00"}


def test_g14_what_nobody_used_stays_idle_and_is_named() -> None:
    held = lines(
        {"team": "a", "kind": "cpu", "price": "0.5", "quantity": 4 * HOUR},
        {"team": IDLE, "charge": "idle", "kind": "cpu", "price": "0.5", "quantity": 2 * HOUR},
        {"team": IDLE, "charge": "idle", "price": "2.50", "quantity": 24 * HOUR},
    )  # fmt: skip
    bill = showback(held, transfers(held, Policy("weighted")), OCTOBER)
    assert dict(bill.rows.select("team", "cost").rows()) == {IDLE: Decimal("60.00"), "a": Decimal("3.00")}
    assert bill.incomplete == (
        "idle gpu of 60.00 could not be shared on 2026-10-01, as nobody used gpu there: it stays in __idle__",
    )


@pytest.mark.parametrize("how", ["weighted", "even"])
def test_g14_a_pool_on_a_day_without_teams_stays_shared(how: Any) -> None:
    held = lines(
        {"team": SHARED, "charge": "shared", "pool": "p", "namespace": "kube-system", "price": "1"},
        {"team": SHARED, "charge": "shared", "pool": "p", "namespace": "kube-system", "price": "1",
         "day": date(2026, 10, 2)},
        {"team": "a", "price": "2"},
    )  # fmt: skip
    bill = showback(held, transfers(held, Policy(pools=(Pool("p", how),))), OCTOBER)
    assert dict(bill.rows.select("team", "cost").rows()) == {"a": Decimal("3.00"), SHARED: Decimal("1.00")}
    assert bill.incomplete == ("1.00 of the pool p could not be shared on 2026-10-02: it stays in __shared__",)
