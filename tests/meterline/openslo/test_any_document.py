"""Whatever is written in an OpenSLO file, it is read or refused in words: never a traceback."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from meterline.config.load import InvalidConfiguration
from meterline.openslo.document import openslo
from meterline.openslo.files import read
from meterline.openslo.load import load_slos
from meterline.openslo.prometheus_rules import prometheus_rules
from meterline.openslo.slos import Slos

from .conftest import CHAT, facts, source

CASES = Path(__file__).parents[2] / "data" / "slo" / "openslo" / "valid"
DOCUMENTS = [entry.content for path in sorted(CASES.iterdir()) for entry in read(path)]
ODD = st.sampled_from(
    [None, True, 0, -1, 1.5, float("nan"), float("inf"), 10**30, "", "x", "0m", "99999999999d", "1M", "gt", [], {},
     [[]], {"a": 1}, ["a"], "2026-01-01 00:00:00", "Mars/X", "../UTC", "\0", "é" * 70, facts(metric="ttft", x="0s")]
)  # fmt: skip


def loaded(name: str, directory: Path) -> Slos | None:
    """The SLOs of a file, or None where it is refused: with the name of a rule in each line."""
    try:
        return load_slos([name], directory, [CHAT], [source("prom")])
    except InvalidConfiguration as error:
        unnamed = [problem for problem in error.problems if "(rule " not in problem]
    assert not unnamed
    return None


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_spoilt_document_is_read_or_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.getbasetemp()
    items = copy.deepcopy(DOCUMENTS)
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from([one for one in places(items) if one]))
        holder: Any = items
        for key in path:
            holder = holder[key]
        how = data.draw(st.sampled_from(["replace", "remove", "rename"]))
        if how == "replace" or isinstance(holder, list):
            holder[last] = data.draw(ODD)
        else:
            value = holder.pop(last)
            if how == "rename":
                holder[f"{last}s"] = value
    (directory / "spoilt.yaml").write_text(yaml.safe_dump_all(items, allow_unicode=True), encoding="utf-8")
    slos = loaded("spoilt.yaml", directory)
    if slos is None:
        return
    (directory / "again.yaml").write_text(openslo(slos), encoding="utf-8")
    assert loaded("again.yaml", directory) == replace(slos, patterns=("again.yaml",), warnings=ANY)
    assert prometheus_rules(slos.objectives).objectives == len(slos.objectives)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=60) | st.text("-:[]{}&*!|>'\"%@`#,? \n\tab1", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    loaded("bytes.yaml", path.parent)
