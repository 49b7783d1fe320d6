"""The sharing policy as lines that add up to zero: what leaves an owner, and who bears it.

Order, as in OpenCost: idle cost first, to the work (shared work too) of the same report day, place and kind, by cost;
then the pools, with the idle cost that their work received, to the lines of teams on that report day, by their cost
without idle. What nobody can bear stays where it is. Coefficients come from all lines: no filter is known here.

A line that leaves has the columns of the line it takes away, its quantity negative; a line that is received has the
receiver's columns and the kind, price and day of what was shared. To share without rounding money, a quantity is
counted in millionths of its unit (`share_den` grows with it) and split by largest remainder; use is split alike, so
that no sum of cost, list cost or use changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from analytics.ledger.bearers import Bearers, bearers
from analytics.ledger.fixed import fixed
from analytics.ledger.place import BEARERS, levels
from analytics.ledger.policy import Policy, Pool
from analytics.ledger.portion import finely, portions
from warehouse.charges import IDLE, LINE, SHARED

MILLIONTH = 1_000_000
OF_POOL = ("shared", "overhead")
NOBODYS = ("idle", "unused")


def transfers(lines: pl.DataFrame, policy: Policy, quantum: int | None = MILLIONTH) -> pl.DataFrame:
    """The lines that share `lines` out as `policy` says, in the columns of warehouse.charges.LINE; charge `transfer`.

    `lines` are lines without transfers. `quantum`: parts of a unit that shares are rounded to; None: each share in the
    unit in which it is exact (for checking, its denominators grow).
    """
    empty = pl.DataFrame(schema=LINE)
    if policy.shares_nothing or lines.is_empty():
        return empty
    lines = lines.select(LINE.names())
    moved = list(_idle(lines, policy, quantum)) if policy.idle_split != "none" else []
    received = pl.concat([empty, *(frame.filter(pl.col("pool").is_not_null()) for frame in moved)])
    final = [frame.filter(pl.col("pool").is_null()) for frame in moved]
    for pool in policy.pools:
        of_pool = received.filter(pl.col("pool") == pool.name)
        received = received.filter(pl.col("pool") != pool.name)
        final += _pool(lines, of_pool, pool, policy.even_by, quantum) if pool.split != "none" else [of_pool]
    every = pl.concat([empty, *final, received]).with_columns(charge=pl.lit("transfer"))
    return every.filter((pl.col("quantity") != 0) | (pl.col("used").fill_null(0) != 0))


def _idle(lines: pl.DataFrame, policy: Policy, quantum: int | None) -> Iterator[pl.DataFrame]:
    idle = lines.filter((pl.col("team") == IDLE) & pl.col("charge").is_in(NOBODYS))
    work = lines.filter(pl.col("charge").is_in(BEARERS))
    for part, keys in levels(finely(idle, quantum), policy.idle_by):
        those = bearers(work, keys, policy.even_by if policy.idle_split == "even" else ())
        yield taken(part, those, keys)
        yield portions(part, those, keys, exact=quantum is None)


def _pool(
    lines: pl.DataFrame, received: pl.DataFrame, pool: Pool, even_by: Sequence[str], quantum: int | None
) -> Iterator[pl.DataFrame]:
    own = finely(lines.filter((pl.col("pool") == pool.name) & pl.col("charge").is_in(OF_POOL)), quantum)
    work = lines.filter((pl.col("charge") == "allocation") & ~pl.col("team").is_in([IDLE, SHARED]))
    keys = ("report_day",)
    match pool.split:
        case "fixed":
            those = fixed(work, pool, pl.concat([own, received])["report_day"].unique().sort())
        case "even":
            those = bearers(work, keys, even_by)
        case _:
            those = bearers(work, keys)
    yield taken(own, those, keys)
    yield received.join(_places(those, keys), on=keys, how="anti", nulls_equal=True)  # nobody there to pass it on to
    shared = portions(pl.concat([own, received]), those, keys, exact=quantum is None)
    yield shared.with_columns(pool=pl.lit(pool.name))


def taken(lines: pl.DataFrame, those: Bearers, keys: Sequence[str]) -> pl.DataFrame:
    """The lines that take away what is borne at places where somebody bears it."""
    here = lines.join(_places(those, keys), on=keys, how="semi", nulls_equal=True)
    return here.with_columns(-pl.col("quantity"), -pl.col("used"))


def _places(those: Bearers, keys: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(list(those.places), schema={key: LINE[key] for key in keys}, orient="row")
