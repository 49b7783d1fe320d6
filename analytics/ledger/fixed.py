"""Fixed shares: each team bears its agreed part of a pool every day, whether it used anything that day or not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import polars as pl

from analytics.ledger.bearers import OWNER, Bearers, Place, bearers
from analytics.ledger.distribute import Group, as_integers
from analytics.ledger.policy import Pool
from warehouse.charges import NO_SERVICE, SHARED


def fixed(work: pl.DataFrame, pool: Pool, days: Iterable[date]) -> Bearers:
    """Who bears a pool of fixed weights on each of `days`, by report day.

    A team's part is borne by its lines of the day, by cost; on a day without any it is the team's as a whole. What the
    weights lack to 1 stays in the pool; without weights nobody bears anything.
    """
    shares = {team: Fraction(weight) for team, weight in sorted(pool.weights.items()) if weight > 0}
    if not shares:
        return Bearers(pl.DataFrame(schema={column: pl.String() for column in OWNER}), {})
    rest = 1 - sum(shares.values(), Fraction(0))
    if rest > 0:
        shares[SHARED] = rest
    weights = as_integers(list(shares.values()))
    by_team = bearers(work, ("report_day",), ("team",))
    centers = dict(work.filter(pl.col("cost_center").is_not_null()).select("team", "cost_center").iter_rows())
    as_a_whole = pl.DataFrame(
        [
            {"team": team, "cost_center": centers.get(team), "service": NO_SERVICE, "model": NO_SERVICE}
            for team in shares
        ],
        schema={column: pl.String() for column in OWNER},
    )
    places = {}
    for day in days:
        here = by_team.places.get((day,))
        rows: list[int] = []
        groups = []
        for number, (team, weight) in enumerate(zip(shares, weights, strict=True)):
            if here and (team,) in here.names:
                of_team, members = here.members((team,))
            else:
                of_team, members = [by_team.owners.height + number], [1]
            rows += of_team
            groups.append(Group(weight, members))
        places[(day,)] = Place(rows, tuple(groups))
    return Bearers(pl.concat([by_team.owners, as_a_whole]), places)
