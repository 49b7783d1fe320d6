"""A file of the bill as batches of text: every value as it stands in the file, none through a float.

CSV (`,`, `;`, tab or `|`, found by the header; gzip by the name) is read by polars, which gives a file up in which a
line has more fields than the header or a quote is left open. `careful` reads the same file by Python's csv instead,
several times slower, and refuses such lines alone. Numbers that a Parquet file itself stores as binary floating point
(AWS does) are taken by their shortest decimal form, and the file is named for it.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import polars as pl

from collector.focus.columns import canonical, focus
from collector.focus.problems import Problems

BATCH = 100_000
DELIMITERS = (",", ";", "\t", "|")
PARQUET = ".parquet"
ZERO_FRACTION = r"\.0+(Z?)$"
FIELD_LIMIT = 16 * 2**20
"""Bytes of one field that Python's csv takes; its own limit of 128 KiB is below what tags may need."""


class NotABill(ValueError):
    """The file as a whole cannot be read; the message says why."""


class NeedsCare(ValueError):
    """Lines do not fit the header: read the file again with `careful`."""


def header_of(path: Path) -> list[str]:
    """The names of the columns as they stand in the file. Raises NotABill."""
    with _readable():
        if path.name.lower().endswith(PARQUET):
            return list(pl.read_parquet_schema(path))
        return _csv_header(path)[0]


def batches(path: Path, problems: Problems, *, careful: bool = False) -> Iterator[pl.DataFrame]:
    """Frames of text columns under FOCUS' names, with row_number, in the file's order; empty lines are left out.

    Raises NotABill, and NeedsCare unless `careful`. Lines that do not fit the header are put into `problems`.
    """
    with _readable():
        if path.name.lower().endswith(PARQUET):
            yield from _of_parquet(path, problems)
            return
        header, delimiter = _csv_header(path)
        names = canonical(header)
        yield from _carefully(path, names, delimiter, problems) if careful else _of_csv(path, names, delimiter)


def head(path: Path, rows: int) -> pl.DataFrame:
    """The first rows of a file, for a look at it. Raises NotABill."""
    for careful in (False, True):
        try:
            first = next(batches(path, Problems(), careful=careful), None)
            return pl.DataFrame() if first is None else first.head(rows)
        except NeedsCare:
            continue
    raise NotABill("it is not CSV")


def _of_csv(path: Path, names: list[str], delimiter: str) -> Iterator[pl.DataFrame]:
    frame = pl.scan_csv(path, infer_schema=False, separator=delimiter)
    number = 1
    try:
        for part in frame.collect_batches(chunk_size=BATCH, maintain_order=True):
            part.columns = names
            yield _numbered(part, number)
            number += part.height
    except pl.exceptions.ComputeError as error:
        raise NeedsCare(str(error)) from error


def _carefully(path: Path, names: list[str], delimiter: str, problems: Problems) -> Iterator[pl.DataFrame]:
    schema = pl.Schema({"row_number": pl.Int64(), **dict.fromkeys(names, pl.String())})
    limit = csv.field_size_limit(FIELD_LIMIT)
    rows: list[list[Any]] = []
    try:
        with _text(path) as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            next(reader)
            for number, fields in enumerate(reader, start=1):
                if len(fields) == len(names):
                    rows.append([number, *(field or None for field in fields)])
                elif fields:
                    reason = f"the line has {len(fields)} fields, the header has {len(names)}"
                    problems.refuse({"row_number": number, "line": delimiter.join(fields)}, [(None, None, reason)])
                if len(rows) == BATCH:
                    yield pl.DataFrame(rows, schema=schema, orient="row")
                    rows = []
            yield pl.DataFrame(rows, schema=schema, orient="row")
    finally:
        csv.field_size_limit(limit)


def _of_parquet(path: Path, problems: Problems) -> Iterator[pl.DataFrame]:
    schema = pl.read_parquet_schema(path)
    names = canonical(list(schema))
    amounts = set(focus().of_kind("amount"))
    for name, kind in zip(names, schema.values(), strict=True):
        if kind.is_float() and name in amounts:
            problems.file("note", "stored as binary floating point; its shortest decimal form is read", name)
    texts = [_as_text(name, kind) for name, kind in schema.items()]
    mapped = "Tags" in names and list(schema.values())[names.index("Tags")].is_nested()
    number = 1
    for part in pl.scan_parquet(path).select(texts).collect_batches(chunk_size=BATCH, maintain_order=True):
        part.columns = names
        if mapped:
            part = part.with_columns(_tags(part["Tags"]))
        yield _numbered(part, number)
        number += part.height


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if isinstance(kind, pl.Datetime):
        zoned = value.dt.convert_time_zone("UTC") if kind.time_zone else value
        written = zoned.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("Z" if kind.time_zone else ""))
        return written.str.replace(ZERO_FRACTION, "$1")
    if kind.is_nested():
        return pl.when(value.is_not_null()).then(pl.struct(value).struct.json_encode()).alias(name)
    return value.cast(pl.String, strict=False)


def _tags(texts: pl.Series) -> pl.Series:
    """Maps, which are lists of key and value in Parquet, as the JSON objects that FOCUS has in CSV."""
    known = {text: _object(text) for text in texts.drop_nulls().unique()}
    return texts.replace_strict(known, default=None, return_dtype=pl.String) if known else texts


def _object(text: str) -> str:
    (value,) = json.loads(text).values()
    if isinstance(value, list):
        pairs = [{key.casefold(): part for key, part in one.items()} for one in value if isinstance(one, dict)]
        value = {str(one.get("key")): one.get("value") for one in pairs}
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _numbered(part: pl.DataFrame, first: int) -> pl.DataFrame:
    numbered = part.with_row_index("row_number", first).cast({"row_number": pl.Int64})
    return numbered.filter(~pl.all_horizontal(pl.exclude("row_number").is_null()))


def _csv_header(path: Path) -> tuple[list[str], str]:
    """The header and the delimiter: the one by which most of the names are FOCUS' own."""
    with _text(path) as stream:
        lines = [stream.readline()]
        if not lines[0].strip():
            raise NotABill("it has no header" if lines[0] else "it is empty")
    known = set(focus().columns)
    headers = [(next(csv.reader(lines, delimiter=one)), one) for one in DELIMITERS]
    header, delimiter = max(headers, key=lambda one: len(known & set(canonical(one[0]))))
    twice = sorted({name for name in canonical(header) if canonical(header).count(name) > 1})
    if twice:
        raise NotABill(f"the column {twice[0] or '(without a name)'} stands twice in its header")
    return header, delimiter


def _text(path: Path) -> IO[str]:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


@contextmanager
def _readable() -> Iterator[None]:
    """What goes wrong below, in one word for people."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise NotABill("it is not UTF-8 text") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NotABill("it is not a complete gzip file") from error
    except csv.Error as error:
        raise NotABill(f"it is not CSV ({error})") from error
    except OSError as error:
        raise NotABill(f"it cannot be read ({error.strerror or error})") from error
    except pl.exceptions.PolarsError as error:
        raise NotABill(f"it cannot be read ({str(error).splitlines()[0]})") from error
