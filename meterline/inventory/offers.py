"""Prices as they are written, each for one kind of unit: a node's price becomes prices of its GPUs, cores and GiB.

The split keeps the proportion of the base prices and the sum of the node (OpenCost specification, appendix A): with
quantities q and base prices b, a unit of r costs `node price x b_r / sum(q_i x b_i)`, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeVar

from meterline.config.prices import NodePrice, Prices, UnitPrice
from meterline.inventory.timeline import Span, successive


class Key(NamedTuple):
    """What a price is for; None holds for any. `kind` is gpu, cpu or memory, `gpu_model` is None for the last two."""

    kind: str
    gpu_model: str | None
    cluster: str | None
    region: str | None
    instance_type: str | None
    pricing: str

    def covers(self, other: Key) -> bool:
        """Whether this price holds for whatever `other` is for, being wider or the same."""
        narrowing = zip(self[2:5], other[2:5], strict=True)
        return (self.kind, self.gpu_model, self.pricing) == (other.kind, other.gpu_model, other.pricing) and all(
            mine is None or mine == its for mine, its in narrowing
        )

    def __str__(self) -> str:
        what = {"gpu": self.gpu_model or "GPUs", "cpu": "CPU", "memory": "memory"}[self.kind]
        return what + _where(self.cluster, self.region, self.instance_type, self.pricing)


@dataclass(frozen=True, slots=True)
class Offer:
    """`amount` of `currency` (None: the report's) per unit-hour of `key` during `span`.

    `subject` and `written` name it to people: what has the price, and the price as the configuration says it; `section`
    is where it stands there.
    """

    key: Key
    span: Span
    amount: Fraction
    currency: str | None
    subject: str
    written: str
    section: str


Written = TypeVar("Written", bound=UnitPrice)


def offers(prices: Prices, currency: str) -> list[Offer]:
    """Every price of the configuration, whose report is in `currency`; they may overlap and leave gaps."""
    found = [*_units(prices, currency), *_nodes(prices.node_hour, currency)]
    # a node whose price its GPUs bear has its cores for nothing; that alone does not make cores something to charge
    charged = {one.key.kind for one in found if one.amount or one.section != "node_hour"}
    return [one for one in found if one.key.kind in charged]


def _units(prices: Prices, currency: str) -> Iterator[Offer]:
    gpus = [(Key("gpu", one.model, *_narrowed(one)), one) for one in prices.gpu_hour]
    cores = [(Key("cpu", None, *_narrowed(one)), one) for one in prices.cpu_hour]
    memory = [(Key("memory", None, *_narrowed(one)), one) for one in prices.ram_gib_hour]
    for section, keyed in (("gpu_hour", gpus), ("cpu_hour", cores), ("ram_gib_hour", memory)):
        for key, one, span in _spans(keyed):
            foreign = _foreign(one, currency)
            yield Offer(key, span, Fraction(one.price), foreign, str(key), _written(one, foreign), section)


def _nodes(nodes: Sequence[NodePrice], currency: str) -> Iterator[Offer]:
    for where, one, span in _spans([(_narrowed(one), one) for one in nodes]):
        cluster, region, instance_type, pricing = where
        subject = f"node {instance_type}{_where(cluster, region, None, pricing)}"
        foreign = _foreign(one, currency)
        for kind, model, amount in node_split(one):
            key = Key(kind, model, *where)
            yield Offer(key, span, amount, foreign, subject, f"{_written(one, foreign)} a node", "node_hour")


def node_split(node: NodePrice) -> list[tuple[str, str | None, Fraction]]:
    """`(kind, GPU model, price of a unit)`; what the node has none of, or no base price for, costs 0."""
    parts: list[tuple[str, str | None, int | Fraction, Fraction]] = [
        ("gpu", node.gpu_model, node.gpus, Fraction(node.base.gpu)),
        ("cpu", None, Fraction(node.cpus), Fraction(node.base.cpu)),
        ("memory", None, Fraction(node.ram_gib), Fraction(node.base.ram_gib)),
    ]
    scale = Fraction(node.price) / sum(quantity * base for _, _, quantity, base in parts)
    return [
        (kind, model, base * scale if quantity else Fraction(0))
        for kind, model, quantity, base in parts
        if kind != "gpu" or quantity
    ]


def _narrowed(price: UnitPrice) -> tuple[str | None, str | None, str | None, str]:
    return price.cluster, price.region, price.instance_type, price.pricing


Place = TypeVar("Place", bound=tuple[str | None, ...])


def _spans(keyed: Iterable[tuple[Place, Written]]) -> Iterator[tuple[Place, Written, Span]]:
    """Each price with its validity: to its own end, else to where the next price of the same key begins."""
    grouped: dict[Place, list[Written]] = {}
    for key, one in keyed:
        grouped.setdefault(key, []).append(one)
    for key, group in grouped.items():
        for one, span in zip(group, successive([(one.start, one.end) for one in group]), strict=True):
            yield key, one, span


def _foreign(price: UnitPrice, currency: str) -> str | None:
    return None if price.currency in (None, currency) else price.currency


def _written(price: UnitPrice, foreign: str | None) -> str:
    return f"{price.price:f} {foreign}" if foreign else f"{price.price:f}"


def _where(cluster: str | None, region: str | None, instance_type: str | None, pricing: str) -> str:
    narrowed = (("on", instance_type), ("in", cluster), ("in", region))
    return "".join(f" {word} {name}" for word, name in narrowed if name) + (" (spot)" if pricing == "spot" else "")
