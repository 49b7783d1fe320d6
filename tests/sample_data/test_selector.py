"""The grammar: what is understood, what is refused, and how matchers match."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.selector import Aggregation, Matcher, ParseError, Selector, Union, parse


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("up", Selector("up")),
        ("vllm:x{}", Selector("vllm:x")),
        ("up[300000ms]", Selector("up", (), 300_000)),
        ("up [1h30m]", Selector("up", (), 5_400_000)),
        ('up{a="b", c=~"d|e",f!="",g!~`\\d`,}[2d]', Selector("up", (
            Matcher("a", "=", "b"), Matcher("c", "=~", "d|e"), Matcher("f", "!=", ""), Matcher("g", "!~", "\\d")),
            172_800_000)),
        ("{__name__='up'}", Selector(None, (Matcher("__name__", "=", "up"),))),
        ("count", Selector("count")),
        ("(up)", Selector("up")),
        ("count(up)", Aggregation("count", Selector("up"))),
        ("count by (a, b) (up)", Aggregation("count", Selector("up"), ("a", "b"))),
        ("group(up) by (a)", Aggregation("group", Selector("up"), ("a",))),
        ("a or b", Union(Selector("a"), Selector("b"))),
    ],
)  # fmt: skip
def test_understood(query, tree):
    assert parse(query) == tree


@pytest.mark.parametrize(
    "query",
    ["", "up{", "up{a}", "up{a=b}", 'up{a="b}', "up[5]", "up[0s]", "rate(up[5m])", "sum(up)", "up offset 5m", "up + 1",
     '{a=""}', '{a=~".*"}', 'up{a=~"("}', "count(up[5m])", "up[5m] or up", "up)"],
)  # fmt: skip
def test_refused_with_a_place(query):
    with pytest.raises(ParseError, match=r"^1:\d+: parse error: "):
        parse(query)


@pytest.mark.parametrize(
    ("sign", "value", "labels", "expected"),
    [
        ("=", "b", {"a": "b"}, True),
        ("=", "", {}, True),
        ("!=", "b", {}, True),
        ("=~", "b", {"a": "bb"}, False),  # whole value
        ("=~", "b.*|c", {"a": "bb"}, True),
        ("!~", "b.*", {"a": "bb"}, False),
        ("=~", ".+", {}, False),
    ],
)
def test_matchers(sign, value, labels, expected):
    assert Matcher("a", sign, value).matches(labels) is expected


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_quoted_value_comes_back_whole(value):
    query = f"up{{a={json.dumps(value, ensure_ascii=False)}}}"
    assert parse(query) == Selector("up", (Matcher("a", "=", value),))
