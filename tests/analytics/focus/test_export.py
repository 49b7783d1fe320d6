"""The FOCUS file of a month: values worked by hand, and the sum that no rounding may change."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.focus.checks import check
from analytics.focus.export import FocusFileRefused, export
from analytics.focus.rows import Terms
from analytics.focus.specification import mapping, specification
from analytics.focus.written import read
from analytics.ledger.policy import Policy, Pool
from analytics.ledger.selection import select
from analytics.ledger.showback import showback
from analytics.ledger.transfer import transfers
from focus_lines import HOUR, OCTOBER, file_of, frame, idle, line, rows_of, total_of


def test_one_gpu_hour_in_every_column() -> None:
    [row] = rows_of(file_of(frame(line(2, "2.50", list_price="3.00"))))
    assert {name: value for name, value in row.items() if value} == {
        "BilledCost": "5.00", "EffectiveCost": "5.00", "ContractedCost": "5.00", "ListCost": "6.00",
        "ContractedUnitPrice": "2.50", "ListUnitPrice": "3.00", "PricingQuantity": "2.00", "PricingUnit": "Hours",
        "PricingCategory": "Standard", "ConsumedQuantity": "2.00", "ConsumedUnit": "Hours", "BillingCurrency": "USD",
        "BillingAccountId": "ai-platform", "BillingAccountName": "AI platform", "ProviderName": "AI platform",
        "PublisherName": "AI platform", "InvoiceIssuerName": "AI platform",
        "BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z",
        "ChargePeriodStart": "2026-10-05T00:00:00Z", "ChargePeriodEnd": "2026-10-06T00:00:00Z",
        "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", "ChargeDescription": "H100 GPU-hours held by chat",
        "RegionId": "eu-central-1", "RegionName": "eu-central-1", "ResourceId": "service/chat", "ResourceName": "chat",
        "ResourceType": "Inference Service", "ServiceCategory": "AI and Machine Learning", "ServiceName": "GPU Compute",
        "ServiceSubcategory": "AI Platforms", "SkuId": "gpu/H100", "SkuMeter": "GPU Time",
        "SkuPriceDetails": '{"GpuCount": 1, "x_GpuModel": "H100"}', "SkuPriceId": "gpu/H100/on_demand",
        "SubAccountId": "search", "SubAccountName": "search",
        "Tags": '{"team": "search", "service": "chat", "cost_center": "CC-100"}',
        "x_AllocatedMethodDetails":
            '{"Elements": [{"AllocatedRatio": 1.0, "UsageUnit": "Hours", "UsageQuantity": 2.0}]}',
        "x_AllocatedMethodId": "capacity-by-request", "x_AllocatedResourceId": "service/chat",
        "x_AllocatedResourceName": "chat", "x_AllocatedTags": row["Tags"], "x_Charge": "allocation",
        "x_Cluster": "prod", "x_CostCenter": "CC-100", "x_GpuHours": "2.00", "x_GpuModel": "H100",
        "x_Incomplete": "false", "x_Model": "chat-70b", "x_Namespace": "search",
    }  # fmt: skip


def test_memory_is_in_gib_hours_and_has_the_category_of_its_service() -> None:
    # 4 GiB for an hour: 4 x 2^30 x 3600 byte-seconds x 125 / 2^27 / 3,600,000 = 4
    memory = line(kind="memory", resource="memory", gpu_model=None, quantity=4 * 2**30 * 3600, share_num=125,
                  share_den=2**27)  # fmt: skip
    [row] = rows_of(file_of(frame(memory)))
    assert [row[name] for name in ("PricingQuantity", "PricingUnit", "BilledCost", "SkuId", "x_GpuHours")] == [
        "4.00", "GiB-Hours", "10.00", "memory", ""
    ]  # fmt: skip
    assert (row["ServiceName"], row["ServiceCategory"]) == ("Kubernetes Compute", "Compute")


def test_a_commitment_is_bought_used_and_left_unused() -> None:
    """Golden case G10: one GPU for 1488.00 in October (744 h, so 2.00 an hour), 500 h used."""
    committed: dict[str, Any] = {"pricing": "committed", "commitment": "h100-2026"}
    unused = {"charge": "unused", "team": "__idle__", "service": "__none__", "model": "__none__", "namespace": None,
              "node": None, "pod": None, "resource": "commitment"}  # fmt: skip
    text = file_of(frame(line(500, "2.00", **committed), idle(244, "2.00", **committed, **unused)))
    columns = (
        "ChargeCategory",
        "CommitmentDiscountStatus",
        "BilledCost",
        "EffectiveCost",
        "CommitmentDiscountQuantity",
    )
    assert sorted(tuple(row[name] for name in columns) for row in rows_of(text)) == [
        ("Purchase", "", "1488.00", "0.00", "744.00"),
        ("Usage", "Unused", "0.00", "488.00", "244.00"),
        ("Usage", "Used", "0.00", "1000.00", "500.00"),
    ]
    assert total_of(text) == total_of(text, "EffectiveCost") == Decimal("1488.00")
    by_status = {row["CommitmentDiscountStatus"]: row for row in rows_of(text)}
    assert (by_status["Unused"]["ConsumedQuantity"], by_status[""]["ConsumedQuantity"]) == ("", "")
    assert by_status["Used"]["ConsumedQuantity"] == "500.00"
    assert {row["CommitmentDiscountId"] for row in rows_of(text)} == {"commitment/h100-2026"}
    assert (by_status[""]["ChargeFrequency"], by_status[""]["ChargePeriodStart"]) == (
        "Recurring", "2026-10-01T00:00:00Z"
    )  # fmt: skip


def test_hours_are_rounded_so_that_they_add_up_and_the_cents_have_a_row() -> None:
    """Three teams with a third of an hour at 1.00: 0.333333334 + 2 x 0.333333333 = 1 hour = 1.00, nothing is left."""
    thirds = [line(price="1.00", team=team, share_num=1, share_den=3) for team in ("a", "b", "c")]
    text = file_of(frame(*thirds))
    assert [row["PricingQuantity"] for row in rows_of(text)] == ["0.333333334", "0.333333333", "0.333333333"]
    assert {row["ChargeCategory"] for row in rows_of(text)} == {"Usage"}
    # 1/8 hour at 0.10 is 0.0125: the report says 0.01, so 0.0025 is taken back
    text = file_of(frame(line(price="0.10", share_num=1, share_den=8)))
    last = rows_of(text)[-1]
    columns = ("ChargeCategory", "BilledCost", "EffectiveCost", "ListCost", "PricingQuantity")
    assert [last[name] for name in columns] == ["Adjustment", "-0.0025", "-0.0025", "-0.0025", ""]
    assert last["ChargeDescription"] == "Rounding to the cent"
    assert total_of(text) == Decimal("0.01")


def test_a_price_without_an_end_has_twelve_decimals() -> None:
    row, _ = rows_of(file_of(frame(line(3, "1.00", price_den=3))))
    assert row["ContractedUnitPrice"] == "0.333333333333"
    assert row["ContractedCost"] == "0.999999999999"
    [row] = rows_of(file_of(frame(line(8, "1.000000000000000001", price_den=4))))[:1]
    assert row["ContractedUnitPrice"] == "0.25"  # 0.25000000000000000025 has 20 decimals
    [row] = rows_of(file_of(frame(line(8, "0.000000000000000001"))))[:1]
    assert row["ContractedUnitPrice"] == "0.000000000000000001"


def test_shared_out_idle_is_gone_and_its_bearers_have_rows_of_their_own() -> None:
    lines = frame(line(6), line(2, team="vision", namespace="vision", service="__none__"), idle(4))
    moved = transfers(lines, Policy("weighted"))
    rows = rows_of(file_of(lines, moved))
    assert [(row["SubAccountId"], row["x_Charge"], row["PricingQuantity"]) for row in rows] == [
        ("search", "allocation", "6.00"), ("vision", "allocation", "2.00"), ("search", "transfer", "3.00"),
        ("vision", "transfer", "1.00"),
    ]  # fmt: skip
    assert rows[2]["ChargeDescription"] == "Share of idle and common H100 GPU-hours borne by chat"
    assert [json.loads(row["x_AllocatedMethodDetails"])["Elements"][0]["AllocatedRatio"] for row in rows] == [
        0.5, 0.166666667, 0.25, 0.083333333
    ]  # fmt: skip
    assert {row["x_AllocatedMethodId"] for row in rows} == {"capacity-by-request", "share-of-idle-and-common-cost"}


def test_idle_that_nobody_bears_has_no_allocated_resource() -> None:
    rows = {row["SubAccountId"]: row for row in rows_of(file_of(frame(line(6), idle(2))))}
    nobody = rows["__idle__"]
    assert [nobody[name] for name in ("ResourceId", "ResourceType", "x_AllocatedResourceId", "x_AllocatedTags")] == [
        "cluster/prod", "Cluster", "", ""
    ]  # fmt: skip
    ratios = [json.loads(row["x_AllocatedMethodDetails"])["Elements"][0]["AllocatedRatio"] for row in rows.values()]
    assert sorted(ratios) == [0.25, 0.75]


def test_an_unused_commitment_that_is_shared_stays_unused() -> None:
    committed: dict[str, Any] = {"pricing": "committed", "commitment": "h100-2026"}
    lines = frame(
        line(3, "2.00", **committed),
        idle(1, "2.00", **committed, charge="unused", resource="commitment", node=None),
    )
    rows = rows_of(file_of(lines, transfers(lines, Policy("weighted"))))
    assert [(row["x_Charge"], row["CommitmentDiscountStatus"], row["EffectiveCost"]) for row in rows] == [
        ("allocation", "Used", "6.00"), ("transfer", "Unused", "2.00"), ("", "", "0.00")
    ]  # fmt: skip


def test_a_shared_pool_is_an_origin_of_its_own() -> None:
    pool: dict[str, Any] = {"charge": "shared", "pool": "platform", "team": "__shared__", "namespace": "kube-system",
                            "service": "__none__", "cost_center": None}  # fmt: skip
    lines = frame(line(3), line(1, team="vision"), line(2, **pool))
    rows = rows_of(file_of(lines, transfers(lines, Policy(pools=(Pool("platform", "weighted"),)))))
    received = [row for row in rows if row["x_Charge"] == "transfer"]
    assert [(row["SubAccountId"], row["PricingQuantity"], row["x_Pool"]) for row in received] == [
        ("search", "1.50", "platform"), ("vision", "0.50", "platform")
    ]  # fmt: skip
    details = [json.loads(row["x_AllocatedMethodDetails"])["Elements"][0]["AllocatedRatio"] for row in received]
    assert details == [0.75, 0.25]
    kept = rows_of(file_of(lines))[-1]
    assert [kept[name] for name in ("SubAccountId", "ResourceId", "ChargeDescription")] == [
        "__shared__", "pool/platform", "Shared H100 GPU-hours of platform"
    ]  # fmt: skip


def test_a_filter_keeps_the_ratios_and_the_sum_is_the_filtered_bill() -> None:
    lines = frame(line(6), line(1, team="vision"), idle(1))
    text = file_of(lines, where={"team": ("vision",)})
    # vision holds 1 of 7 worked hours, so a seventh of the idle hour is kept beside its own: 8/7 h at 2.50 = 2.857...
    assert total_of(text) == Decimal("2.86")
    own, rest, rounded = rows_of(text)
    assert (own["PricingQuantity"], rest["PricingQuantity"], rounded["ChargeCategory"]) == (
        "1.00", "0.142857143", "Adjustment"
    )  # fmt: skip
    assert '"AllocatedRatio": 0.125' in own["x_AllocatedMethodDetails"]


def test_corrections_take_back_and_are_about_the_earlier_month() -> None:
    late = line(-2, day=date(2026, 9, 30), billing_month=OCTOBER, charge_class="Correction")
    row, _ = rows_of(file_of(frame(late, line(3))))
    assert [row[name] for name in ("ChargeClass", "BilledCost", "ChargePeriodStart", "BillingPeriodStart")] == [
        "Correction", "-5.00", "2026-09-30T00:00:00Z", "2026-10-01T00:00:00Z"
    ]  # fmt: skip
    assert row["ChargeDescription"] == "H100 GPU-hours held by chat, correction of 2026-09"
    assert row["x_AllocatedMethodId"] == ""


def test_what_has_no_price_is_not_in_the_file_and_the_file_says_so() -> None:
    lines = frame(line(1), line(7, None, gpu_model="B200"))
    [row] = rows_of(file_of(lines, incomplete=True))
    assert (row["x_GpuModel"], row["x_Incomplete"]) == ("H100", "true")


def test_days_are_cut_at_the_months_of_the_report() -> None:
    """Golden case G08 at its edge: in Berlin October 2026 begins at 22:00 UTC and ends at 23:00 UTC."""
    first = line(day=date(2026, 9, 30), report_day=OCTOBER, month=OCTOBER)
    last = line(day=date(2026, 10, 31))
    rows = rows_of(file_of(frame(first, last), timezone="Europe/Berlin"))
    assert [(row["ChargePeriodStart"], row["ChargePeriodEnd"]) for row in rows] == [
        ("2026-09-30T22:00:00Z", "2026-10-01T00:00:00Z"), ("2026-10-31T00:00:00Z", "2026-10-31T23:00:00Z")
    ]  # fmt: skip
    [whole] = rows_of(file_of(frame(first, last), timezone="Europe/Berlin", by_month=True))
    assert (whole["ChargePeriodStart"], whole["ChargePeriodEnd"], whole["PricingQuantity"]) == (
        "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "2.00"
    )  # fmt: skip


def test_labels_that_are_asked_for_are_tags() -> None:
    labelled = line(labels=json.dumps({"app": "chat", "team": "x", "zone": "a"}))
    [row] = rows_of(file_of(frame(labelled), labels=("app", "team", "missing")))
    assert json.loads(row["Tags"]) == {
        "team": "search", "service": "chat", "cost_center": "CC-100", "app": "chat", "label:team": "x"
    }  # fmt: skip


def test_a_null_is_an_empty_field_without_quotes_and_the_invoice_is_in_all_rows_or_none() -> None:
    open_month, closed = file_of(frame(line(), idle())), file_of(frame(line(), idle()), invoice="showback-2026-10")
    assert "" not in {value for row in read(open_month).rows for value in row.values()}
    assert {row["InvoiceId"] for row in rows_of(open_month)} == {""}
    assert {row["InvoiceId"] for row in rows_of(closed)} == {"showback-2026-10"}


def test_a_month_of_nothing_is_a_heading() -> None:
    text = file_of(frame())
    assert next(csv.reader(io.StringIO(text))) == list(mapping().columns)
    assert text.count("\n") == 1


def test_a_file_that_breaks_a_rule_is_refused_with_its_rows() -> None:
    lines = frame(line(-1))
    with pytest.raises(FocusFileRefused, match=r"negative cost: row 1: BilledCost is -2\.50") as refused:
        file_of(lines)
    assert {problem.check for problem in refused.value.problems} == {"negative cost"}
    selection = select(frame(line()), None, OCTOBER, {}, None, "node")
    with pytest.raises(FocusFileRefused, match="more than rounding to the cent explains"):
        export(selection, Decimal("2.60"), Terms(OCTOBER, "USD"))


def test_columns_that_we_write_are_those_of_the_specification() -> None:
    columns = specification().columns
    assert len([name for name in columns if not name.startswith("x_")]) == 57
    assert set(mapping().columns) <= set(columns)
    assert {name for name, one in columns.items() if one.level != "conditional"} <= set(mapping().columns)
    assert len([one for one in columns.values() if one.level == "mandatory"]) == 21
    for kind in mapping().kinds.values():
        assert kind.subcategory in specification().categories[kind.category]


SHARES = ((1, 1), (1, 7), (2, 7), (1, 3), (997, 1009))


@st.composite
def any_line(draw: st.DrawFn) -> dict[str, Any]:
    num, den = draw(st.sampled_from(SHARES))
    price = draw(st.none() | st.decimals("0", "99", places=draw(st.integers(0, 9))))
    own = {
        "day": draw(st.dates(date(2026, 10, 1), date(2026, 10, 4))), "share_num": num, "share_den": den,
        "quantity": draw(st.integers(0, 10**11)), "price_den": draw(st.sampled_from((1, 3, 8784))),
        "list_price": price if price is None else price + draw(st.integers(0, 2)),
        "kind": draw(st.sampled_from(("gpu", "cpu"))), "node": draw(st.sampled_from(("n1", "n2", None))),
        "cluster": draw(st.sampled_from(("prod", None))),
    }  # fmt: skip
    commitment = draw(st.sampled_from((None, None, "c1")))
    own |= {"commitment": commitment, "pricing": "committed" if commitment else draw(st.sampled_from(("spot", None)))}
    match draw(st.sampled_from(("allocation", "allocation", "idle", "unused", "shared", "correction"))):
        case "idle":
            return idle(1, price, **own)
        case "unused":
            kept = own | {"commitment": "c1", "pricing": "committed", "resource": "commitment", "node": None}
            return idle(1, price, **kept, charge="unused")
        case "shared":
            return line(1, price, **own, charge="shared", pool="p", team="__shared__", namespace="kube-system")
        case "correction":
            signed = own | {"quantity": draw(st.integers(-(10**11), 10**11)), "day": date(2026, 9, 3)}
            return line(1, price, **signed, charge_class="Correction", billing_month=OCTOBER)
    own |= {
        "team": draw(st.sampled_from(("a", "b", "__unallocated__"))),
        "service": draw(st.sampled_from(("s", "__none__"))), "namespace": draw(st.sampled_from(("n", None))),
    }  # fmt: skip
    return line(1, price, **own)


POLICIES = st.builds(
    Policy, st.sampled_from(("none", "weighted", "even")), st.sampled_from(("node", "cluster")),
    st.sampled_from(((), (Pool("p", "weighted"),), (Pool("p", "even"),))),
)  # fmt: skip
FILTERS = st.sampled_from(
    (None, {"team": ("a",)}, {"kind": ("gpu",)}, {"team": ("b", "__idle__"), "cluster": ("prod",)})
)


@settings(deadline=None, max_examples=60)
@given(st.lists(any_line(), max_size=12), POLICIES, FILTERS, st.booleans())
def test_a_file_adds_up_to_the_showback_whatever_the_lines(
    rows: list[dict[str, Any]], policy: Policy, where: dict[str, tuple[str, ...]] | None, by_month: bool
) -> None:
    lines = frame(*rows)
    current = lines.filter(pl.col("charge_class").is_null())
    moved = transfers(current, policy).with_columns(
        pl.col("month").alias("billing_month"), pl.lit(None, pl.String).alias("charge_class")
    )
    bill = showback(lines, moved, OCTOBER, ("team",), where)
    text = file_of(lines, moved, where, by_month)
    assert total_of(text) == total_of(text, "EffectiveCost") == bill.total
    assert check(text, bill.total) == ()
    usages = [row for row in rows_of(text) if row["ChargeCategory"] == "Usage"]
    # every unit price rounds its hours once: at most half of the last digit
    priced = pl.col("price").is_not_null()
    hours = showback(lines.filter(priced), moved.filter(priced), OCTOBER, ("team",), where).gpu_hours
    written = sum((Decimal(row["x_GpuHours"] or 0) for row in usages), Decimal(0))
    assert abs(written - hours) < Decimal("0.00001")


def test_splitting_a_line_changes_no_row() -> None:
    whole = frame(line(7, share_num=1, share_den=3), idle(2))
    third = line(quantity=HOUR, share_num=1, share_den=3)
    parts = frame(*[third] * 7, idle(1), idle(1))
    assert file_of(whole) == file_of(parts)
