"""A glob matches the same names as Python's fnmatch, in Python's engine and in DuckDB's."""

from __future__ import annotations

from fnmatch import fnmatchcase

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from meterline.config.glob import is_literal, to_regex

GLOBS = st.text("ab-.*?+", max_size=6)
NAMES = st.text("ab-.+*", max_size=6)


@settings(deadline=None, max_examples=150)
@given(glob=GLOBS, name=NAMES)
def test_same_as_fnmatch(glob: str, name: str) -> None:
    found = duckdb.execute("SELECT regexp_matches($name, $regex)", {"name": name, "regex": to_regex(glob)}).fetchone()
    assert found == (fnmatchcase(name, glob),)


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("node-[a-c]", "node-b", True),
        ("node-[!a-c]", "node-b", False),
        ("node-[!a-c]", "node-d", True),
        ("search", "search-2", False),
        ("search", "research", False),
        ("meta/Llama-3.1-*", "meta/Llama-3.1-70B", True),
        ("meta/Llama-3.1-*", "meta/Llama-311-70B", False),
    ],
)
def test_whole_names(glob: str, name: str, matches: bool) -> None:
    found = duckdb.execute("SELECT regexp_matches($name, $regex)", {"name": name, "regex": to_regex(glob)}).fetchone()
    assert found == (matches,)


@pytest.mark.parametrize("glob", ["a[", "a[b", "[]", "[z-a]"])
def test_an_unfinished_set_is_refused(glob: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        to_regex(glob)


def test_literals() -> None:
    assert is_literal("chat-70b")
    assert not is_literal("chat-*")
