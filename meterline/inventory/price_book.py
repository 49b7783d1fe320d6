"""Which price holds when: prices as written, resolved to disjoint spans in the report currency, after discounts.

Where two prices of the same thing hold there is none, for exactly that time, and a problem names both; so it is where a
foreign price has no rate. A gap between two prices has no row, and a problem unless a wider price fills it; before its
first price a thing is simply not priced yet. All is exact: a price that the warehouse cannot hold exactly is none, and
named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from meterline.config.prices import Discount, Prices
from meterline.inventory.currency import Rates
from meterline.inventory.frame import VALIDITY, bounds, frame
from meterline.inventory.money import MONEY, ratio
from meterline.inventory.offers import Key, Offer, offers
from meterline.inventory.problem import Problem, during
from meterline.inventory.timeline import Span, merged, resolve, split, without

Resolved = dict[Key, list[tuple[Span, tuple[Offer, ...]]]]
Amounts = tuple[Fraction, Fraction] | None
"""List price and price after discounts in the report currency, or None where there is no one price."""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Per unit-hour `list_price / price_den` and, after discounts, `price / price_den`; None where it is not known."""

    key: Key
    span: Span
    list_price: Decimal | None
    price: Decimal | None
    price_den: int


def price_book(prices: Prices, rates: Rates) -> tuple[list[PriceRow], list[Problem]]:
    """Rows, disjoint for each key and in order of time, and what is wrong with the prices."""
    resolved = _resolved(offers(prices, rates.currency))
    problems = [*_overlaps(resolved), *_gaps(resolved), *_without_rate(resolved, rates)]
    rows = []
    for key, pieces in _with_clusters(resolved, prices.discounts).items():
        discounts = [one for one in prices.discounts if _concerns(one, key) and one.cluster in (None, key.cluster)]
        for span, amounts in merged(_amounts(pieces, rates, discounts)):
            exact = ratio(*amounts) if amounts else None
            if exact:
                (list_price, price), den = exact
                rows.append(PriceRow(key, span, list_price, price, den))
            else:
                rows.append(PriceRow(key, span, None, None, 1))
                if amounts:
                    problems.append(_inexact(key, span))
    return rows, problems


def price_frame(rows: Iterable[PriceRow]) -> pl.DataFrame:
    """The table price."""
    columns = {"kind": pl.String, "gpu_model": pl.String, "cluster": pl.String, "region": pl.String,
               "instance_type": pl.String, "pricing": pl.String, "list_price": MONEY, "price": MONEY,
               "price_den": pl.Int64, **VALIDITY}  # fmt: skip
    return frame(columns, ((*row.key, row.list_price, row.price, row.price_den, *bounds(row.span)) for row in rows))


def _resolved(every: Sequence[Offer]) -> Resolved:
    held: dict[Key, list[tuple[Span, Offer]]] = {}
    for offer in every:
        held.setdefault(offer.key, []).append((offer.span, offer))
    return {key: resolve(entries) for key, entries in held.items()}


def _overlaps(resolved: Resolved) -> Iterator[Problem]:
    for key, pieces in resolved.items():
        for span, held in pieces:
            if len(held) > 1:
                subjects = {offer.subject for offer in held}
                subject = subjects.pop() if len(subjects) == 1 else str(key)
                count = {2: "two", 3: "three"}.get(len(held), str(len(held)))
                written = [offer.written for offer in held]
                text = f"{count} prices of {subject} hold {during(span)}: {', '.join(written[:-1])} and {written[-1]}"
                sections = dict.fromkeys(f"prices.{offer.section}" for offer in held)
                yield Problem(subject, span, text, f"let one end where another begins, in {' and '.join(sections)}")


def _gaps(resolved: Resolved) -> Iterator[Problem]:
    for key, pieces in resolved.items():
        wider = [span for other, held in resolved.items() if other != key and other.covers(key)
                 for span, offers in held if offers]  # fmt: skip
        for number, (gap, held) in enumerate(pieces):
            for span in without([gap], wider) if not held else ():
                subject = pieces[number - 1][1][0].subject
                section = pieces[number - 1][1][0].section
                text = f"no price of {subject} {during(span)}"
                yield Problem(subject, span, text, f"say what it cost then, in prices.{section}")


def _without_rate(resolved: Resolved, rates: Rates) -> Iterator[Problem]:
    needed: dict[str, list[Span]] = {}
    for pieces in resolved.values():
        for span, held in pieces:
            if len(held) == 1 and held[0].currency:
                needed.setdefault(held[0].currency, []).append(span)
    for currency, spans in needed.items():
        yield from rates.problems(currency, spans)


def _with_clusters(resolved: Resolved, discounts: Iterable[Discount]) -> Resolved:
    """`resolved`, and each price for all clusters repeated for those that have a discount of their own.

    Not where the cluster has a price of its own that went before it (the instance type is weighed first, then the
    cluster, then the region): repeating it there would let it win.
    """
    found = dict(resolved)
    for discount in discounts:
        for key, pieces in resolved.items() if discount.cluster else ():
            own = key._replace(cluster=discount.cluster)
            if key.cluster is not None or not _concerns(discount, key):
                continue
            narrower = [*resolved.get(own, ()), *resolved.get(own._replace(region=None), ())]
            before = [span for span, held in narrower if held]
            repeated = [(part, held) for span, held in pieces if held for part in without([span], before)]
            found[own] = sorted([*resolved.get(own, ()), *repeated], key=lambda piece: piece[0])
    return found


def _concerns(discount: Discount, key: Key) -> bool:
    """Whether the discount is for such a thing, in whatever cluster."""
    return (
        discount.resource in (None, key.kind)
        and (discount.model is None or discount.model == key.gpu_model)
        and discount.pricing in (None, key.pricing)
    )


def _amounts(
    pieces: Iterable[tuple[Span, tuple[Offer, ...]]], rates: Rates, discounts: Sequence[Discount]
) -> Iterator[tuple[Span, Amounts]]:
    valid = [(Span.between(one.start, one.end), 1 - Fraction(one.percent) / 100) for one in discounts]
    edges = {edge for span, _ in valid for edge in (span.start, span.end)}
    for whole, held in pieces:
        if len(held) != 1:
            if held:
                yield whole, None
            continue
        offer = held[0]
        for span in split(whole, sorted(edges.union(rates.edges(offer.currency)))):
            rate = rates.at(offer.currency, span.start)
            if rate is None:
                yield span, None
                continue
            price = list_price = offer.amount * rate
            for when, factor in valid:
                if span.start in when:
                    price *= factor
            yield span, (list_price, price)


def _inexact(key: Key, span: Span) -> Problem:
    text = f"the price of {key} {during(span)} has more digits than can be kept exactly"
    return Problem(str(key), span, text, "write its price, base prices, rates and discounts with fewer digits")
