"""Burn rules of the objectives as a board repeats panels for them: each pair of windows with its factor once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterline.openslo.duration import shorthand
from meterline.openslo.slos import Objective


@dataclass(frozen=True, slots=True)
class BurnRule:
    """Alerts while the budget burns more than `factor` times the even pace in `long` and `short`, written as in PromQL.

    `selector` chooses the SLOs that have it, among those that the dashboard's variables choose.
    """

    severity: str
    long: str
    short: str
    factor: str
    selector: str


SELECTOR = 'slo=~"$slo",objective=~"$objective"'


def burn_rules(objectives: Sequence[Objective]) -> list[BurnRule]:
    """The rules of all `objectives`, the fastest first."""
    known = {one.slo for one in objectives}
    having: dict[tuple[float, int, int, str], set[str]] = {}
    for one in objectives:
        for alert in one.alerts:
            key = (-alert.factor, int(alert.long.total_seconds()), int(alert.short.total_seconds()), alert.severity)
            having.setdefault(key, set()).add(one.slo)
    spans = {
        int(span.total_seconds()): shorthand(span)
        for one in objectives
        for alert in one.alerts
        for span in (alert.long, alert.short)
    }
    return [
        BurnRule(severity, spans[long], spans[short], f"{-factor:.4g}", _selector(slos, known))
        for (factor, long, short, severity), slos in sorted(having.items())
    ]


def _selector(slos: set[str], known: set[str]) -> str:
    # names of SLOs are DNS labels: nothing in them is special in a regular expression
    return SELECTOR if slos == known else f'{SELECTOR},slo=~"{"|".join(sorted(slos))}"'
