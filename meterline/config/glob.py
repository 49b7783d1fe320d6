"""Globs over names (`search-*`, `chat-?`, `node-[a-f]`), as the regular expressions that the engines understand.

The result is in the part of the syntax that RE2 (DuckDB), Java (Spark) and Python share, and is anchored: engines
search, a glob matches the whole name.
"""

from __future__ import annotations

import re

WILDCARD = re.compile(r"[*?\[]")
PIECE = re.compile(r"\*|\?|\[(?P<negated>!?)(?P<set>[^\]\[]+)\]|[^*?\[]+|\[")


def is_literal(glob: str) -> bool:
    """Whether the glob is a plain name that matches only itself."""
    return WILDCARD.search(glob) is None


def to_regex(glob: str) -> str:
    """The anchored regular expression of a glob. Raises ValueError when a `[` is not closed or a range is backwards."""
    pieces = []
    for piece in PIECE.finditer(glob):
        text = piece[0]
        if text == "*":
            pieces.append(".*")
        elif text == "?":
            pieces.append(".")
        elif text == "[":
            raise ValueError(f"expected a ] after the [ in {glob!r}")
        elif piece["set"]:
            characters = piece["set"].replace("\\", "\\\\").replace("^", "\\^").replace("&", "\\&")
            pieces.append(f"[{'^' if piece['negated'] else ''}{characters}]")
        else:
            pieces.append(re.escape(text))
    regex = f"^{''.join(pieces)}$"
    try:
        re.compile(regex)
    except re.error as error:
        raise ValueError(f"expected a pattern such as search-*, {error.msg}") from error
    return regex
