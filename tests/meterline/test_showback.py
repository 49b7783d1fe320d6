"""`meterline showback` and its route over a small published version: amounts worked by hand in small_bill."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

import small_bill
from meterline.api import create_app


@pytest.fixture
def config(tmp_path: Path) -> Path:
    small_bill.make(tmp_path / "data")
    path = tmp_path / "meterline.yaml"
    path.write_text("data: data\n")
    return path


@pytest.fixture
def ask(cli, config: Path):
    """`ask("--by", "team")` runs showback of November."""
    return lambda *words: cli("showback", "--config", config, "--month", "2026-11", *words)


def test_json_keeps_its_keys_and_says_what_the_bill_is(ask) -> None:
    ran = ask("--json")
    bill = json.loads(ran.out)
    assert ran.code == 0
    assert {name: bill[name] for name in bill if name not in ("rows", "incomplete")} == {
        "month": "2026-11", "by": ["team"], "currency": "EUR", "timezone": "Europe/Berlin", "status": "to date",
        "version": "v000001", "idle": "shared", "where": {}, "until": None, "total": "505.00",
        "gpu_hours": "205.000000",
    }  # fmt: skip
    assert [(row["team"], row["cost"]) for row in bill["rows"]] == [
        ("search", "317.50"), ("vision", "187.50"), ("research", "0.00")
    ]  # fmt: skip
    assert [text.split(" has")[0] for text in bill["incomplete"][:1]] == ["B200"]
    assert bill["incomplete"][-1].startswith("B200: no price of B200 is valid then")
    assert ran.err.splitlines() == [f"note: {text}" for text in bill["incomplete"]]


def test_trouble_with_prices_after_the_newest_fact_does_not_make_a_bill_incomplete(ask, config: Path) -> None:
    begins = [small_bill.FACTS_TO - timedelta(minutes=5), small_bill.FACTS_TO, None]
    problems = [
        {"subject": "EUR->USD", "valid_from": moment, "valid_to": None, "problem": f"no rate {number}", "remedy": "add"}
        for number, moment in enumerate(begins)
    ]
    times = {"valid_from": pl.Datetime("us"), "valid_to": pl.Datetime("us")}
    small_bill.make(config.parent / "data", cost_problem=pl.DataFrame(problems, schema_overrides=times))
    told = " ".join(json.loads(ask("--json").out)["incomplete"])
    assert [f"no rate {number}" in told for number in range(3)] == [True, False, True]


def test_the_parts_of_a_row(ask) -> None:
    rows = {row["team"]: row for row in json.loads(ask("--json", "--idle", "separate").out)["rows"]}
    # search: 60 of 100 h and 4 of 4 h used; the 2 h taken back were not measured
    assert rows["search"] == {
        "team": "search", "gpu_hours": "102.000000", "cost": "255.00", "list_cost": "255.00", "usage_cost": "160.00",
        "workload_idle_cost": "100.00", "unmeasured_cost": "-5.00",
    }  # fmt: skip
    assert rows["__idle__"]["cost"] == "100.00"
    assert rows["vision"]["unmeasured_cost"] == "150.00"


def test_filters_and_groups(ask) -> None:
    one = json.loads(ask("--json", "--by", "team,label:app", "--where", "label:app=ocr").out)
    assert one["rows"] == [
        {"team": "vision", "label:app": "ocr", "gpu_hours": "75.000000", "cost": "187.50", "list_cost": "187.50",
         "usage_cost": "0.00", "workload_idle_cost": "37.50", "unmeasured_cost": "150.00"},
    ]  # fmt: skip
    both = json.loads(ask("--json", "--where", "team=search", "--where", "team=vision").out)
    assert (both["total"], both["where"]) == ("505.00", {"team": ["search", "vision"]})


def test_month_to_date_leaves_out_the_day_that_has_only_begun(ask) -> None:
    bill = json.loads(ask("--json", "--to-date").out)
    assert (bill["total"], bill["until"], bill["status"]) == ("495.00", "2026-11-10", "to date")


def test_a_closed_month(cli, config: Path) -> None:
    bill = json.loads(cli("showback", "--config", config, "--month", "2026-10", "--json", "--to-date").out)
    assert (bill["total"], bill["status"], bill["until"]) == ("20.00", "closed", None)


@pytest.mark.parametrize(
    ("facts_to", "status"),
    [
        (datetime(2026, 11, 30, 22, 59, 59), "to date"),  # 23:59:59 in Berlin
        (datetime(2026, 11, 30, 23), "open"),
        (None, "to date"),
    ],
)
def test_a_month_ends_in_the_time_zone_of_the_report(cli, config: Path, facts_to: datetime | None, status: str) -> None:
    about = {"currency": "EUR", "timezone": "Europe/Berlin", "facts_to": facts_to}
    meta = pl.DataFrame([about], schema_overrides={"facts_to": pl.Datetime("us")})
    small_bill.make(config.parent / "data", meta=meta)
    bill = json.loads(cli("showback", "--config", config, "--month", "2026-11", "--json").out)
    assert bill["status"] == status


def test_the_table_shows_what_of_the_cost_was_used(ask) -> None:
    lines = [row.split() for row in ask().out.splitlines()]
    assert lines[0] == ["TEAM", "GPU_HOURS", "COST", "USAGE_COST", "WORKLOAD_IDLE_COST", "UNMEASURED_COST"]
    assert lines[1] == ["search", "127.000000", "317.50", "160.00", "162.50", "-5.00"]
    assert lines[-1] == ["total", "205.000000", "505.00", "160.00", "200.00", "145.00"]
    october = [row.split() for row in ask("--month", "2026-10").out.splitlines()]
    assert october[0] == ["TEAM", "GPU_HOURS", "COST", "USAGE_COST", "WORKLOAD_IDLE_COST"]


def test_the_basis_orders_rows(ask) -> None:
    by_use = [row["team"] for row in json.loads(ask("--json", "--idle", "separate", "--basis", "usage").out)["rows"]]
    by_cost = [row["team"] for row in json.loads(ask("--json", "--idle", "separate").out)["rows"]]
    assert (by_cost, by_use[0]) == (["search", "vision", "__idle__", "research"], "search")
    assert json.loads(ask("--json", "--by", "kind", "--basis", "usage").out)["total"] == "505.00"


def test_csv(ask, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("--format", "csv").out)))
    assert list(rows[0]) == ["team", "gpu_hours", "cost", "list_cost", "usage_cost", "workload_idle_cost",
                             "unmeasured_cost"]  # fmt: skip
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("505.00")
    assert ask("--format", "csv", "--out", tmp_path / "bill.csv").out == ""
    assert (tmp_path / "bill.csv").read_bytes().decode() == ask("--format", "csv").out


def test_focus_adds_up_and_passes_its_own_check(ask, cli, tmp_path: Path) -> None:
    file = tmp_path / "focus.csv"
    ran = ask("--format", "focus", "--by", "team,label:app", "--out", file)
    assert (ran.code, ran.out) == (0, "")
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode())))
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("505.00")
    assert {row["x_AllocatedMethodId"] for row in rows} >= {"capacity-by-max"}
    assert {(row["InvoiceId"], row["BillingCurrency"], row["x_Incomplete"]) for row in rows} == {("", "EUR", "true")}
    assert '"app": "ocr"' in {row["SubAccountId"]: row["Tags"] for row in rows}["vision"]
    assert {row["BillingPeriodStart"] for row in rows} == {"2026-10-31T23:00:00Z"}
    assert cli("showback", "--check", file).out == f"{file} passes all 20 checks\n"
    assert ask("--check", file).out == f"{file} passes all 21 checks\n"
    assert ask("--format", "focus").out.count("\n") == ask("--format", "focus", "--out", file).out.count("\n") + len(
        file.read_bytes().decode().splitlines()
    )


def test_focus_of_a_filter_and_by_month(ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("--format", "focus", "--where", "team=vision").out)))
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("187.50")
    whole = list(csv.DictReader(io.StringIO(ask("--format", "focus", "--charge-period", "month").out)))
    own = [row for row in whole if row["SubAccountId"] == "search" and row["x_Charge"] == "allocation"]
    assert sorted(row["PricingQuantity"] for row in own) == ["-2.00", "104.00"]


def test_focus_of_a_closed_month_has_its_invoice(cli, config: Path) -> None:
    ran = cli("showback", "--config", config, "--month", "2026-10", "--format", "focus")
    assert {row["InvoiceId"] for row in csv.DictReader(io.StringIO(ran.out))} == {"showback-2026-10"}


def test_a_file_that_breaks_a_rule_is_1_and_every_row_is_named(ask, cli, tmp_path: Path) -> None:
    good = ask("--format", "focus").out
    file = tmp_path / "bad.csv"
    file.write_bytes(good.replace(",EUR,", ",eur,", 1).encode())
    ran = cli("showback", "--check", file)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: currency code: row 1: BillingCurrency is 'eur', expected an ISO 4217 code such as EUR\n"
    told = json.loads(cli("showback", "--check", file, "--json").out)
    assert (told["problems"][0]["row"], len(told["checks"])) == (1, 20)
    october = cli("showback", "--config", file.parent / "meterline.yaml", "--month", "2026-10", "--check", file)
    assert "the report's total is 20.00" in october.err


@pytest.mark.parametrize(
    ("words", "message", "remedy"),
    [
        (("--by", "colour"), "cannot group cost by colour", "choose among team, "),
        (("--by", ","), "cannot group cost by nothing", "choose among team, "),
        (("--by", "label:zone"), "no pod has a label zone in 2026-11", "labels there are: app"),
        (("--where", "team"), "'team' is no filter", "write dimension=value, for example team=search"),
        (("--where", "colour=red"), "cannot filter cost by colour", "choose among team, "),
        (("--where", "team=serch"), "no cost of 2026-11 has team 'serch'", "there is __idle__, research, search, "),
        (("--where", "label:app=x"), "no cost of 2026-11 has label:app 'x'", "there is __idle__, __unallocated__, "),
        (("--format", "pdf"), "format 'pdf' is not available", "available formats: table, csv, json, focus, html"),
        (("--format", "focus", "--where", "charge=idle"), "a FOCUS file cannot be filtered by charge", "filter by x"),
        (("--check", "no-such.csv"), "cannot read no-such.csv (No such file", "name a FOCUS file in CSV"),
        (("--format", "csv", "--out", "/no/such/folder/x"), "cannot write /no/such/folder/x", "name another file"),
    ],
)  # fmt: skip
def test_wrong_words_are_2_and_say_what_there_is(ask, words: tuple[str, ...], message: str, remedy: str) -> None:
    ran = ask(*words)
    assert (ran.code, ran.out) == (2, "")
    assert f"error: {message}" in ran.err
    assert f"fix: {remedy}" in ran.err


def test_a_month_is_needed_but_for_a_check(cli, config: Path) -> None:
    ran = cli("showback", "--config", config)
    assert (ran.code, "Missing option '--month'" in ran.err) == (2, True)


def test_a_month_without_facts_is_no_bill_of_zero(cli, config: Path) -> None:
    ran = cli("showback", "--config", config, "--month", "2020-01", "--json")
    bill = json.loads(ran.out)
    assert (ran.code, bill["rows"], bill["total"], bill["gpu_hours"]) == (0, [], None, None)
    assert ran.err == "note: no use or capacity was recorded in 2020-01\n"
    assert cli("showback", "--config", config, "--month", "2020-01", "--where", "team=any").code == 0
    for form in ("table", "csv", "focus", "html"):
        assert cli("showback", "--config", config, "--month", "2020-01", "--format", form).code == 0


def test_a_version_without_cost_lines_says_what_to_do(cli, config: Path) -> None:
    small_bill.make(config.parent / "data", cost_transfer=None)
    ran = cli("showback", "--config", config, "--month", "2026-11")
    assert ran.code == 1
    assert ran.err.startswith("error: v000002 has no table cost_transfer: what computes it has not succeeded yet\n")


def test_a_version_of_before_the_ledger_is_told(cli, config: Path) -> None:
    old = small_bill.tables()["cost_line"].drop("billing_month")
    small_bill.make(config.parent / "data", cost_line=old)
    ran = cli("showback", "--config", config, "--month", "2026-11")
    assert (ran.code, "run `meterline analyze` to publish a new one" in ran.err) == (1, True)


def test_what_is_optional_may_be_missing(cli, config: Path) -> None:
    small_bill.make(config.parent / "data", closing=None, cost_problem=None, allocation_policy=None)
    bill = json.loads(cli("showback", "--config", config, "--month", "2026-11", "--json").out)
    assert (bill["total"], bill["status"]) == ("505.00", "to date")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ()),
        ("&by=team,label:app&idle=separate", ("--by", "team,label:app", "--idle", "separate")),
        ("&where=team%3Dsearch&where=team%3Dvision&where=kind%3Dgpu",
         ("--where", "team=search", "--where", "team=vision", "--where", "kind=gpu")),
    ],
)  # fmt: skip
def test_the_api_says_what_the_command_says(ask, config: Path, query: str, words: tuple[str, ...]) -> None:
    client = TestClient(create_app(config.parent / "data"), base_url="http://127.0.0.1")
    answer = client.get(f"/api/v1/showback?month=2026-11{query}")
    assert (answer.status_code, answer.json()) == (200, json.loads(ask("--json", *words).out))


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("&idle=none", "idle is 'none'"), ("&where=team", "'team' is no filter"),
        ("&where=team%3Dx", "no cost of 2026-11 has team 'x'"), ("&by=", "cannot group cost by nothing"),
    ],
)  # fmt: skip
def test_the_api_refuses_what_it_does_not_understand(config: Path, query: str, error: str) -> None:
    client = TestClient(create_app(config.parent / "data"), base_url="http://127.0.0.1")
    answer = client.get(f"/api/v1/showback?month=2026-11{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["remedy"]
