"""Loaded SLOs written as OpenSLO v1 are the same when they are read again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meterline.openslo.document import openslo
from meterline.openslo.load import load_slos

from .conftest import LoadText, facts, metric, named, other, slo

CASES = Path(__file__).parents[2] / "data" / "slo" / "openslo" / "valid"


@pytest.mark.parametrize("pattern", ["full_set.yaml", "minimal_ratio.yaml", "*.yaml"])
def test_a_round_trip_changes_nothing(pattern: str, tmp_path: Path) -> None:
    before = load_slos([pattern], CASES)
    (tmp_path / "back.yaml").write_text(openslo(before))
    after = load_slos(["back.yaml"], tmp_path)
    assert (after.documents, after.objectives, after.indicators) == (
        before.documents, before.objectives, before.indicators,
    )  # fmt: skip
    assert openslo(after) == openslo(before)


def test_nothing_is_written_for_nothing(tmp_path: Path) -> None:
    assert openslo(load_slos([], tmp_path)) == ""


@given(
    percent=st.decimals(0, "99.9999999999", places=10),
    text=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=40),
    owner=st.sampled_from(["off", "true", "no", "1e3", "2026-01-01", "~", "a: b", "x\ny"]),
)
def test_no_value_is_changed_by_being_written(
    percent: object, text: str, owner: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("slo")
    item = named(slo(objectives=[{"displayName": text, "targetPercent": float(str(percent))}]), "x", owner=owner)
    (directory / "a.yaml").write_text(yaml.safe_dump(item, allow_unicode=True), encoding="utf-8")
    before = load_slos(["a.yaml"], directory)
    (directory / "b.yaml").write_text(openslo(before), encoding="utf-8")
    assert load_slos(["b.yaml"], directory).objectives == before.objectives
    assert before.objectives[0].owner == owner


def test_credentials_do_not_leave(load_text: LoadText) -> None:
    details = {"url": "https://u:p4ss@prom.example", "token": "t0p", "tls": [{"key_file": "k3y", "ca": "/ca.pem"}]}
    text = openslo(load_text(other("DataSource", "d", {"type": "Prometheus", "connectionDetails": details})))
    assert "https://prom.example" in text
    assert "/ca.pem" in text
    assert not [secret for secret in ("p4ss", "t0p", "k3y") if secret in text]


def test_text_of_several_lines_stays_readable(load_text: LoadText) -> None:
    sql = "SELECT ts, 1 AS good, 1 AS total\nFROM serving_count\nWHERE ts >= $since AND ts < $until"
    assert "query: |-\n" in openslo(load_text(slo(indicator=facts(query=sql))))
    assert metric("x")["metricSource"]["spec"] == {"query": "x"}
