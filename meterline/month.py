"""Calendar months as people write them. Light to import: the command line reads its words with it."""

from __future__ import annotations

import re
from datetime import date

WRITTEN = re.compile(r"(\d{4})-(\d{2})", re.ASCII)

LAST_YEAR = "9999"
"""Its last month has no end that a date can tell."""


def parse_month(text: str) -> date:
    """The first day of the month written as YYYY-MM. Raises ValueError with the text in it."""
    found = WRITTEN.fullmatch(text)
    try:
        if found and found[1] != LAST_YEAR:
            return date(int(found[1]), int(found[2]), 1)
    except ValueError:
        pass  # month 13, year 0: the same answer as for any other text
    raise ValueError(f"{text!r} is not a month, expected for example 2026-10")
