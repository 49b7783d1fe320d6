"""Text of a bill as exact values: amounts as decimals, times as UTC, whole columns at once.

Nothing passes through a float. What a value had to be forgiven is said beside it, what cannot be read is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

AMOUNT = pl.Decimal(38, 18)
MOMENT = pl.Datetime("us")
NUMBER = r"^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
MAY_HAVE_MORE_DIGITS = r"\.\d{19}|[eE]-"

TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:(?P<separator>[T ])(?P<clock>\d\d:\d\d)(?P<seconds>:\d\d)?(?P<fraction>\.\d+)?"
    r" ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Bills are of these years; 0001-01-01 and 9999-12-31 are how other systems say `never`."""


def amounts(texts: pl.Series) -> pl.Series:
    """Decimals with 18 digits after the point, rounded half to even; null where the text is no number (or too large).

    A number has an optional minus, digits, a point, an exponent: no `+`, no thousands separators, no currency.
    """
    numbers = texts.set(~texts.str.contains(NUMBER), None)
    return numbers.cast(AMOUNT, strict=False)


def rounded(texts: pl.Series, values: pl.Series) -> pl.Series:
    """Where `amounts` had to drop digits: a mask over the column."""
    suspects = texts.str.contains(MAY_HAVE_MORE_DIGITS).fill_null(False)
    where = suspects.arg_true()
    lost = [
        value is not None and Decimal(text) != value
        for text, value in zip(texts.gather(where), values.gather(where), strict=True)
    ]
    mask = pl.repeat(False, len(texts), eager=True)
    return mask.scatter(where.filter(pl.Series(lost, dtype=pl.Boolean)), True)


def moment(text: str) -> tuple[datetime | None, tuple[str, ...]]:
    """A time as naive UTC and what is unusual about how it is written; None when it is no time of a bill."""
    found = TIME.fullmatch(text)
    if found is None:
        return None, ()
    part: Mapping[str, str | None] = found.groupdict()
    clock = f"{part['clock'] or '00:00'}{part['seconds'] or ':00'}{(part['fraction'] or '')[:7]}"
    zone = part["zone"]
    try:
        at = datetime.fromisoformat(f"{part['date']}T{clock}{'+00:00' if zone in (None, 'Z', 'UTC') else zone}")
    except ValueError:
        return None, ()
    if not FIRST_YEAR <= at.year < LAST_YEAR:
        return None, ()
    return at.astimezone(UTC).replace(tzinfo=None), tuple(_manners(part))


def _manners(part: Mapping[str, str | None]) -> list[str]:
    if part["clock"] is None:
        return ["a date without a time is read as its midnight UTC"]
    manners = []
    if part["separator"] != "T":
        manners.append("a space stands for the T between date and time")
    if part["zone"] is None:
        manners.append("a time without a zone is read as UTC")
    elif part["zone"] not in ("Z", "UTC"):
        manners.append("a time with an offset is converted to UTC")
    elif part["zone"] == "UTC":
        manners.append("the word UTC stands for the Z")
    if part["seconds"] is None:
        manners.append("a time without seconds is read as the full minute")
    if part["fraction"] is not None:
        manners.append("a fraction of a second is kept to the microsecond")
    return manners


def moments(texts: pl.Series) -> tuple[pl.Series, dict[str, tuple[int, str]]]:
    """Times as naive UTC, null where the text is none, and for each manner of writing how many values and the first."""
    counts = texts.drop_nulls().value_counts(sort=False, name="n")
    manners: dict[str, tuple[int, str]] = {}
    values: list[datetime | None] = []
    for text, count in counts.iter_rows():
        at, unusual = moment(text)
        values.append(at)
        for manner in unusual:
            seen = manners.get(manner, (0, text))
            manners[manner] = (seen[0] + count, min(seen[1], text))
    known = pl.Series(values, dtype=MOMENT)
    read = texts.replace_strict(counts[counts.columns[0]], known, default=None, return_dtype=MOMENT)
    return read, manners
