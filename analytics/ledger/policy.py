"""What the sharing policy says, as values: who bears idle cost, and who bears which pool of shared cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeVar, get_args

import polars as pl

IdleSplit = Literal["none", "weighted", "even"]
IdleBy = Literal["node", "cluster"]
PoolSplit = Literal["none", "weighted", "even", "fixed"]
Word = TypeVar("Word", bound=str)


@dataclass(frozen=True, slots=True)
class Pool:
    """Shared cost of one name: `weighted` by the cost of those who bear it, `even` among them, `fixed` by `weights`.

    `weights` are shares by team. What they lack to 1 stays shared; where they exceed 1, only their proportion counts.
    """

    name: str
    split: PoolSplit
    weights: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """How idle cost and pools are shared out. An even split gives equal parts to groups of the dimensions `even_by`."""

    idle_split: IdleSplit = "none"
    idle_by: IdleBy = "node"
    pools: tuple[Pool, ...] = ()
    even_by: tuple[str, ...] = ("team",)

    @property
    def shares_nothing(self) -> bool:
        return self.idle_split == "none" and all(pool.split == "none" for pool in self.pools)

    @classmethod
    def of(cls, tables: Mapping[str, pl.DataFrame]) -> Policy:
        """The policy in allocation_policy, shared_pool and shared_weight. Raises ValueError for words that are none."""
        weights = tables["shared_weight"]
        pools = tuple(
            Pool(
                row["pool"], _one_of(get_args(PoolSplit), row["split"]),
                dict(weights.filter(pl.col("pool") == row["pool"]).sort("team").select("team", "weight").iter_rows()),
            )
            for row in tables["shared_pool"].sort("position").iter_rows(named=True)
        )  # fmt: skip
        for split, by in tables["allocation_policy"].select("idle_split", "idle_by").iter_rows():
            return cls(_one_of(get_args(IdleSplit), split), _one_of(get_args(IdleBy), by), pools)
        return cls(pools=pools)


def _one_of(words: tuple[Word, ...], given: str) -> Word:
    for word in words:
        if word == given:
            return word
    raise ValueError(f"{given!r} is none of {', '.join(words)}")
