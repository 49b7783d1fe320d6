"""What is wrong with the data itself, above everything that is made from it."""

from __future__ import annotations

import polars as pl

from dashboards.components.markup import draw, sentence, text
from dashboards.formats import moment


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
