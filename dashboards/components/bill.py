"""What state a bill is in: open or closed, corrected, and whether anything is missing in it."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import formats
from dashboards.components.markup import draw, sentence, text
from dashboards.queries import showback
from dashboards.queries.showback import Selection
from dashboards.statement import statement
from dashboards.view import View

UNITS = {"gpu": "GPU-hours", "cpu": "core-hours", "memory": "GiB-hours"}


def status(view: View, selection: Selection) -> None:
    """A line a month: open to date or closed when and from which version, and the corrections in it and of it."""
    if view.period.grain == "week":
        return  # a week is no bill
    said = [_month(view, row) for row in showback.closings(view.results, view.period).to_dicts()]
    corrected = statement(view.results, selection, ("charge_class",))
    if corrected.rows.height and "Correction" in corrected.rows["charge_class"].to_list():
        amount = formats.money(corrected.amount("charge_class", "Correction"), view.meta.currency)
        said.append(f"<span><b>± Corrections</b> of closed months in this: {text(amount)}</span>")
    if said:
        draw(f'<div class="ml-states">{"".join(said)}</div>')


def _month(view: View, row: dict[str, Any]) -> str:
    name = f"{row['month']:%B %Y}"
    note = f" {text(sentence(row['note']))}" if row["note"] else ""
    if row["status"] != "closed":
        return f"<span><b>○ {name} is open</b>: late data still changes it.{note}</span>"
    later = (
        f" Corrected by {text(_rounded(row['corrected_cost'], view.meta.currency))} in later bills."
        if row["corrected"]
        else ""
    )
    at, version = formats.moment(row["closed_at"]), text(row["published_version"] or "")
    return f"<span><b>✓ {name} is closed</b> since {at}, as in version {version}.{later}{note}</span>"


def _rounded(value: float, currency: str) -> str:
    return f"{formats.signed(value, 2)}{formats.NBSP}{currency}"


def incomplete(view: View, selection: Selection) -> None:
    """Names what has no price here, and what is wrong with prices in the period; nothing when the bill is whole."""
    missing = showback.unpriced(view.results, selection)
    if missing.is_empty():
        return
    named = "".join(f"<p><b>▲ {text(_hours(row))}</b></p>" for row in missing.to_dicts())
    problems = "".join(
        f"<p><em>{text(sentence(row['problem']))} {text(sentence(row['remedy']))}</em></p>"
        for row in _problems(view).to_dicts()
    )
    draw(f'<div class="ml-banner ml-calm" role="note"><p><b>This bill is incomplete.</b></p>{named}{problems}</div>')


def _hours(row: dict[str, Any]) -> str:
    what = row["gpu_model"] or ("unknown GPU model" if row["kind"] == "gpu" else row["kind"])
    first, last = row["first_day"], row["last_day"]
    span = f"on {first:%-d %b}" if first == last else f"from {first:%-d %b} to {last:%-d %b}"
    unit = UNITS.get(row["kind"], "hours")
    return f"{row['hours']:,.1f}{formats.NBSP}{unit} of {what} have no price {span}: they are in no amount here."


def _problems(view: View) -> pl.DataFrame:
    return showback.bill_problems(view.results, view.period).head(8)
