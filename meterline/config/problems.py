"""How a mistake in the configuration is told: one line each, in the words of the file."""

from __future__ import annotations

from warehouse.errors import ConfigurationError

PREFIXES = {"Value error, ": "", "Input should be ": "expected ", "String should ": "expected to "}
"""How pydantic begins a sentence, and how we do."""


class InvalidConfiguration(ConfigurationError):
    """The file can be read but is not a configuration. `problems` has one line each, in the order of the file."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def in_order(problems: list[tuple[int, str]]) -> tuple[str, ...]:
    """The texts of `(line, text)` by line, each once."""
    return tuple(dict.fromkeys(text for _, text in sorted(problems, key=lambda one: one[0])))


def expected(message: str) -> str:
    """What was expected, from what pydantic says."""
    for prefix, instead in PREFIXES.items():
        if message.startswith(prefix):
            return instead + message.removeprefix(prefix)
    return message[:1].lower() + message[1:]
