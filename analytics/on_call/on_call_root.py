"""Which incidents are one: merged ones, duplicates, and a page of ours with the incident that it opened elsewhere.

---
kind: intermediate
question: Which incident does each incident belong to, itself where it stands alone?
formula: >
  parent_id names an incident of the same source; or, for a page that Meterline sent on, the key under which another
  system knows it: then it is the last incident with that alert_key that began before it (or 10 minutes after) and was
  not over. Followed to the end, so chains of merges collapse into one
source: on_call_incident
missing: an incident whose parent was not collected stands alone
reads: [on_call_incident]
---
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

LATER = timedelta(minutes=10)
"""An incident elsewhere is opened after we sent the page, and clocks differ."""

Key = tuple[str, str]
SCHEMA = pl.Schema({"source": pl.String(), "id": pl.String(), "root_source": pl.String(), "root_id": pl.String()})
COLUMNS = ("source", "id", "alert_key", "parent_id", "created_at", "resolved_at")


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row an incident."""
    rows = tables["on_call_incident"].select(COLUMNS).sort("created_at", "source", "id").to_dicts()
    parents = _parents(rows)
    found = [(*key, *_root(key, parents)) for key in ((row["source"], row["id"]) for row in rows)]
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def _parents(rows: Sequence[Mapping[str, Any]]) -> dict[Key, Key]:
    known = {(row["source"], row["id"]) for row in rows}
    by_key: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["alert_key"] is not None:
            by_key[row["alert_key"]].append(row)
    parents = {}
    for row in rows:
        if row["parent_id"] is None:
            continue
        named = (row["source"], row["parent_id"])
        parent = named if named in known else _elsewhere(row, by_key[row["parent_id"]])
        if parent is not None:
            parents[row["source"], row["id"]] = parent
    return parents


def _elsewhere(row: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> Key | None:
    for other in reversed(candidates):
        over = other["resolved_at"] is not None and other["resolved_at"] < row["created_at"]
        if other["source"] != row["source"] and other["created_at"] <= row["created_at"] + LATER and not over:
            return other["source"], other["id"]
    return None


def _root(key: Key, parents: Mapping[Key, Key]) -> Key:
    """The end of the chain; in a circle the smallest, so that all of it agrees."""
    passed = [key]
    while (following := parents.get(passed[-1])) is not None:
        if following in passed:
            return min(passed[passed.index(following) :])
        passed.append(following)
    return passed[-1]
