"""Our rules: their signals on tables worked out by hand, their runbooks, and which of them are on."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from alerts.rules.backtest import backtest
from alerts.rules.load import DEFAULTS, default_rules, load_rules
from alerts.rules.model import Rule
from alerts.rules.published import published_signals
from alerts.rules.readings import readings
from alerts.rules.signal import SignalInactive
from analytics.reliability.signal import SIGNAL
from warehouse.publication import publish
from warehouse.published import Published

SIGNALS = Path(__file__).parent / "signals"
RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks.md"
CASES = [(path.stem, case) for path in sorted(SIGNALS.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]
NOW = datetime(2026, 10, 5, 10, tzinfo=UTC)


def named(name: str) -> Rule:
    (found,) = [rule for rule in default_rules() if rule.name == name]
    return found


def published(directory: Path, tables: dict[str, list[dict[str, Any]]]) -> Published:
    frames = {
        name: pl.DataFrame(rows, infer_schema_length=None, schema_overrides=_times(rows))
        for name, rows in tables.items()
    }
    publish(directory, frames, NOW)
    return Published.current(directory)


def _times(rows: list[dict[str, Any]]) -> dict[str, pl.DataType]:
    times = {"collected_to", "last_result_at", "ended_at", "computed_at"}
    found: dict[str, Any] = {column: pl.Datetime("us") for column in rows[0] if column in times}
    numbers = {column: pl.Float64() for column in rows[0] if column in {"queue_s", "threshold", "code"}}
    texts = {column: pl.String() for column in rows[0] if column in {"message", "charge_class", "team", "remedy"}}
    return found | numbers | texts


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case['what'][:50]}" for name, case in CASES])
def test_signals_give_the_rows_worked_out_by_hand(name: str, case: dict[str, Any], tmp_path: Path) -> None:
    rule = named(name)
    version = published(tmp_path, case["tables"])
    since = case.get("since", datetime(2026, 1, 1)).replace(tzinfo=UTC)
    until = case.get("until", datetime(2027, 1, 1)).replace(tzinfo=UTC)
    frame = published_signals(version)["sql"](rule, since, until)
    readings(rule, frame)  # its columns are those of a signal
    found = frame.to_dicts()
    assert len(found) == len(case["rows"]), found
    for wanted in case["rows"]:
        assert any(all(_same(value, row[key]) for key, value in wanted.items()) for row in found), (wanted, found)


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and found is not None:
        return math.isclose(wanted, float(found), rel_tol=1e-12) or wanted == float(found)
    return bool(wanted == found)


def test_every_sql_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {name for name, _ in CASES} == {rule.name for rule in default_rules() if rule.signal.sql}


def test_an_interval_in_pieces_gives_the_same_rows(tmp_path: Path) -> None:
    """A signal must not depend on where the interval is cut: evaluation cuts it anywhere."""
    for number, (name, case) in enumerate(CASES):
        if "since" not in case:
            continue
        rule, source = named(name), published_signals(published(tmp_path / str(number), case["tables"]))["sql"]
        since, until = case["since"].replace(tzinfo=UTC), case["until"].replace(tzinfo=UTC)
        middle = since + (until - since) * 0.37
        whole = source(rule, since, until)
        pieces = pl.concat([source(rule, since, middle), source(rule, middle, until)])
        names = ["ts", *rule.labels, "value"]
        assert whole.select(names).sort(names).equals(pieces.select(names).sort(names)), name


def test_each_rule_is_one_file_and_has_a_section_in_the_runbooks() -> None:
    headings = set(re.findall(r"^## (\S+)$", RUNBOOKS.read_text(), re.MULTILINE))
    names = {rule.name for rule in default_rules()}
    assert names == {path.stem for path in DEFAULTS.glob("*.yaml")}
    assert names <= headings, "a rule without a runbook"
    ours = {heading for heading in headings if heading.startswith("Meterline")}
    assert headings - ours == names, "a runbook without a rule"
    for rule in default_rules():
        assert rule.runbook_url == f"https://github.com/meterline/meterline/blob/main/docs/runbooks.md#{rule.name}"
        assert rule.why
        assert rule.what_to_do
        assert {"summary", "description"} <= rule.annotations.keys()


def test_every_runbook_says_what_it_means_what_to_look_at_to_do_and_how_to_silence() -> None:
    sections = re.split(r"^## ", RUNBOOKS.read_text(), flags=re.MULTILINE)[1:]
    wanted = ("**It means**", "**First look**", "**First action**", "**Silence**")
    lacking = {text.split("\n")[0]: [one for one in wanted if one not in text] for text in sections}
    assert {name: missing for name, missing in lacking.items() if missing} == {}


def test_texts_name_only_columns_that_the_signal_has(tmp_path: Path) -> None:
    for number, (name, case) in enumerate(CASES):
        source = published_signals(published(tmp_path / str(number), case["tables"]))["sql"]
        rule = named(name)
        frame = source(rule, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
        assert _used(rule) <= {*frame.columns, "threshold"}, name
    assert _used(named("slo_burn")) <= set(SIGNAL)


def _used(rule: Rule) -> set[str]:
    texts = [*rule.annotations.values(), rule.owner or ""]
    return {found for text in texts for found, _ in re.findall(r"\{(\w+)(:\w+)?\}", text)}


def test_pages_are_on_only_where_somebody_acts() -> None:
    without, with_owner = load_rules(), load_rules(owner="platform")
    assert {rule.name for rule, _ in without.off} == {"gpu_xid", "gpu_memory_error"}
    assert all("no owner" in why for _, why in without.off)
    assert with_owner.off == ()
    assert {rule.owner for rule in with_owner if rule.name.startswith(("gpu_xid", "gpu_mem"))} == {"platform"}


def test_what_is_not_published_yet_is_inactive_with_the_reason(tmp_path: Path) -> None:
    version = published(tmp_path, {"meta": [{"computed_at": datetime(2026, 10, 5)}]})
    with pytest.raises(SignalInactive, match="v000001 has no table quota_event"):
        published_signals(version)["sql"](named("quota_event"), NOW, NOW + timedelta(days=1))


def test_a_gpu_that_reported_an_xid_fires_for_six_hours(tmp_path: Path) -> None:
    (case,) = [case for name, case in CASES if name == "gpu_xid"][:1]
    tables = case["tables"] | {"source_status": [{"type": "prometheus", "collected_to": datetime(2026, 10, 6)}]}
    since, until = datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 6, tzinfo=UTC)
    rule = named("gpu_xid")
    frame = published_signals(published(tmp_path, tables))["sql"](rule, since, until)
    firings = backtest(rule, frame, None, since, until).firings
    assert [(one.labels["node"], one.labels["code"], f"{one.began:%H:%M}") for one in firings] == [
        ("n1", "79", "10:10"), ("n2", "48", "16:10"),
    ]  # fmt: skip
    assert [one.ended and f"{one.ended:%H:%M}" for one in firings] == ["16:10", "22:10"]
