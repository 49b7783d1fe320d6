"""What a rule must have before it may page: an owner who acts, a runbook that says how. Which of them is configured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from alerts.rules.model import Rule
from warehouse.errors import ConfigurationError

Need = Literal["owner", "runbook_url"]

REQUIRED: tuple[Need, ...] = ("owner", "runbook_url")
WHY: Mapping[Need, str] = {
    "owner": "whom a page wakes must be the one who acts",
    "runbook_url": "whoever is woken must find what to do",
}


def lacks(rule: Rule, required: Sequence[Need] = REQUIRED) -> Iterator[Need]:
    """What is required of a rule that pages, and it does not have."""
    if rule.severity == "page":
        yield from (need for need in required if not getattr(rule, need))


def gate(rules: Iterable[Rule], required: Sequence[Need] = REQUIRED) -> None:
    """Raises ConfigurationError for the enabled rules that lack what is `required`, all in one."""
    wrong = [
        f"the rule {rule.name} pages and has no {need}: {WHY[need]}"
        for rule in rules
        if rule.enabled
        for need in lacks(rule, required)
    ]
    if wrong:
        raise ConfigurationError("; ".join(wrong), "give it one, or make it a ticket, or `enabled: false`")
