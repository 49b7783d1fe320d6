"""Showback: the bill to the cent, the way down to a pod, the switch, what is missing and what can be taken away."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from urllib.parse import parse_qs

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.names import said
from published.bills import with_exact
from published.pages import Open, words_of
from published.version import make, tables
from warehouse.money import round_half_even

NOVEMBER = date(2026, 11, 1)


def bill(by: str, month: date = NOVEMBER) -> dict[str, Decimal]:
    rows = tables()["showback_month"].filter((pl.col("month") == month) & (pl.col("by") == by))
    return dict(rows.select("key", "cost").rows())


def exact(**where: str) -> Decimal:
    """Cost of November's lines with these values, rounded once."""
    rows = with_exact(tables()["cost_line"], tables()["cost_transfer"])
    kept = [
        row for row in rows
        if row["billing_month"] == NOVEMBER and all(row[name] == value for name, value in where.items())
    ]  # fmt: skip
    return round_half_even(sum((row["exact"] for row in kept), Fraction(0)))


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert [error.value for error in app.exception] == []
    return app


@pytest.mark.parametrize(
    "by", ["team", "cost_center", "service", "model", "cluster", "namespace", "gpu_model", "kind", "pricing"]
)
def test_every_grouping_is_the_bill_to_the_cent(page: Open, by: str) -> None:
    shown = words_of(page("showback", by=by))
    rows = bill(by)
    total = sum(rows.values(), Decimal(0))
    assert f"The platform cost {total:,.2f} USD in November 2026 so far" in shown
    assert f"Charged {total:,.2f} USD allocation basis" in shown
    for key, cost in rows.items():
        assert re.search(rf"{re.escape(said(key, by))} › {cost:,.2f} USD {cost / total * 100:.1f} %", shown), key


def test_what_was_used_stands_beside_what_was_charged(page: Open) -> None:
    shown = words_of(page("showback", by="team", shared=False))
    rows = [
        row for row in tables()["cost_line"].to_dicts() if row["billing_month"] == NOVEMBER and row["team"] == "search"
    ]
    cost = {"used": Fraction(0), "idle": Fraction(0)}
    for row in rows:
        unit = Fraction(row["price"]) * row["share_num"] / row["share_den"] / row["price_den"] / 3_600_000
        cost["used"] += int(row["used"]) * unit
        cost["idle"] += (int(row["quantity"]) - int(row["used"])) * unit
    used, idle = round_half_even(cost["used"]), round_half_even(cost["idle"])
    assert abs(exact(team="search", charge="allocation") - used - idle) <= Decimal("0.01")
    assert re.search(rf"search › [\d,.]+ USD [\d.]+ % {used:,.2f} USD {idle:,.2f} USD", shown)


def test_the_switch_shows_idle_and_shared_cost_as_own_rows(page: Open) -> None:
    apart = words_of(page("showback", by="team", shared=False))
    assert re.search(
        rf"\(requested by nobody\) › {exact(team='__idle__', charge='idle') + exact(charge='unused'):,.2f}", apart
    )
    assert re.search(r"\(shared\) › [\d,.]+ USD", apart)
    together = words_of(page("showback", by="team"))
    assert "(shared) ›" not in together
    assert re.search(rf"search › {bill('team')['search']:,.2f} USD", together)


def test_a_policy_that_shares_nothing_leaves_the_switch_off(page: Open, tmp_path: Path) -> None:
    make(tmp_path, cost_transfer=tables()["cost_transfer"].clear())
    app = page("showback", data=tmp_path, by="team")
    assert app.toggle[0].disabled
    assert app.toggle[0].value is False
    assert "(requested by nobody) ›" in words_of(app)


def test_from_the_organisation_down_to_a_pod_and_back(page: Open) -> None:
    app = page("showback")
    for row, whose in (("CC-100", {"cost_center": "CC-100"}), ("assist", {"team": "assist"}),
                       ("chat", {"service": "chat"}), ("chat-0", {"pod": "chat-0"})):  # fmt: skip
        shown = words_of(press(app, f"Open {row}"))
        assert f"{row} cost {exact(**whose):,.2f} USD in November 2026 so far" in shown
    assert app.query_params["in"] == ["cost_center:CC-100", "team:assist", "service:chat", "pod:chat-0"]
    crumbs = [button.label for button in app.button if (button.key or "").startswith("crumb-")]
    assert crumbs == ["Organisation", "CC-100", "assist", "chat"]
    shown = words_of(press(app, "CC-100"))
    assert "CC-100 cost" in shown
    assert "assist ›" in shown
    assert "The platform cost" in words_of(press(app, "Organisation"))


def test_an_address_shows_the_same_place_again(page: Open) -> None:
    address = parse_qs("in=team:vision&in=service:ocr")
    shown = words_of(page("showback", query=address))
    assert f"ocr cost {exact(service='ocr'):,.2f} USD" in shown
    assert "ocr-1 ›" in shown
    odd = words_of(page("showback", query={"in": ["nothing", "team:nobody"]}))
    assert "Nothing was charged" in odd


def test_a_team_without_services_opens_into_namespaces(page: Open) -> None:
    shown = words_of(page("showback", query={"in": ["team:research"]}))
    assert "namespaces instead" in shown
    assert "research ›" in shown


def test_the_team_chosen_above_is_the_top_of_the_way(page: Open) -> None:
    app = page("showback", team="search")
    shown = words_of(app)
    assert f"search cost {exact(team='search'):,.2f} USD" in shown
    assert "autocomplete ›" in shown
    assert "assist ›" not in shown
    press(app, "Open autocomplete")
    assert f"autocomplete cost {exact(service='autocomplete'):,.2f} USD" in words_of(app)


def test_open_closed_and_corrected_months_are_named(page: Open) -> None:
    shown = words_of(page("showback"))
    assert "○ November 2026 is open" in shown
    # -36 h of A100 at 1.40 x 0.92 and +12 h of H100 at 2.50: -46.368 + 30
    assert "± Corrections of closed months in this: −16.37 USD" in shown
    shown = words_of(page("showback", **{"month-from": "2026-10-01"}))
    assert "✓ October 2026 is closed since 6 Nov 2026 03:00 UTC, as in version v000019." in shown
    assert "Corrected by −16.37 USD in later bills." in shown
    assert f"The platform cost {sum(bill('team', date(2026, 10, 1)).values(), Decimal(0)):,.2f} USD" in shown


def test_an_incomplete_bill_says_what_is_missing(page: Open) -> None:
    shown = words_of(page("showback"))
    assert "This bill is incomplete." in shown
    assert "18.0 GPU-hours of NVIDIA-L40S have no price from 17 Nov to 19 Nov: they are in no amount here." in shown
    assert "Add it to prices.gpu_hour." in shown
    assert "This bill is incomplete." not in words_of(page("showback", team="search"))


def test_weeks_and_quarters_add_up_too(page: Open) -> None:
    months = sum(bill("team").values(), Decimal(0)) + sum(bill("team", date(2026, 10, 1)).values(), Decimal(0))
    assert f"The platform cost {months:,.2f} USD in Q4 2026 so far" in words_of(page("showback", grain="quarter"))
    shown = words_of(page("showback", grain="week", by="team"))
    rows = with_exact(tables()["cost_line"], tables()["cost_transfer"])
    inside = [row["exact"] for row in rows if date(2026, 11, 16) <= row["report_day"] < date(2026, 11, 23)]
    total = round_half_even(sum(inside, Fraction(0)))
    assert f"The platform cost {total:,.2f} USD in week 47" in shown
    amounts = re.findall(r"› ([\d,]+\.\d\d) USD", shown)
    assert sum(Decimal(amount.replace(",", "")) for amount in amounts) == total
