"""What the machines cost: the price list that the demo's configuration and the provider's bill share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

H100, A100, L4 = "NVIDIA-H100-80GB-HBM3", "NVIDIA-A100-SXM4-80GB", "NVIDIA-L4"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars an hour of one GPU, core (`cpu`) or GiB (`memory`), and the SKU under which the provider bills it.

    `before` is what it cost until the sample's price change.
    """

    kind: str
    sku: str
    amount: str
    model: str | None = None
    region: str | None = None
    spot: bool = False
    before: str | None = None


PRICES = (
    Price("gpu", "gpu-h100", "2.60", H100, before="2.95"),
    Price("gpu", "gpu-a100", "1.60", A100),
    Price("gpu", "gpu-l4", "0.70", L4),
    Price("gpu", "spot-gpu-h100", "1.15", H100, spot=True),
    Price("gpu", "spot-gpu-a100", "0.65", A100, spot=True),
    Price("cpu", "vcpu", "0.010"),
    Price("cpu", "vcpu-eu", "0.011", region="eu-west-1"),
    Price("cpu", "spot-vcpu", "0.004", spot=True),
    Price("memory", "ram-gib", "0.0013"),
    Price("memory", "ram-gib-eu", "0.0014", region="eu-west-1"),
    Price("memory", "spot-ram-gib", "0.0005", spot=True),
)
DISCOUNT = Decimal("0.03")
"""Off everything on demand, from the day of the agreement on."""


def price_of(kind: str, model: str | None, region: str, spot: bool) -> Price:
    """The price that holds for a node's part: one of its region goes before one for all. Raises KeyError for none."""
    fitting = [
        one for one in PRICES
        if one.kind == kind and one.model == model and one.spot == spot and one.region in (None, region)
    ]  # fmt: skip
    if not fitting:
        raise KeyError(f"the sample has no price for {kind} {model or ''} in {region}")
    return max(fitting, key=lambda one: one.region is not None)
