"""The keys of the ledger: prices, owners, pools, budgets, rates; every wrong one is named on its line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from meterline.config.load import InvalidConfiguration, load
from warehouse.errors import ConfigurationError

EVERYTHING = """
report: {currency: USD, timezone: Europe/Berlin, close_after: 5d}
clusters: [{name: prod, region: eu-central-1}]
teams:
  - name: search
    namespaces: [search, {name: "search-*", from: 2026-10-15, to: 2026-11-01T06:00:00Z}]
    labels: [{name: app.kubernetes.io/ownedBy, value: "search*", from: 2026-10-15}]
    budget: {monthly: "40000.00", quarterly: "110000.00", thresholds: [0.9, 1.25]}
  - name: labs
services:
  - {name: chat, team: search, match: {namespace: search}, budget: {quarterly: "9000.00"}}
prices:
  gpu_hour:
    - {model: H100, price: "0.95", from: 2026-01-01, pricing: spot, cluster: prod, region: eu-central-1,
       instance_type: p5.48xlarge, currency: EUR}
  cpu_hour: [{price: "0.034", from: 2026-01-01}]
  ram_gib_hour: [{price: "0.0045", from: 2026-01-01}]
  node_hour: [{instance_type: p5, price: "98.32", from: 2026-01-01, gpus: 8, gpu_model: H100, base: {gpu: "1"}}]
  commitments: [{name: year, model: H100, count: 2, fee: "100.00", from: 2026-01-01, to: 2027-01-01}]
  discounts: [{percent: "8.5", resource: gpu, model: H100, cluster: prod, pricing: on_demand}]
  rates: [{currency: EUR, date: 2026-10-01, rate: "1.08"}]
allocation:
  basis: max
  idle: {by: cluster, split: even}
  shared:
    - {name: platform, namespaces: [kube-system, "monitoring*"], hourly: "0.30", monthly: "5000.00"}
    - {name: licences, split: fixed, weights: {search: "0.6", labs: "0"},
       monthly: [{price: "10.00", to: 2026-10-01}, {price: "12.00", from: 2026-10-01}]}
unit_cost: {token_weights: {output: "5"}}
billing: {skus: [{sku: "gpu-h100-*", model: H100}, {sku: "cpu*", resource: cpu}, {sku: "support*"}]}
"""


def test_every_key_of_the_ledger_is_read(write_config) -> None:
    config = load(write_config(EVERYTHING))
    assert config.report.close_after == timedelta(days=5)
    search, labs = config.teams
    assert [(one.name, one.start, one.end) for one in search.namespaces] == [
        ("search", None, None),
        ("search-*", datetime(2026, 10, 15, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ]
    assert (search.labels[0].name, search.labels[0].value) == ("app_kubernetes_io_owned_by", "search*")
    assert search.budget is not None
    assert search.budget.thresholds == (Decimal("0.9"), Decimal("1.25"))
    assert (labs.namespaces, labs.labels, labs.budget) == ((), (), None)
    assert config.services[0].budget is not None
    assert config.services[0].budget.thresholds == (Decimal("0.5"), Decimal("0.8"), Decimal(1))
    assert config.prices.gpu_hour[0].currency == "EUR"
    assert config.prices.cpu_hour[0].pricing == "on_demand"
    assert (config.prices.node_hour[0].cpus, config.prices.node_hour[0].base.cpu) == (0, 0)
    assert config.prices.rate_rows[0].rate == Decimal("1.08")
    assert config.allocation.basis == "max"
    platform, licences = config.allocation.shared
    assert (platform.split, platform.hourly[0].price, platform.hourly[0].start) == ("weighted", Decimal("0.30"), None)
    assert [one.price for one in licences.monthly] == [10, 12]
    weights = config.unit_cost.token_weights
    assert (weights.input, weights.output, weights.cached) == (1, 5, Decimal("0.1"))
    assert [(one.model, one.resource) for one in config.billing.skus] == [("H100", None), (None, "cpu"), (None, None)]


def test_without_them_all_is_as_it_was(write_config) -> None:
    config = load(write_config("data: x\n"))
    assert (config.allocation.basis, config.allocation.idle.by, config.allocation.idle.split) == (
        "request", "node", "none"
    )  # fmt: skip
    assert config.report.close_after is None
    assert config.prices.rate_rows == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("report: {close_after: 5}\n", "report.close_after: '5': expected a duration such as 30s, 5m, 6h, 30d or 2w"),
        ("report: {currency: usd}\n", "report.currency: 'usd': expected to match pattern '^[A-Z]{3}$'"),
        ("clusters: [{name: a, region: b}, {name: a, region: c}]\n",
         "clusters[1].name: 'a': expected a unique name, another of the clusters has this one"),
        ("teams: [{name: a, namespaces: [{name: n, from: 2026-10-01T00:07}]}]\n",
         "teams[0].namespaces[0].from: '2026-10-01T00:07': expected a multiple of 5 minutes such as "
         "2026-10-01T00:05:00Z"),
        ("teams: [{name: a, namespaces: [{name: n, from: 2026-10-02, to: 2026-10-02}]}]\n",
         "teams[0].namespaces[0].to: '2026-10-02': expected a time after from"),
        ("teams: [{name: a, namespaces: [{name: n, until: 2026-10-02}]}]\n",
         "teams[0].namespaces[0].until: unknown key, expected one of from, name, to"),
        ("teams: [{name: a, namespaces: [{name: n, to: 2026-10-03}]},\n"
         "  {name: b, namespaces: [{name: n, from: 2026-10-02}]}]\n",
         "teams[1].namespaces[0].name: 'n': expected one owner, team a claims it too from 2026-10-02T00:00:00Z until "
         "2026-10-03T00:00:00Z"),
        ("teams: [{name: a, namespaces: [kube]}]\nallocation: {shared: [{name: p, namespaces: [kube]}]}\n",
         "allocation.shared[0].namespaces[0]: 'kube': expected one owner, team a claims it too"),
        ("allocation: {shared: [{name: p, namespaces: [k]}, {name: q, namespaces: [k]}]}\n",
         "allocation.shared[1].namespaces[0]: 'k': expected one owner, shared pool p claims it too"),
        ("teams: [{name: a, labels: [{name: x/y, value: v}]}, {name: b, labels: [{name: x_y, value: v}]}]\n",
         "teams[1].labels[0].value: 'v': expected one owner, team a claims it too"),
        ("teams: [{name: a, labels: [{name: -x, value: v}]}]\n",
         "teams[0].labels[0].name: '-x': expected the name of a pod's label such as team or app.kubernetes.io/name"),
        ("teams: [{name: a, labels: [{name: x}]}]\n", "teams[0].labels[0].value: this key is required"),
        ("teams: [{name: a, budget: {}}]\n", "teams[0].budget: expected monthly, quarterly or both"),
        ("teams: [{name: a, budget: {monthly: '1', thresholds: [0.5, 0.50]}}]\n",
         "teams[0].budget: expected some thresholds, each once"),
        ("teams: [{name: a, budget: {monthly: '1', thresholds: []}}]\n",
         "teams[0].budget: expected some thresholds, each once"),
        ("teams: [{name: a, budget: {monthly: '1', thresholds: [0]}}]\n",
         "teams[0].budget.thresholds[0]: '0': expected greater than 0"),
        ("teams: [{name: a, budget: {monthly: '1', thresholds: [80 %]}}]\n",
         "teams[0].budget.thresholds[0]: '80 %': expected a valid decimal"),
        ("prices: {cpu_hour: [{price: 0.034, from: 2026-01-01}]}\n",
         "prices.cpu_hour[0].price: '0.034': a float cannot hold money exactly: write \"0.034\" in quotes"),
        ("prices: {cpu_hour: [{price: '1'}]}\n", "prices.cpu_hour[0].from: this key is required"),
        ("prices: {cpu_hour: [{price: '-1', from: 2026-01-01}]}\n",
         "prices.cpu_hour[0].price: '-1': expected greater than or equal to 0"),
        ("prices: {ram_gib_hour: [{price: '1', from: 2026-01-01, pricing: reserved}]}\n",
         "prices.ram_gib_hour[0].pricing: 'reserved': expected 'on_demand' or 'spot'"),
        ("prices: {cpu_hour: [{price: '1', from: 2026-01-01, model: H}]}\n",
         "prices.cpu_hour[0].model: unknown key, expected one of"),
        ("prices: {node_hour: [{instance_type: p, price: '1', from: 2026-01-01, gpus: 8, base: {gpu: '1'}}]}\n",
         "prices.node_hour[0]: expected gpus and gpu_model together"),
        ("prices: {node_hour: [{instance_type: p, price: '1', from: 2026-01-01, cpus: 8, base: {gpu: '1'}}]}\n",
         "prices.node_hour[0]: expected some of gpus, cpus, ram_gib with a base price above zero, to split the price"),
        ("prices: {commitments: [{name: c, model: H, count: 0, fee: '1', from: 2026-01-01, to: 2026-02-01}]}\n",
         "prices.commitments[0].count: '0': expected greater than or equal to 1"),
        ("prices: {commitments: [{name: c, model: H, count: 1, fee: '1', from: 2026-01-01}]}\n",
         "prices.commitments[0].to: this key is required"),
        ("prices: {commitments: [{name: c, model: H, count: 1, fee: '1', from: 2026-01-01, to: 2026-02-01T00:01}]}\n",
         "prices.commitments[0].to: '2026-02-01T00:01': expected a multiple of 5 minutes such as 2026-02-01T00:00:00Z"),
        ("prices: {discounts: [{percent: '101'}]}\n",
         "prices.discounts[0].percent: '101': expected less than or equal to 100"),
        ("prices: {discounts: [{percent: 7.5}]}\n",
         "prices.discounts[0].percent: '7.5': a float cannot hold a percentage exactly: write \"7.5\" in quotes"),
        ("prices: {discounts: [{percent: '1', resource: cpu, model: H}]}\n",
         "prices.discounts[0]: expected no model beside resource cpu: only GPUs have one"),
        ("prices: {discounts: [{percent: '1', from: 2026-01-01T00:00:01}]}\n",
         "prices.discounts[0].from: '2026-01-01T00:00:01': expected a multiple of 5 minutes such as "
         "2026-01-01T00:00:00Z"),
        ("prices: {rates: [{currency: EUR, date: 2026-01-01, rate: '0'}]}\n",
         "prices.rates[0].rate: '0': expected greater than 0"),
        ("prices: {rates: [{currency: EUR, date: 20260101, rate: '1'}]}\n",
         "prices.rates[0].date: '20260101': expected a day such as 2026-10-01"),
        ("prices: {rates: [{currency: EUR, date: 2026-01-01, rates: '1', rate: '1'}]}\n",
         "prices.rates[0].rates: unknown key, did you mean rate?"),
        ("prices: {rates: [{currency: USD, date: 2026-01-01, rate: '1'}]}\n",
         "prices.rates[0].currency: 'USD': expected another currency than the report's, whose rate is 1"),
        ("prices: {rates: [{currency: EUR, date: 2026-01-01, rate: '1'},\n"
         "  {currency: EUR, date: 2026-01-01, rate: '2'}]}\n",
         "prices.rates[1].date: '2026-01-01': expected one rate of EUR a day, another has this date"),
        ("allocation: {basis: requests}\n", "allocation.basis: 'requests': expected 'request', 'usage' or 'max'"),
        ("allocation: {idle: {split: fixed}}\n",
         "allocation.idle.split: 'fixed': expected 'none', 'weighted' or 'even'"),
        ("allocation: {shared: [{name: p}]}\n",
         "allocation.shared[0]: expected at least one of namespaces, hourly, monthly"),
        ("allocation: {shared: [{name: p, hourly: '1'}, {name: p, hourly: '1'}]}\n",
         "allocation.shared[1].name: 'p': expected a unique name, another of the shared pools has this one"),
        ("allocation: {shared: [{name: p, hourly: 0.3}]}\n",
         "allocation.shared[0].hourly: '0.3': a float cannot hold money exactly: write \"0.3\" in quotes"),
        ("allocation: {shared: [{name: p, hourly: [{price: '1', form: 2026-01-01}]}]}\n",
         "allocation.shared[0].hourly[0].form: unknown key, did you mean from?"),
        ("teams: [{name: a}]\nallocation: {shared: [{name: p, hourly: '1', weights: {a: '1'}}]}\n",
         "allocation.shared[0]: expected no weights with split weighted: they are for split fixed"),
        ("teams: [{name: a}]\nallocation: {shared: [{name: p, hourly: '1', split: fixed, weights: {a: '0'}}]}\n",
         "allocation.shared[0]: expected weights with at least one above zero, such as weights: {search: \"0.6\"}"),
        ("teams: [{name: a}]\nallocation: {shared: [{name: p, hourly: '1', split: fixed, weights: {b: '1'}}]}\n",
         "allocation.shared[0].weights.b: '1': expected the name of a team: a"),
        ("unit_cost: {token_weights: {input: '0', output: '0', cached: '0'}}\n",
         "unit_cost.token_weights: expected at least one weight above zero"),
        ("unit_cost: {token_weights: {input: '-1'}}\n",
         "unit_cost.token_weights.input: '-1': expected greater than or equal to 0"),
        ("billing: {skus: [{sku: 'x['}]}\n", "billing.skus[0].sku: 'x[': expected a ] after the [ in 'x['"),
        ("billing: {skus: [{sku: x, resource: memory, model: H}]}\n",
         "billing.skus[0]: expected no model beside resource memory: only GPUs have one"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(write_config, text: str, expected: str) -> None:
    path = write_config(text)
    with pytest.raises(InvalidConfiguration) as caught:
        load(path)
    [problem] = caught.value.problems
    assert problem.split(": ", 1)[1].startswith(expected)
    assert problem.startswith(f"{path}:{text.rstrip().count(chr(10)) + 1}: ")


def test_a_pattern_may_change_hands_at_a_moment(write_config) -> None:
    moment = "2026-10-15T06:00:00Z"
    text = (
        f"teams:\n  - {{name: a, namespaces: [{{name: n, to: {moment}}}, {{name: m, from: {moment}}}]}}\n"
        f"  - {{name: b, namespaces: [{{name: n, from: {moment}}}, {{name: m, to: {moment}}}]}}\n"
    )
    assert len(load(write_config(text)).teams) == 2


RATES = "prices: {rates: rates.csv}\n"


def test_rates_may_stand_in_a_file_of_their_own(write_config) -> None:
    path = write_config(RATES)
    (path.parent / "rates.csv").write_text("\ufeffcurrency, date, rate\nEUR,2026-10-01,1.08\n\nGBP,2026-10-01, 1.25\n")
    assert [(one.currency, one.date, one.rate) for one in load(path).prices.rate_rows] == [
        ("EUR", date(2026, 10, 1), Decimal("1.08")), ("GBP", date(2026, 10, 1), Decimal("1.25"))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", ":1: expected the columns date, currency, rate"),
        ("date,currency,price\n", ":1: expected the columns date, currency, rate"),
        ("date,currency,rate\n2026-10-01,EUR\n", ":2: expected 3 values, got 2"),
        ("date,currency,rate\n\n2026-10-01,EUR,1.0x\n", ":3: rate: '1.0x': expected a valid decimal"),
        ("date,currency,rate\n2026-10-01,EUR,-1\n", ":2: rate: '-1': expected greater than 0"),
        ("date,currency,rate\n01.10.2026,EUR,1\n", ":2: date: '01.10.2026': expected a day such as 2026-10-01"),
        ("date,currency,rate\n2026-10-01,USD,1\n",
         ":2: currency: 'USD': expected another currency than the report's, whose rate is 1"),
        ("date,currency,rate\n2026-10-01,EUR,1\n2026-10-01,EUR,2\n",
         ":3: date: '2026-10-01': expected one rate of EUR a day, another has this date"),
    ],
)  # fmt: skip
def test_a_file_of_rates_is_judged_like_the_configuration(write_config, rows: str, expected: str) -> None:
    path = write_config(RATES)
    (path.parent / "rates.csv").write_text(rows)
    with pytest.raises(InvalidConfiguration) as caught:
        load(path)
    assert caught.value.problems == (f"{path.parent / 'rates.csv'}{expected}",)


def test_a_long_list_of_wrong_rates_is_cut(write_config) -> None:
    path = write_config(RATES)
    (path.parent / "rates.csv").write_text("date,currency,rate\n" + "x,EUR,1\n" * 50)
    with pytest.raises(InvalidConfiguration) as caught:
        load(path)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].endswith("30 more")


def test_a_file_of_rates_that_cannot_be_read(write_config, tmp_path: Path) -> None:
    path = write_config(RATES)
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        load(path)
    assert caught.value.remedy == "prices.rates in the configuration names it"
    (tmp_path / "rates.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(path)
    (tmp_path / "rates.csv").write_text('date,currency,rate\n"2026')
    with pytest.raises(ConfigurationError, match="not CSV"):
        load(path)
