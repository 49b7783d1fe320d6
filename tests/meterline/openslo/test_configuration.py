"""SLOs in the configuration: every command tells what is wrong with them, and the warehouse gets them as tables."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from meterline.config.load import load
from meterline.inventory import inventory, store_inventory
from warehouse.database import Warehouse

from ..conftest import Cli, WriteConfig
from .conftest import facts, metric, named, other, slo

CONFIG = """
data: data
teams: [{name: search}]
services: [{name: chat, team: search, tier: 1, match: {namespace: search}}]
sources: [{name: prod, type: prometheus, url: http://127.0.0.1:9, profiles: [vllm]}]
slos: ["slos/*.yaml", more.json]
"""


@pytest.fixture
def configured(write_config: WriteConfig) -> Path:
    path = write_config(CONFIG)
    (path.parent / "slos").mkdir()
    months = [{"duration": "1Q", "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}}]
    value = {"metadata": {"name": "v"}, "spec": {"thresholdMetric": metric("queue_seconds")}}
    items = [
        named(slo(), "chat-good", runbook_url="https://run.example/c", burn_alerts="off"),
        named(slo(indicator=facts(metric="availability"), timeWindow=months), "chat-quarter"),
    ]
    (path.parent / "slos" / "a.yaml").write_text(yaml.safe_dump_all(items))
    sliced = {"op": "lt", "value": 2, "target": 0.95, "timeSliceTarget": 0.9, "timeSliceWindow": "10m"}
    (path.parent / "more.json").write_text(
        json.dumps(named(slo(indicator=value, objectives=[sliced], budgetingMethod="Timeslices"), "chat-queue"))
    )
    return path


def test_the_tables(configured: Path) -> None:
    config = load(configured)
    assert config.slos.patterns == ("slos/*.yaml", "more.json")
    with Warehouse.open(config.data) as warehouse:
        store_inventory(warehouse, config)
        store_inventory(warehouse, config)  # again: replaced, not doubled

        def rows(table: str) -> list[dict[str, object]]:
            return warehouse.query(f"SELECT * FROM {table}").to_dicts()

        good, quarter, queue = rows("slo_objective")
        assert good == {
            "slo": "chat-good", "objective": "99.9", "title": "chat-good", "description": None, "service": "chat",
            "team": "search", "tier": 1, "target": Decimal("0.999"), "method": "Occurrences", "slice_target": None,
            "slice_s": None, "empty_slices": "excluded", "window_kind": "rolling", "window_s": 28 * 86_400,
            "calendar_count": None, "calendar_unit": None, "calendar_start": None, "calendar_zone": None,
            "sli": "chat-good", "grain_s": 60, "owner": "search", "runbook_url": "https://run.example/c",
        }  # fmt: skip
        assert [quarter[key] for key in ("window_kind", "window_s", "calendar_count", "calendar_unit",
                                         "calendar_start", "calendar_zone", "grain_s")] == [
            "calendar", None, 1, "Q", "2026-01-01 00:00:00", "Europe/Berlin", 300,
        ]  # fmt: skip
        assert [queue[key] for key in ("method", "slice_target", "slice_s", "sli")] == [
            "Timeslices", 0.9, 600, "chat-queue/95",
        ]  # fmt: skip
        assert {(one["slo"], one["rule"]) for one in rows("slo_burn_rule")} == {
            (name, rule)
            for name in ("chat-quarter", "chat-queue")
            for rule in ("page_quick", "page_slow", "ticket_quick", "ticket_slow")
        }
        indicators = {one["sli"]: (one["source"], one["kind"], json.loads(str(one["definition"])), one["grain_s"])
                      for one in rows("sli_indicator")}  # fmt: skip
        assert indicators == {
            "chat-good": ("prod", "ratio", {"good": "good_total", "total": "all_total", "counter": True}, 60),
            "chat-quarter": ("facts", "metric", {"metric": "availability", "service": "chat"}, 300),
            "chat-queue/95": ("prod", "threshold", {"query": "queue_seconds", "op": "lt", "value": 2.0}, 60),
        }


def test_a_rule_row_is_the_arithmetic_of_the_workbook(configured: Path) -> None:
    rules = inventory(load(configured))["slo_burn_rule"].filter(slo="chat-queue").to_dicts()
    quick = next(one for one in rules if one["rule"] == "page_quick")
    # 2 % of 28 days in an hour
    assert quick["factor"] == pytest.approx(0.02 * 28 * 24)
    assert (quick["long_s"], quick["short_s"], quick["severity"]) == (3600, 300, "page")


@pytest.mark.parametrize("command", ["check", "collect", "kpis"])
def test_every_command_tells_of_a_bad_file(command: str, configured: Path, cli: Cli) -> None:
    bad = configured.parent / "slos" / "bad.yaml"
    bad.write_text("---\n" + yaml.safe_dump(slo(objectives=[{"target": 1.5}]), sort_keys=False))
    ran = cli(command, "--config", configured)
    assert ran.code == 2
    line = next(number for number, text in enumerate(bad.read_text().splitlines(), 1) if "target: 1.5" in text)
    assert ran.err == (
        f"error: {bad}:{line}: SLO chat-good (object 1): spec.objectives[0].target: '1.5': "
        "expected target < 1.0 and >= 0 (targetPercent < 100) (rule target-range)\n"
    )


def test_patterns_that_are_none(write_config: WriteConfig, cli: Cli) -> None:
    for written in ("slos.yaml", "[1]", '[""]', "{a: b}"):
        ran = cli("check", "--config", write_config(f"slos: {written}\n"))
        assert ran.code == 2
        assert ":1: slos: " in ran.err
        assert "expected a list of files or patterns such as [slos/*.yaml]" in ran.err


def test_exports(configured: Path, cli: Cli, tmp_path: Path) -> None:
    rules = cli("export", "prometheus-rules", "--config", configured)
    assert rules.code == 0
    assert [one["name"] for one in yaml.safe_load(rules.out)["groups"]] == [
        "slo-chat-good/99.9", "slo-chat-queue/95",
    ]  # fmt: skip
    assert "note: chat-quarter/99.9 is made of Meterline's own facts" in rules.err
    out = tmp_path / "rules.yml"
    again = cli("export", "prometheus-rules", "--config", configured, "--source", "prod", "--out", out)
    assert (again.code, again.out) == (0, f"{out}: 2 of 3 objectives\n")
    assert out.read_text() == rules.out
    assert cli("export", "prometheus-rules", "--config", configured, "--source", "lab").code == 2
    written = cli("export", "openslo", "--config", configured)
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(written.out)] == [
        "chat-good", "chat-quarter", "chat-queue",
    ]  # fmt: skip
    assert cli("export", "openslo", "--config", configured, "--out", tmp_path / "no" / "x.yaml").code == 2


def test_a_rules_file_is_for_one_source(write_config: WriteConfig, cli: Cli) -> None:
    second = "{name: lab, type: prometheus, url: http://127.0.0.1:8, profiles: [vllm]}]"
    path = write_config(CONFIG.replace("profiles: [vllm]}]", f"profiles: [vllm]}}, {second}"))
    (path.parent / "slos").mkdir()

    def of(name: str) -> dict[str, object]:
        spec = {"ratioMetric": {"counter": True, "good": metric("a", metricSourceRef=name),
                                "total": metric("b", metricSourceRef=name)}}  # fmt: skip
        return named(slo(indicator={"metadata": {"name": "i"}, "spec": spec}), f"slo-{name}")

    (path.parent / "slos" / "a.yaml").write_text(yaml.safe_dump_all([of("prod"), of("lab")]))
    (path.parent / "more.json").write_text(json.dumps(other("Service", "chat", {})))
    ran = cli("export", "prometheus-rules", "--config", path)
    assert (ran.code, "name one with --source: lab, prod" in ran.err) == (2, True)
    assert cli("export", "prometheus-rules", "--config", path, "--source", "lab").code == 0


def test_nothing_is_read_without_patterns(write_config: WriteConfig) -> None:
    config = load(write_config("data: x\n"))
    assert (config.slos.patterns, config.slos.objectives, config.slos.warnings) == ((), (), ())
    assert timedelta(0) == sum((alert.long for one in config.slos.objectives for alert in one.alerts), timedelta(0))
