"""Matchers: what they match, how they are written, and the three ways to read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.routing.go_text import quoted, unquoted
from alerts.routing.matcher import Matcher, as_text, in_order, matches_all
from alerts.routing.matcher_text import Mode, disagreement, parse_matcher, parse_matchers

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CLASSIC_NAME = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,6}", fullmatch=True)
NAME = st.one_of(CLASSIC_NAME, TEXT.filter(bool))
OP = st.sampled_from(("=", "!="))


@pytest.mark.parametrize("op", ["!=", "!~"])
def test_a_missing_label_is_the_empty_text(op: str) -> None:
    assert Matcher("team", "=", "").matches({})
    assert Matcher("team", "=~", ".*").matches({})
    assert not Matcher("team", "=~", ".+").matches({})
    assert not Matcher("team", "=", "a").matches({})
    assert parse_matchers(f'team{op}"a"')[0].matches({"other": "a"})


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ("api", "myapi", False),
        ("a|b", "ab", False),
        ("^a|b$", "ab", False),  # ^(?:^a|b$)$
        ("a.*", "a\n", False),  # a dot is no newline, and $ is the very end
        ("a", "a\n", False),
        ("(?s)a.*", "a\n", True),
        ("[[:digit:]]+", "42", True),
        (r"\p{Greek}+", "αβγ", True),
        ("(?i)kafka", "KaFkA", True),
        (".", "🔥", True),
    ],
)
def test_regular_expressions_are_anchored_re2(pattern: str, value: str, found: bool) -> None:
    assert Matcher("a", "=~", pattern).matches({"a": value}) is found
    assert Matcher("a", "!~", pattern).matches({"a": value}) is not found


@pytest.mark.parametrize("pattern", ["(?!x).*", r"(a)\1", "(a", "a**", "[z-a]", r"\C", "a{1001}", "(?P<é>a)", "a\\"])
def test_what_is_not_re2_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="error parsing regexp"):
        Matcher("a", "=~", pattern)


@given(CLASSIC_NAME, OP, TEXT, st.sampled_from(("classic", "utf8", "fallback")))
def test_what_is_written_is_read_again(name: str, op: str, value: str, mode: Mode) -> None:
    matcher = Matcher(name, op, value)  # type: ignore[arg-type]
    if mode != "classic" and "\n" not in value and set(value) <= set(map(chr, range(32, 127))):
        assert parse_matchers(str(matcher), mode) == (matcher,)
    if mode == "classic":
        assert parse_matchers(str(matcher), mode) == (matcher,)


@given(NAME, OP, TEXT)
def test_any_name_can_be_written_since_0_27(name: str, op: str, value: str) -> None:
    text = f"{{ {quoted(name)} {op} {quoted(value)} , }}"
    assert parse_matchers(text, "utf8") == (Matcher(name, op, value),)  # type: ignore[arg-type]
    assert parse_matcher(f"{quoted(name)}{op}{quoted(value)}", "utf8") == Matcher(name, op, value)  # type: ignore[arg-type]


@given(TEXT)
def test_go_quoting_there_and_back(text: str) -> None:
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('say "hi"\\', r'"say \"hi\"\\"'),
        ("a\tb\n\x00\x7f", r'"a\tb\n\x00\x7f"'),
        ("größe 🔥", '"größe 🔥"'),
        ("\u00a0\u200b\U000e0001", r'"\u00a0\u200b\U000e0001"'),
    ],
)
def test_go_quoting(text: str, written: str) -> None:
    assert quoted(text) == written


@given(st.text(st.sampled_from('a="!~{},\\n é'), max_size=14))
def test_reading_never_breaks(text: str) -> None:
    for mode in ("classic", "utf8", "fallback"):
        try:
            matchers = parse_matchers(text, mode)
        except ValueError:
            continue
        assert matches_all(matchers, {}) in (True, False)
        assert as_text(in_order(matchers)).startswith("{")


def test_fallback_prefers_classic_where_both_read() -> None:
    """The example of Alertmanager's documentation: escapes of bytes are an emoji only for the new parser."""
    text = r'qux="\xf0\x9f\x99\x82"'
    assert parse_matchers(text, "utf8")[0].value == "🙂"
    assert parse_matchers(text, "classic")[0].value == r"\xf0\x9f\x99\x82"
    assert parse_matchers(text)[0].value == r"\xf0\x9f\x99\x82"
    assert "read differently" in (disagreement(text) or "")


@pytest.mark.parametrize(
    ("text", "classic", "modern"),
    [
        ("a=has space", True, False),
        ("a=", True, False),
        ('{a="b"', True, False),
        (r'a=~"\d+"', True, False),
        ('my-label="1"', False, True),
        ('größe="1"', False, True),
        ('"a b"="1"', False, True),
        ("a=(b|c)", True, True),
        ('a="b', False, False),
        ("a=b,,", False, False),
        ("", True, True),
        ("{}", True, True),
    ],
)
def test_three_ways_to_read(text: str, classic: bool, modern: bool) -> None:
    assert readable(text, "classic") is classic
    assert readable(text, "utf8") is modern
    assert readable(text, "fallback") is (classic or modern)
    assert (disagreement(text) is not None) is (classic and not modern)


def readable(text: str, mode: Mode) -> bool:
    try:
        parse_matchers(text, mode)
    except ValueError:
        return False
    return True


def test_printed_as_alertmanager_prints() -> None:
    assert str(Matcher("a", "=", 'b"\n\\')) == r'a="b\"\n\\"'
    assert str(Matcher("größe", "=", "\t")) == 'größe="\t"'
    assert str(Matcher("a b", "!=", "\t")) == r'"a b"!="\t"'
    assert as_text(in_order(parse_matchers('b="1",a="2",a!="1",a="1"'))) == '{a="1",a!="1",a="2",b="1"}'
