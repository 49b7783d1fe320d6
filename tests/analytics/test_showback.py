"""The bill: what it selects, what it shows in each dimension, how it is rounded, what it says is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from analytics.ledger.policy import Policy, Pool
from analytics.ledger.showback import DIMENSIONS, next_month, showback
from analytics.ledger.transfer import transfers
from warehouse.charges import IDLE, LINE, NO_SERVICE, SHARED, UNALLOCATED
from warehouse.errors import ConfigurationError

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
HOUR = 3_600_000
BOOKED = pl.Schema({**LINE, "billing_month": pl.Date(), "charge_class": pl.String()})
PROBLEM = pl.Schema({
    "subject": pl.String(), "valid_from": pl.Datetime(), "valid_to": pl.Datetime(), "problem": pl.String(),
    "remedy": pl.String(),
})  # fmt: skip


def line(hours: int, **given: Any) -> dict[str, Any]:
    """GPU-hours at 1.00 on the first of October for team a, or as given."""
    day = given.get("day", OCTOBER)
    usual = {
        "day": day, "report_day": day, "month": day.replace(day=1), "billing_month": day.replace(day=1),
        "charge": "allocation", "team": "a", "service": NO_SERVICE, "model": NO_SERVICE, "cluster": "c", "node": "n",
        "kind": "gpu", "gpu_model": "H100", "pricing": "on_demand", "quantity": hours * HOUR, "share_num": 1,
        "share_den": 1, "list_price": Decimal(2), "price": Decimal(1), "price_den": 1,
    }  # fmt: skip
    return {**dict.fromkeys(BOOKED), **usual, **given}


def frame(*rows: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=BOOKED)


def rows_of(lines: pl.DataFrame, *by: str, **more: Any) -> dict[Any, str]:
    rows = showback(lines, None, OCTOBER, by, **more).rows.select(*by, "cost").rows()
    return {key[0] if len(by) == 1 else tuple(key): str(cost) for *key, cost in rows}


def idle(hours: int, **given: Any) -> dict[str, Any]:
    return line(hours, **({"team": IDLE, "charge": "idle", "used": 0} | given))


def test_a_month_bears_what_is_billed_in_it() -> None:
    lines = frame(
        line(1), line(2, day=date(2026, 10, 31)), line(4, day=NOVEMBER),
        line(-8, day=OCTOBER, billing_month=NOVEMBER, charge_class="Correction"),
    )  # fmt: skip
    assert showback(lines, None, OCTOBER).total == Decimal("3.00")
    bill = showback(lines, None, NOVEMBER, ("charge_class", "day"))
    assert bill.total == Decimal("-4.00")
    assert bill.rows.select("charge_class", "day", "cost").rows() == [
        ("", "2026-11-01", Decimal("4.00")), ("Correction", "2026-10-01", Decimal("-8.00")),
    ]  # fmt: skip


def test_frames_without_billing_month_are_billed_in_their_month() -> None:
    lines = frame(line(1), line(2, day=NOVEMBER)).drop("billing_month", "charge_class")
    assert showback(lines, None, NOVEMBER, ("charge_class",)).total == Decimal("2.00")


def test_month_to_date_ends_before_the_day() -> None:
    lines = frame(*(line(1, day=date(2026, 10, day)) for day in (1, 2, 3)))
    assert showback(lines, None, OCTOBER, until=date(2026, 10, 3)).total == Decimal("2.00")


def test_every_part_of_a_row_adds_up_to_its_cost() -> None:
    third = {"share_den": 3, "price": Decimal("0.01")}
    lines = frame(line(10, used=HOUR, **third), line(7, used=9 * HOUR, **third), line(5, **third))
    (row,) = showback(lines, None, OCTOBER).rows.to_dicts()
    # 22/3 cents; used 10/3, held beside it (10 - 1 + 7 - 9)/3 = 7/3, unmeasured 5/3: the last has the largest remainder
    assert row == {
        "team": "a", "gpu_hours": Decimal("7.333333"), "cost": Decimal("0.07"), "list_cost": Decimal("14.67"),
        "usage_cost": Decimal("0.03"), "workload_idle_cost": Decimal("0.02"), "unmeasured_cost": Decimal("0.02"),
    }  # fmt: skip


def test_types_and_order_of_rows() -> None:
    bill = showback(frame(line(1), line(2, team="b"), line(2, team="0")), None, OCTOBER)
    assert bill.rows["team"].to_list() == ["0", "b", "a"]
    money = pl.Decimal(18, 2)
    assert bill.rows.schema == {
        "team": pl.String, "gpu_hours": pl.Decimal(28, 6), "cost": money, "list_cost": money, "usage_cost": money,
        "workload_idle_cost": money, "unmeasured_cost": money,
    }  # fmt: skip
    assert (bill.month, bill.by, bill.gpu_hours) == (OCTOBER, ("team",), Decimal("5.000000"))


def test_idle_and_shared_are_explicit_where_they_have_no_owner() -> None:
    lines = frame(
        line(1, service="s", namespace="x", cost_center="cc"), line(2, namespace="x"), line(4, team=UNALLOCATED),
        idle(8), line(16, team=SHARED, charge="shared", namespace="kube-system", pool="p"),
    )  # fmt: skip
    assert rows_of(lines, "team") == {"a": "3.00", UNALLOCATED: "4.00", IDLE: "8.00", SHARED: "16.00"}
    assert rows_of(lines, "service") == {"s": "1.00", NO_SERVICE: "6.00", IDLE: "8.00", SHARED: "16.00"}
    assert rows_of(lines, "cost_center") == {"cc": "1.00", UNALLOCATED: "6.00", IDLE: "8.00", SHARED: "16.00"}
    assert rows_of(lines, "namespace") == {"x": "3.00", "": "4.00", IDLE: "8.00", "kube-system": "16.00"}
    assert rows_of(lines, "cluster") == {"c": "31.00"}
    assert rows_of(lines, "pool", "charge") == {
        ("p", "shared"): "16.00", ("", "idle"): "8.00", ("", "allocation"): "7.00",
    }  # fmt: skip


def test_labels_are_found_by_their_own_name_and_as_prometheus_spells_it() -> None:
    labels = json.dumps({"app": "w", "app_kubernetes_io_name": "chat", "odd": 'a "b"'})
    lines = frame(line(1, labels=labels), line(2, labels="{}"), line(4), idle(8))
    for name in ("app.kubernetes.io/name", "app_kubernetes_io_name", "app-kubernetes-io-name"):
        assert rows_of(lines, f"label:{name}") == {"chat": "1.00", UNALLOCATED: "6.00", IDLE: "8.00"}
    assert rows_of(lines, "label:odd", "label:no") == {
        (IDLE, IDLE): "8.00", (UNALLOCATED, UNALLOCATED): "6.00", ('a "b"', UNALLOCATED): "1.00",
    }  # fmt: skip
    assert rows_of(lines, "team", where={"label:app": ["w"]}) == {IDLE: "1.14", "a": "1.00"}  # 8 x 1/7


def test_a_filter_keeps_the_idle_that_the_kept_work_would_bear() -> None:
    work = line(1), line(3, team="b"), line(1, team="b", node="m")
    lines = frame(*work, idle(8), idle(5, node="m"), idle(7, node="o"))
    assert rows_of(lines, "team", where={"team": ["a"]}) == {IDLE: "2.00", "a": "1.00"}
    assert rows_of(lines, "team", where={"team": ["b"]}) == {IDLE: "11.00", "b": "4.00"}
    assert rows_of(lines, "team", where={"team": ["a", "b"], "node": ["n"]}) == {IDLE: "8.00", "b": "3.00", "a": "1.00"}
    # by the cluster: 20 x 1/5
    assert rows_of(lines, "team", where={"team": ["a"]}, idle_by="cluster") == {IDLE: "4.00", "a": "1.00"}


def test_a_place_keeps_its_idle_and_who_asks_for_idle_gets_it_whole() -> None:
    lines = frame(line(1), line(3, team="b"), idle(8), idle(7, node="o"), idle(9, node="o", kind="cpu", gpu_model=None))
    assert rows_of(lines, "team", where={"node": ["o"]}) == {IDLE: "16.00"}
    gpus = {"cluster": ["c"], "kind": ["gpu"]}
    assert rows_of(lines, "team", where=gpus) == {IDLE: "15.00", "b": "3.00", "a": "1.00"}
    assert rows_of(lines, "node", where={"team": [IDLE]}) == {"o": "16.00", "n": "8.00"}
    assert rows_of(lines, "team", where={"team": ["a", IDLE]}) == {IDLE: "24.00", "a": "1.00"}
    assert rows_of(lines, "team", where={"charge": ["allocation"]}) == {"b": "3.00", "a": "1.00"}
    assert rows_of(lines, "team", where={"team": []}) == {}


def test_shared_idle_is_in_the_rows_of_those_who_bear_it_filtered_or_not() -> None:
    lines = frame(line(1), line(3, team="b", gpu_model=None, kind="cpu"), idle(8), line(4, team=SHARED, charge="shared",
                  pool="p", namespace="x"))  # fmt: skip
    moved = transfers(lines, Policy("weighted", "node", (Pool("p", "weighted"),))).with_columns(
        billing_month="month", charge_class=pl.lit(None, pl.String)
    )

    def bill(**more: Any) -> dict[str, str]:
        return dict(showback(lines, moved, OCTOBER, **more).rows.select("team", pl.col("cost").cast(pl.String)).rows())

    # idle 8 by 1 : 4 is 1.60 and 6.40; the pool's 10.40 by 1 : 3 is 2.60 and 7.80
    assert bill() == {"b": "10.80", "a": "5.20"}
    assert bill(where={"team": ["a"]}) == {"a": "5.20"}
    assert bill(idle="separate") == {IDLE: "8.00", SHARED: "4.00", "b": "3.00", "a": "1.00"}
    assert bill(where={"pool": ["p"], "team": ["a"]}) == {"a": "2.60"}


def test_what_has_no_price_is_named_and_costs_nothing() -> None:
    no_price = {"price": None, "list_price": None}
    lines = frame(
        line(1, gpu_model="B200", **no_price), line(2, gpu_model="B200", day=date(2026, 10, 7), **no_price),
        line(4, gpu_model=None, **no_price), line(8, gpu_model=None, kind="cpu", **no_price), line(16),
    )  # fmt: skip
    bill = showback(lines, None, OCTOBER)
    assert (bill.total, bill.gpu_hours) == (Decimal("16.00"), Decimal("23.000000"))
    assert bill.incomplete == (
        "cpu has no price on 2026-10-01, its 8.00 core-hours are not in cost",
        "unknown GPU model has no price on 2026-10-01, its 4.00 GPU-hours are in gpu_hours and not in cost",
        "B200 has no price on 2 days from 2026-10-01 to 2026-10-07, "
        "its 3.00 GPU-hours are in gpu_hours and not in cost",
    )
    assert len(showback(lines, None, OCTOBER, where={"gpu_model": ["B200"]}).incomplete) == 1


def test_known_trouble_with_prices_is_named_in_the_months_that_it_touches() -> None:
    problems = pl.DataFrame(
        [
            {"subject": "gpu_hour H100", "valid_from": datetime(2026, 9, 30), "valid_to": datetime(2026, 10, 1, 1),
             "problem": "two prices overlap"},
            {"subject": "rate EUR", "valid_from": datetime(2026, 10, 31), "valid_to": datetime(2026, 11, 1),
             "problem": "no rate"},
            {"subject": "gpu_hour T4", "valid_from": None, "valid_to": None, "problem": "no price"},
        ],
        schema=PROBLEM,
    )  # fmt: skip

    def named(month: date, until: date | None = None) -> Sequence[str]:
        return showback(frame(), None, month, problems=problems, until=until).incomplete

    overlap = "gpu_hour H100: two prices overlap"
    rate = "rate EUR: no rate"
    always = "gpu_hour T4: no price"
    assert named(OCTOBER) == (overlap, always, rate)
    assert named(OCTOBER, date(2026, 10, 31)) == (overlap, always)
    assert named(NOVEMBER) == (always,)


@pytest.mark.parametrize(
    ("by", "where", "message"),
    [
        ((), {}, "cannot group cost by nothing"),
        (("colour",), {}, "cannot group cost by colour"),
        (("team", "price"), {}, "cannot group cost by price"),
        (("label:",), {}, "cannot group cost by label:"),
        (("team", "team"), {}, "cannot group cost by team twice"),
        (("team",), {"colour": ["red"]}, "cannot filter cost by colour"),
    ],
)
def test_cost_cannot_be_grouped_or_filtered_by_anything(by: tuple[str, ...], where: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        showback(frame(), None, OCTOBER, by, where)


def test_a_bill_of_nothing_is_zero() -> None:
    bill = showback(frame(), frame(), OCTOBER, DIMENSIONS, {"team": ["a"]})
    assert (bill.total, bill.gpu_hours, bill.rows.height, bill.incomplete) == (Decimal("0.00"), Decimal(0), 0, ())


def test_the_month_after_december_is_january() -> None:
    assert [next_month(date(2026, month, 1)) for month in (11, 12)] == [date(2026, 12, 1), date(2027, 1, 1)]
