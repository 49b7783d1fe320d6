"""Rules from files: what is refused and how it is said, overriding, the gate, the schema, and texts."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
import yaml

from alert_rules import rule
from alerts.rules.duration import duration_text, parse_duration
from alerts.rules.gate import gate
from alerts.rules.load import DEFAULTS, default_rules, load_rules, read_rules
from alerts.rules.query import tables_of
from alerts.rules.schema import rule_schema
from alerts.rules.wording import filled
from warehouse.errors import ConfigurationError

GOOD = """
name: mine
title: Mine
severity: ticket
signal: {sql: "SELECT ts, value FROM t WHERE ts >= $since AND ts < $until"}
threshold: 1
"""


def written(tmp_path: Path, text: str, name: str = "rules.yaml") -> Path:
    path = tmp_path / name
    path.write_text(dedent(text))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("treshold: 2", "mine: treshold: unknown key"),
        ("severity: urgent", "severity: 'urgent': Input should be 'page', 'ticket' or 'info'"),
        ("for: 5 minutes", "for: '5 minutes': expected a duration such as 90s"),
        ("op: '=>'", "op: '=>'"),
        ("clear: 1.5", "clear: 1.5"),
        ("labels: [ts]", "ts cannot be a label"),
        ("labels: [a, a]", "expected each label once"),
        ("snapshot: true", "a snapshot needs labels"),
        ("absent_after: 1m", "absent_after: expected at least what a series may be late, 15m"),
        ("annotations: {summary: '{value:euro}'}", "no style is called euro"),
        ("annotations: {summary: '{value'}", "expected {column}"),
        ("annotations: {value: x}", "value is written by the rule itself"),
        ("runbook_url: wiki/queue", "runbook_url: 'wiki/queue': expected an address"),
        ("threshold: null", "expected a threshold"),
        ("signal: {sql: 'DROP TABLE t'}", "expected one SELECT"),
        ("signal: {sql: 'SELECT 1; SELECT 2'}", "expected one SELECT"),
        ("signal: {sql: 'SELECT FROM WHERE'}", "cannot be read as SQL"),
        ("signal: {sql: 'SELECT ts FROM t WHERE ts >= $since'}", "does not take $until"),
        ("signal: {sql: 'SELECT $since, $until, $now'}", "takes $now"),
        ("signal: {}", "expected either sql or slo"),
        ("name: my rule", "name: 'my rule'"),
        ("op: '=='\nclear: 0.9", "clear has no meaning for =="),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: str, message: str) -> None:
    base = yaml.safe_load(GOOD) | yaml.safe_load(change)
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(base))
    with pytest.raises(ConfigurationError) as caught:
        load_rules([str(path)])
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_are_no_rules_are_named(tmp_path: Path) -> None:
    for text, message in [
        ("- a\n- b", "expected a rule"),
        ("a: [", "is no YAML"),
        ("title: x", "a rule without a name"),
    ]:
        with pytest.raises(ConfigurationError, match=message):
            load_rules([str(written(tmp_path, text))])
    with pytest.raises(ConfigurationError, match="no file of rules matches nowhere"):
        load_rules(["nowhere/*.yaml"], tmp_path)


def test_files_of_the_user_add_and_override_by_name(tmp_path: Path) -> None:
    written(tmp_path, GOOD + "\n---\nname: gpu_idle_workload\nthreshold: 100\nfor: 2h\n", "a.yaml")
    written(tmp_path, "- {name: quota_event, enabled: false}\n", "b.yaml")
    rules = load_rules(["*.yaml"], tmp_path)
    assert rules.named("mine") in rules
    idle, ours = rules.named("gpu_idle_workload"), {one.name: one for one in default_rules()}["gpu_idle_workload"]
    assert idle is not None
    assert (idle.threshold, duration_text(idle.wait)) == (100, "2h")
    assert idle.signal == ours.signal
    assert ("quota_event", "it is not enabled") in [(one.name, why) for one, why in rules.off]
    assert [one.name for one in rules] == sorted(one.name for one in rules)


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    one, other = written(tmp_path, GOOD, "a.yaml"), written(tmp_path, GOOD, "b.yaml")
    with pytest.raises(ConfigurationError, match="the rule mine is already in"):
        load_rules([str(one), str(other)])


def test_a_page_without_owner_or_runbook_is_refused_as_far_as_required(tmp_path: Path) -> None:
    page = rule(severity="page")
    with pytest.raises(ConfigurationError, match=r"pages and has no owner.*no runbook_url"):
        gate([page])
    gate([page], ())
    gate([rule(severity="page", owner="me")], ("owner",))
    gate([rule(severity="page", enabled=False), rule(severity="ticket")])
    path = written(tmp_path, GOOD.replace("ticket", "page"))
    with pytest.raises(ConfigurationError, match="the rule mine pages and has no"):
        load_rules([str(path)])
    assert load_rules([str(path)], required=("owner",), owner="platform").named("mine").owner == "platform"


def test_a_file_is_read_for_a_backtest_even_where_it_may_not_page(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("ticket", "page"))
    assert [one.name for one in read_rules(path)] == ["mine"]


def test_the_schema_accepts_our_rules_and_refuses_what_the_model_refuses() -> None:
    validator = jsonschema.Draft202012Validator(rule_schema())
    validator.check_schema(rule_schema())
    for path in DEFAULTS.glob("*.yaml"):
        document = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))  # an editor sees dates as text
        assert list(validator.iter_errors(document)) == [], path.name
    assert validator.is_valid({"name": "gpu_xid", "threshold": 3})
    assert validator.is_valid([yaml.safe_load(GOOD)])
    for wrong in ({"name": "mine"}, {"name": "gpu_xid", "treshold": 3}, {"threshold": 3}):
        assert not validator.is_valid(wrong), wrong


def test_the_example_of_the_docs_is_a_rule_and_its_table_names_every_key(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "alert-rules.md").read_text()
    (example,) = [block.split("```")[0] for block in text.split("```yaml\n") if block.startswith("# rules/queue.yaml")]
    rules = load_rules([str(written(tmp_path, example))])
    assert {"queue_depth", "gpu_idle_workload"} <= {one.name for one in rules}
    table = text.split("## Every key")[1].split("##")[0]
    keys = {
        key.strip() for line in table.splitlines() if line.startswith("| ") for key in line.split("|")[1].split(",")
    }
    assert set(rule_schema()["$defs"]["Rule"]["properties"]) == keys - {"key"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("2d", 172800), ("1w", 604800), ("0", 0), ("500ms", 0.5)]
)
def test_durations_are_those_of_prometheus(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds
    assert parse_duration(duration_text(parse_duration(text))) == parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "1.5h", "30m1h", "-5m", "5 m", "1h1h"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


def test_texts_put_columns_in_and_run_nothing() -> None:
    fields = {"pod": "p{value}", "value": 0.12345, "big": 1234567.891, "wait": 5400, "none": None, "day": "x"}
    assert filled("{pod} {value:percent} {big:money} {wait:duration} {none} {nobody}", fields) == (
        "p{value} 12.3 % 1,234,567.89 1.5 h ? ?"
    )
    assert filled("{day:money} {value.__class__} {value!r}", fields) == "x {value.__class__} {value!r}"


def test_tables_of_a_query_are_those_outside_of_it() -> None:
    sql = "WITH a AS (SELECT * FROM b) SELECT * FROM a JOIN c ON true, (SELECT * FROM d) AS e, range($since, $until)"
    assert tables_of(sql) == {"b", "c", "d"}
