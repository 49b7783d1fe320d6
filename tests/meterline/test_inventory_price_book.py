"""The price book against prices looked through one by one: every moment has one price, or a problem that names it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from meterline.config.prices import Prices
from meterline.inventory.currency import Rates
from meterline.inventory.money import over, ratio
from meterline.inventory.price_book import price_book

amounts = st.fractions(min_value=0, max_value=10**6, max_denominator=10**9)


@given(amounts, amounts)
def test_a_ratio_is_exact_or_there_is_none(first: Fraction, second: Fraction) -> None:
    found = ratio(first, second)
    if found:
        numerators, denominator = found
        assert [Fraction(one) / denominator for one in numerators] == [first, second]
        assert all(abs(one) < 10**20 and -one.as_tuple().exponent <= 18 for one in numerators)
        assert 0 < denominator <= 9 * 10**18
    else:
        assert first.denominator * second.denominator > 10**6, "what is refused is not simple"


@given(st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**6), st.integers(1, 10**9))
def test_a_numerator_over_a_given_denominator_is_exact(amount: Fraction, denominator: int) -> None:
    found = over(amount, denominator)
    scaled = amount * denominator
    assert found is None or Fraction(found) == scaled
    assert found is not None or 10**18 % scaled.denominator


DAYS = 12
WIDTHS = {"instance_type": "i", "cluster": "xy", "region": "r"}


@st.composite
def price_entries(draw: st.DrawFn) -> dict[str, object]:
    start = draw(st.integers(0, DAYS - 1))
    entry: dict[str, object] = {
        "model": draw(st.sampled_from("HA")), "price": str(draw(st.integers(1, 9))), "from": date(2026, 10, 1 + start)
    }  # fmt: skip
    if draw(st.booleans()):
        entry["to"] = date(2026, 10, 1 + draw(st.integers(start + 1, DAYS)))
    entry |= {key: draw(st.sampled_from(names)) for key, names in WIDTHS.items() if draw(st.integers(0, 2)) == 0}
    if draw(st.booleans()):
        entry["currency"] = "EUR"
    return entry


discount_entries = st.fixed_dictionaries(
    {"percent": st.sampled_from(("10", "50"))},
    optional={"from": st.integers(1, DAYS).map(lambda number: date(2026, 10, number)),
              "cluster": st.sampled_from("xy"), "model": st.sampled_from("HA")},
)  # fmt: skip
rate_entries = st.dictionaries(st.integers(1, DAYS), st.sampled_from(("1.1", "1.2")), max_size=DAYS)
USES = [
    (model, place)
    for model in "HA"
    for place in (("i", "x", "r"), ("i", "y", None), (None, "x", "r"), (None, "z", "r"))
]
"""A GPU model on an instance type, in a cluster, in a region, all as its node says."""


@settings(deadline=None)
@given(st.lists(price_entries(), max_size=7), st.lists(discount_entries, max_size=3), rate_entries)
def test_every_moment_has_one_price_or_a_problem_that_names_it(
    entries: list[dict[str, object]], discounts: list[dict[str, object]], days: dict[int, str]
) -> None:
    """Asked as the SQL asks (the narrowest row that holds), against the entries looked through by hand."""
    rates = [{"currency": "EUR", "date": date(2026, 10, number), "rate": rate} for number, rate in days.items()]
    prices = Prices.model_validate({"gpu_hour": entries, "discounts": discounts, "rates": rates})
    rows, problems = price_book(prices, Rates(prices.rate_rows, "USD"))
    for hour in range(-12, 24 * (DAYS + 2), 12):
        moment = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=hour)
        for model, place in USES:
            holding = {}
            for row in rows:
                width = (row.key.instance_type, row.key.cluster, row.key.region)
                fits = all(mine in (None, its) for mine, its in zip(width, place, strict=True))
                if row.key.gpu_model == model and fits and moment in row.span:
                    narrow = tuple(one is not None for one in width)
                    assert narrow not in holding, "rows of one key are disjoint"
                    holding[narrow] = row
            row = holding[max(holding)] if holding else None
            found = None if row is None or row.price is None else Fraction(row.price) / row.price_den
            expected, why = by_hand(prices, days, model, place, moment)
            assert found == expected
            assert why is None or [one for one in problems if moment in one.span and why in one.text]


def by_hand(
    prices: Prices, days: dict[int, str], model: str, place: tuple[str | None, ...], moment: datetime
) -> tuple[Fraction | None, str | None]:
    """The price of that moment, or None and what a problem must say (None: nothing needs to be said)."""
    gap = False
    for width in product(*((one, None) for one in place)):  # the instance type first, then the cluster, then the region
        mine = [one for one in prices.gpu_hour
                if (one.model, one.instance_type, one.cluster, one.region) == (model, *width)]  # fmt: skip
        begun = [one for one in mine if one.start <= moment]
        last = max((one.start for one in begun), default=None)
        held = [one for one in begun if (moment < one.end if one.end else one.start == last)]
        if len(held) > 1:
            return None, f"prices of {model}"
        if held:
            break
        gap = gap or (bool(begun) and len(begun) < len(mine))
    else:
        return None, f"no price of {model}" if gap else None
    price = Fraction(held[0].price)
    if held[0].currency == "EUR":
        number = moment.day if moment.month == 10 and moment.year == 2026 else 0
        if number not in days:
            known = sorted(days)
            return None, None if known and moment < datetime(2026, 10, known[0], tzinfo=UTC) else "no rate EUR->USD"
        price *= Fraction(days[number])
    for one in prices.discounts:
        applies = one.model in (None, model) and one.cluster in (None, place[1])
        if applies and (one.start is None or one.start <= moment):
            price *= 1 - Fraction(one.percent) / 100
    return price, None
