"""What is wrong with prices and rates, said with the time for which it is wrong: the report names it and goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from meterline.inventory.frame import VALIDITY, bounds, frame
from meterline.inventory.timeline import BEGINNING, FOREVER, Span
from warehouse.interval import isoformat


@dataclass(frozen=True, slots=True)
class Problem:
    """`text` says what is wrong with `subject` during `span` in one sentence, `remedy` what to do about it."""

    subject: str
    span: Span
    text: str
    remedy: str


def during(span: Span) -> str:
    """`from 2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z`; only one of them where the other is open."""
    start = "" if span.start == BEGINNING else f"from {isoformat(span.start)} "
    return f"{start}on" if span.end == FOREVER else f"{start}to {isoformat(span.end)}"


def problem_frame(problems: Iterable[Problem]) -> pl.DataFrame:
    """The table price_problem, each problem once."""
    columns = {"subject": pl.String, **VALIDITY, "problem": pl.String, "remedy": pl.String}
    return frame(columns, ((one.subject, *bounds(one.span), one.text, one.remedy) for one in dict.fromkeys(problems)))
