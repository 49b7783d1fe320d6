"""What the fixture's sharing policy moves: idle of a cluster to the pods there, shared pools to all pods, by the day.

Weighted by quantity, which is what weighs in a cluster of one price. Quantities and use are in a millionth of the
source's unit and split by largest remainder, so every source and its receivers add up to zero exactly.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import polars as pl

from published.lines import frame

FINE = 10**6
RECEIVED = ("team", "cost_center", "service", "model", "cluster", "region", "node", "namespace", "pod", "labels")


def transfers(lines: pl.DataFrame) -> pl.DataFrame:
    """cost_transfer: for each shared line one line that takes it away and one for each pod that bears a part."""
    own = lines.filter(
        (pl.col("charge") == "allocation") & pl.col("charge_class").is_null() & pl.col("price").is_not_null()
    )
    bearers: dict[tuple[date, str | None, str], dict[tuple[Any, ...], int]] = defaultdict(lambda: defaultdict(int))
    for row in own.to_dicts():
        who = tuple(row[column] for column in RECEIVED)
        for cluster in (row["cluster"], None):
            bearers[row["day"], cluster, row["kind"]][who] += int(row["quantity"])
    rows = []
    for row in lines.filter(pl.col("charge").is_in(["idle", "shared", "overhead"])).to_dicts():
        kind = "gpu" if row["charge"] == "overhead" else row["kind"]
        those = bearers[row["day"], row["cluster"] if row["charge"] == "idle" else None, kind]
        measures = {name: int(row[name]) * FINE for name in ("quantity", "used") if row[name] is not None}
        shares = {name: _split(whole, those) for name, whole in measures.items()}
        fine = row | {"charge": "transfer", "share_den": row["share_den"] * FINE}
        rows.append(fine | {name: -whole for name, whole in measures.items()})
        for who in those:
            part = {name: split[who] for name, split in shares.items()}
            rows.append(fine | dict(zip(RECEIVED, who, strict=True)) | part)
    return frame(rows)


def _split(whole: int, weights: dict[tuple[Any, ...], int]) -> dict[tuple[Any, ...], int]:
    total = sum(weights.values())
    parts = {who: whole * weight // total for who, weight in weights.items()}
    rest = whole - sum(parts.values())
    for who in sorted(weights, key=lambda one: (-(whole * weights[one] % total), str(one)))[:rest]:
        parts[who] += 1
    return parts
