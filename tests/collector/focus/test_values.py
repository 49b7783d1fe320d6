"""Amounts and times of a bill: exact, or named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.focus.values import amounts, moment, moments, rounded

NUMBERS = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,30})?([eE]-?[0-9]{1,2})?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", "1.5"), ("-0.000000000000000001", "-0.000000000000000001"), ("6.123E-7", "0.0000006123"),
        ("1e3", "1000"), (".5", "0.5"), ("5.", "5"), ("12345678901234567890.123456789012345678",) * 2,
        ("1.0000000000000000005", "1"), ("0.0000000000000000015", "0.000000000000000002"),
    ],
)  # fmt: skip
def test_a_number_is_read_to_the_last_digit(text: str, value: str) -> None:
    assert amounts(pl.Series([text])).to_list() == [Decimal(value)]


@pytest.mark.parametrize(
    "text", ["1,000.00", "+1.00", "$1.00", "1.00 USD", "1 000", "NaN", "inf", "1.2.3", "", " 1", "0x1", "1e", "١"]
)
def test_anything_else_is_no_number(text: str) -> None:
    assert amounts(pl.Series([text])).to_list() == [None]


def test_a_number_that_does_not_fit_is_none() -> None:
    assert amounts(pl.Series(["100000000000000000000", "1e20", "99999999999999999999"])).to_list() == [
        None, None, Decimal("99999999999999999999"),
    ]  # fmt: skip


@given(st.lists(NUMBERS, max_size=20))
def test_amounts_are_what_decimal_makes_of_them(texts: list[str]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    values = amounts(series)
    lost = rounded(series, values)
    with localcontext() as context:
        context.prec = 200
        for text, value, was_rounded in zip(texts, values, lost, strict=True):
            exact = Decimal(text)
            right = exact.quantize(Decimal("1e-18"), ROUND_HALF_EVEN)
            assert value == (right if abs(right) < Decimal("1e20") else None)
            assert was_rounded == (value is not None and value != exact)


@pytest.mark.parametrize(
    ("text", "at", "manners"),
    [
        ("2026-10-05T10:00:00Z", datetime(2026, 10, 5, 10), 0),
        ("2026-10-05 10:00:00", datetime(2026, 10, 5, 10), 2),  # Athena and the FOCUS sample: no T, no Z
        ("2026-10-05T10:00:00", datetime(2026, 10, 5, 10), 1),
        ("2026-10-05T10:00:00.000Z", datetime(2026, 10, 5, 10), 1),  # AWS
        ("2026-10-05T10:00Z", datetime(2026, 10, 5, 10), 1),  # Azure 1.0
        ("2026-10-05 10:00:00 UTC", datetime(2026, 10, 5, 10), 2),  # BigQuery
        ("2026-10-05T10:00:00+02:00", datetime(2026, 10, 5, 8), 1),
        ("2026-10-01T00:30:00-0130", datetime(2026, 10, 1, 2), 1),
        ("2026-10-05", datetime(2026, 10, 5), 1),
        ("2026-10-05T10:00:00.123456789Z", datetime(2026, 10, 5, 10, 0, 0, 123456), 1),
    ],
)
def test_times_are_read_in_the_manners_of_exports(text: str, at: datetime, manners: int) -> None:
    found, unusual = moment(text)
    assert (found, len(unusual)) == (at, manners)


@pytest.mark.parametrize(
    "text",
    ["10/05/2026", "2026-13-01", "2026-10-05T25:00:00Z", "20261005", "0001-01-01", "9999-12-31T00:00:00Z", "soon"],
)
def test_what_is_no_time_of_a_bill_is_none(text: str) -> None:
    assert moment(text) == (None, ())


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_an_offset_changes_the_writing_and_not_the_moment(at: datetime, minutes: int) -> None:
    there = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    assert moment(there.isoformat())[0] == at


def test_a_column_of_times_says_how_many_were_unusual() -> None:
    values, manners = moments(pl.Series(["2026-10-05", None, "2026-10-05T00:00:00Z", "2026-10-05", "x"]))
    day = datetime(2026, 10, 5)
    assert values.to_list() == [day, None, day, day, None]
    assert manners == {"a date without a time is read as its midnight UTC": (2, "2026-10-05")}
    assert moments(pl.Series([], dtype=pl.String))[0].to_list() == []
