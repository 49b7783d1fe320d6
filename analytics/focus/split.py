"""Split cost allocation as FOCUS 1.3 tells it: which part of which cost each row bears.

The origin charge is what there is of one kind and price in one cluster and period; of what a pool shares, that pool.
Each row that bears a part names the method, the ratio and the quantity; the ratios of an origin add up to exactly 1,
and what nobody was allocated (idle) is the row without x_AllocatedResourceId. A filtered file has the same ratios,
without those of the rows that were left out. Corrections and unused commitments have no origin here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from analytics.focus.charges import Charge
from warehouse.money import apportion, round_half_even

RATIO_DIGITS = Decimal("1E-9")

Origin = tuple[Any, ...]


def origin_of(charge: Charge) -> Origin | None:
    """The capacity that a charge is a part of, or None where it is a part of nothing."""
    if charge.charge_class is not None or charge.unused:
        return None
    sold = (charge.kind, charge.gpu_model, charge.pricing, charge.commitment, charge.price)
    place = (charge.cluster, charge.region) if charge.pool is None else (charge.pool,)
    return (charge.month, charge.day, *sold, *place)


def ratios(charges: Sequence[Charge], every: Sequence[Charge]) -> list[Decimal | None]:
    """For each of `charges` its part of its origin; `every` are all charges of the month, of which a filter kept
    these."""
    whole = _sums(every)
    kept = _sums(charges)
    found: list[Decimal | None] = [None] * len(charges)
    members: dict[Origin, list[int]] = {}
    for index, charge in enumerate(charges):
        origin = origin_of(charge)
        if origin is not None and whole.get(origin):
            members.setdefault(origin, []).append(index)
    for origin, indices in members.items():
        parts = [charges[index].hours / whole[origin] for index in indices]
        complete = kept[origin] == whole[origin]
        rounded = apportion(parts, RATIO_DIGITS) if complete else [round_half_even(one, RATIO_DIGITS) for one in parts]
        for index, ratio in zip(indices, rounded, strict=True):
            found[index] = ratio
    return found


def details(ratio: Decimal, unit: str, quantity: Decimal) -> str:
    """AllocatedMethodDetails, with numbers as JSON numbers of as many digits as they have."""
    element = {"AllocatedRatio": float(ratio), "UsageUnit": unit, "UsageQuantity": float(quantity)}
    return json.dumps({"Elements": [element]})


def _sums(charges: Sequence[Charge]) -> dict[Origin, Fraction]:
    sums: dict[Origin, Fraction] = {}
    for charge in charges:
        origin = origin_of(charge)
        if origin is not None:
            sums[origin] = sums.get(origin, Fraction(0)) + charge.hours
    return sums
