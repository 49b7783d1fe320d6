"""What cost can be grouped and filtered by, and the value that a line shows there.

Idle and shared cost have no service, no cost center and often no namespace: there they show as `__idle__` and
`__shared__`, so that they are explicit in every grouping by owner. Where they are (cluster, node, GPU model), they show
as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import polars as pl

from warehouse.charges import IDLE, NO_SERVICE, SHARED, UNALLOCATED
from warehouse.errors import ConfigurationError

LABEL = "label:"
OWNERS = {"cost_center": UNALLOCATED, "service": NO_SERVICE, "model": NO_SERVICE, "namespace": "", "pod": ""}
"""What only owners have, with what shows where an owner has none."""
PLACES = ("cluster", "region", "node")
ITSELF = ("gpu_model", "kind", "pricing", "charge", "charge_class", "pool", "day")
"""What every line answers by itself, idle or not."""
DIMENSIONS = ("team", *OWNERS, *PLACES, *ITSELF)
"""All but labels; `label:NAME` is a dimension for any NAME."""


def check(names: Collection[str], verb: str = "group") -> None:
    """Raises ConfigurationError that names every unknown dimension, and every one that is named twice."""
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ConfigurationError(f"cannot {verb} cost by {', '.join(twice)} twice", "name each dimension once")
    unknown = [name for name in names if name not in DIMENSIONS and not (name.startswith(LABEL) and name != LABEL)]
    if unknown:
        raise ConfigurationError(
            f"cannot {verb} cost by {', '.join(unknown)}", f"choose among {', '.join(DIMENSIONS)}, label:NAME"
        )


def of_owner(name: str) -> bool:
    """Whether a dimension says who owes a line (not where, nor what it is)."""
    return name == "team" or name in OWNERS or name.startswith(LABEL)


def dimension(name: str) -> pl.Expr:
    """The value (String, never null) of a line in the dimension `name`. Reads the columns of warehouse.charges.LINE."""
    if name == "day":
        return pl.col("report_day").cast(pl.String).fill_null("")
    if name.startswith(LABEL):
        return _of_owner(pl.col("labels").str.json_path_match(f"$['{sanitized(name[len(LABEL) :])}']"), UNALLOCATED)
    if name in OWNERS:
        return _of_owner(pl.col(name), OWNERS[name])
    return pl.col(name).fill_null("")


def sanitized(label: str) -> str:
    """A label's name as Prometheus spells it: `app.kubernetes.io/name` is `app_kubernetes_io_name`."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", label)


def _of_owner(value: pl.Expr, absent: str) -> pl.Expr:
    nobodys = pl.col("team").is_in([IDLE, SHARED]) & (value.is_null() | (value == NO_SERVICE))
    return pl.when(nobodys).then(pl.col("team")).otherwise(value.fill_null(absent))


def matches(where: Mapping[str, Collection[str]]) -> pl.Expr:
    """Whether a line's value is among those given, in every dimension of `where`."""
    return pl.all_horizontal(
        pl.lit(True), *(dimension(name).is_in(list(values)) for name, values in sorted(where.items()))
    )
