"""The finding of each page: one sentence made from numbers, the title that a reader takes away.

Pure. Each function takes the figures that the page shows and says what they amount to; where a figure is missing it
says what cannot be told instead of pretending. No sentence holds a number that its page does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboards.formats import cents, compact, hours, ratio


def listed(names: Sequence[str], most: int = 2) -> str:
    """`a`, `a and b`, `a, b and 3 more`."""
    if len(names) <= 1:
        return "".join(names)
    if len(names) <= most:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def many(number: int, noun: str) -> str:
    """`1 model`, `3 models`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def overview(passed: Sequence[str], failed: Sequence[str], undecided: int, blind: int, phrase: str) -> str:
    """`passed` and `failed` are titles; `undecided` have a value and no verdict, `blind` have no value."""
    judged = len(passed) + len(failed)
    if not judged:
        if not undecided:
            return f"No KPI can be computed {phrase} yet"
        return f"{many(undecided, 'KPI')} measured {phrase}, none of them judged against a target"
    if judged == 1:
        text = f"{passed[0]} meets its target {phrase}" if passed else f"{failed[0]} misses its target {phrase}"
    elif not failed:
        text = f"All {judged} judged KPIs meet their target {phrase}"
    elif not passed:
        text = f"None of {judged} KPIs meets its target {phrase}"
    else:
        verb = "misses its target" if len(failed) == 1 else "miss theirs"
        text = f"{len(passed)} of {judged} KPIs meet their target {phrase}; {listed(failed)} {verb}"
    return text + (f"; {blind} cannot be computed" if blind else "")


def gpu(gpus: float | None, capacity: float, effective: float, idle: float, unallocated: float, phrase: str) -> str:
    """Hours of capacity and of its parts; `gpus` is capacity over elapsed hours."""
    if capacity <= 0:
        return f"No GPU capacity was seen {phrase}"
    whose = many(round(gpus), "GPU") if gpus and gpus >= 1 else "GPUs"
    lost = ("held idle", idle) if idle >= unallocated else ("allocated to nobody", unallocated)
    tail = f"; {ratio(lost[1] / capacity, 0)} of their time was {lost[0]}" if lost[1] > 0 else ""
    return f"{whose} did {ratio(effective / capacity, 0)} useful work {phrase}{tail}"


def gpu_of_team(team: str, allocated: float, effective: float, idle: float, phrase: str) -> str:
    """Hours that one team held."""
    if allocated <= 0:
        return f"{team} held no GPUs {phrase}"
    return (
        f"{team} held {hours(allocated)} of GPU time {phrase}: {ratio(effective / allocated, 0)} did useful work, "
        f"{ratio(idle / allocated, 0)} was idle"
    )


def showback(
    whose: str, total: Decimal, nobody: Decimal, held_idle: Decimal, unowned: Decimal, currency: str, phrase: str
) -> str:
    """`whose` is empty for everything; the amounts are parts of `total`: capacity that nobody requested, what was
    requested and not used, and what has no owner. The largest of them is named."""
    if not total:
        return f"Nothing was charged {f'to {whose} ' if whose else ''}{phrase}"
    parts = [
        (nobody, "bought capacity that nobody requested"),
        (held_idle, "was held and not used"),
        (unowned, "has no owner"),
    ]
    share, what = max(parts, key=lambda part: part[0])
    subject = f"{whose} cost" if whose else "The platform cost"
    tail = f"; {ratio(float(share / total), 1)} of it {what}" if share > 0 else ""
    return f"{subject} {cents(total, currency)} {phrase}{tail}"


def unit_cost(per_1k: str, dearest: str | None, blind: Sequence[str], phrase: str) -> str:
    """`per_1k` is the platform's figure as text, empty without one; `dearest` names the service that costs most by it,
    `blind` those that cost money and served nothing."""
    text = f"A thousand inferences cost {per_1k} {phrase}" if per_1k else f"No inference was counted {phrase}"
    if dearest and per_1k:
        text += f"; {dearest} costs most"
    if blind:
        text += f"; {listed(blind)} cost{'s' if len(blind) == 1 else ''} money and served nothing that can be counted"
    return text


def reconciliation(difference: Decimal, metered: Decimal, gaps: int, currency: str, phrase: str) -> str:
    """`difference` is billed less metered over SKUs that have both; `gaps` counts SKUs with one side only."""
    if not difference and not gaps:
        return f"The bill is what was metered {phrase}"
    share = f", {ratio(float(abs(difference) / metered), 2)} of what was metered" if metered else ""
    way = "more" if difference > 0 else "less"
    text = (
        f"The provider billed {cents(abs(difference), currency)} {way} than was metered {phrase}{share}"
        if difference
        else f"What was billed is what was metered {phrase}"
    )
    return text + (
        f"; {many(gaps, 'line')} of the bill or the meter {'has' if gaps == 1 else 'have'} no counterpart"
        if gaps
        else ""
    )


def budgets(over: Sequence[str], coming: Sequence[str], number: int, phrase: str) -> str:
    """`over` are scopes that spent their budget, `coming` those that will at the present pace, of `number` budgets."""
    if not number:
        return f"No budget is set {phrase}"
    if not over and not coming:
        return f"All {number} budgets hold {phrase}" if number > 1 else f"The budget holds {phrase}"
    said = [f"{listed(over)} {'is' if len(over) == 1 else 'are'} over budget"] if over else []
    if coming:
        said.append(f"{listed(coming)} will be at this pace")
    text = " and ".join(said) if over else said[0].replace("will be at this pace", "will be over budget at this pace")
    return f"{text}, {phrase.removeprefix('in ')}"


@dataclass(frozen=True, slots=True)
class ServiceResult:
    """What the serving sentence needs of one service; verdict is pass, fail, inconclusive or none."""

    name: str
    availability: float | None
    verdict: str


def serving(
    services: Sequence[ServiceResult], requests: float, availability: float | None, slow: Sequence[str], phrase: str
) -> str:
    """`slow` are the services whose last day broke their latency threshold at P95."""
    if not services or not requests:
        return f"No requests were served {phrase}"
    failed = sorted((s for s in services if s.verdict == "fail"), key=lambda s: s.availability or 0.0)
    if failed:
        worst = failed[0]
        others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        text = f"{worst.name}{others} missed the availability target {phrase} with {ratio(worst.availability, 2)}"
    else:
        text = f"{ratio(availability, 2)} of {compact(requests)} requests were answered {phrase}"
    if slow:
        text += f"; {listed(slow)} {'is' if len(slow) == 1 else 'are'} slower than the threshold"
    return text


def pipelines(
    training: tuple[int, int], deployment: tuple[int, int], worst: tuple[str, int, int] | None, phrase: str
) -> str:
    """(success, failed) of each kind; `worst` is (pipeline, success, failed) of the least reliable one."""
    parts = []
    for noun, (good, bad) in (("training", training), ("deployment", deployment)):
        if good + bad:
            parts.append(f"{ratio(good / (good + bad), 1)} of {many(good + bad, noun + ' run')}")
    if not parts:
        return f"No pipeline run ended {phrase}"
    text = f"{' and '.join(parts)} succeeded {phrase}"
    if worst and worst[2]:
        text += f"; {worst[0]} failed {worst[2]} of {worst[1] + worst[2]}"
    return text


def drift(statuses: Sequence[str], uncovered: Sequence[str], drifted: Sequence[str]) -> str:
    """`statuses` of all models, `uncovered` names those that are not covered, `drifted` those with drifted columns."""
    if not statuses:
        return "No production model is known yet"
    covered = sum(status == "covered" for status in statuses)
    text = (
        f"All {len(statuses)} models are watched for drift"
        if covered == len(statuses)
        else f"{covered} of {len(statuses)} models are watched for drift, not {listed(uncovered)}"
    )
    return text + (f"; {listed(drifted)} drifted" if drifted else "; none drifted")
