"""What the provider bills for the sample platform: every machine by the day, with one mistake to be found.

The provider put the H100's new price into force a day late, so the bill is above what was metered by that day's
difference. A network SKU stands for what nothing meters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sample_data.billing import Charge
from sample_data.fleet import REGIONS, Node
from sample_data.grid import utc
from sample_data.platform import Platform
from sample_data.prices import DISCOUNT, PRICES, Price, price_of

NETWORK = Charge(date.min, "egress-gib", Decimal(1800), Decimal("0.02"), service="Data Transfer")


def platform_charges(platform: Platform) -> Iterator[Charge]:
    """Charges of every whole UTC day that the platform has lived through, a SKU and region a row."""
    change = utc(platform.calendar.price_change).date() + timedelta(days=1)
    agreement = utc(platform.calendar.days_before(20)).date()
    day = platform.start.date() + timedelta(days=1)
    while day < platform.end.date():
        hours: dict[tuple[Price, str], int] = {}
        for node in platform.nodes:
            for price, units in _parts(node):
                key = (price, REGIONS[node.cluster])
                hours[key] = hours.get(key, 0) + 24 * units
        for (price, region), count in hours.items():
            listed = Decimal(price.before if price.before and day < change else price.amount)
            paid = listed if price.spot or day < agreement else listed * (1 - DISCOUNT)
            service = "GPU Compute" if price.kind == "gpu" else "Compute"
            yield Charge(day, price.sku, Decimal(count), paid, listed, service, region)
        yield Charge(day, NETWORK.sku, NETWORK.hours, NETWORK.unit_price, None, NETWORK.service)
        day += timedelta(days=1)


def _parts(node: Node) -> Iterator[tuple[Price, int]]:
    region = REGIONS[node.cluster]
    model = next(one.model for one in PRICES if one.model and node.product.startswith(one.model))
    yield price_of("gpu", model, region, node.spot), node.gpus
    yield price_of("cpu", None, region, node.spot), node.cores
    yield price_of("memory", None, region, node.spot), node.ram_gib
