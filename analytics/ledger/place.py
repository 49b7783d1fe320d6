"""Whose work bears an idle line: that of its node or its cluster, and of whatever is known where less is known.

Idle capacity stands on a node. A commitment that nobody used stands in a cluster or nowhere; then the whole cluster, or
everybody, is where it was not used.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from analytics.ledger.policy import IdleBy

BEARERS = ("allocation", "shared")
"""Charges of lines that bear idle cost."""
SAME = ("report_day", "kind")
"""What idle cost and those who bear it always have in common."""


def levels(idle: pl.DataFrame, by: IdleBy) -> Iterator[tuple[pl.DataFrame, tuple[str, ...]]]:
    """Idle lines that are borne alike, with the columns in which those who bear them are equal to them (nulls too)."""
    node, cluster = pl.col("node").is_not_null(), pl.col("cluster").is_not_null()
    if by == "node":
        known = [(node, ("cluster", "node")), (~node & cluster, ("cluster",)), (~node & ~cluster, ())]
    else:
        known = [(node | cluster, ("cluster",)), (~node & ~cluster, ())]
    for condition, place in known:
        lines = idle.filter(condition)
        if not lines.is_empty():
            yield lines, (*SAME, *place)
