"""A FOCUS file as it is written: CSV text whose fields keep whether they were quoted.

FOCUS wants a null as an empty field without quotes; what reads CSV into values (csv, Polars, DuckDB) cannot tell it
from an empty text in quotes, so we take fields apart ourselves (RFC 4180, comma, LF or CRLF). Numbers are written
plain: no exponent, no plus, at least two decimals and no zeros after them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

FIELD = re.compile(r'("[^"]*(?:""[^"]*)*"|[^",\r\n]*)(,|\r\n|\n|\Z)')

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Written:
    """Columns and rows of a file; in a row a null is None, an empty text in quotes is `''`.

    `broken`: the number of the first row (from 1, the heading is 0) that is not CSV or has another number of fields.
    """

    columns: tuple[str, ...]
    rows: tuple[dict[str, str | None], ...]
    broken: int | None = None


def read(text: str) -> Written:
    """Take a file apart; a byte order mark is no part of it. What cannot be read ends it and is in `broken`."""
    lines: list[list[str | None]] = [[]]
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        found = FIELD.match(text, at)
        if found is None:
            return _written(lines[:-1], len(lines) - 1)
        lines[-1].append(_value(found[1]))
        at = found.end()
        if found[2] == "," and at == len(text):
            lines[-1].append(None)
        elif found[2] in ("\n", "\r\n") and at < len(text):
            lines.append([])
    return _written(lines, None)


def _value(raw: str) -> str | None:
    if not raw:
        return None
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw


def _written(lines: Sequence[Sequence[str | None]], broken: int | None) -> Written:
    if not lines:
        return Written((), (), broken)
    columns = tuple(name or "" for name in lines[0])
    rows: list[dict[str, str | None]] = []
    for number, line in enumerate(lines[1:], start=1):
        if len(line) != len(columns):
            return Written(columns, tuple(rows), number)
        rows.append(dict(zip(columns, line, strict=True)))
    return Written(columns, tuple(rows), broken)


def write(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """CSV text (RFC 4180, so lines end with CR LF); None becomes an unquoted empty field."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    return text.getvalue()


def amount(value: Decimal) -> str:
    """Money, a price or a quantity with all its digits, at least two decimals: `20.00`, `0.0045`, never `2E+1` or `-0`.

    Where a column has whole numbers only, readers that guess types (the official validator's too) take it for integers.
    """
    whole, _, decimals = format(value, "f").partition(".")
    decimals = f"{decimals.rstrip('0'):0<2}"
    text = f"{whole}.{decimals}"
    return text.removeprefix("-") if not value else text
