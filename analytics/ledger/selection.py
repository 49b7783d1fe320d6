"""Which lines a report is about: those of a month, and of them those that a filter keeps.

A filter is applied last, after everything was shared, so it never changes what anybody bears. Idle cost that was not
given to anybody is kept as OpenCost does it: in the part that the kept work bears of it, by cost. So a filter and its
complement add up. Two cases are not OpenCost's: who asks for `__idle__` gets it whole, and idle cost of a place where
nobody worked is kept when the place is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import polars as pl

from analytics.ledger.bearing import bearing
from analytics.ledger.dimensions import check, dimension, matches
from analytics.ledger.policy import IdleBy
from warehouse.charges import IDLE, LINE, MEASURES, RATE, Sums, exact_sums

COLUMNS = (*LINE, "charge_class")


@dataclass(frozen=True, slots=True)
class Selection:
    """Lines, and which part of each counts: `lines` has a column `part`, an index into `parts`."""

    lines: pl.DataFrame
    parts: Sequence[Fraction] = (Fraction(1),)

    def sums(self, by: Sequence[str]) -> dict[tuple[str, ...], Sums]:
        """Exact sums for each combination of the dimensions `by`. Raises ConfigurationError for one that is none."""
        check(by)
        names = [f"by {name}" for name in by]
        keyed = self.lines.with_columns(dimension(name).alias(key) for name, key in zip(by, names, strict=True))
        found: dict[tuple[str, ...], Sums] = {}
        for (*key, part), sums in exact_sums(keyed, (*names, "part")).items():
            counted = scaled(sums, self.parts[part])
            found[tuple(key)] = found.get(tuple(key), Sums()) + counted
        return found

    def filter(self, condition: pl.Expr) -> Selection:
        return Selection(self.lines.filter(condition), self.parts)

    def narrowed(self, columns: Collection[str]) -> Selection:
        """The same sums by these columns of lines, in fewer lines without the others; `team` is kept as well."""
        keys = list(dict.fromkeys(("team", *columns, *RATE, "part")))
        measured = pl.col("used").is_not_null().alias("measured")
        lines = self.lines.with_columns(measured).group_by(*keys, "measured").agg(pl.col(MEASURES).sum())
        return Selection(lines.with_columns(pl.when("measured").then("used").alias("used")), self.parts)


def select(
    lines: pl.DataFrame, transfers: pl.DataFrame | None, month: date, where: Mapping[str, Collection[str]],
    until: date | None, idle_by: IdleBy,
) -> Selection:  # fmt: skip
    """Lines (and transfers) that the report of `month` bears, before the report day `until`, kept by `where`.

    Frames have the columns of warehouse.charges.LINE; a column billing_month, where there is one, counts instead of
    month. Raises ConfigurationError for a filter by what is no dimension.
    """
    check(where, "filter")
    frames = [lines] if transfers is None else [lines, transfers]
    every = pl.concat([_of_month(frame, month, until) for frame in frames])
    whole = pl.lit(0, dtype=pl.Int64).alias("part")
    if not where:
        return Selection(every.with_columns(whole))
    idle = pl.col("team") == IDLE
    work = every.filter(~idle)
    borne, parts = bearing(every.filter(idle), work, where, idle_by)
    return Selection(pl.concat([work.filter(matches(where)).with_columns(whole), borne]), parts)


def scaled(sums: Sums, part: Fraction) -> Sums:
    return sums if part == 1 else Sums(*(getattr(sums, name) * part for name in Sums.__slots__))


def _of_month(frame: pl.DataFrame, month: date, until: date | None) -> pl.DataFrame:
    billed = "billing_month" if "billing_month" in frame.columns else "month"
    condition = pl.col(billed) == month
    if until is not None:
        condition &= pl.col("report_day") < until
    if "charge_class" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("charge_class"))
    return frame.lazy().filter(condition).select(COLUMNS).collect()
