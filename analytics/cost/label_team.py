"""Teams that own pods by what their labels say.

---
kind: intermediate
question: Which team owns the pods that carry these labels, and since when?
formula: teams[].labels of the configuration whose pattern matches the value; of several that hold at a time the first
source: pod_label_day and label_owner
missing: labels without a row decide nothing; the namespace does
reads: [label_set, label_owner]
---
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import polars as pl

SCHEMA = pl.Schema({
    "labels": pl.String(), "team": pl.String(), "valid_from": pl.Datetime("us"), "valid_to": pl.Datetime("us"),
})  # fmt: skip
Row = dict[str, Any]
BEGINNING, FOREVER = datetime(1, 1, 1), datetime(9999, 12, 31)


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """For each text of labels disjoint intervals `[valid_from, valid_to)` (null: open) with their team."""
    owners = tables["label_owner"].sort("position").to_dicts()
    rows = []
    for text in tables["label_set"]["labels"].drop_nulls() if owners else ():
        labels = json.loads(text)
        claims = [one for one in owners if re.search(one["pattern"], labels.get(_key(one["label"]), "\0"))]
        rows += [{"labels": text, **piece} for piece in _first_of(claims)]
    return pl.DataFrame(rows, schema=SCHEMA)


def _key(label: str) -> str:
    """A label's name as Prometheus spells it."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", label)


def _first_of(claims: list[Row]) -> list[Row]:
    """Disjoint intervals, each with the team of the first claim that holds in it."""
    spans = [(one["valid_from"] or BEGINNING, one["valid_to"] or FOREVER, one["team"]) for one in claims]
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    found = []
    for start, end in pairwise(edges):
        team = next((team for since, until, team in spans if since <= start and until >= end), None)
        if team:
            found.append({"team": team, "valid_from": _open(start), "valid_to": _open(end)})
    return found


def _open(moment: datetime) -> datetime | None:
    return None if moment in (BEGINNING, FOREVER) else moment
