"""Exchange rates from a CSV file, judged like those that are written in the configuration itself."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic import ValidationError

from meterline.config.prices import Rate
from meterline.config.problems import InvalidConfiguration, expected
from meterline.config.rules import rate_findings
from warehouse.errors import ConfigurationError

COLUMNS = ("date", "currency", "rate")
MOST_TOLD = 20


def read_rates(path: Path, currency: str) -> tuple[Rate, ...]:
    """The rates in `path` (UTF-8, a header, the columns date, currency and rate in any order).

    Raises ConfigurationError when it cannot be read, InvalidConfiguration with the line, the column and the value of
    what is wrong; `currency` is the report's, which has no rate.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(
            f"{path} cannot be read ({reason})", "prices.rates in the configuration names it"
        ) from error
    try:
        reader = csv.reader(io.StringIO(text), strict=True)
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        raise ConfigurationError(f"{path}: not CSV: {error}", f"expected {','.join(COLUMNS)}") from error
    header = [name.strip().lower() for name in rows[0][1]] if rows else []
    if sorted(header) != sorted(COLUMNS):
        raise InvalidConfiguration((f"{path}:1: expected the columns {', '.join(COLUMNS)}",))
    problems: list[str] = []
    rates: list[tuple[int, Rate]] = []
    for number, row in rows[1:]:
        if len(row) != len(header):
            problems.append(f"{path}:{number}: expected {len(header)} values, got {len(row)}")
            continue
        values = {name: value.strip() for name, value in zip(header, row, strict=True)}
        try:
            rates.append((number, Rate.model_validate(values)))
        except ValidationError as error:
            problems += [
                f"{path}:{number}: {one['loc'][0]}: {values[str(one['loc'][0])]!r}: {expected(one['msg'])}"
                for one in error.errors()
            ]
    for (_, _, index, column), wrong in rate_findings([rate for _, rate in rates], currency):
        number, rate = rates[int(index)]
        problems.append(f"{path}:{number}: {column}: {str(getattr(rate, str(column)))!r}: {wrong}")
    if problems:
        more = [f"{path}: {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []
        raise InvalidConfiguration((*problems[:MOST_TOLD], *more))
    return tuple(rate for _, rate in rates)
