"""Unit cost, budgets and reconciliation: figures equal the published tables, gaps are named and not shown as zero."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl

from dashboards.names import said_of_scope
from published.pages import Open, words_of
from published.version import make, tables
from warehouse.money import round_half_even

NOVEMBER = date(2026, 11, 1)


def unit(kind: str, scope: str) -> dict[str, object]:
    rows = tables()["unit_cost_month"].filter((pl.col("month") == NOVEMBER) & (pl.col("scope_kind") == kind))
    return rows.filter(scope=scope).row(0, named=True)


def test_unit_costs_are_as_published_with_their_coverage_beside_them(page: Open) -> None:
    shown = words_of(page("unit_cost"))
    whole = unit("platform", "platform")
    assert f"A thousand inferences cost {whole['per_1k_inferences']:.4g} USD in November 2026 so far" in shown
    assert f"Cost of failed requests {whole['failed_cost']:,.2f} USD {whole['failed']:,} failed" in shown
    assert f"Counted {whole['coverage'] * 100:.1f} %" in shown  # type: ignore[operator]
    ocr = unit("service", "ocr")
    assert ocr["coverage"] == 0.91
    assert f"ocr {ocr['per_1k_inferences']:.4g} USD 91 % {ocr['cost']:,.2f} USD {ocr['requests']:,}" in shown
    chat = unit("service", "chat")
    assert (
        f"chat {chat['per_1m_tokens']:.4g} USD 100 % {chat['weighted_in']:.4g} USD {chat['weighted_out']:.4g} USD"
        in shown
    )


def test_what_cannot_be_divided_is_said(page: Open) -> None:
    shown = words_of(page("unit_cost"))
    assert "moderation costs money and served nothing that can be counted" in shown
    assert re.search(r"moderation no request counted 0 % [\d,]+\.\d\d USD 0 0 –", shown)
    assert "ocr no tokens" not in shown  # it counts none, so it has no row among the tokens


def test_unit_costs_of_models_teams_and_tenants(page: Open) -> None:
    for kind, scope in (("model", "chat-70b"), ("team", "vision"), ("tenant", "chat/acme")):
        app = page("unit_cost", **{"unit-of": kind})
        row = unit(kind, scope)
        assert f"{scope} {row['per_1k_inferences']:.4g} USD" in words_of(app), kind
    only = words_of(page("unit_cost", team="search"))
    assert "autocomplete" in only
    assert "summaries" not in only


def test_requests_without_a_tenant_are_said_so() -> None:
    assert said_of_scope("chat/__unallocated__") == "chat/(no tenant)"
    assert said_of_scope("org/chat") == "org/chat"
    assert said_of_scope("__unallocated__") == "(no owner)"


def test_no_tenants_is_no_failure(page: Open, tmp_path: Path) -> None:
    make(tmp_path, unit_cost_month=tables()["unit_cost_month"].filter(pl.col("scope_kind") != "tenant"))
    assert "carry no tenant label" in words_of(page("unit_cost", data=tmp_path, **{"unit-of": "tenant"}))


def test_training_runs_cost_what_the_table_says(page: Open) -> None:
    shown = words_of(page("unit_cost"))
    row = tables()["training_cost_month"].sort("per_successful_run").row(-1, named=True)
    amount = round_half_even(Fraction(row["per_successful_run"]))
    assert f"A successful run of {row['pipeline']} costs {amount:,.2f} USD" in shown
    assert f"{row['runs']} {row['successful']} {row['cost']:,.2f} USD" in shown


def test_budgets_are_as_published(page: Open) -> None:
    shown = words_of(page("budgets"))
    assert "research is over budget and assist will be at this pace, November 2026 so far" in shown
    status = tables()["budget_status"].filter((pl.col("end") > NOVEMBER) & (pl.col("start") < date(2026, 12, 1)))
    assert status.height == 6
    for row in status.to_dicts():
        kind, name = row["scope"].split(":")
        label = name if kind == "team" else f"{name} (service)"
        period = "Nov 2026" if row["period"] == "month" else "Q4 2026"
        assert (
            f"{label} {period} {row['spent']:,.2f} USD {row['share'] * 100:.0f} % {row['projected']:,.2f} USD "
            f"{row['budget']:,.2f} USD" in shown
        )
    assert "✕ over budget" in shown
    assert "▲ will be over" in shown


def test_budget_events_are_listed_and_a_budget_can_be_chosen(page: Open) -> None:
    app = page("budgets")
    event = tables()["budget_event"].filter(kind="projected").row(0, named=True)
    assert f"assist projected to pass 100 % of the monthly budget {event['spent']:,.2f} USD" in words_of(app)
    app.selectbox(key="budget").set_value("team:search month 2026-11-01").run()
    row = tables()["budget_status"].filter((pl.col("scope") == "team:search") & (pl.col("start") == NOVEMBER))
    left = row["budget"][0] - row["spent"][0]
    assert f"search in November 2026: {left:,.2f} USD left after 23 of 30 days" in words_of(app)


def test_an_ended_budget_has_no_projection(page: Open) -> None:
    shown = words_of(page("budgets", **{"month-from": "2026-10-01"}))
    assert re.search(r"search Oct 2026 [\d,.]+ USD \d+ % ended 26,000\.00 USD", shown)


def test_reconciliation_adds_up_by_sku(page: Open) -> None:
    shown = words_of(page("reconciliation"))
    days = tables()["reconciliation_day"].filter(pl.col("day") >= NOVEMBER)
    matched = days.filter(status="matched")
    metered = sum(matched["metered_cost"].to_list(), Decimal(0))
    billed = sum(matched["effective_cost"].to_list(), Decimal(0))
    more = re.search(r"The provider billed ([\d,.]+) USD more than was metered in November 2026 so far", shown)
    assert more
    assert abs(Decimal(more[1].replace(",", "")) - (billed - metered)) <= Decimal("0.03")  # three SKUs in cents
    h100 = matched.filter(sku="gpu-h100-80gb")
    cost = sum(h100["metered_cost"].to_list(), Decimal(0))
    found = re.search(r"gpu-h100-80gb NVIDIA-H100-80GB-HBM3 ([\d,.]+) USD ([\d,.]+) USD ([\d,.]+) USD", shown)
    assert found
    parts = [Decimal(part.replace(",", "")) for part in found.groups()]
    assert abs(parts[0] - cost) <= Decimal("0.01")
    assert parts[1] - parts[0] == parts[2]


def test_reconciliation_says_which_side_is_missing(page: Open) -> None:
    shown = words_of(page("reconciliation"))
    assert "(no SKU) Memory" in shown
    assert re.search(r"block-storage-ssd Block Storage – 386\.40 USD – 21 – other", shown)
    assert "gpu-l4 NVIDIA-L4 – 12.00 USD – 1 ○ not metered" in shown
    assert "Other charges 386.40 USD" in shown
    assert "support-gbp Support – – – 1 ✕ no rate" in shown
    assert "The widest gap is on 12 November" in shown
    assert "The bill reaches to 21 November." in shown
    assert "Row 4812 of billing/2026-11.csv repeats row 4811 and counts once." in shown


def test_without_a_bill_the_page_says_how_to_add_one(page: Open, tmp_path: Path) -> None:
    make(tmp_path, reconciliation_day=None, reconciliation_month=None)
    shown = words_of(page("reconciliation", data=tmp_path))
    assert "No bill has been collected for this period" in shown
    assert "type: focus" in shown
