"""Commitments in FOCUS: what was bought, and what of it each charge used up.

A covered charge has been paid for with the commitment: its BilledCost is 0 and its EffectiveCost the amortized part.
The payment stands in a row of its own, category Purchase, with EffectiveCost 0. We bill our organisation the part of
the fee that belongs to the period, every month (ChargeFrequency Recurring), not the whole fee when it is due at the
provider. So in every file BilledCost and EffectiveCost add up to the same, which is the showback's total, and over the
term of the commitment to its fee (golden case: 1488.00 for 744 hours, 500 used: purchase 1488.00, used 1000.00, unused
488.00).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from analytics.focus.charges import EXACT, Charge, Price


class Bought(NamedTuple):
    """What the parts of one purchase have in common."""

    commitment: str
    month: date
    kind: str
    gpu_model: str | None
    pricing: str | None
    charge_class: str | None
    price: Price


@dataclass(frozen=True, slots=True)
class Purchase:
    """The part of a commitment's fee for a month: `quantity` unit-hours, used or not, at the amortized price."""

    bought: Bought
    quantity: Decimal

    @property
    def cost(self) -> Decimal:
        return EXACT.multiply(self.quantity, self.bought.price.net)

    @property
    def list_cost(self) -> Decimal:
        return EXACT.multiply(self.quantity, self.bought.price.listed)


def purchases(charges: Sequence[Charge]) -> list[Purchase]:
    """The purchases that exactly pay for the covered ones among `charges`, used and unused."""
    quantities: dict[Bought, Decimal] = {}
    for one in charges:
        if one.commitment is not None:
            bought = Bought(
                one.commitment, one.month, one.kind, one.gpu_model, one.pricing, one.charge_class, one.price
            )
            quantities[bought] = EXACT.add(quantities.get(bought, Decimal(0)), one.quantity)
    return [Purchase(bought, quantity) for bought, quantity in quantities.items() if quantity]
