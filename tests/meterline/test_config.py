"""Every wrong configuration is refused with the line, the key, the value and what was expected."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from meterline.config.alerting import Alerting
from meterline.config.load import InvalidConfiguration, load
from meterline.config.schema import json_schema
from warehouse.errors import ConfigurationError

TEMPLATE = (files("meterline.config") / "template.yaml").read_text()


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(InvalidConfiguration) as caught:
        load(path)
    assert caught.value.exit_code == 2
    return caught.value.problems


def test_the_example_of_the_documentation_is_read(write_config) -> None:
    path = write_config(
        """
        data: ./data
        report: {currency: USD, timezone: UTC}
        teams:
          - {name: search, namespaces: [search, "search-*"], cost_center: CC-100, budget: {monthly: "40000.00"}}
        services:
          - {name: chat, team: search, tier: 1, path: paved_road, match: {namespace: search, model_name: chat-70b}}
        prices:
          gpu_hour:
            - {model: NVIDIA-H100-80GB-HBM3, price: "2.50", from: 2026-01-01}
        sources:
          - {name: prod, type: prometheus, url: http://127.0.0.1:9090, profiles: [dcgm, kube-state-metrics, vllm]}
        slos: [slos/*.yaml]
        alerting: alertmanager.yml
        quota: {mode: observe, teams: {search: {floor: 4, ceiling: 64}}}
        engine: duckdb
        """
    )
    config = load(path)
    assert config.data == path.parent / "data"
    assert config.prices.gpu_hour[0].price == Decimal("2.50")
    assert config.prices.gpu_hour[0].start == datetime(2026, 1, 1, tzinfo=UTC)
    assert config.sources[0].every == timedelta(minutes=5)
    assert config.alerting is not None
    assert config.alerting.file == path.parent / "alertmanager.yml"


def test_the_template_is_valid_and_so_are_its_comments(write_config) -> None:
    plain = load(write_config(TEMPLATE))
    assert (plain.sources[0].name, plain.prices.commitments, plain.allocation.shared) == ("prod", (), ())
    opened = re.sub(r"(?m)^( *)# ( *(?:- )?\{?[a-z_]+:(?: |$))", r"\1\2", TEMPLATE)
    config = load(write_config(opened))
    assert config.services[0].latency is not None
    assert config.services[0].latency.threshold == timedelta(seconds=2)
    assert [source.name for source in config.sources] == ["prod", "flows", "drift", "bill", "pages", "ops", "desk"]
    assert config.clusters[0].region == "eu-central-1"
    assert config.prices.node_hour[0].base.cpu == Decimal("0.034")
    # 8 GPUs x 8,760 hours x 1.50
    assert config.prices.commitments[0].fee == 8 * 8760 * Decimal("1.50")
    assert config.prices.rate_rows[0].date == date(2026, 10, 1)
    assert config.allocation.shared[0].monthly[0].price == Decimal(5000)
    assert config.billing.skus[1].resource == "cpu"
    written, alerting = yaml.safe_load(opened), config.alerting
    assert set(written) == set(type(config).model_fields), "the template shows every key"
    assert alerting is not None
    assert set(written["alerting"]) == type(alerting).model_fields.keys() - {"alertmanager"}, "one or the other"
    assert alerting == Alerting(
        file=config.data.parent / "alertmanager.yml", rules=alerting.rules, owner="platform-oncall",
        external_url="https://meterline.example.com", heartbeat={"url": "https://hc.example.com/ping/abc"},
    ), "what is not the user's own is the default"  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: x\nreprot: {}\n", ":2: reprot: unknown key, did you mean report?"),
        ("data: a\ndata: b\n", ":2: data: written twice, expected once"),
        ("engine: spark://host:7077\n", ":1: engine: 'spark://host:7077': Spark is not available yet: expected duckdb"),
        ("engine: trino\n", ":1: engine: 'trino': expected duckdb"),
        ("report: {timezone: Mars/Base}\n",
         ":1: report.timezone: 'Mars/Base': expected a time zone such as UTC or Europe/Berlin"),
        ("teams:\n  - {name: a, namespaces: [Search]}\n",
         ":2: teams[0].namespaces[0]: 'Search': expected a namespace or a pattern with * and ? such as search-*"),
        ("teams:\n  - {name: a, namespaces: ['x[']}\n",
         ":2: teams[0].namespaces[0]: 'x[': expected a ] after the [ in 'x['"),
        ("teams:\n  - name: a\n    budget: {monthly: 40000.50}\n",
         ":3: teams[0].budget.monthly: '40000.50': a float cannot hold money exactly: write \"40000.50\" in quotes"),
        ("prices:\n  gpu_hour:\n    - {model: H, price: \"2,50\", from: 2026-01-01}\n",
         ":3: prices.gpu_hour[0].price: '2,50': expected a valid decimal"),
        ("prices:\n  gpu_hour:\n    - {model: H, price: \"2\", from: 2026-01-01T00:03}\n",
         ":3: prices.gpu_hour[0].from: '2026-01-01T00:03': expected a multiple of 5 minutes such as "
         "2026-01-01T00:05:00Z"),
        ("prices:\n  gpu_hour:\n    - {model: H, price: \"2\", from: 2026-01-01, to: 2025-01-01}\n",
         ":3: prices.gpu_hour[0].to: '2025-01-01': expected a time after from"),
        ("services:\n  - {name: s, team: nobody, match: {namespace: n}}\n",
         ":2: services[0].team: 'nobody': expected the name of a team: none is configured under teams"),
        ("teams: [{name: a}]\nservices:\n  - {name: s, team: a, match: {}}\n",
         ":3: services[0].match: expected at least one of namespace, model_name, service, pod, cluster"),
        ("teams:\n  - {name: a, namespaces: [n]}\n  - {name: b, namespaces: [n]}\n",
         ":3: teams[1].namespaces[0]: 'n': expected one owner, team a claims it too"),
        ("teams:\n  - {name: a}\n  - {name: a}\n",
         ":3: teams[1].name: 'a': expected a unique name, another of the teams has this one"),
        ("sources:\n  - {name: p, type: promtheus}\n", ":2: sources[0].type: 'promtheus': expected one of"),
        ("sources:\n  - {name: p}\n", ":2: sources[0].type: this key is required"),
        ("sources:\n  - {name: p, type: prometheus, url: http://h:1}\n",
         ":2: sources[0].profiles: this key is required"),
        ("sources:\n  - {name: p, type: prometheus, url: http://h:1, profiles: [dcgm], everyy: 5m}\n",
         ":2: sources[0].everyy: unknown key, did you mean every?"),
        ("sources:\n  - {name: p, type: prometheus, url: 'h:9090', profiles: [dcgm]}\n",
         ":2: sources[0].url: 'h:9090': expected an address such as http://prometheus:9090"),
        ("sources:\n  - {name: p, type: prometheus, url: http://h:1, profiles: [dcgm], every: 5}\n",
         ":2: sources[0].every: '5': expected a duration such as 30s, 5m, 6h, 30d or 2w"),
        ("quota:\n  teams: {ghost: {floor: 1, ceiling: 2}}\n",
         ":2: quota.teams.ghost: expected the name of a team: none is configured under teams"),
        ("quota:\n  mode: destroy\n", ":2: quota.mode: 'destroy': expected 'observe', 'recommend' or 'enforce'"),
        ("listen: {api: 99999}\n", ":1: listen.api: '99999': expected less than or equal to 65535"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_on_its_line(write_config, text: str, expected: str) -> None:
    path = write_config(text)
    found = problems(path)
    assert any(problem.startswith(f"{path}{expected}") for problem in found), found
    assert len(found) == 1


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(write_config) -> None:
    found = problems(write_config("dat: x\nreport:\n  curency: EUR\nteams:\n  - {nam: a}\n"))
    assert [problem.split(": ", 1)[0].rsplit(":", 1)[1] for problem in found] == ["1", "3", "5", "5"]


@pytest.mark.parametrize(
    "source",
    [
        "{name: p, type: prometheus, url: 'http://user:hunter2@h:1', profiles: [dcgm]}",
        "{name: p, type: prometheus, url: http://h:1, profiles: [dcgm], token: {fille: hunter2}}",
        "{name: p, type: prometheus, url: http://h:1, profiles: [dcgm], token: {env: [hunter2]}}",
        "{name: p, type: prometheus, url: http://h:1, profiles: [dcgm], headers: [hunter2]}",
        "{name: p, type: prometheus, url: http://h:1, profiles: [dcgm], passwrd: hunter2}",
    ],
)
def test_a_credential_is_never_shown(write_config, source: str) -> None:
    assert not any("hunter2" in problem for problem in problems(write_config(f"sources:\n  - {source}\n")))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_a_file_without_keys_is_refused(write_config, text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected keys such as data and sources"):
        load(write_config(text))


@pytest.mark.parametrize(
    ("text", "line"),
    [("data: x\nteams: [a\n", 3), ("data: 'x\n", 2), ("a: b: c\n", 1), ("data: !!python/name:os.system\n", 1)],
)
def test_broken_yaml_names_its_line(write_config, text: str, line: int) -> None:
    path = write_config(text)
    with pytest.raises(ConfigurationError, match=f"meterline.yaml:{line}: not YAML"):
        load(path)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        load(tmp_path / "none.yaml")
    assert "meterline init" in (caught.value.remedy or "")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "binary.yaml")


def test_an_anchor_that_contains_itself_is_refused(write_config) -> None:
    with pytest.raises(ConfigurationError):
        load(write_config("teams: &a\n  - *a\n"))


def test_an_anchor_may_be_used_twice(write_config) -> None:
    text = "teams:\n  - &t {name: a, budget: &b {monthly: '1.00'}}\n  - {name: b, budget: *b}\n"
    assert load(write_config(text)).teams[1].budget is not None


def test_prices_may_follow_each_other_and_even_overlap(write_config) -> None:
    text = "prices:\n  gpu_hour:\n" + "".join(
        f'    - {{model: H, price: "{month}", from: 2026-0{month}-01}}\n' for month in (1, 2, 3)
    )
    assert len(load(write_config(text)).prices.gpu_hour) == 3
    twice = text + '    - {model: H, price: "9", from: 2026-02-01}\n'
    # which of them counts is not known; the report says so and the rest of it is still right
    assert len(load(write_config(twice)).prices.gpu_hour) == 4


def test_paths_are_taken_from_the_file(write_config) -> None:
    text = (
        "sources:\n  - {name: p, type: prometheus, url: http://h:1, profiles: [dcgm], token: {file: secret/token},"
        " ca_file: /etc/ca.pem}\n"
    )
    path = write_config(text)
    source = load(path).sources[0]
    assert source.token.file == path.parent / "secret" / "token"
    assert source.ca_file == Path("/etc/ca.pem")


def test_the_schema_knows_every_key_of_the_template() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert set(yaml.safe_load(TEMPLATE)) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["properties"]["alerting"]["anyOf"] == [
        {"type": "string"}, {"$ref": "#/$defs/Alerting"}, {"type": "null"}
    ]  # fmt: skip
    assert set(schema["$defs"]["Alerting"]["properties"]) == set(Alerting.model_fields)
    price = schema["$defs"]["GpuPrice"]["properties"]
    assert {"model", "price", "from", "to", "cluster", "region", "instance_type", "pricing", "currency"} == set(price)
