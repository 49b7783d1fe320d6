"""What is wrong with the data itself, above everything that is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from dashboards.components.markup import draw, sentence, text
from dashboards.formats import age, clock, moment
from warehouse.errors import MeterlineError

LATE = timedelta(minutes=5)
"""Rules are evaluated every half minute; after this long something is wrong."""


def failures(sources: pl.DataFrame, analytics: pl.DataFrame) -> None:
    """Failing or never collected sources with the remedy, and results that could not be recomputed."""
    for row in sources.to_dicts():
        if row["status"] == "never":
            said = f"<b>○ Source {text(row['source'])} ({text(row['type'])}) has not been collected yet.</b>"
        else:
            upto = f" Its facts end at {moment(row['collected_to'])}." if row["collected_to"] else ""
            named = f"{text(row['source'])} ({text(row['type'])})"
            said = f"<b>✕ Source {named} fails: {text(row['message'])}.</b>{text(upto)}"
        remedy = f"<p><em>{text(sentence(row['remedy']))}</em></p>" if row["remedy"] else ""
        calm = " ml-calm" if row["status"] == "never" else ""
        draw(f'<div class="ml-banner{calm}" role="alert"><p>{said}</p>{remedy}</div>')
    for row in analytics.to_dicts():
        draw(
            f"<div class='ml-banner ml-calm'><p><b>▲ {text(row['analytic'])} could not be recomputed; what is shown "
            f"of it is older.</b></p><p><em>{text(row['message'])}</em></p></div>"
        )


def unusable(error: MeterlineError) -> None:
    """What could not be read or written, and what to do about it."""
    remedy = f"<p><em>{text(sentence(error.remedy))}</em></p>" if error.remedy else ""
    draw(f'<div class="ml-banner" role="alert"><p><b>✕ {text(sentence(error.message))}</b></p>{remedy}</div>')


def late(last: datetime | None, now: datetime) -> bool:
    """Whether the `last` evaluation of rules is too long ago to say that nothing fires."""
    return last is None or now - last > LATE


def evaluation(last: datetime | None, failing: Mapping[str, str], now: datetime) -> None:
    """Nothing firing means nothing while rules are not evaluated, or while one fails: both are said."""
    if late(last, now):
        when = "have not been evaluated yet" if last is None else (
            f"were last evaluated at {clock(last, now)} UTC, {age(now - last)} ago"
        )  # fmt: skip
        draw(
            f'<div class="ml-banner" role="alert"><p><b>✕ Rules {text(when)}.</b> '
            "What they would find is not known.</p>"
            "<p><em>See that `meterline run` is up, and what its log file says.</em></p></div>"
        )
    for rule, error in failing.items():
        draw(
            f'<div class="ml-banner ml-calm"><p><b>▲ The rule {text(rule)} cannot be evaluated; its alerts stay as '
            f"they were.</b></p><p><em>{text(error)}</em></p></div>"
        )
