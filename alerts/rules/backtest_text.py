"""A backtest for people, in one or a few lines."""

from __future__ import annotations

from datetime import timedelta

from alerts.rules.backtest import Backtest

DAY = timedelta(days=1)


def backtest_text(found: Backtest) -> str:
    """`on the last 30 days: 12 pages, 5 of them with an incident`, then how often, when and how long."""
    noun = "page" if found.pages or (found.severity == "page" and not found.tickets) else "ticket"
    many = found.pages if noun == "page" else found.tickets
    head = f"on the last {found.days:g} days: {_count(many, noun)}"
    if found.incidents is None:
        head += ", no incidents are known to compare with"
    elif many:
        head += f", {found.with_incident} of them with an incident"
    lines = [head]
    if noun == "page" and found.tickets:
        lines[0] += f"; {_count(found.tickets, 'ticket')} beside them"
    if many and found.median_duration is not None and found.longest_duration is not None:
        lines.append(f"{found.per_week:.1f} a week, {found.in_sleep} in sleeping hours ({found.sleep})")
        lines.append(
            f"half of them lasted at most {_span(found.median_duration)}, the longest {_span(found.longest_duration)}"
        )
    if found.flaps_damped:
        lines.append(f"{_count(found.flaps_damped, 'change')} of flapping alerts not told")
    if found.missed:
        lines.append(f"{_count(found.missed, 'incident')} of these services without one")
    lines.append(_basis(found))
    return "\n".join(lines)


def _basis(found: Backtest) -> str:
    if found.known_from is None or found.known_to is None:
        return "the signal has no rows in this time: nothing is known"
    basis = f"{_count(found.readings, 'reading')} of {found.series} series, {found.known_from:%Y-%m-%d %H:%M} to "
    basis += f"{found.known_to:%Y-%m-%d %H:%M} UTC"
    if found.snapshot:
        return f"{basis}; this signal is a snapshot of now and has no history"
    missing = found.since.astimezone(found.known_from.tzinfo)
    if found.known_from - missing > DAY:
        return f"{basis}; there is no history before"
    return basis


def _count(many: int, noun: str) -> str:
    return f"{many} {noun}" if many == 1 else f"{many} {noun}s"


def _span(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{many} {unit}" for many, unit in parts if many) or "0 min"
