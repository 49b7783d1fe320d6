"""Whose is what, and since when: teams, namespaces, labels of pods.

Patterns are anchored regular expressions. Positions say which of several that match and hold is meant, the lowest:
names written out come before patterns, everything else is in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import polars as pl

from meterline.config.glob import is_literal, to_regex
from meterline.config.section import Validity
from meterline.config.teams import Team
from meterline.inventory.frame import VALIDITY, bounds, frame
from meterline.inventory.timeline import Span

Item = TypeVar("Item")


def team_frame(teams: Sequence[Team]) -> pl.DataFrame:
    """The table team."""
    return frame({"team": pl.String, "cost_center": pl.String}, ((team.name, team.cost_center) for team in teams))


def namespace_owner_frame(teams: Sequence[Team]) -> pl.DataFrame:
    """The table namespace_owner."""
    owned = [(one.name, (team.name, one)) for team in teams for one in team.namespaces]
    columns = {"pattern": pl.String, "team": pl.String, "position": pl.Int32, **VALIDITY}
    return frame(
        columns, ((pattern, team, position, *bounds(held(one))) for pattern, (team, one), position in placed(owned))
    )


def label_owner_frame(teams: Sequence[Team]) -> pl.DataFrame:
    """The table label_owner."""
    owned = [(one.value, (one.name, team.name, one)) for team in teams for one in team.labels]
    columns = {"label": pl.String, "pattern": pl.String, "team": pl.String, "position": pl.Int32, **VALIDITY}
    return frame(
        columns,
        (
            (label, pattern, team, position, *bounds(held(one)))
            for pattern, (label, team, one), position in placed(owned)
        ),
    )


def held(one: Validity) -> Span:
    """When it holds."""
    return Span.between(one.start, one.end)


def placed(claims: Sequence[tuple[str, Item]]) -> list[tuple[str, Item, int]]:
    """`(regular expression, item, position)` for each glob and its item: names before patterns."""
    ordered = sorted(claims, key=lambda claim: not is_literal(claim[0]))
    return [(to_regex(glob), item, position) for position, (glob, item) in enumerate(ordered)]
