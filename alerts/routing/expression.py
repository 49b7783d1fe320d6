"""Regular expressions as Alertmanager understands them: Go's RE2, anchored at both ends, no flags.

Python's `re` is another language (lookahead, `$` before a trailing newline, no `\\p{Greek}`), so google-re2 compiles
them. Compiled once per text: a routing tree says `severity=~"page|critical"` in many places. And as label values come
again and again, an answer is remembered, as Alertmanager does too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

_options = re2.Options()
_options.log_errors = False
_options.max_mem = 64 << 20  # Go has no such limit: a list of some thousand names must compile

# RE2 and Go name the same mistakes differently; people search for Go's words.
GO_WORDS = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
}

SPECIAL = frozenset("\\.+*?()[]{}^$")
MOST_ANSWERS = 4096  # a pattern; a label with more values than that is not worth remembering


class _Remembered:
    """The answers of one expression; forgets all when there are too many."""

    __slots__ = ("_answers", "_search")

    def __init__(self, search: Callable[[str], object]) -> None:
        self._search = search
        self._answers: dict[str, bool] = {}

    def __call__(self, value: str) -> bool:
        answer = self._answers.get(value)
        if answer is None:
            answer = self._search(value) is not None
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[value] = answer
        return answer


@lru_cache(maxsize=4096)
def whole_match(text: str) -> Callable[[str], bool]:
    """Whether a value as a whole matches `text`. Raises ValueError in Go's words when that is not RE2's language."""
    if SPECIAL.isdisjoint(text):
        return frozenset(text.split("|")).__contains__  # a|b|c, which is most of what people write
    return _Remembered(_anchored(text).search)


def _anchored(text: str) -> Any:
    if re.search(r"(?<!\\)(?:\\\\)*\\C", text):
        # RE2 knows \\C, any byte; Go does not, since it would cut letters in two.
        raise ValueError("error parsing regexp: invalid escape sequence: `\\C`")
    try:
        compiled = re2.compile(f"^(?:{text})$", options=_options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        what, _, where = words.partition(": ")
        raise ValueError(f"error parsing regexp: {GO_WORDS.get(what, what)}: `{where}`") from None
    for name in compiled.groupindex:
        if not name.isascii():  # RE2 allows any letter, Go only its own word characters
            raise ValueError(f"error parsing regexp: invalid named capture: `(?P<{name}>`")
    return compiled
