"""CSV text as it is: what was quoted, what was null, and numbers without ornament."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.focus.written import Written, amount, read, write

TEXTS = st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


def test_a_null_is_not_an_empty_text() -> None:
    text = 'a,b,c\n1,,""\n"x, ""y""\nz",2,\r\n'
    assert read(text) == Written(("a", "b", "c"), (
        {"a": "1", "b": None, "c": ""}, {"a": 'x, "y"\nz', "b": "2", "c": None},
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("", None), ("a\n", None), ("a", None), ("a,b\n1,2", None), ("a,b\n1,", None), ("\ufeffa,b\n1,2\n", None),
        ("a,b\n1\n", 1), ("a,b\n1,2\n1,2,3\n", 2), ('a,b\n1,2\n1,"2\n', 2), ('a,b\n1"x,2\n', 1),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named(text: str, broken: int | None) -> None:
    assert read(text).broken == broken


@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_what_is_written_is_read(rows: list[tuple[str | None, str | None]]) -> None:
    named = [{"a": first, "b": second} for first, second in rows]
    assert read(write(("a", "b"), named)).rows == tuple(named)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("20", "20.00"), ("2E+1", "20.00"), ("0.0045000", "0.0045"), ("-0.00", "0.00"), ("1.5", "1.50"),
        ("-1E-9", "-0.000000001"), ("0E-27", "0.00"), ("-7", "-7.00"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.50"),
    ],
)  # fmt: skip
def test_numbers(value: str, text: str) -> None:
    assert amount(Decimal(value)) == text
