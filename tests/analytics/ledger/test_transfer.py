"""Who bears what: cases worked by hand, and any lines against the definition written down a second time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ledger.policy import Policy, Pool
from analytics.ledger.selection import select
from analytics.ledger.transfer import transfers
from warehouse.charges import IDLE, LINE, NO_SERVICE, SHARED, cost_of, exact_sums

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
HOUR = 3_600_000
Row = dict[str, Any]


def lines(rows: Sequence[Row]) -> pl.DataFrame:
    """Lines at a price of 1.00 an hour on the first of October, cluster c; `hours` for quantity."""
    usual: Row = {
        "day": FIRST, "report_day": FIRST, "month": FIRST, "charge": "allocation", "service": NO_SERVICE,
        "model": NO_SERVICE, "cluster": "c", "node": "n", "kind": "gpu", "pricing": "on_demand", "share_num": 1,
        "share_den": 1, "price": Decimal(1), "list_price": Decimal(2), "price_den": 1,
    }  # fmt: skip
    whole = [{**dict.fromkeys(LINE), **usual, **row} for row in rows]
    for row in whole:
        row["quantity"] = row.pop("hours", 1) * HOUR
        row["used"] = None if row["used"] is None else row["used"] * HOUR
    return pl.DataFrame(whole, schema=LINE)


def idle(hours: int, **more: Any) -> Row:
    return {"team": IDLE, "charge": "idle", "hours": hours, **more}


def shared(hours: int, pool: str = "p", **more: Any) -> Row:
    return {"team": SHARED, "charge": "shared", "pool": pool, "namespace": "kube-system", "hours": hours, **more}


def costs(rows: Sequence[Row], policy: Policy, by: Sequence[str] = ("team",)) -> dict[Any, Fraction]:
    """Exact costs with everything shared, what cost nothing left out."""
    found = select(lines(rows), transfers(lines(rows), policy, None), FIRST, {}, None, "node").sums(by)
    return {key[0] if len(by) == 1 else key: sums.cost for key, sums in found.items() if sums.cost}


def fixed(**weights: str) -> Policy:
    return Policy(pools=(Pool("p", "fixed", {team: Decimal(weight) for team, weight in weights.items()}),))


def test_idle_is_borne_where_it_is() -> None:
    rows = [{"team": "a", "node": "n"}, {"team": "b", "node": "m", "hours": 3}, idle(8)]
    assert costs(rows, Policy("weighted", "node")) == {"a": 9, "b": 3}
    assert costs(rows, Policy("weighted", "cluster")) == {"a": 3, "b": 9}
    assert costs(rows, Policy("none")) == {"a": 1, "b": 3, IDLE: 8}


def test_idle_of_no_node_is_borne_by_the_cluster_and_of_no_cluster_by_all() -> None:
    """A commitment that nobody used has no node."""
    unused = {"team": IDLE, "charge": "unused", "node": None}
    rows = [{"team": "a"}, {"team": "b", "node": "m"}, {"team": "x", "cluster": "d"}]
    of_cluster, of_all = {**unused, "hours": 4}, {**unused, "hours": 3, "cluster": None}
    assert costs([*rows, of_cluster], Policy("weighted", "node")) == {"a": 3, "b": 3, "x": 1}
    assert costs([*rows, of_all], Policy("weighted", "node")) == {"a": 2, "b": 2, "x": 2}


def test_idle_of_one_kind_and_day_is_not_borne_by_another() -> None:
    rows = [
        {"team": "a"}, {"team": "b", "kind": "cpu"}, {"team": "b", "day": SECOND, "report_day": SECOND}, idle(5),
        idle(7, kind="memory"),
    ]  # fmt: skip
    assert costs(rows, Policy("weighted"), ("team", "kind", "day")) == {
        ("a", "gpu", "2026-10-01"): 6, ("b", "cpu", "2026-10-01"): 1, ("b", "gpu", "2026-10-02"): 1,
        (IDLE, "memory", "2026-10-01"): 7,
    }  # fmt: skip


def test_a_day_is_the_reports_day() -> None:
    """23:00 UTC belongs to the next day in Berlin; its idle is borne by that day's work, and both UTC days add up."""
    late, early = {"day": FIRST, "report_day": SECOND}, {"day": SECOND, "report_day": SECOND}
    rows = [{"team": "a", **early}, idle(1, **late), idle(4, **early)]
    assert costs(rows, Policy("weighted")) == {"a": 6}
    moved = transfers(lines(rows), Policy("weighted"))
    assert {key: sums.cost for key, sums in exact_sums(moved, ("day",)).items()} == {(FIRST,): 0, (SECOND,): 0}


def test_even_is_among_teams_and_inside_a_team_by_cost() -> None:
    rows = [
        {"team": "a", "pod": "a-0", "hours": 1}, {"team": "a", "pod": "a-1", "hours": 2}, {"team": "b", "hours": 9},
        idle(12),
    ]  # fmt: skip
    assert costs(rows, Policy("even"), ("team", "pod")) == {("a", "a-0"): 3, ("a", "a-1"): 6, ("b", ""): 15}
    assert costs([*rows[:3], shared(6)], Policy(pools=(Pool("p", "even"),))) == {"a": 6, "b": 12}


def test_a_pool_passes_on_the_idle_it_received_but_is_weighed_without_idle() -> None:
    rows = [
        {"team": "a", "node": "n"}, {"team": "b", "node": "m", "hours": 2}, shared(3, node="n"), idle(8, node="n"),
    ]  # fmt: skip
    # on n: 8 by 1 : 3 is 2 and 6; the pool's 9 by 1 : 2 is 3 and 6, by cost with idle it would be 5.40 and 3.60
    assert costs(rows, Policy("weighted", "node", (Pool("p", "weighted"),))) == {"a": 6, "b": 8}
    assert costs(rows, Policy("weighted", "node", (Pool("p", "none"),))) == {"a": 3, "b": 2, SHARED: 9}
    assert costs(rows, Policy("weighted", "node")) == {"a": 3, "b": 2, SHARED: 9}


def test_overhead_is_shared_with_its_pool() -> None:
    overhead = {"team": SHARED, "charge": "overhead", "pool": "p", "kind": "overhead", "cluster": None, "node": None}
    rows = [{"team": "a"}, {"team": "b", "kind": "cpu"}, {**overhead, "hours": 24, "price": Decimal("0.25")}]
    assert costs(rows, Policy(pools=(Pool("p", "weighted"),))) == {"a": 4, "b": 4}


def test_pools_do_not_bear_each_other() -> None:
    rows = [{"team": "a"}, shared(2, "p"), shared(5, "q")]
    policy = Policy(pools=(Pool("q", "weighted"), Pool("p", "even")))
    assert costs(rows, policy, ("team", "pool")) == {("a", ""): 1, ("a", "p"): 2, ("a", "q"): 5}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"a": "0.6", "b": "0.4"}, {"a": 1 + 6, "b": 1 + 4}),
        ({"a": "0.6"}, {"a": 1 + 6, "b": 1, SHARED: 4}),  # the rest stays
        ({"a": "3", "b": "1"}, {"a": Fraction(17, 2), "b": Fraction(7, 2)}),  # in proportion
        ({"a": "0.5", "gone": "0.5"}, {"a": 6, "b": 1, "gone": 5}),  # agreed is agreed, used or not
        ({"a": "0"}, {"a": 1, "b": 1, SHARED: 10}),
    ],
)
def test_fixed_weights(weights: Mapping[str, str], expected: Mapping[str, Any]) -> None:
    assert costs([{"team": "a"}, {"team": "b"}, shared(10)], fixed(**weights)) == expected


def test_a_team_bears_its_fixed_part_also_on_a_day_without_work() -> None:
    second = {"day": SECOND, "report_day": SECOND}
    rows = [{"team": "a", "pod": "a-0", "cost_center": "cc"}, shared(4), shared(4, **second)]
    assert costs(rows, fixed(a="1"), ("team", "pod", "day", "cost_center")) == {
        ("a", "a-0", "2026-10-01", "cc"): 5, ("a", "", "2026-10-02", "cc"): 4,
    }  # fmt: skip


def test_what_is_received_has_the_price_of_its_source_and_its_part_of_the_use() -> None:
    rows = [
        {"team": "a", "hours": 3, "used": 1, "pod": "a-0"}, {"team": "b", "node": "m"},
        shared(8, price=Decimal(2), list_price=Decimal(5), used=4, kind="cpu", resource="cpu", pricing="spot"),
    ]  # fmt: skip
    moved = transfers(lines(rows), Policy(pools=(Pool("p", "weighted"),)))
    got = {row["team"]: row for row in moved.to_dicts()}
    assert set(got) == {"a", "b", SHARED}
    assert [float(cost_of(got[team])) for team in ("a", "b", SHARED)] == [12, 4, -16]
    assert [float(cost_of(got[team], "used")) for team in ("a", "b", SHARED)] == [6, 2, -8]
    received = got["a"]
    assert (received["charge"], received["pool"], received["pod"], received["node"]) == ("transfer", "p", "a-0", "n")
    assert (received["kind"], received["resource"], received["pricing"]) == ("cpu", "cpu", "spot")
    assert (received["price"], received["list_price"], received["share_den"]) == (2, 5, 10**6)
    assert received["quantity"] == 6 * HOUR * 10**6


def test_work_without_a_price_bears_nothing_and_idle_without_a_price_is_moved_as_hours() -> None:
    rows = [{"team": "a"}, {"team": "b", "price": None}, idle(5, price=None), idle(2)]
    found = select(lines(rows), transfers(lines(rows), Policy("weighted")), FIRST, {}, None, "node").sums(("team",))
    assert {key: (sums.cost, sums.unpriced_hours) for (key,), sums in found.items()} == {
        "a": (3, 5), "b": (0, 1), IDLE: (0, 0),
    }  # fmt: skip
    nobody = [{"team": "b", "price": None}, idle(2)]
    assert costs(nobody, Policy("weighted")) == {IDLE: 2}


def test_a_share_that_is_fine_already_is_not_made_finer_than_there_is_room_for() -> None:
    rows = [{"team": "a", "hours": 2}, {"team": "b"}, idle(1, share_num=5, share_den=5 * 10**14)]
    moved = transfers(lines(rows), Policy("weighted"))
    assert set(moved["share_den"]) == {5 * 10**18}  # by ten thousand instead of a million
    assert exact_sums(moved, ())[()].cost == 0


def test_nothing_to_share_is_no_line() -> None:
    rows = [{"team": "a"}, idle(1), shared(1)]
    assert transfers(lines(rows), Policy(pools=(Pool("p", "none"),))).is_empty()
    assert transfers(lines([]), Policy("weighted", pools=(Pool("p", "weighted"),))).schema == LINE
    assert transfers(lines(rows[:1]), Policy("weighted", pools=(Pool("p", "fixed", {"a": Decimal(1)}),))).is_empty()


def test_the_policy_is_read_from_its_tables() -> None:
    tables = {
        "allocation_policy": pl.DataFrame([{"basis": "request", "idle_split": "even", "idle_by": "cluster"}]),
        "shared_pool": pl.DataFrame([{"pool": "q", "position": 1, "split": "fixed"},
                                     {"pool": "p", "position": 0, "split": "none"}]),
        "shared_weight": pl.DataFrame([{"pool": "q", "team": "a", "weight": Decimal("0.5")}]),
    }  # fmt: skip
    pools = (Pool("p", "none"), Pool("q", "fixed", {"a": Decimal("0.5")}))
    assert Policy.of(tables) == Policy("even", "cluster", pools)
    assert Policy.of({**tables, "allocation_policy": tables["allocation_policy"].clear()}).idle_split == "none"
    wrong = pl.DataFrame([{"idle_split": "half", "idle_by": "node"}])
    with pytest.raises(ValueError, match="'half' is none of none, weighted, even"):
        Policy.of({**tables, "allocation_policy": wrong})


WORK = st.fixed_dictionaries({
    "team": st.sampled_from("abc"), "node": st.sampled_from("mno"), "kind": st.sampled_from(("gpu", "cpu")),
    "hours": st.integers(1, 9), "price": st.sampled_from((Decimal(1), Decimal("2.5"))),
})  # fmt: skip
PLACE = st.fixed_dictionaries({"node": st.sampled_from("mno"), "kind": st.sampled_from(("gpu", "cpu"))})


@settings(max_examples=40)
@given(st.lists(WORK, max_size=8), st.lists(PLACE, max_size=4), st.lists(PLACE, max_size=3), st.booleans())
def test_any_lines_by_the_definition(work: list[Row], idles: list[Row], pools: list[Row], by_node: bool) -> None:
    rows = [*work, *(idle(7, **one) for one in idles), *(shared(2, **one) for one in pools)]
    policy = Policy("weighted", "node" if by_node else "cluster", (Pool("p", "weighted"),))
    assert costs(rows, policy) == by_definition(rows, by_node)


def by_definition(rows: Sequence[Row], by_node: bool) -> dict[str, Fraction]:
    """Idle cost x cost / all cost there, then the pool with its idle cost x own cost / all own costs: OpenCost's."""

    def cost(row: Row) -> Fraction:
        return Fraction(row["hours"]) * Fraction(row.get("price", 1))

    found: dict[str, Fraction] = defaultdict(Fraction)
    own: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        found[row["team"]] += cost(row)
        if row["team"] not in (IDLE, SHARED):
            own[row["team"]] += cost(row)
    for spare in (row for row in rows if row["team"] == IDLE):
        there = [
            row for row in rows
            if row["team"] != IDLE and row["kind"] == spare["kind"] and (not by_node or row["node"] == spare["node"])
        ]  # fmt: skip
        for row in there:
            part = cost(spare) * cost(row) / sum(map(cost, there))
            found[row["team"]] += part
            found[IDLE] -= part
    pool = found[SHARED]
    for team in own:
        part = pool * own[team] / sum(own.values())
        found[team] += part
        found[SHARED] -= part
    return {team: value for team, value in found.items() if value}
