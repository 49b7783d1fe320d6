"""What must hold for any lines, any policy, any grouping and any filter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ledger.dimensions import DIMENSIONS, OWNERS, PLACES
from analytics.ledger.policy import Policy, Pool
from analytics.ledger.selection import select
from analytics.ledger.showback import showback
from analytics.ledger.transfer import transfers
from warehouse.charges import IDLE, LINE, NO_SERVICE, SHARED, UNALLOCATED, Sums, exact_sums

OCTOBER = date(2026, 10, 1)
RATES = (("gpu", 1, 1), ("gpu", 1, 7), ("gpu", 2, 3), ("cpu", 1, 1), ("memory", 125, 2**27))
BY = (*DIMENSIONS, "label:app", "label:app.kubernetes.io/name")
POOLS = ("p", "q")
SOME = settings(max_examples=30)


@st.composite
def line(draw: st.DrawFn) -> dict[str, Any]:
    kind, num, den = draw(st.sampled_from(RATES))
    charge = draw(st.sampled_from(("allocation", "allocation", "allocation", "idle", "shared", "unused", "overhead")))
    nobodys = charge in ("idle", "unused", "overhead")
    day = OCTOBER + timedelta(days=draw(st.integers(0, 2)))
    quantity = draw(st.integers(1, 10**12))
    cluster, node = draw(st.sampled_from((("c1", "n1"), ("c1", "n2"), ("c2", "n3"), (None, "n4"))))
    team = draw(st.sampled_from(("a", "b", "c", UNALLOCATED)))
    return {
        "day": day, "report_day": day, "month": OCTOBER, "charge": charge,
        "pool": draw(st.sampled_from(POOLS)) if charge in ("shared", "overhead") else None,
        "team": {"idle": IDLE, "unused": IDLE, "shared": SHARED, "overhead": SHARED}.get(charge, team),
        "cost_center": None if nobodys else draw(st.sampled_from(("cc", None))),
        "service": NO_SERVICE if nobodys else draw(st.sampled_from(("s", NO_SERVICE))), "model": NO_SERVICE,
        "cluster": None if charge == "overhead" else cluster, "region": None,
        "node": None if charge in ("unused", "overhead") else node,
        "namespace": None if nobodys else draw(st.sampled_from(("x", "y"))),
        "pod": None if nobodys else draw(st.sampled_from(("x-0", "x-1", None))),
        "labels": None if nobodys else draw(st.sampled_from((None, json.dumps({"app": "w"})))),
        "kind": "overhead" if charge == "overhead" else kind, "resource": kind,
        "gpu_model": draw(st.sampled_from(("H100", None))) if kind == "gpu" else None,
        "pricing": draw(st.sampled_from(("on_demand", "spot"))), "quantity": quantity,
        "used": draw(st.none() | st.integers(0, 2 * quantity)), "share_num": num, "share_den": den,
        "price": draw(st.none() | st.decimals("0", "99", places=6)), "list_price": Decimal(3),
        "price_den": draw(st.sampled_from((1, 7))),
    }  # fmt: skip


def pool(name: str) -> st.SearchStrategy[Pool]:
    weights = st.dictionaries(st.sampled_from("abd"), st.decimals("0", "2", places=2), min_size=1)
    fixed = st.builds(Pool, st.just(name), st.just("fixed"), weights)
    return fixed | st.builds(Pool, st.just(name), st.sampled_from(("none", "weighted", "even")))


LINES = st.lists(line(), max_size=12)
POLICIES = st.builds(
    Policy, st.sampled_from(("none", "weighted", "even")), st.sampled_from(("node", "cluster")),
    st.tuples(*map(pool, POOLS)),
)  # fmt: skip
GROUPINGS = st.lists(st.sampled_from(BY), min_size=1, max_size=3, unique=True)


def frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(LINE), **row} for row in rows], schema=LINE)


def whole(*frames: pl.DataFrame) -> Sums:
    return exact_sums(pl.concat(frames), ()).get((), Sums())


def added(groups: Mapping[Any, Sums]) -> Sums:
    return sum(groups.values(), Sums())


@SOME
@given(LINES, POLICIES, GROUPINGS)
def test_rows_add_up_to_the_total_of_the_lines_in_every_grouping(
    rows: list[dict[str, Any]], policy: Policy, by: list[str]
) -> None:
    lines = frame(rows)
    moved = transfers(lines, policy)
    bill = showback(lines, moved, OCTOBER, by)
    cents = bill.rows.select(pl.exclude(by)).sum()
    assert bill.total == Decimal(round(whole(lines).cost * 100)) / 100
    if rows and bill.rows.height:
        assert cents["cost"][0] == bill.total
        assert cents["gpu_hours"][0] == bill.gpu_hours
    parts = bill.rows["usage_cost"] + bill.rows["workload_idle_cost"] + bill.rows["unmeasured_cost"]
    assert parts.to_list() == bill.rows["cost"].to_list()


@SOME
@given(LINES, POLICIES)
def test_sharing_moves_and_changes_no_sum(rows: list[dict[str, Any]], policy: Policy) -> None:
    lines = frame(rows)
    moved = transfers(lines, policy)
    assert moved.schema == LINE
    assert whole(lines, moved) == whole(lines)
    by = ("day", "report_day", "resource", "gpu_model", "pricing")
    assert all(sums == Sums() for sums in exact_sums(moved, by).values())


@SOME
@given(LINES, POLICIES)
def test_nobody_bears_less_than_nothing(rows: list[dict[str, Any]], policy: Policy) -> None:
    lines = frame(rows)
    selection = select(lines, transfers(lines, policy), OCTOBER, {}, None, "node")
    for key, sums in selection.sums(("team", "namespace", "pod", "node", "kind", "day", "pool")).items():
        assert min(sums.cost, sums.usage_cost, sums.gpu_hours, sums.unpriced_hours) >= 0, key


@SOME
@given(LINES, POLICIES, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_once_more_is_the_same(rows: list[dict[str, Any]], policy: Policy, dice: Any) -> None:
    before = transfers(frame(rows), policy)
    assert before.equals(transfers(frame(rows), policy))
    dice.shuffle(rows)
    after = transfers(frame(rows), policy)
    assert before.sort(LINE.names(), nulls_last=True).equals(after.sort(LINE.names(), nulls_last=True))


@SOME
@given(LINES, POLICIES, GROUPINGS, st.data())
def test_a_line_that_is_split_in_two_is_the_same_line(
    rows: list[dict[str, Any]], policy: Policy, by: list[str], data: st.DataObject
) -> None:
    other = []
    for row in rows:
        part = data.draw(st.integers(0, row["quantity"]))
        used = None if row["used"] is None else data.draw(st.integers(0, row["used"]))
        rest = None if used is None else row["used"] - used
        other += [row | {"quantity": part, "used": used}, row | {"quantity": row["quantity"] - part, "used": rest}]
    before, after = frame(rows), frame(other)
    assert totals(before, policy, by) == totals(after, policy, by)


def totals(lines: pl.DataFrame, policy: Policy, by: Sequence[str]) -> dict[Any, Sums]:
    return select(lines, transfers(lines, policy), OCTOBER, {}, None, "node").sums(by)


@SOME
@given(LINES, POLICIES, st.sampled_from(("separate", "shared")), st.sampled_from(("team", *OWNERS)), st.data())
def test_a_filter_by_owner_and_its_complement_add_up(
    rows: list[dict[str, Any]], policy: Policy, idle: str, name: str, data: st.DataObject
) -> None:
    lines = frame(rows)
    moved = transfers(lines, policy) if idle == "shared" else None
    everybody = select(lines, moved, OCTOBER, {}, None, policy.idle_by).sums((name,))
    owners = sorted(key for (key,) in everybody if key != IDLE)
    some = data.draw(st.sets(st.sampled_from(owners))) if owners else set()

    def kept(values: set[str]) -> dict[Any, Sums]:
        return select(lines, moved, OCTOBER, {name: values}, None, policy.idle_by).sums((name,))

    mine, others, both = kept(some), kept(set(owners) - some), kept(set(owners))
    assert added(mine) + added(others) == added(both)
    for owner in owners:  # what anybody bears is the same, filtered or not
        assert {**mine, **others}[(owner,)] == everybody[(owner,)]
    assert added(kept({*owners, IDLE})) == added(everybody)
    idle_of_all = both.get((IDLE,), Sums()).cost
    assert 0 <= idle_of_all <= everybody.get((IDLE,), Sums()).cost


@SOME
@given(LINES, POLICIES, st.sampled_from(("separate", "shared")), st.sampled_from((*PLACES, "kind", "gpu_model", "day")),
       st.data())  # fmt: skip
def test_a_filter_by_place_and_its_complement_are_everything(
    rows: list[dict[str, Any]], policy: Policy, idle: str, name: str, data: st.DataObject
) -> None:
    lines = frame(rows)
    moved = transfers(lines, policy) if idle == "shared" else None
    values = sorted(key for (key,) in select(lines, moved, OCTOBER, {}, None, policy.idle_by).sums((name,)))
    some = data.draw(st.sets(st.sampled_from(values))) if values else set()
    parts = [
        added(select(lines, moved, OCTOBER, {name: kept}, None, policy.idle_by).sums(("team",)))
        for kept in (some, set(values) - some)
    ]
    assert parts[0] + parts[1] == whole(lines)


@SOME
@given(LINES, POLICIES, st.integers(0, 3))
def test_a_month_to_date_and_its_rest_are_the_month(rows: list[dict[str, Any]], policy: Policy, days: int) -> None:
    lines = frame(rows)
    moved = transfers(lines, policy)
    until = OCTOBER + timedelta(days=days)
    rest = {"day": [str(until + timedelta(days=more)) for more in range(4)]}
    first = select(lines, moved, OCTOBER, {}, until, "node").sums(("team",))
    last = select(lines, moved, OCTOBER, rest, None, "node").sums(("team",))
    assert added(first) + added(last) == whole(lines)


@SOME
@given(LINES, POLICIES)
def test_millionths_are_as_close_to_exact_shares_as_they_can_be(rows: list[dict[str, Any]], policy: Policy) -> None:
    plain = {"price": 3, "price_den": 1, "share_num": 1, "share_den": 1}  # exact shares then have few digits too
    lines = frame([row | plain | {"quantity": row["quantity"] % 12 + 1, "used": None} for row in rows])
    by = ("team", "namespace", "pod", "node", "kind", "day")
    exact = select(lines, transfers(lines, policy, None), OCTOBER, {}, None, "node").sums(by)
    close = select(lines, transfers(lines, policy), OCTOBER, {}, None, "node").sums(by)
    most = Fraction(3 * 4 * len(rows) ** 2, 10**6 * 3_600_000)  # two steps, each within and among groups
    for key in exact.keys() | close.keys():
        assert abs(exact.get(key, Sums()).cost - close.get(key, Sums()).cost) <= most
