"""The finding of each page of the section Reliability: one sentence made from numbers. Pure, as `words`."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.words import listed, many


def alerts(firing: int, open_pages: Sequence[str], pages: int, suppressed: int, *, evaluated: bool = True) -> str:
    """`open_pages` name the pages that nobody acknowledged, of `pages` that fire and are not suppressed; `evaluated` is
    whether rules were evaluated lately."""
    if not firing:
        return "Nothing fires" if evaluated else "Nothing is known to fire"
    text = f"{many(firing, 'alert')} {'fires' if firing == 1 else 'fire'}"
    if open_pages:
        verb, whom = ("pages", "it") if len(open_pages) == 1 else ("page", "them")
        return f"{text}; {listed(open_pages)} {verb} and nobody has acknowledged {whom}"
    if pages:
        return f"{text}; {'the page is' if pages == 1 else f'all {pages} pages are'} acknowledged"
    return text + ("; all of them are suppressed" if suppressed == firing else "; none of them pages")


def slos(breached: Sequence[str], burning: Sequence[str], blind: int, number: int) -> str:
    """`breached` have used up their budget, `burning` do so too fast, `blind` of `number` have no data or traffic."""
    told = []
    if breached:
        told.append(
            f"{listed(breached)} {'has used up its' if len(breached) == 1 else 'have used up their'} error budget"
        )
    if burning:
        told.append(f"{listed(burning)} {'burns its' if len(burning) == 1 else 'burn their'} budget too fast")
    if not told and blind < number:
        held = number - blind
        told.append(
            "The objective is met" if held == 1 else f"All {held} {'measured ' if blind else ''}objectives are met"
        )
    if blind:
        told.append(
            f"{blind} of {number} cannot be told" if told else f"None of {many(number, 'objective')} can be told"
        )
    return "; ".join(told)


def on_call(pages: int, precision: str, evidence: str, unacknowledged: int, when: str) -> str:
    """`precision` as text, empty without a value; `evidence` as on_call_month words it."""
    if not pages:
        return f"Nobody was paged {when}"
    text = f"{many(pages, 'page')} {when}"
    if evidence == "enough" and precision:
        text += f"; {precision} of the judged ones were worth it"
    else:
        text += "; too few are judged to say what they were worth"
    if unacknowledged:
        text += f"; {unacknowledged} {'was' if unacknowledged == 1 else 'were'} acknowledged by nobody"
    return text
