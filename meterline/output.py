"""Results for people and for scripts: a table on a terminal, aligned plain text in a pipe, JSON, CSV.

Money leaves as decimal strings and times as ISO 8601 with a Z, never as floats or local times. A value that is not
known is null in JSON and a dash in a table.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]

UNKNOWN = "-"


def as_json(value: Any, *, indent: bool = True) -> str:
    """JSON text of rows and values; naive datetimes are UTC, a float that JSON cannot hold (NaN, Inf) is null."""
    import orjson

    options = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=_exact, option=options | (orjson.OPT_INDENT_2 if indent else 0)).decode()


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"no JSON form of {type(value).__name__}")


def as_csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """RFC 4180 with a heading; unknown values are empty fields."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([["" if row[column] is None else plain(row[column]) for column in columns] for row in rows])
    return text.getvalue()


def plain(value: Any) -> str:
    """One value as text for people: exact money, ISO times, floats with at most four significant digits."""
    if value is None:
        return UNKNOWN
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
    if hasattr(value, "isoformat"):
        text = str(value.isoformat())
        return f"{text}Z" if "T" in text and "+" not in text else text.replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    return str(value)


def print_table(rows: Iterable[Row], columns: Sequence[str], title: str | None = None) -> None:
    """Show rows on stdout; `title` only on a terminal, where a pipe would have to skip it."""
    cells = [[plain(row[column]) for column in columns] for row in rows]
    numeric = [
        bool(cells) and all(line[index] == UNKNOWN or _is_number(line[index]) for line in cells)
        for index in range(len(columns))
    ]
    if sys.stdout.isatty():
        _rich(cells, columns, numeric, title)
        return
    headings = [column.upper() for column in columns]
    widths = [max(len(line[index]) for line in [headings, *cells]) for index in range(len(columns))]
    for line in [headings, *cells]:
        padded = zip(line, widths, numeric, strict=True)
        print("  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in padded).rstrip())


def _rich(cells: list[list[str]], columns: Sequence[str], numeric: list[bool], title: str | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", header_style="bold")
    for column, right in zip(columns, numeric, strict=True):
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for line in cells:
        table.add_row(*[escape(text) for text in line])
    Console().print(table)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
