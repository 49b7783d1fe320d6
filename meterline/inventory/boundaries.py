"""The moments at which a cost changes its price or its owner, so that time is cut there.

UTC midnights are cut anyway and left out: a new rate a day would otherwise have every day computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

import polars as pl

from meterline.config.model import Config
from meterline.inventory.commitments import CommitmentRow
from meterline.inventory.frame import bounds, frame
from meterline.inventory.owners import held
from meterline.inventory.price_book import PriceRow
from meterline.inventory.timeline import Span


def boundary_frame(config: Config, prices: Iterable[PriceRow], commitments: Iterable[CommitmentRow]) -> pl.DataFrame:
    """The table cost_boundary, each moment that is no UTC midnight once, in order."""
    spans: list[Span] = [*(row.span for row in prices), *(row.span for row in commitments)]
    spans += [held(one) for team in config.teams for one in (*team.namespaces, *team.labels)]
    spans += [held(one) for pool in config.allocation.shared for one in (*pool.hourly, *pool.monthly)]
    moments = {moment for span in spans for moment in bounds(span) if moment is not None and moment.time() != time()}
    return frame({"ts": pl.Datetime("us")}, ((moment,) for moment in sorted(moments)))
